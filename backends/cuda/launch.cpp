// The hot path. Budget: under 150 instructions beside cuLaunchKernel for a kernel whose arguments are the driver's, and
// no allocation for any.
#include "handles.h"
#include "kernel.h"
#include "print.h"
#include "stream_profile.h"

#include "jit/ptx_kernel_abi.h"

#include <array>
#include <cstring>

namespace halyard::cuda {
namespace {

bool hasCluster(const HyBackendLaunch& launch) {
    return launch.clusterSize.x > 1 || launch.clusterSize.y > 1 || launch.clusterSize.z > 1;
}

uint64_t roundUp(uint64_t bytes) {
    return (bytes + HY_PTX_LOCAL_ALIGNMENT - 1) / HY_PTX_LOCAL_ALIGNMENT * HY_PTX_LOCAL_ALIGNMENT;
}

HyBackendLaunch describeArgs(const HyDim3& groups, const HyDim3& size, const void* const* args) {
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = groups;
    launch.workgroupSize = size;
    launch.args = args;
    launch.clusterSize = {1, 1, 1};
    return launch;
}

// By the form that takes attributes.
CUresult launchExtended(const Symbols& cu, CUfunction function, CUstream stream, const HyBackendLaunch& launch,
                        uint32_t sharedBytes, void** parameters) {
    std::array<CUlaunchAttribute, 2> attributes{};
    unsigned count = 0;
    if (hasCluster(launch)) {
        CUlaunchAttribute& cluster = attributes[count++];
        cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
        cluster.value.clusterDim = {launch.clusterSize.x, launch.clusterSize.y, launch.clusterSize.z};
    }
    if ((launch.flags & HY_LAUNCH_COOPERATIVE) != 0) {
        CUlaunchAttribute& cooperative = attributes[count++];
        cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
        cooperative.value.cooperative = 1;
    }
    CUlaunchConfig config{};
    config.gridDimX = launch.workgroups.x;
    config.gridDimY = launch.workgroups.y;
    config.gridDimZ = launch.workgroups.z;
    config.blockDimX = launch.workgroupSize.x;
    config.blockDimY = launch.workgroupSize.y;
    config.blockDimZ = launch.workgroupSize.z;
    config.sharedMemBytes = sharedBytes;
    config.hStream = stream;
    config.attrs = attributes.data();
    config.numAttrs = count;
    return cu.cuLaunchKernelEx(&config, function, parameters, nullptr);
}

} // namespace

HyResult Kernel::submit(Stream& stream, const HyBackendLaunch& launch, uint32_t sharedBytes, void** parameters) {
    const Symbols& cu = image_->device().cu();
    stream.note(name_);
    const HyDim3 groups = launch.workgroups;
    const HyDim3 size = launch.workgroupSize;
    if (const HyResult result = checkMultiple(size); result != HY_SUCCESS) [[unlikely]]
        return result;
    CUresult code = CUDA_SUCCESS;
    if (hasCluster(launch)) [[unlikely]]
        code = launchExtended(cu, function_, stream.handle(), launch, sharedBytes, parameters);
    else if ((launch.flags & HY_LAUNCH_COOPERATIVE) != 0) [[unlikely]]
        code = cu.cuLaunchCooperativeKernel(function_, groups.x, groups.y, groups.z, size.x, size.y, size.z,
                                            sharedBytes, stream.handle(), parameters);
    else
        code = cu.cuLaunchKernel(function_, groups.x, groups.y, groups.z, size.x, size.y, size.z, sharedBytes,
                                 stream.handle(), parameters, nullptr);
    return code == CUDA_SUCCESS ? HY_SUCCESS : failLaunch(code, launch, sharedBytes);
}

HyResult Kernel::launchNow(Stream& stream, const HyBackendLaunch& launch) {
    Device& device = image_->device();
    const Current current(device.cu(), device.context());
    if (plain_ && (launch.args != nullptr || parameters_.empty())) [[likely]]
        return submit(stream, launch, launch.dynamicLocalBytes, const_cast<void**>(launch.args));
    return guarded(device.host(), [&] { return launchGeneral(stream, launch); });
}

HyResult Kernel::launchTimed(Stream& stream, const HyBackendLaunch& launch) {
    return submitTimed(stream, {HY_ACTIVITY_KERNEL, 0, name_}, false, [&] { return launchNow(stream, launch); });
}

inline HyResult Kernel::launchArgs(Stream& stream, const HyDim3& groups, const HyDim3& size, const void* const* args) {
    CUcontext now; // NOLINT(cppcoreguidelines-init-variables): the driver's to write; where it fails, the launch does
    cu_.cuCtxGetCurrent(&now);
    if (now != usualContext_ || stream.failed() != HY_SUCCESS || device_.profiler().on()) [[unlikely]]
        return launchArgsGeneral(stream, groups, size, args);
    stream.note(name_);
    const CUresult code = cu_.cuLaunchKernel(function_, groups.x, groups.y, groups.z, size.x, size.y, size.z, 0,
                                             stream.handle(), const_cast<void**>(args), nullptr);
    static_assert(static_cast<int>(CUDA_SUCCESS) == static_cast<int>(HY_SUCCESS));
    return code == CUDA_SUCCESS ? static_cast<HyResult>(code) : failLaunchArgs(code, groups, size);
}

HyResult launchArgs(HyBackendStream stream, HyBackendKernel kernel, const HyDim3* workgroups,
                    const HyDim3* workgroupSize, const void* const* args) {
    return fromHandle(kernel)->launchArgs(*fromHandle(stream), *workgroups, *workgroupSize, args);
}

HyResult Kernel::failLaunchArgs(CUresult code, const HyDim3& groups, const HyDim3& size) {
    return failLaunch(code, describeArgs(groups, size, nullptr), 0);
}

HyResult Kernel::launchArgsGeneral(Stream& stream, const HyDim3& groups, const HyDim3& size, const void* const* args) {
    const HyResult result = stream.usable();
    return result == HY_SUCCESS ? launch(stream, describeArgs(groups, size, args)) : result;
}

uint32_t Kernel::fillArguments(const HyBackendLaunch& launch, CUdeviceptr print, CUdeviceptr grid, uint64_t* outHidden,
                               void** outParameters) const {
    uint64_t sharedBytes = uint64_t{launch.dynamicLocalBytes} + movedLocalBytes_;
    size_t at = 0;
    for (const HyBackendParameter& parameter : parameters_) {
        const void* value = launch.args != nullptr ? launch.args[at]
                                                   : static_cast<const uint8_t*>(launch.packedArgs) + parameter.offset;
        if (parameter.kind == HY_PARAMETER_LOCAL_POINTER) {
            uint64_t bytes = 0;
            std::memcpy(&bytes, value, sizeof bytes);
            sharedBytes += roundUp(bytes);
        }
        outParameters[at++] = const_cast<void*>(value); // the driver reads it
    }
    for (uint32_t i = 0; i < lengthCount_; ++i) {
        *outHidden = launch.bufferLengths[i];
        outParameters[at++] = outHidden++;
    }
    for (const Hidden hidden : hidden_) {
        *outHidden = hidden == Hidden::Print ? print : hidden == Hidden::Grid ? grid : programData_;
        outParameters[at++] = outHidden++;
    }
    return static_cast<uint32_t>(sharedBytes);
}

HyResult Kernel::launchGeneral(Stream& stream, const HyBackendLaunch& launch) {
    constexpr size_t kOnStack = 64;
    std::array<void*, kOnStack> nearParameters;
    std::array<uint64_t, kOnStack> nearHidden;
    std::vector<void*> farParameters;
    std::vector<uint64_t> farHidden;
    void** parameters = nearParameters.data();
    uint64_t* hidden = nearHidden.data();
    if (parameterCount() > kOnStack) {
        farParameters.resize(parameterCount());
        farHidden.resize(hiddenCount());
        parameters = farParameters.data();
        hidden = farHidden.data();
    }
    if (!needsPrint_ && !needsGrid_) {
        const uint32_t sharedBytes = fillArguments(launch, 0, 0, hidden, parameters);
        return submit(stream, launch, sharedBytes, parameters);
    }
    const std::scoped_lock lock(stream.submitMutex());
    PrintMemory print;
    CUdeviceptr grid = 0;
    if (needsGrid_) {
        if (const HyResult result = stream.gridBarrier(grid); result != HY_SUCCESS)
            return result;
    }
    if (needsPrint_) {
        if (const HyResult result = stream.printMemory(print); result != HY_SUCCESS)
            return result;
        if (const HyResult result = preparePrint(stream, print); result != HY_SUCCESS)
            return result;
    }
    const uint32_t sharedBytes = fillArguments(launch, print.device, grid, hidden, parameters);
    const HyResult result = submit(stream, launch, sharedBytes, parameters);
    return result == HY_SUCCESS && needsPrint_ ? collectPrint(stream, *this, print) : result;
}

HyResult Kernel::failMultiple(HyDim3 size) {
    Device& device = image_->device();
    return guarded(device.host(), [&] {
        const std::string multiple = std::to_string(multiple_);
        const std::string words = std::string("kernel '") + name_ + "' needs whole subgroups: a workgroup of " +
                                  std::to_string(size.x) + " x " + std::to_string(size.y) + " x " +
                                  std::to_string(size.z) + " invocations is no multiple of " + multiple;
        const std::string hint = "use a multiple of " + multiple + " invocations";
        return device.host().fail({HY_ERROR_INVALID_LAUNCH_SIZE, words, "workgroupSize", hint.c_str()});
    });
}

HyResult Kernel::failLaunch(CUresult code, const HyBackendLaunch& launch, uint32_t sharedBytes) {
    Device& device = image_->device();
    return guarded(device.host(), [&] {
        const HyDim3 size = launch.workgroupSize;
        const std::string detail = std::to_string(launch.workgroups.x) + " x " + std::to_string(launch.workgroups.y) +
                                   " x " + std::to_string(launch.workgroups.z) + " workgroups of " +
                                   std::to_string(size.x) + " x " + std::to_string(size.y) + " x " +
                                   std::to_string(size.z) + ", " + std::to_string(sharedBytes) +
                                   " bytes of dynamic workgroup memory";
        HyOccupancy most{};
        if (code == CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE && occupancy(size, sharedBytes, most) == HY_SUCCESS)
            return device.host().fail({HY_ERROR_INVALID_LAUNCH_SIZE,
                                       std::string("a cooperative launch of kernel '") + name_ + "' has " + detail +
                                           "; at most " + std::to_string(most.activeWorkgroups) +
                                           " of these run at once",
                                       "workgroups", "launch fewer workgroups and let each do more",
                                       "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", code});
        if (code == CUDA_ERROR_INVALID_VALUE) // all else was checked before
            return device.host().fail({HY_ERROR_INVALID_LAUNCH_SIZE,
                                       std::string("the driver refuses to launch kernel '") + name_ + "' with " +
                                           detail + " (CUDA_ERROR_INVALID_VALUE)",
                                       "workgroupSize", "launch with the size that native code requires (.reqntid)",
                                       "CUDA_ERROR_INVALID_VALUE", code});
        return device.fail(code, (std::string("launch kernel '") + name_ + "'").c_str(), detail);
    });
}

} // namespace halyard::cuda
