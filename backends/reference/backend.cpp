#include "device.h"
#include "handles.h"
#include "tables.h"

#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

namespace halyard::reference {
namespace {

// A one-way function of the machine id: the id itself is confidential (machine-id(5)). FNV-1a, twice.
void makeUuid(uint32_t ordinal, uint8_t (&uuid)[16]) {
    std::ifstream file("/etc/machine-id");
    const std::string text =
        fmt::format("halyard reference:{} ", ordinal) + std::string(std::istreambuf_iterator<char>(file), {});
    constexpr uint64_t kPrime = 0x100000001b3;
    for (size_t half = 0; half < 2; ++half) {
        uint64_t hash = half == 0 ? 0xcbf29ce484222325 : 0x84222325cbf29ce4;
        for (const char c : text)
            hash = (hash ^ static_cast<uint8_t>(c)) * kPrime;
        std::memcpy(uuid + half * 8, &hash, 8);
    }
    uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x80); // version 8, RFC 9562: made by a rule of our own
    uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);
}

HyDeviceProperties describe(const Settings& settings, uint32_t ordinal) {
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    // Behind every real device in the order of devices.
    properties.type = HY_DEVICE_TYPE_EMULATED;
    std::snprintf(properties.name, sizeof properties.name, "SPIR-V interpreter (checks every access; slow)");
    std::snprintf(properties.backend, sizeof properties.backend, "reference");
    std::snprintf(properties.vendor, sizeof properties.vendor, "Halyard");
    std::snprintf(properties.driver, sizeof properties.driver, "%s", HALYARD_BACKEND_BUILD_ID);
    std::snprintf(properties.isa, sizeof properties.isa, "SPIR-V");
    makeUuid(ordinal, properties.uuid);
    properties.pciDomain = properties.pciBus = properties.pciDevice = properties.pciFunction = ~0U;
    properties.computeUnits = 1;
    properties.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    for (int i = 0; i < 3; ++i) {
        properties.maxWorkgroupSize[i] = kMaxWorkgroupInvocations;
        properties.maxWorkgroups[i] = INT32_MAX;
    }
    // What a kernel may require; without that it is the setting.
    properties.subgroupSizeMin = 1;
    properties.subgroupSizeMax = 128;
    properties.maxLocalBytes = kMaxLocalBytes;
    properties.maxArgumentBytes = kMaxArgumentBytes;
    properties.memoryAlignment = 256;
    properties.totalMemory = settings.memoryBytes;
    properties.maxAllocation = settings.memoryBytes;
    properties.capabilities = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_FLOAT16 |
                              HY_CAP_FLOAT64 | HY_CAP_INT64 | HY_CAP_INT64_ATOMICS | HY_CAP_FLOAT32_ATOMIC_ADD |
                              HY_CAP_TIMING | HY_CAP_HOST_REGISTRATION | HY_CAP_HOST_FUNCTIONS |
                              HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_COOPERATIVE_LAUNCH | HY_CAP_OCCUPANCY |
                              HY_CAP_SUBGROUP_SIZE_CONTROL | HY_CAP_DEVICE_RESET | HY_CAP_COOPERATIVE_MATRIX;
    return properties;
}

HyResult initialise(const HyHostServices* services, HyBackendContext* outContext) {
    const Host host(services);
    return guarded(host, [&] {
        const Settings settings = readSettings(host);
        std::vector<HyDeviceProperties> properties;
        for (uint32_t ordinal = 0; ordinal < settings.devices; ++ordinal)
            properties.push_back(describe(settings, ordinal));
        *outContext =
            toHandle<HyBackendContext>(std::make_shared<Context>(Context{host, settings, std::move(properties)}));
        return HY_SUCCESS;
    });
}

void shutdown(HyBackendContext context) {
    destroyHandle(context);
}

constexpr HyBackendInterface kInterface{
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "reference",
    .vendor = "Halyard",
    .buildId = HALYARD_BACKEND_BUILD_ID,
    .initialise = initialise,
    .shutdown = shutdown,
    .device = &kDeviceTable,
    .memory = &kMemoryTable,
    .stream = &kStreamTable,
    .event = &kEventTable,
    .module = &kModuleTable,
    .semaphore = &kSemaphoreTable,
    .virtualMemory = &kVirtualMemoryTable,
    .profiling = &kProfilingTable,
};

} // namespace
} // namespace halyard::reference

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* services,
                               const HyBackendInterface** outInterface) {
    using namespace halyard::reference;
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR) {
        const Host host(services);
        return guarded(host, [&] {
            return host.fail({HY_ERROR_INCOMPATIBLE_ABI,
                              fmt::format("the reference backend was built for backend ABI {}, the runtime has {}",
                                          HY_BACKEND_ABI_MAJOR, hostAbi >> 16),
                              "install the reference backend that comes with this Halyard"});
        });
    }
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
