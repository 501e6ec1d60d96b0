#include "context.h"
#include "handles.h"
#include "tables.h"

namespace halyard::cpu {

namespace {

HyResult initialise(const HyHostServices* services, HyBackendContext* outContext) {
    const Host host(services);
    return guarded(host, [&] {
#if !defined(__x86_64__)
        return host.fail({HY_ERROR_UNSUPPORTED, "the cpu backend compiles for x86-64 only"});
#else
        const Settings settings = readSettings(host);
        std::vector<HyDeviceProperties> properties;
        for (uint32_t ordinal = 0; ordinal < settings.devices; ++ordinal) {
            properties.push_back(describeProcessor(settings, ordinal));
        }
        *outContext = toHandle(new Context{host, settings, std::move(properties)});
        return HY_SUCCESS;
#endif
    });
}

void shutdown(HyBackendContext context) {
    delete &fromHandle(context);
}

constexpr HyBackendInterface kInterface{
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "cpu",
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
    .graph = &kGraphTable,
    .virtualMemory = &kVirtualMemoryTable,
    .profiling = &kProfilingTable,
};

} // namespace

} // namespace halyard::cpu

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host, const HyBackendInterface** outInterface) {
    using namespace halyard::cpu;
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR) {
        return guarded(Host(host), [&] {
            return Host(host).fail({HY_ERROR_INCOMPATIBLE_ABI,
                                    format("the cpu backend was built for backend ABI %u, the runtime has %u",
                                           HY_BACKEND_ABI_MAJOR, hostAbi >> 16),
                                    "", "install the cpu backend that comes with this Halyard"});
        });
    }
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
