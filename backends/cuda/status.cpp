#include "status.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>

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

constexpr const char* kWrongAccess = "run the program with HALYARD_DEVICES=reference, which names the wrong access; "
                                     "hyDeviceReset gives the device back where the driver can";
constexpr const char* kSystemLog = "look for messages of the driver (Xid) in the system log, and restart the process";
constexpr const char* kUpdate = "update the NVIDIA driver";
constexpr const char* kDriverFiles = "install the NVIDIA driver anew: its files do not fit together";
constexpr const char* kCapabilities = "see HyDeviceProperties::capabilities for what the device can do";
constexpr const char* kMps = "check nvidia-cuda-mps-control and its log";
constexpr const char* kBeside =
    "do not use CUDA calls on Halyard's objects; otherwise please report this with the message";
constexpr const char* kCapture = "do not capture Halyard's streams by CUDA calls: use hyStreamBeginCapture";
constexpr const char* kDefect = "please report this with the message";

struct Row {
    CUresult code;
    HyResult result;
    const char* words;
    const char* hint;
    bool sticky = false;
};

constexpr Row kRows[] = {
    // Answers
    {CUDA_SUCCESS, HY_SUCCESS, "success", ""},
    {CUDA_ERROR_NOT_READY, HY_NOT_READY, "the work has not finished", ""},
    // Failures of kernels: the context is damaged
    {CUDA_ERROR_ILLEGAL_ADDRESS, HY_ERROR_LAUNCH_FAILED, "a kernel accessed memory that is not there", kWrongAccess,
     true},
    {CUDA_ERROR_MISALIGNED_ADDRESS, HY_ERROR_LAUNCH_FAILED, "a kernel accessed an address that is not aligned",
     kWrongAccess, true},
    {CUDA_ERROR_INVALID_ADDRESS_SPACE, HY_ERROR_LAUNCH_FAILED, "a kernel used an address in the wrong memory space",
     kWrongAccess, true},
    {CUDA_ERROR_ILLEGAL_INSTRUCTION, HY_ERROR_LAUNCH_FAILED,
     "a kernel met an instruction that the device does not have",
     "check what the module was built for; hyDeviceReset gives the device back where the driver can", true},
    {CUDA_ERROR_INVALID_PC, HY_ERROR_LAUNCH_FAILED, "a kernel jumped to a wrong address", kWrongAccess, true},
    {CUDA_ERROR_HARDWARE_STACK_ERROR, HY_ERROR_LAUNCH_FAILED, "a kernel's stack overflowed or was damaged",
     "use less private memory or recursion; hyDeviceReset gives the device back where the driver can", true},
    {CUDA_ERROR_LAUNCH_FAILED, HY_ERROR_LAUNCH_FAILED,
     "a kernel failed: it trapped, or accessed memory that it may not", kWrongAccess, true},
    {CUDA_ERROR_ASSERT, HY_ERROR_LAUNCH_FAILED, "an assertion of a kernel failed",
     "see what the kernel asserts; hyDeviceReset gives the device back where the driver can", true},
    {CUDA_ERROR_TENSOR_MEMORY_LEAK, HY_ERROR_LAUNCH_FAILED, "a kernel ended without giving tensor memory back",
     "free tensor memory on every path; hyDeviceReset gives the device back where the driver can", true},
    {CUDA_ERROR_LAUNCH_TIMEOUT, HY_ERROR_LAUNCH_TIMEOUT, "a kernel ran longer than the system allows and was stopped",
     "split the work into shorter kernels, or use a GPU that drives no display; hyDeviceReset gives the device back",
     true},
    // The device or its context is gone
    {CUDA_ERROR_ECC_UNCORRECTABLE, HY_ERROR_DEVICE_LOST,
     "the device's memory is damaged (an ECC error that cannot be corrected)",
     "look for Xid messages of the driver in the system log, and have the device checked; restart the process", true},
    {CUDA_ERROR_NVLINK_UNCORRECTABLE, HY_ERROR_DEVICE_LOST, "an NVLink connection failed", kSystemLog, true},
    {CUDA_ERROR_CONTAINED, HY_ERROR_DEVICE_LOST, "the hardware failed, and the driver contained it", kSystemLog, true},
    {CUDA_ERROR_EXTERNAL_DEVICE, HY_ERROR_DEVICE_LOST, "another device that this one works with failed", kSystemLog,
     true},
    {CUDA_ERROR_CONTEXT_IS_DESTROYED, HY_ERROR_DEVICE_LOST,
     "the device's context is gone: something in this process destroyed it",
     "do not reset the device by CUDA calls beside Halyard; destroy the instance and create another", true},
    {CUDA_ERROR_DEINITIALIZED, HY_ERROR_DEVICE_LOST, "the driver is shutting down",
     "make no calls while the process ends", true},
    {CUDA_ERROR_MPS_CLIENT_TERMINATED, HY_ERROR_DEVICE_LOST,
     "the server that shares the device between processes (MPS) ended this one",
     "another client may have failed: restart the process", true},
    {CUDA_ERROR_MPS_RPC_FAILURE, HY_ERROR_DEVICE_LOST,
     "the server that shares the device between processes (MPS) does not answer",
     "check nvidia-cuda-mps-control, and restart the process", true},
    {CUDA_ERROR_DEVICE_UNAVAILABLE, HY_ERROR_DEVICE_LOST, "the device is in use by another process, or not available",
     "check its compute mode with nvidia-smi"},
    // Memory and other resources
    {CUDA_ERROR_OUT_OF_MEMORY, HY_ERROR_OUT_OF_DEVICE_MEMORY, "the device has not enough free memory",
     "free memory, or ask hyDeviceGetMemoryInfo how much there is"},
    {CUDA_ERROR_OPERATING_SYSTEM, HY_ERROR_NATIVE, "a call of the operating system failed",
     "look for messages of the driver in the system log"},
    {CUDA_ERROR_MAP_FAILED, HY_ERROR_OUT_OF_DEVICE_MEMORY, "memory cannot be mapped for the device",
     "map or register less at once; see ulimit -l and the system log"},
    {CUDA_ERROR_UNMAP_FAILED, HY_ERROR_NATIVE, "memory cannot be unmapped", kSystemLog},
    {CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, HY_ERROR_INVALID_ARGUMENT, "the host memory is registered already",
     "register each range once, by Halyard or by CUDA"},
    {CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, HY_ERROR_INVALID_ADDRESS, "the host memory is not registered",
     "pass the pointer that was registered"},
    // Modules
    {CUDA_ERROR_INVALID_PTX, HY_ERROR_INVALID_MODULE, "the PTX is not valid",
     "see the lines of the driver's compiler in the message"},
    {CUDA_ERROR_INVALID_IMAGE, HY_ERROR_INVALID_MODULE, "the module is damaged, or of no format that the driver knows",
     "pass the file whole"},
    {CUDA_ERROR_INVALID_SOURCE, HY_ERROR_INVALID_MODULE, "the module does not compile or link",
     "see the lines of the driver's compiler in the message"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, HY_ERROR_UNSUPPORTED, "the module has no code for this device",
     "build it for the device's processor, or as PTX"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, HY_ERROR_UNSUPPORTED, "the PTX is newer than the driver",
     "update the NVIDIA driver, or build with an older toolkit"},
    {CUDA_ERROR_JIT_COMPILER_NOT_FOUND, HY_ERROR_UNSUPPORTED, "the driver's PTX compiler is missing",
     "install libnvidia-ptxjitcompiler.so.1 of the same driver version"},
    {CUDA_ERROR_JIT_COMPILATION_DISABLED, HY_ERROR_UNSUPPORTED, "the compilation of PTX is switched off",
     "unset CUDA_DISABLE_PTX_JIT"},
    {CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC, HY_ERROR_UNSUPPORTED,
     "the module calls cudaDeviceSynchronize on the device, which newer drivers do not have",
     "launch what follows from the host"},
    {CUDA_ERROR_CDP_NOT_SUPPORTED, HY_ERROR_UNSUPPORTED,
     "the module launches kernels from the device, which this configuration does not allow",
     "launch from the host, or do without MPS"},
    {CUDA_ERROR_CDP_VERSION_MISMATCH, HY_ERROR_UNSUPPORTED, "the module mixes versions of launches from the device",
     "build all of it with one toolkit"},
    {CUDA_ERROR_NOT_FOUND, HY_ERROR_NOT_FOUND, "there is nothing of that name",
     "list the names of a module by cuobjdump, or hyModuleGetKernelName"},
    {CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, HY_ERROR_NOT_FOUND, "a library lacks a function that the driver needs",
     kDriverFiles},
    {CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, HY_ERROR_UNSUPPORTED, "a library of the driver does not start",
     kDriverFiles},
    {CUDA_ERROR_FILE_NOT_FOUND, HY_ERROR_IO, "the driver does not find a file", kDriverFiles},
    {CUDA_ERROR_FUNCTION_NOT_LOADED, HY_ERROR_NATIVE, "the driver has not loaded the kernel",
     "set CUDA_MODULE_LOADING=EAGER, and report this with the message"},
    // Launches
    {CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, HY_ERROR_INVALID_LAUNCH_SIZE,
     "the kernel needs more registers or workgroup memory than there are", "use a smaller workgroup"},
    {CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, HY_ERROR_INVALID_LAUNCH_SIZE,
     "not all workgroups of the cooperative launch fit at once", "launch at most what hyKernelGetOccupancy gives"},
    {CUDA_ERROR_INVALID_CLUSTER_SIZE, HY_ERROR_INVALID_LAUNCH_SIZE, "the device cannot run clusters of this size",
     "8 workgroups a cluster run on every device that has clusters"},
    {CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING, HY_ERROR_UNSUPPORTED,
     "the kernel uses textures in a mode that the driver refuses", "use buffers instead of textures"},
    {CUDA_ERROR_INVALID_RESOURCE_TYPE, HY_ERROR_UNSUPPORTED, "the driver cannot divide resources of this kind",
     kDefect},
    {CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, HY_ERROR_UNSUPPORTED, "the driver has not the resources asked for",
     kDefect},
    // What the device or its driver lacks
    {CUDA_ERROR_NOT_SUPPORTED, HY_ERROR_UNSUPPORTED, "this device or its driver cannot do that", kCapabilities},
    {CUDA_ERROR_UNSUPPORTED_LIMIT, HY_ERROR_UNSUPPORTED, "this device has no such limit", kCapabilities},
    {CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, HY_ERROR_UNSUPPORTED, "this device cannot be shared that way",
     kCapabilities},
    {CUDA_ERROR_NOT_PERMITTED, HY_ERROR_UNSUPPORTED, "the driver does not permit that",
     "see whether the driver restricts it (permissions of /dev/nvidia*, confidential computing)"},
    {CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER, HY_ERROR_UNSUPPORTED, "the driver is too old for that", kUpdate},
    {CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, HY_ERROR_UNSUPPORTED,
     "the compatibility libraries of a newer CUDA do not serve this device",
     "remove the cuda-compat package, or update the driver itself"},
    {CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, HY_ERROR_UNSUPPORTED,
     "libcuda.so.1 and the kernel's driver are of different versions",
     "restart the machine after an update of the driver"},
    {CUDA_ERROR_STUB_LIBRARY, HY_ERROR_UNSUPPORTED, "libcuda.so.1 is the toolkit's stub, not the driver",
     "remove the toolkit's stubs folder from LD_LIBRARY_PATH"},
    {CUDA_ERROR_DEVICE_NOT_LICENSED, HY_ERROR_UNSUPPORTED, "the virtual GPU has no licence",
     "have the administrator check the licence server"},
    // Devices and the system
    {CUDA_ERROR_NO_DEVICE, HY_ERROR_NOT_FOUND, "there is no NVIDIA device",
     "check CUDA_VISIBLE_DEVICES, and nvidia-smi"},
    {CUDA_ERROR_INVALID_DEVICE, HY_ERROR_NOT_FOUND, "there is no such device",
     "check CUDA_VISIBLE_DEVICES, and nvidia-smi"},
    {CUDA_ERROR_SYSTEM_NOT_READY, HY_ERROR_INVALID_STATE, "the system is not ready for CUDA yet",
     "start the fabric manager and persistence daemon of the driver"},
    {CUDA_ERROR_MPS_CONNECTION_FAILED, HY_ERROR_INVALID_STATE,
     "the server that shares the device between processes (MPS) cannot be reached", kMps},
    {CUDA_ERROR_MPS_SERVER_NOT_READY, HY_ERROR_INVALID_STATE,
     "the server that shares the device between processes (MPS) is restarting", "try again in a moment"},
    {CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, HY_ERROR_INVALID_STATE, "too many processes share the device (MPS)", kMps},
    {CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, HY_ERROR_INVALID_STATE, "too many processes use the device (MPS)", kMps},
    {CUDA_ERROR_KEY_ROTATION, HY_ERROR_NATIVE, "the exchange of keys with the device failed (confidential computing)",
     kSystemLog},
    {CUDA_ERROR_NOT_INITIALIZED, HY_ERROR_INVALID_STATE, "the driver is not initialised in this process",
     "create the instance after fork()"},
    // Peers
    {CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, HY_ERROR_UNSUPPORTED, "the driver has no path between the devices",
     "copy with hyMemcpyPeerAsync, which goes through the host where it must"},
    {CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, HY_ERROR_INVALID_STATE,
     "the access to the other device is enabled already", "use it"},
    {CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, HY_ERROR_INVALID_STATE, "the access to the other device is not enabled",
     "call hyDeviceEnablePeerAccess first"},
    {CUDA_ERROR_TOO_MANY_PEERS, HY_ERROR_UNSUPPORTED, "the device has access to as many others as it can",
     "enable the access between fewer devices"},
    // Waits and graphs
    {CUDA_ERROR_TIMEOUT, HY_ERROR_TIMEOUT, "the wait ended at its time limit; the work goes on", "wait longer"},
    {CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, HY_ERROR_UNSUPPORTED, "the driver cannot change the graph that way",
     "instantiate the graph anew"},
    // Wrong calls of ours, or of CUDA calls beside us on our objects
    {CUDA_ERROR_INVALID_VALUE, HY_ERROR_NATIVE, "the driver refuses a value", kBeside},
    {CUDA_ERROR_INVALID_HANDLE, HY_ERROR_NATIVE, "the driver does not know a handle", kBeside},
    {CUDA_ERROR_INVALID_CONTEXT, HY_ERROR_NATIVE, "there is no context, or one that is not valid", kBeside},
    {CUDA_ERROR_ILLEGAL_STATE, HY_ERROR_NATIVE, "an object is not in a state for that", kBeside},
    {CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, HY_ERROR_NATIVE, "the device's context is in use", kBeside},
    {CUDA_ERROR_LOSSY_QUERY, HY_ERROR_NATIVE, "an object cannot be told about in full", kBeside},
    {CUDA_ERROR_CONTEXT_ALREADY_CURRENT, HY_ERROR_NATIVE, "the context is current already", kBeside},
    {CUDA_ERROR_CONTEXT_ALREADY_IN_USE, HY_ERROR_NATIVE, "the context is bound to another thread", kBeside},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, HY_ERROR_INVALID_STATE,
     "that is not allowed on a stream that is being captured", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, HY_ERROR_INVALID_STATE, "the capture failed before", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_MERGE, HY_ERROR_INVALID_STATE, "two captures would become one", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, HY_ERROR_INVALID_STATE, "the capture began in another stream", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_UNJOINED, HY_ERROR_INVALID_STATE, "a stream of the capture was not joined", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_ISOLATION, HY_ERROR_INVALID_STATE, "an order would leave the capture", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, HY_ERROR_INVALID_STATE, "the default stream would be captured", kCapture},
    {CUDA_ERROR_CAPTURED_EVENT, HY_ERROR_INVALID_STATE, "the event was recorded in a capture", kCapture},
    {CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, HY_ERROR_INVALID_STATE, "another thread began the capture", kCapture},
    // What this backend does not use
    {CUDA_ERROR_PROFILER_DISABLED, HY_ERROR_NATIVE, "a profiler controls the process", kDefect},
    {CUDA_ERROR_PROFILER_NOT_INITIALIZED, HY_ERROR_NATIVE, "the profiler is not initialised", kDefect},
    {CUDA_ERROR_PROFILER_ALREADY_STARTED, HY_ERROR_NATIVE, "the profiler runs already", kDefect},
    {CUDA_ERROR_PROFILER_ALREADY_STOPPED, HY_ERROR_NATIVE, "the profiler is stopped already", kDefect},
    {CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, HY_ERROR_NATIVE, "the graphics context is not valid", kDefect},
    {CUDA_ERROR_ARRAY_IS_MAPPED, HY_ERROR_NATIVE, "the array is mapped", kDefect},
    {CUDA_ERROR_ALREADY_MAPPED, HY_ERROR_NATIVE, "it is mapped already", kDefect},
    {CUDA_ERROR_ALREADY_ACQUIRED, HY_ERROR_NATIVE, "it is acquired already", kDefect},
    {CUDA_ERROR_NOT_MAPPED, HY_ERROR_NATIVE, "it is not mapped", kDefect},
    {CUDA_ERROR_NOT_MAPPED_AS_ARRAY, HY_ERROR_NATIVE, "it is not mapped as an array", kDefect},
    {CUDA_ERROR_NOT_MAPPED_AS_POINTER, HY_ERROR_NATIVE, "it is not mapped as memory", kDefect},
    {CUDA_ERROR_UNKNOWN, HY_ERROR_NATIVE, "the driver failed and does not say why", kSystemLog},
};

constexpr bool everyCodeHasOneRow() {
    size_t count = 0;
#define HALYARD_CUDA_COUNT(name, value)                                                                                \
    ++count;                                                                                                           \
    if (std::count_if(std::begin(kRows), std::end(kRows), [](const Row& row) { return row.code == name; }) != 1)       \
        return false;
    HALYARD_CUDA_RESULTS(HALYARD_CUDA_COUNT)
#undef HALYARD_CUDA_COUNT
    return count == std::size(kRows);
}
static_assert(everyCodeHasOneRow());

Meaning lookUp(CUresult code) {
    for (const Row& row : kRows) {
        if (row.code == code)
            return {row.result, "", row.words, row.hint, row.sticky};
    }
    return {HY_ERROR_NATIVE, "", "the driver failed with a code that this Halyard does not know",
            "update Halyard; see the code in NVIDIA's list of errors of the driver API", false};
}

} // namespace

Meaning meaningOf(CUresult code) noexcept {
    Meaning meaning = lookUp(code);
    meaning.name = nameOf(code);
    return meaning;
}

Failure describeFault(const common::Fault& fault) {
    const char* name = fault.error != 0 ? strerrorname_np(fault.error) : nullptr;
    return {fault.code, fault.message, fault.argument, fault.hint, name != nullptr ? name : "", fault.error};
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
