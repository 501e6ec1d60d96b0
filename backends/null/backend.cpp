#include "null_backend.h"

#include <cstring>
#include <memory>

namespace halyard::null {
namespace {

HyResult initialise(const HyHostServices* services, HyBackendContext* outContext) {
    const Host host(services);
    return guarded(host, [&] {
        const char* wanted = host.getEnv("HALYARD_NULL_DEVICE");
        if (wanted == nullptr || std::strcmp(wanted, "1") != 0)
            return host.fail(HY_ERROR_NOT_FOUND, "the null backend is a template and has no device",
                             "set HALYARD_NULL_DEVICE=1 to see one that runs nothing");
        auto context = std::make_unique<Context>(Context{host, {}});
        const SymbolReport report = loadSymbols(kDriverLibrary, context->symbols);
        if (!report.fault.empty())
            return host.fail(HY_ERROR_NOT_FOUND, report.fault, "install the driver");
        if (!report.missingOptional.empty())
            host.log(HY_LOG_DEBUG, "the driver lacks " + report.missingOptional + ": features that need it are off");
        *outContext = reinterpret_cast<HyBackendContext>(context.release());
        return HY_SUCCESS;
    });
}

void shutdown(HyBackendContext context) {
    delete &contextOf(context);
}

constexpr HyBackendInterface kInterface = {
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "null",
    .vendor = "Halyard",
    .buildId = HALYARD_BACKEND_BUILD_ID,
    .initialise = initialise,
    .shutdown = shutdown,
    .device = &kDeviceTable,
    .memory = &kMemoryTable,
    .stream = &kStreamTable,
    .event = &kEventTable,
    .module = &kModuleTable,
};

} // namespace
} // namespace halyard::null

extern "C" HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* services,
                                          const HyBackendInterface** outInterface) {
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR)
        return halyard::null::Host(services).fail(HY_ERROR_INCOMPATIBLE_ABI,
                                                  "this backend is built for another major version of the backend ABI",
                                                  "install the backend and Halyard from the same release");
    *outInterface = &halyard::null::kInterface;
    return HY_SUCCESS;
}
