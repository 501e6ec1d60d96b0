#include "null_backend.h"

namespace halyard::null {
namespace {

HyResult allocate(HyBackendDevice device, uint64_t, HyDevicePtr*, void**) {
    return hostOf(device).unsupported("allocate memory");
}

HyResult registerHost(HyBackendDevice device, void*, uint64_t, HyDevicePtr*) {
    return hostOf(device).unsupported("register host memory");
}

} // namespace

// The slots left out would take memory that is never made; the runtime answers HY_ERROR_UNSUPPORTED for them.
const HyBackendMemoryTable kMemoryTable = {
    .structSize = sizeof(HyBackendMemoryTable),
    .reserved = 0,
    .allocate = allocate,
    .free = nullptr,
    .registerHost = registerHost,
    .unregisterHost = nullptr,
    .getAddressRange = nullptr,
};

} // namespace halyard::null
