#include "status.h"

#include <cstddef>

namespace halyard::cuda {
namespace {

const char* nameOf(CUresult code) {
    switch (code) {
#define HALYARD_CUDA_NAME(name, value)                                                                                 \
    case name:                                                                                                         \
        return #name;
        HALYARD_CUDA_RESULTS(HALYARD_CUDA_NAME)
#undef HALYARD_CUDA_NAME
    }
    return "an unknown CUDA error";
}

constexpr const char* kMemcheck = "run the program with HALYARD_DEVICES=reference, which names the wrong access";
constexpr const char* kUpdate = "update the NVIDIA driver";
constexpr const char* kRestart = "restart the process; see the system log for messages of the driver (Xid)";
constexpr const char* kDefect = "please report this with the message";

Meaning kernelFault(const char* words) {
    return {HY_ERROR_LAUNCH_FAILED, "", words, kMemcheck, true};
}

Meaning lost(const char* words) {
    return {HY_ERROR_DEVICE_LOST, "", words, kRestart, true};
}

Meaning lookUp(CUresult code) {
    switch (code) {
    case CUDA_SUCCESS:
        return {HY_SUCCESS, "", "success", "", false};
    case CUDA_ERROR_NOT_READY:
        return {HY_NOT_READY, "", "the work has not finished", "", false};
    case CUDA_ERROR_OUT_OF_MEMORY:
        return {HY_ERROR_OUT_OF_DEVICE_MEMORY, "", "the device has not enough free memory", "", false};
    case CUDA_ERROR_ILLEGAL_ADDRESS:
        return kernelFault("a kernel accessed memory that is not there");
    case CUDA_ERROR_MISALIGNED_ADDRESS:
        return kernelFault("a kernel accessed an address that is not aligned");
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
        return kernelFault("a kernel used an address in the wrong memory space");
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
        return kernelFault("a kernel met an instruction that the device does not have");
    case CUDA_ERROR_INVALID_PC:
        return kernelFault("a kernel jumped to a wrong address");
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
        return kernelFault("a kernel's stack overflowed or was damaged");
    case CUDA_ERROR_LAUNCH_FAILED:
        return kernelFault("a kernel failed");
    case CUDA_ERROR_ASSERT:
        return kernelFault("an assertion of a kernel failed");
    case CUDA_ERROR_TENSOR_MEMORY_LEAK:
        return kernelFault("a kernel ended without giving tensor memory back");
    case CUDA_ERROR_LAUNCH_TIMEOUT:
        return {HY_ERROR_LAUNCH_FAILED, "", "a kernel ran longer than the system allows and was stopped",
                "split the work into shorter kernels, or use a GPU that drives no display", true};
    case CUDA_ERROR_ECC_UNCORRECTABLE:
        return lost("the device's memory is damaged (an ECC error that cannot be corrected)");
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
        return lost("an NVLink connection failed");
    case CUDA_ERROR_CONTAINED:
        return lost("the hardware failed, and the driver contained it");
    case CUDA_ERROR_EXTERNAL_DEVICE:
        return lost("another device that this one works with failed");
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
        return lost("the device's context is gone: something in this process destroyed it");
    case CUDA_ERROR_DEINITIALIZED:
        return lost("the driver is shutting down");
    case CUDA_ERROR_MPS_CLIENT_TERMINATED:
    case CUDA_ERROR_MPS_RPC_FAILURE:
        return lost("the server that shares the device between processes (MPS) ended");
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
        return {HY_ERROR_DEVICE_LOST, "", "the device is in use by another process, or not available",
                "check its compute mode with nvidia-smi", false};
    case CUDA_ERROR_NO_DEVICE:
    case CUDA_ERROR_INVALID_DEVICE:
        return {HY_ERROR_NOT_FOUND, "", "there is no such device", "check CUDA_VISIBLE_DEVICES", false};
    case CUDA_ERROR_NOT_FOUND:
    case CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND:
        return {HY_ERROR_NOT_FOUND, "", "there is nothing of that name", "", false};
    case CUDA_ERROR_INVALID_PTX:
    case CUDA_ERROR_INVALID_IMAGE:
    case CUDA_ERROR_INVALID_SOURCE:
        return {HY_ERROR_INVALID_MODULE, "", "the driver refuses the module", "", false};
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
        return {HY_ERROR_UNSUPPORTED, "", "the module has no code for this device",
                "build it for the device's processor, or as PTX", false};
    case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
        return {HY_ERROR_UNSUPPORTED, "", "the PTX is newer than the driver", kUpdate, false};
    case CUDA_ERROR_JIT_COMPILER_NOT_FOUND:
        return {HY_ERROR_UNSUPPORTED, "", "the driver's PTX compiler is missing",
                "install libnvidia-ptxjitcompiler.so.1 of the same driver version", false};
    case CUDA_ERROR_JIT_COMPILATION_DISABLED:
        return {HY_ERROR_UNSUPPORTED, "", "the compilation of PTX is switched off", "unset CUDA_DISABLE_PTX_JIT",
                false};
    case CUDA_ERROR_NOT_SUPPORTED:
    case CUDA_ERROR_UNSUPPORTED_LIMIT:
    case CUDA_ERROR_PEER_ACCESS_UNSUPPORTED:
    case CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY:
    case CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC:
    case CUDA_ERROR_CDP_NOT_SUPPORTED:
        return {HY_ERROR_UNSUPPORTED, "", "this device or its driver cannot do that", "", false};
    case CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER:
    case CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
        return {HY_ERROR_UNSUPPORTED, "", "the driver is too old for that", kUpdate, false};
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
        return {HY_ERROR_UNSUPPORTED, "", "libcuda.so.1 and the kernel's driver are of different versions",
                "restart the machine after an update of the driver", false};
    case CUDA_ERROR_STUB_LIBRARY:
        return {HY_ERROR_UNSUPPORTED, "", "libcuda.so.1 is the toolkit's stub, not the driver",
                "remove the toolkit's stubs folder from LD_LIBRARY_PATH", false};
    case CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES:
        return {HY_ERROR_INVALID_LAUNCH_SIZE, "", "the kernel needs more registers or workgroup memory than there are",
                "use a smaller workgroup", false};
    case CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE:
        return {HY_ERROR_INVALID_LAUNCH_SIZE, "", "not all workgroups of the cooperative launch fit at once",
                "launch at most what hyKernelGetOccupancy gives", false};
    case CUDA_ERROR_INVALID_CLUSTER_SIZE:
        return {HY_ERROR_INVALID_LAUNCH_SIZE, "", "the device cannot run clusters of this size", "", false};
    case CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED:
        return {HY_ERROR_INVALID_ARGUMENT, "", "the host memory is registered already", "", false};
    case CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED:
        return {HY_ERROR_INVALID_ADDRESS, "", "the host memory is not registered", "", false};
    case CUDA_ERROR_NOT_INITIALIZED:
        return {HY_ERROR_INVALID_STATE, "", "the driver is not initialised in this process",
                "create the instance after fork()", false};
    default:
        return {HY_ERROR_NATIVE, "", "the driver failed", kDefect, false};
    }
}

} // namespace

Meaning meaningOf(CUresult code) noexcept {
    Meaning meaning = lookUp(code);
    meaning.name = nameOf(code);
    return meaning;
}

HyResult Host::fail(const Failure& failure) const noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = failure.code;
    error.argument = failure.argument;
    error.message = failure.message.c_str();
    error.hint = failure.hint;
    error.nativeName = failure.nativeName;
    error.nativeCode = failure.nativeCode;
    services_->setError(services_->context, &error);
    return failure.code;
}

void Host::log(HyLogLevel level, const std::string& message) const noexcept {
    services_->log(services_->context, level, message.c_str());
}

const char* Host::getEnv(const char* name) const noexcept {
    return services_->getEnv(services_->context, name);
}

void Host::print(const std::string& text) const noexcept {
    constexpr size_t kSince11 = offsetof(HyHostServices, print) + sizeof services_->print;
    if (services_->structSize >= kSince11 && services_->print != nullptr)
        services_->print(services_->context, text.data(), text.size());
    else
        services_->log(services_->context, HY_LOG_WARNING,
                       "a kernel prints, but this runtime is too old to pass it on");
}

uint64_t Host::correlation() const noexcept {
    constexpr size_t kSince12 = offsetof(HyHostServices, getCorrelation) + sizeof services_->getCorrelation;
    return services_->structSize >= kSince12 ? services_->getCorrelation(services_->context) : 0;
}

HyResult Host::jitCompile(const HyJitRequest& request, HyJitArtifact& outArtifact) const noexcept {
    return services_->jitCompile(services_->context, &request, &outArtifact);
}

void Host::jitRelease(HyJitArtifact& artifact) const noexcept {
    services_->jitRelease(services_->context, &artifact);
}

} // namespace halyard::cuda
