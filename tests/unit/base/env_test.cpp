// Numbers from the environment.
#include "base/env.h"

#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace halyard {
namespace {

constexpr const char* kName = "HALYARD_TEST_NUMBER";

class EnvTest : public testing::Test {
protected:
    EnvTest() {
        unsetenv(kName);
        const auto count = [](void* user, HyLogLevel, const char*, const char* message) {
            static_cast<EnvTest*>(user)->lines_ += std::string(message) + "\n";
        };
        log_.setCallback(count, this, HY_LOG_DEBUG);
    }
    ~EnvTest() override { unsetenv(kName); }

    uint64_t read(const char* text) {
        setenv(kName, text, 1);
        return getEnvNumber(kName, 50, 1, 100, log_);
    }

    Log log_;
    std::string lines_;
};

TEST_F(EnvTest, UnsetAndEmptyAreTheSame) {
    EXPECT_EQ(getEnv(kName), nullptr);
    EXPECT_EQ(getEnvNumber(kName, 50, 1, 100, log_), 50u);
    setenv(kName, "", 1);
    EXPECT_EQ(getEnv(kName), nullptr);
    EXPECT_EQ(getEnvNumber(kName, 50, 1, 100, log_), 50u);
    EXPECT_EQ(lines_, "");
}

TEST_F(EnvTest, NumbersWithinTheLimits) {
    EXPECT_EQ(read("1"), 1u);
    EXPECT_EQ(read("100"), 100u);
    EXPECT_EQ(read("007"), 7u);
    EXPECT_EQ(lines_, "");
}

TEST_F(EnvTest, AnythingElseIsIgnoredWithAWarning) {
    for (const char* text : {"0", "101", "-1", "+1", " 1", "1 ", "1.5", "0x10", "ten", "99999999999999999999999"}) {
        lines_.clear();
        EXPECT_EQ(read(text), 50u) << text;
        EXPECT_THAT(lines_, testing::HasSubstr(std::string(kName) + "=" + text + " ignored")) << text;
    }
}

} // namespace
} // namespace halyard
