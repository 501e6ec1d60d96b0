// Loading native modules: the checks before the driver sees them, and the interface of their kernels.
#pragma once

#include "image.h"
#include "native_code.h"

namespace halyard::cuda {

// Checks the bytes, gives them to the driver and asks for the kernels. HY_ERROR_INVALID_MODULE: damaged, or refused by
// the driver, with its log; HY_ERROR_UNSUPPORTED: for other processors, a newer driver, or a driver too old to name the
// kernels. Throws std::bad_alloc.
HyResult loadNative(const std::shared_ptr<Device>& device, const HyBackendModuleDesc& desc,
                    std::shared_ptr<Image>& outImage, std::vector<NativeKernel>& outKernels);

} // namespace halyard::cuda
