#include "base/default_hint.h"

namespace halyard {

const char* defaultHint(HyResult result) {
    switch (result) {
    case HY_ERROR_INVALID_ARGUMENT:
    case HY_ERROR_INVALID_STRUCT:
    case HY_ERROR_MISALIGNED:
        return "see the function's documentation in halyard.h for the values it takes";
    case HY_ERROR_INVALID_HANDLE:
        return "pass a handle that Halyard returned and that was not destroyed";
    case HY_ERROR_INVALID_ADDRESS:
        return "pass an address and a size inside live, mapped memory";
    case HY_ERROR_OUT_OF_HOST_MEMORY:
    case HY_ERROR_OUT_OF_DEVICE_MEMORY:
        return "free memory or use less; hyDeviceGetMemoryInfo tells what there is";
    case HY_ERROR_UNSUPPORTED:
        return "query the device's capabilities (hyDeviceGetProperties) first";
    case HY_ERROR_UNSUPPORTED_SPIRV:
        return "compile the kernel without that feature; docs/spirv.md lists what is supported";
    case HY_ERROR_INVALID_MODULE:
        return "check the file with spirv-val, and that it was read whole and in binary mode";
    case HY_ERROR_NOT_FOUND:
        return "halyard-info lists devices and backends, hyModuleGetKernelName lists kernels";
    case HY_ERROR_INVALID_KERNEL_ARGS:
        return "hyKernelGetParameter describes what the kernel takes";
    case HY_ERROR_INVALID_LAUNCH_SIZE:
        return "hyDeviceGetProperties and hyKernelGetInfo tell the limits";
    case HY_ERROR_TIMEOUT:
        return "wait longer, or check that the work can end: it goes on";
    case HY_ERROR_DEVICE_LOST:
        return "destroy the instance and create a new one";
    case HY_ERROR_COMPILE_FAILED:
    case HY_ERROR_COMPILER_LOST:
        return "run with HALYARD_LOG=debug, and report the dump that the log names";
    case HY_ERROR_LAUNCH_FAILED:
        return "destroy the stream and create a new one; the message names the kernel that failed";
    case HY_ERROR_INCOMPATIBLE_ABI:
        return "update the older of the two sides";
    case HY_ERROR_IO:
        return "check that the path exists and may be accessed";
    case HY_ERROR_INVALID_STATE:
        return "see the function's documentation in halyard.h for what must come before it";
    case HY_ERROR_FORKED:
        return "create a new instance in the child process";
    case HY_ERROR_CANCELLED:
        return "submit the work again";
    case HY_ERROR_LAUNCH_TIMEOUT:
        return "split the work into shorter kernels, or use a device that drives no display";
    default:
        return "run with HALYARD_LOG=debug for more, and report it with the message";
    }
}

} // namespace halyard
