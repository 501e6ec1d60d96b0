// Drivers that lack functions: all required ones with OLD, cuInit alone otherwise. None does anything.
#include "symbols.h"

#define REQUIRED_STUB(result, name, parameters)                                                                        \
    extern "C" __attribute__((visibility("default"))) result name parameters {                                         \
        return CUDA_ERROR_NO_DEVICE;                                                                                   \
    }
#define OPTIONAL_STUB(result, name, parameters)
#define STUB(presence, version, result, name, parameters) presence##_STUB(result, name, parameters)

#pragma GCC diagnostic ignored "-Wunused-parameter"

namespace halyard::cuda {

#ifdef OLD
HALYARD_CUDA_SYMBOLS(STUB)
#else
REQUIRED_STUB(CUresult, cuInit, (unsigned int flags))
#endif

} // namespace halyard::cuda
