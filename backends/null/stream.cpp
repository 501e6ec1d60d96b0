#include "null_backend.h"

namespace halyard::null {
namespace {

HyResult create(HyBackendDevice device, const HyBackendStreamDesc*, HyBackendStream*) {
    return hostOf(device).unsupported("create streams");
}

} // namespace

// The slots left out would take a stream, and none is ever made; the runtime answers HY_ERROR_UNSUPPORTED for them.
const HyBackendStreamTable kStreamTable = {
    .structSize = sizeof(HyBackendStreamTable),
    .reserved = 0,
    .create = create,
    .destroy = nullptr,
    .query = nullptr,
    .synchronize = nullptr,
    .waitEvent = nullptr,
    .launch = nullptr,
    .copy = nullptr,
    .copy3D = nullptr,
    .fill = nullptr,
    .fill3D = nullptr,
    .getNativeHandle = nullptr,
};

} // namespace halyard::null
