#include "null_backend.h"

namespace halyard::null {
namespace {

HyResult create(HyBackendDevice device, uint32_t, HyBackendEvent*) {
    return hostOf(device).unsupported("create events");
}

} // namespace

// The slots left out would take an event, and none is ever made; the runtime answers HY_ERROR_UNSUPPORTED for them.
const HyBackendEventTable kEventTable = {
    .structSize = sizeof(HyBackendEventTable),
    .reserved = 0,
    .create = create,
    .destroy = nullptr,
    .record = nullptr,
    .query = nullptr,
    .synchronize = nullptr,
    .elapsed = nullptr,
    .getNativeHandle = nullptr,
};

} // namespace halyard::null
