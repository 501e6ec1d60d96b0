// The measure itself: faults are told apart, a name that is none is refused, and code is changed into valid code, so
// that what notices it is a wrong result and not a module that does not compile.
#include "fault.h"

#include "accuracy_cl.spv.h"
#include "atomics_comp.spv.h"
#include "basic_cl.spv.h"
#include "contraction_comp.spv.h"
#include "conversions_cl.spv.h"
#include "exchange_cl.spv.h"
#include "integers_cl.spv.h"

#include "halyard/halyard.h"

#include <gtest/gtest.h>
#include <spirv-tools/libspirv.hpp>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

namespace halyard::faulty {
namespace {

TEST(Faults, HaveNamesWordsAndTestsOfTheirOwn) {
    std::set<std::string> names, words;
    for (const Fault& fault : allFaults()) {
        EXPECT_TRUE(names.insert(fault.name).second) << fault.name << " is there twice";
        EXPECT_TRUE(words.insert(fault.breaks).second) << fault.name << " breaks what another does";
        EXPECT_STRNE(fault.likely, "") << fault.name;
        EXPECT_EQ(findFault(fault.name)->install, fault.install);
    }
    EXPECT_GE(names.size(), 25u);
    EXPECT_EQ(findFault("none"), nullptr);
}

TEST(Faults, ChangedCodeIsValidCode) {
    const std::span<const uint32_t> modules[] = {
        {accuracy_cl_spv, accuracy_cl_spv_size / 4},
        {atomics_comp_spv, atomics_comp_spv_size / 4},
        {basic_cl_spv, basic_cl_spv_size / 4},
        {contraction_comp_spv, contraction_comp_spv_size / 4},
        {conversions_cl_spv, conversions_cl_spv_size / 4},
        {exchange_cl_spv, exchange_cl_spv_size / 4},
        {integers_cl_spv, integers_cl_spv_size / 4},
    };
    spvtools::SpirvTools tools(SPV_ENV_UNIVERSAL_1_6);
    std::string said;
    tools.SetMessageConsumer(
        [&](spv_message_level_t, const char*, const spv_position_t&, const char* message) { said += message; });
    for (const Fault& fault : codeFaults()) {
        Tables tables{};
        fault.install(tables);
        if (tables.rewrite == nullptr)
            continue;
        size_t changed = 0;
        for (const std::span<const uint32_t> words : modules) {
            const std::vector<uint32_t> after = tables.rewrite(words);
            said.clear();
            EXPECT_TRUE(tools.Validate(after.data(), after.size())) << fault.name << ": " << said;
            changed += !std::equal(after.begin(), after.end(), words.begin(), words.end()) ? 1 : 0;
        }
        EXPECT_GT(changed, 0u) << fault.name << " changes none of the modules";
    }
}

TEST(FaultyBackend, RefusesAnUnknownFaultInWords) {
    setenv("HALYARD_BACKEND_FILES", FAULTY_LIBRARY, 1);
    setenv("HALYARD_FAULTY_TARGET", CPU_LIBRARY, 1);
    setenv("HALYARD_FAULT", "no-such-fault", 1);
    HyInstance instance = nullptr;
    ASSERT_EQ(hyInstanceCreate(nullptr, &instance), HY_SUCCESS);
    HyBackendInfo info{};
    info.structSize = sizeof info;
    ASSERT_EQ(hyInstanceGetBackend(instance, 0, &info), HY_SUCCESS);
    EXPECT_EQ(info.status, HY_BACKEND_FAILED);
    EXPECT_STREQ(info.name, "faulty");
    EXPECT_NE(std::string(info.reason).find("no-such-fault"), std::string::npos) << info.reason;
    EXPECT_EQ(info.deviceCount, 0u);
    EXPECT_EQ(hyInstanceDestroy(instance), HY_SUCCESS);
}

} // namespace
} // namespace halyard::faulty
