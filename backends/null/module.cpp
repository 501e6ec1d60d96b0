#include "null_backend.h"

namespace halyard::null {
namespace {

HyResult load(HyBackendDevice device, const HyBackendModuleDesc*, HyBackendModule*) {
    return hostOf(device).unsupported("load modules, as it runs no kernels");
}

} // namespace

// The slots left out would take a module or a kernel, and none is ever made; the runtime answers HY_ERROR_UNSUPPORTED
// for them.
const HyBackendModuleTable kModuleTable = {
    .structSize = sizeof(HyBackendModuleTable),
    .reserved = 0,
    .load = load,
    .unload = nullptr,
    .createKernel = nullptr,
    .destroyKernel = nullptr,
    .getKernelInfo = nullptr,
    .getNativeHandle = nullptr,
    .getKernelNativeHandle = nullptr,
};

} // namespace halyard::null
