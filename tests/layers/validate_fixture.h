// The cpu under the layer "validate".
#pragma once

#include "fixture.h"

#include <algorithm>

namespace halyard::layers {

class ValidateTest : public LayerTest {
protected:
    ValidateTest() : LayerTest("validate") {}
    void TearDown() override {
        LayerTest::TearDown();
        EXPECT_TRUE(findings().empty() || expected_) << findings().front();
    }

    std::vector<std::string> findings() {
        std::vector<std::string> all = lines.from("validate");
        std::erase_if(all, [](const std::string& line) { return line.starts_with("findings,"); });
        return all;
    }
    // There is one finding so far; it has all these parts.
    void expectFinding(const std::string& kind, std::initializer_list<std::string> parts) {
        expected_ = true;
        const std::vector<std::string> all = findings();
        ASSERT_EQ(all.size(), 1u) << kind << (all.empty() ? "" : ": " + all.back());
        EXPECT_TRUE(all[0].starts_with(kind + ": ")) << all[0];
        for (const std::string& part : parts)
            EXPECT_NE(all[0].find(part), std::string::npos) << part << " is not in: " << all[0];
        // Each tells where in this program it happened.
        EXPECT_NE(all[0].find("layers_test+0x"), std::string::npos) << all[0];
    }
    void expectNothing() { EXPECT_TRUE(findings().empty()) << findings().front(); }

    HyDevicePtr allocateBytes(uint64_t bytes = kBytes) {
        HyDevicePtr ptr = 0;
        EXPECT_OK(hyMemAlloc(device, bytes, &ptr));
        return ptr;
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    HyEvent makeEvent() {
        HyEvent made = nullptr;
        EXPECT_OK(hyEventCreate(device, 0, &made));
        return made;
    }

private:
    bool expected_ = false;
};

} // namespace halyard::layers
