// What the environment may say, and what is said about it when it makes no sense.
#include "settings.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

using namespace halyard::reference;

namespace {

class ReferenceSettings : public ::testing::Test {
protected:
    ReferenceSettings() {
        services.structSize = sizeof services;
        services.context = this;
        services.getEnv = [](void* self, const char* name) -> const char* {
            const auto& variables = static_cast<ReferenceSettings*>(self)->variables;
            const auto found = variables.find(name);
            return found != variables.end() ? found->second.c_str() : nullptr;
        };
        services.log = [](void* self, HyLogLevel level, const char* message) {
            EXPECT_EQ(level, HY_LOG_WARNING);
            static_cast<ReferenceSettings*>(self)->warnings.emplace_back(message);
        };
    }
    Settings read(const std::string& name, const std::string& value) {
        variables = {{name, value}};
        warnings.clear();
        return readSettings(Host(&services));
    }
    // The value is refused with one warning that names it.
    bool refuses(const std::string& name, const std::string& value) {
        read(name, value);
        return warnings.size() == 1 && warnings[0].find(name + "=" + value) != std::string::npos;
    }

    HyHostServices services{};
    std::map<std::string, std::string> variables;
    std::vector<std::string> warnings;
};

} // namespace

TEST_F(ReferenceSettings, Defaults) {
    const auto settings = readSettings(Host(&services));
    EXPECT_TRUE(warnings.empty());
    EXPECT_EQ(settings.subgroupSize, 16U);
    EXPECT_EQ(settings.stepLimit, 1'000'000'000U);
    EXPECT_TRUE(settings.detectRaces);
    EXPECT_TRUE(settings.detectUninitialised);
    EXPECT_GT(settings.memoryBytes, 0U);
}

TEST_F(ReferenceSettings, Values) {
    EXPECT_EQ(read("HALYARD_REFERENCE_SUBGROUP_SIZE", "1").subgroupSize, 1U);
    EXPECT_EQ(read("HALYARD_REFERENCE_SUBGROUP_SIZE", "128").subgroupSize, 128U);
    EXPECT_EQ(read("HALYARD_REFERENCE_STEP_LIMIT", "18446744073709551615").stepLimit, UINT64_MAX);
    EXPECT_EQ(read("HALYARD_REFERENCE_MEMORY", "4096").memoryBytes, 4096U);
    EXPECT_EQ(read("HALYARD_REFERENCE_MEMORY", "3K").memoryBytes, 3072U);
    EXPECT_EQ(read("HALYARD_REFERENCE_MEMORY", "2M").memoryBytes, 2U << 20);
    EXPECT_EQ(read("HALYARD_REFERENCE_MEMORY", "5G").memoryBytes, uint64_t{5} << 30);
    const auto none = read("HALYARD_REFERENCE_CHECKS", "none");
    EXPECT_FALSE(none.detectRaces || none.detectUninitialised);
    const auto races = read("HALYARD_REFERENCE_CHECKS", "races");
    EXPECT_TRUE(races.detectRaces && !races.detectUninitialised);
    const auto both = read("HALYARD_REFERENCE_CHECKS", "uninitialised,races");
    EXPECT_TRUE(both.detectRaces && both.detectUninitialised);
    EXPECT_TRUE(warnings.empty());
}

TEST_F(ReferenceSettings, WhatMakesNoSenseIsNamed) {
    for (const char* value : {"0", "3", "256", "-1", "sixteen", "16 ", "99999999999999999999"})
        EXPECT_TRUE(refuses("HALYARD_REFERENCE_SUBGROUP_SIZE", value)) << value;
    for (const char* value : {"0", "1e9", "", "18446744073709551616"})
        EXPECT_TRUE(refuses("HALYARD_REFERENCE_STEP_LIMIT", value)) << value;
    for (const char* value : {"0", "G", "1T", "0K", "18446744073709551615K", "1.5G"})
        EXPECT_TRUE(refuses("HALYARD_REFERENCE_MEMORY", value)) << value;
    for (const char* value : {"all", "races,", ",", "none,races", "race"})
        EXPECT_TRUE(refuses("HALYARD_REFERENCE_CHECKS", value)) << value;
    EXPECT_EQ(read("HALYARD_REFERENCE_SUBGROUP_SIZE", "3").subgroupSize, 16U);
    EXPECT_TRUE(read("HALYARD_REFERENCE_CHECKS", "race").detectRaces);
}
