#include "device.h"
#include "handles.h"

#include <charconv>
#include <cstring>

namespace vendor {
namespace {

constexpr uint32_t kMostDevices = 8;

// VENDOR_DEVICES: how many devices there are, 1 by default.
uint32_t readDevices(const HyHostServices* host) {
    const char* text = host->getEnv(host->context, "VENDOR_DEVICES");
    if (text == nullptr)
        return 1;
    uint32_t count = 0;
    const char* const end = text + std::strlen(text);
    const auto [stopped, error] = std::from_chars(text, end, count);
    if (error == std::errc() && stopped == end && count >= 1 && count <= kMostDevices)
        return count;
    host->log(host->context, HY_LOG_WARNING, "VENDOR_DEVICES is not a number from 1 to 8: there is one device");
    return 1;
}

HyResult initialise(const HyHostServices* host, HyBackendContext* outContext) {
    return guarded(host, [&] {
        *outContext = toHandle<HyBackendContext>(std::make_shared<Context>(Context{host, readDevices(host)}));
        return HY_SUCCESS;
    });
}

void shutdown(HyBackendContext context) {
    destroyHandle(context);
}

// No graphs: the runtime replays them. No virtual memory and no profiling: they are refused.
constexpr HyBackendInterface kInterface{
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "vendor",
    .vendor = "Vendor",
    .buildId = VENDOR_VERSION,
    .initialise = initialise,
    .shutdown = shutdown,
    .device = &kDeviceTable,
    .memory = &kMemoryTable,
    .stream = &kStreamTable,
    .event = &kEventTable,
    .module = &kModuleTable,
    .semaphore = &kSemaphoreTable,
};

} // namespace
} // namespace vendor

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host, const HyBackendInterface** outInterface) {
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR) {
        return vendor::guarded(host, [&] {
            return vendor::fail(host, {HY_ERROR_INCOMPATIBLE_ABI,
                                       "the vendor backend was built for backend ABI " +
                                           std::to_string(HY_BACKEND_ABI_MAJOR) + ", the runtime has " +
                                           std::to_string(hostAbi >> 16),
                                       "install the vendor backend that fits this Halyard"});
        });
    }
    *outInterface = &vendor::kInterface;
    return HY_SUCCESS;
}
