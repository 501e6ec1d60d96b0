// The copy structures of the driver as requests.
#pragma once

#include "../core/copy.h"
#include "call.h"

namespace halyard::softcuda {

// InvalidValue for what can be no copy, NotSupported for arrays.
Status requestOf(const cuda::CUDA_MEMCPY2D* copy, CopyRequest& out);
Status requestOf(const cuda::CUDA_MEMCPY3D* copy, CopyRequest& out);
Status requestOf(const cuda::CUDA_MEMCPY3D_PEER* copy, CopyRequest& out);

} // namespace halyard::softcuda
