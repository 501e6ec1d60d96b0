// The messages that drivers since CUDA 12.9 give with an error.
#pragma once

#include "driver_types.h"

#include <string>

namespace halyard::cuda {

// "CUDA_ERROR_INVALID_VALUE", or null.
const char* nameOf(CUresult result);

} // namespace halyard::cuda

namespace halyard::softcuda {

void publish(const std::string& message);

} // namespace halyard::softcuda
