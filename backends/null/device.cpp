#include "null_backend.h"

#include <cstdio>
#include <cstring>

namespace halyard::null {
namespace {

HyResult getCount(HyBackendContext, uint32_t* outCount) {
    *outCount = 1;
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext handle, uint32_t, HyDeviceProperties* outProperties) {
    const Symbols& symbols = contextOf(handle).symbols;
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    properties.type = HY_DEVICE_TYPE_OTHER;
    std::snprintf(properties.name, sizeof properties.name, "null (template: runs nothing)");
    std::snprintf(properties.backend, sizeof properties.backend, "null");
    std::snprintf(properties.vendor, sizeof properties.vendor, "Halyard");
    // An optional function: the text is shorter without it, and nothing else changes.
    std::snprintf(properties.driver, sizeof properties.driver, "glibc %s%s%s", symbols.gnu_get_libc_version(),
                  symbols.gnu_get_libc_release != nullptr ? " " : "",
                  symbols.gnu_get_libc_release != nullptr ? symbols.gnu_get_libc_release() : "");
    properties.pciDomain = properties.pciBus = properties.pciDevice = properties.pciFunction = ~0u;
    properties.ordinal = outProperties->ordinal; // the runtime's
    std::memcpy(properties.selector, outProperties->selector, sizeof properties.selector);
    // The runtime may be older and its structure shorter.
    const uint32_t size = outProperties->structSize;
    std::memcpy(outProperties, &properties, size < sizeof properties ? size : sizeof properties);
    outProperties->structSize = size;
    return HY_SUCCESS;
}

HyResult open(HyBackendContext handle, uint32_t, HyBackendDevice* outDevice) {
    Context& context = contextOf(handle);
    return guarded(context.host, [&] {
        *outDevice = reinterpret_cast<HyBackendDevice>(new Device{context});
        return HY_SUCCESS;
    });
}

HyResult close(HyBackendDevice device, uint64_t) {
    delete &deviceOf(device);
    return HY_SUCCESS;
}

HyResult getMemoryInfo(HyBackendDevice device, uint64_t*, uint64_t*) {
    return hostOf(device).unsupported("tell its free memory, as it has none");
}

HyResult synchronize(HyBackendDevice device, uint64_t) {
    return hostOf(device).unsupported("wait for work, as it accepts none");
}

HyResult getNativeHandle(HyBackendDevice device, HyNativeHandle*) {
    return hostOf(device).unsupported("give a native handle, as it has no driver");
}

} // namespace

const HyBackendDeviceTable kDeviceTable = {
    .structSize = sizeof(HyBackendDeviceTable),
    .reserved = 0,
    .getCount = getCount,
    .getProperties = getProperties,
    .open = open,
    .close = close,
    .getMemoryInfo = getMemoryInfo,
    .synchronize = synchronize,
    .getNativeHandle = getNativeHandle,
};

} // namespace halyard::null
