#include "fixture.h"

#include <cstring>
#include <dlfcn.h>
#include <set>

namespace halyard::cpu_test {
namespace {

HyDeviceProperties propertiesWith(std::map<std::string, std::string> environment, size_t* outWarnings = nullptr) {
    Services services;
    services.environment = std::move(environment);
    HyBackendContext context = nullptr;
    EXPECT_EQ(cpuInterface().initialise(services.table(), &context), HY_SUCCESS);
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    EXPECT_EQ(cpuInterface().device->getProperties(context, 0, &properties), HY_SUCCESS);
    cpuInterface().shutdown(context);
    if (outWarnings != nullptr) {
        *outWarnings = services.warnings().size();
    }
    return properties;
}

TEST(CpuBackend, RefusesAnotherMajorAbi) {
    void* library = dlopen(CPU_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr);
    const auto get = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, "hyBackendGetInterface"));
    const Services services;
    const HyBackendInterface* found = nullptr;
    EXPECT_EQ(get((HY_BACKEND_ABI_MAJOR + 1) << 16, services.table(), &found), HY_ERROR_INCOMPATIBLE_ABI);
    EXPECT_EQ(found, nullptr);
    EXPECT_EQ(Services::error().code, HY_ERROR_INCOMPATIBLE_ABI);
    // A newer minor version is no reason to refuse.
    EXPECT_EQ(get(HY_BACKEND_ABI + 1, services.table(), &found), HY_SUCCESS);
    EXPECT_STREQ(found->name, "cpu");
}

TEST(CpuBackend, DescribesTheProcessor) {
    const HyDeviceProperties properties = propertiesWith({});
    EXPECT_EQ(properties.type, HY_DEVICE_TYPE_CPU);
    EXPECT_STRNE(properties.name, "");
    EXPECT_EQ(std::string(properties.isa).substr(0, 6), "x86-64");
    EXPECT_GE(properties.computeUnits, 1u);
    EXPECT_GT(properties.totalMemory, 1u << 20);
    EXPECT_GE(properties.memoryAlignment, 256u);
    EXPECT_EQ(properties.pciBus, ~0u);
    EXPECT_TRUE(properties.capabilities & HY_CAP_HOST_ACCESS);
    EXPECT_TRUE(properties.capabilities & HY_CAP_COOPERATIVE_LAUNCH);
    const uint8_t zero[16] = {};
    EXPECT_NE(std::memcmp(properties.uuid, zero, 16), 0);
    const HyDeviceProperties again = propertiesWith({});
    EXPECT_EQ(std::memcmp(properties.uuid, again.uuid, 16), 0);
}

TEST(CpuBackend, WritesNoMoreThanTheCallerKnows) {
    Services services;
    HyBackendContext context = nullptr;
    ASSERT_EQ(cpuInterface().initialise(services.table(), &context), HY_SUCCESS);
    HyDeviceProperties properties{};
    properties.structSize = offsetof(HyDeviceProperties, capabilities);
    ASSERT_EQ(cpuInterface().device->getProperties(context, 0, &properties), HY_SUCCESS);
    EXPECT_EQ(properties.capabilities, 0u);
    EXPECT_GT(properties.totalMemory, 0u);
    EXPECT_EQ(properties.structSize, offsetof(HyDeviceProperties, capabilities));
    cpuInterface().shutdown(context);
}

TEST(CpuBackend, EnvironmentSetsThreads) {
    const HyDeviceProperties one = propertiesWith({{"HALYARD_CPU_THREADS", "1"}});
    EXPECT_EQ(one.computeUnits, 1u);
    EXPECT_FALSE(one.capabilities & HY_CAP_CONCURRENT_STREAMS);
    const HyDeviceProperties most = propertiesWith({{"HALYARD_CPU_THREADS", "1024"}});
    EXPECT_EQ(most.computeUnits, 1024u);
    EXPECT_TRUE(most.capabilities & HY_CAP_CONCURRENT_STREAMS);
}

TEST(CpuBackend, WarnsOfBadSettingsAndIgnoresThem) {
    const uint32_t byDefault = propertiesWith({}).computeUnits;
    for (const char* bad : {"0", "1025", "-1", "two", "", "2 ", "99999999999999999999"}) {
        size_t warnings = 0;
        EXPECT_EQ(propertiesWith({{"HALYARD_CPU_THREADS", bad}}, &warnings).computeUnits, byDefault) << bad;
        EXPECT_EQ(warnings, 1u) << bad;
    }
    const std::string isa = propertiesWith({}).isa;
    for (const char* bad : {"x86-64-v9", "sse2", ""}) {
        size_t warnings = 0;
        EXPECT_EQ(propertiesWith({{"HALYARD_CPU_ISA", bad}}, &warnings).isa, isa) << bad;
        EXPECT_EQ(warnings, 1u) << bad;
    }
    for (const auto& [name, bad] :
         {std::pair("HALYARD_CPU_SPECIALISE", "maybe"), std::pair("HALYARD_CPU_SUBGROUP_SIZE", "24"),
          std::pair("HALYARD_CPU_SUBGROUP_SIZE", "128"), std::pair("HALYARD_CPU_SUBGROUP_SIZE", "8 lanes")}) {
        size_t warnings = 0;
        propertiesWith({{name, bad}}, &warnings);
        EXPECT_EQ(warnings, 1u) << name << "=" << bad;
    }
}

TEST(CpuBackend, EnvironmentLowersTheInstructionSet) {
    EXPECT_STREQ(propertiesWith({{"HALYARD_CPU_ISA", "x86-64"}}).isa, "x86-64");
}

TEST(CpuBackend, InstancesAreIndependent) {
    Device first;
    Device second;
    HyDevicePtr firstBase = 0;
    HyDevicePtr secondBase = 0;
    uint64_t bytes = 0;
    EXPECT_EQ(cpuInterface().memory->getAddressRange(first.handle(), &firstBase, &bytes), HY_SUCCESS);
    EXPECT_EQ(cpuInterface().memory->getAddressRange(second.handle(), &secondBase, &bytes), HY_SUCCESS);
    EXPECT_NE(firstBase, secondBase);
}

} // namespace
} // namespace halyard::cpu_test
