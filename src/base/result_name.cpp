#include "halyard/halyard.h"

extern "C" const char* hyResultName(HyResult result) {
    switch (result) {
#define HY_NAME(name)                                                                                                  \
    case name:                                                                                                         \
        return #name
        HY_NAME(HY_SUCCESS);
        HY_NAME(HY_NOT_READY);
        HY_NAME(HY_ERROR_INVALID_ARGUMENT);
        HY_NAME(HY_ERROR_INVALID_HANDLE);
        HY_NAME(HY_ERROR_INVALID_STRUCT);
        HY_NAME(HY_ERROR_INVALID_ADDRESS);
        HY_NAME(HY_ERROR_MISALIGNED);
        HY_NAME(HY_ERROR_OUT_OF_HOST_MEMORY);
        HY_NAME(HY_ERROR_OUT_OF_DEVICE_MEMORY);
        HY_NAME(HY_ERROR_UNSUPPORTED);
        HY_NAME(HY_ERROR_UNSUPPORTED_SPIRV);
        HY_NAME(HY_ERROR_INVALID_MODULE);
        HY_NAME(HY_ERROR_NOT_FOUND);
        HY_NAME(HY_ERROR_INVALID_KERNEL_ARGS);
        HY_NAME(HY_ERROR_INVALID_LAUNCH_SIZE);
        HY_NAME(HY_ERROR_TIMEOUT);
        HY_NAME(HY_ERROR_DEVICE_LOST);
        HY_NAME(HY_ERROR_COMPILE_FAILED);
        HY_NAME(HY_ERROR_COMPILER_LOST);
        HY_NAME(HY_ERROR_LAUNCH_FAILED);
        HY_NAME(HY_ERROR_NATIVE);
        HY_NAME(HY_ERROR_INCOMPATIBLE_ABI);
        HY_NAME(HY_ERROR_IO);
        HY_NAME(HY_ERROR_INVALID_STATE);
        HY_NAME(HY_ERROR_FORKED);
        HY_NAME(HY_ERROR_INTERNAL);
        HY_NAME(HY_ERROR_CANCELLED);
        HY_NAME(HY_ERROR_LAUNCH_TIMEOUT);
#undef HY_NAME
    default:
        return "HY_ERROR_UNKNOWN";
    }
}
