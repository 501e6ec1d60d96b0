#include "context.h"
#include "driver_log.h"
#include "handles.h"
#include "tables.h"
#include "versions.h"

#include <cstring>

namespace halyard::cuda {
namespace {

constexpr uint32_t kOldestCapability = 70;

std::string versionText(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

HyResult failDriver(const Host& host, CUresult code, const std::string& what) {
    const Meaning meaning = meaningOf(code);
    // No device is no fault, so the backend is passed over without a warning.
    const HyResult result = code == CUDA_ERROR_NO_DEVICE ? HY_ERROR_NOT_FOUND : meaning.result;
    return host.fail(
        {result, what + " (" + meaning.name + "): " + meaning.words, "", meaning.hint, meaning.name, code});
}

HyResult findDevices(Context& context) {
    int count = 0;
    if (const CUresult code = context.cu.cuDeviceGetCount(&count); code != CUDA_SUCCESS)
        return failDriver(context.host, code, "the NVIDIA driver cannot count its devices");
    std::string passedOver;
    for (int ordinal = 0; ordinal < count; ++ordinal) {
        DeviceInfo info;
        if (const CUresult code = describeDevice(context.cu, context.driverVersion, ordinal, info);
            code != CUDA_SUCCESS)
            return failDriver(context.host, code,
                              "the NVIDIA driver does not describe device " + std::to_string(ordinal));
        if (info.computeCapability >= kOldestCapability) {
            context.devices.push_back(info);
            continue;
        }
        passedOver = std::string(info.properties.name) + " (" + info.properties.isa + ")";
        context.host.log(HY_LOG_INFO, passedOver + " is older than sm_70, the oldest that is supported");
    }
    if (!context.devices.empty())
        return HY_SUCCESS;
    if (passedOver.empty())
        return context.host.fail({HY_ERROR_NOT_FOUND, "there is an NVIDIA driver, but no device"});
    return context.host.fail({HY_ERROR_NOT_FOUND, passedOver + " is older than sm_70, the oldest that is supported"});
}

HyResult initialise(const HyHostServices* services, HyBackendContext* outContext) {
    const Host host(services);
    return guarded(host, [&] {
        auto context = std::make_shared<Context>(Context{host, {}, 0, {}});
        const SymbolReport report = loadSymbols(kDriverLibrary, context->cu);
        if (!report.found)
            return host.fail({HY_ERROR_NOT_FOUND, report.fault, "", "install the NVIDIA driver"});
        if (!report.fault.empty())
            return host.fail({HY_ERROR_UNSUPPORTED, report.fault, "", "install a driver of CUDA 11.0 or newer"});
        if (!report.missingOptional.empty())
            host.log(HY_LOG_DEBUG, "the driver lacks " + report.missingOptional + ": features that need it are off");
        if (const CUresult code = context->cu.cuInit(0); code != CUDA_SUCCESS)
            return failDriver(host, code, "the NVIDIA driver does not start");
        if (const CUresult code = context->cu.cuDriverGetVersion(&context->driverVersion); code != CUDA_SUCCESS)
            return failDriver(host, code, "the NVIDIA driver does not tell its version");
        if (ptxVersionOf(context->driverVersion) == 0)
            return host.fail({HY_ERROR_UNSUPPORTED,
                              "the NVIDIA driver is too old: it is of CUDA " + versionText(context->driverVersion), "",
                              "install a driver of CUDA 11.0 or newer"});
        if (const HyResult result = findDevices(*context); result != HY_SUCCESS)
            return result;
        watchDriverLog(context->cu, services);
        *outContext = toHandle<HyBackendContext>(std::move(context));
        return HY_SUCCESS;
    });
}

void shutdown(HyBackendContext context) {
    unwatchDriverLog(fromHandle(context)->host.services());
    destroyHandle(context);
}

constexpr HyBackendInterface kInterface{
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "cuda",
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
} // namespace halyard::cuda

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* services,
                               const HyBackendInterface** outInterface) {
    using namespace halyard::cuda;
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR)
        return Host(services).fail({HY_ERROR_INCOMPATIBLE_ABI,
                                    "the cuda backend is built for another major version of the backend ABI", "",
                                    "install the backend and Halyard from the same release"});
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
