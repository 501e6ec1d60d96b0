// One launchable kernel.
#pragma once

#include "artifact.h"
#include "module.h"
#include "stream.h"

namespace halyard::cuda {

// Immutable. Kept by its handle and by calls in progress; what the device needs outlives both.
class Kernel {
public:
    // Compiles (SPIR-V) or looks it up (images).
    static HyResult create(const std::shared_ptr<Module>& module, const HyBackendKernelDesc& desc,
                           std::shared_ptr<Kernel>& out);

    Device& device() const { return device_; }
    CUfunction function() const { return function_; }
    const char* name() const { return name_; }
    bool needsPrint() const { return needsPrint_; }
    bool needsGrid() const { return needsGrid_; }
    const std::shared_ptr<Image>& image() const { return image_; }

    HyResult launch(Stream& stream, const HyBackendLaunch& launch) {
        return device_.profiler().on() ? launchTimed(stream, launch) : launchNow(stream, launch);
    }
    HyResult launchArgs(Stream& stream, const HyDim3& groups, const HyDim3& size, const void* const* args);
    // Whether a workgroup of this size has whole subgroups, where the kernel needs them: HY_ERROR_INVALID_LAUNCH_SIZE.
    HyResult checkMultiple(const HyDim3& size) {
        return multiple_ == 1 || uint64_t{size.x} * size.y * size.z % multiple_ == 0 ? HY_SUCCESS : failMultiple(size);
    }
    const std::vector<HyBackendParameter>& parameters() const { return parameters_; }
    // How many parameters the driver sees, and how many of them are hidden ones at the end.
    size_t parameterCount() const { return parameters_.size() + hiddenCount(); }
    size_t hiddenCount() const { return lengthCount_ + hidden_.size(); }
    // Fills what cuLaunchKernel takes: `outParameters` (parameterCount pointers) into the launch's values and into
    // `outHidden` (hiddenCount values). Returns the bytes of dynamic workgroup memory. `print` and `grid` are the
    // addresses for the hidden parameters of these names, or 0.
    uint32_t fillArguments(const HyBackendLaunch& launch, CUdeviceptr print, CUdeviceptr grid, uint64_t* outHidden,
                           void** outParameters) const;
    HyResult info(HyBackendKernelInfo& out) const;
    HyResult occupancy(HyDim3 size, uint64_t localBytes, HyOccupancy& out) const;

private:
    Kernel(std::shared_ptr<Image> image, const HyBackendKernelDesc& desc);
    HyResult findLimit(HyDim3 size, uint64_t localBytes, HyOccupancy& out) const;
    static HyResult compile(Module& module, const HyBackendKernelDesc& desc, ArtifactHeader& header,
                            std::shared_ptr<Image>& out);
    HyResult prepare(Module& module, const ArtifactHeader& header);
    HyResult launchNow(Stream& stream, const HyBackendLaunch& launch);
    [[gnu::cold]] HyResult launchTimed(Stream& stream, const HyBackendLaunch& launch);
    HyResult launchGeneral(Stream& stream, const HyBackendLaunch& launch);
    HyResult submit(Stream& stream, const HyBackendLaunch& launch, uint32_t sharedBytes, void** parameters);
    [[gnu::noinline]] HyResult launchArgsGeneral(Stream& stream, const HyDim3& groups, const HyDim3& size,
                                                 const void* const* args);
    [[gnu::cold]] HyResult failLaunchArgs(CUresult code, const HyDim3& groups, const HyDim3& size);
    [[gnu::cold]] HyResult failMultiple(HyDim3 size);
    [[gnu::cold]] HyResult failLaunch(CUresult code, const HyBackendLaunch& launch, uint32_t sharedBytes);

    const std::shared_ptr<Image> image_;
    Device& device_;
    const Symbols& cu_;
    // The device's context when launchArgs has nothing to look at but whether that is current; else one that never is.
    CUcontext usualContext_ = reinterpret_cast<CUcontext>(UINTPTR_MAX);
    std::shared_ptr<Image> program_; // whose variables at program scope it uses, or null
    const std::vector<HyBackendParameter> parameters_;
    const uint32_t lengthCount_;
    const HyDim3 requiredSize_;
    const char* name_;
    CUfunction function_ = nullptr;
    CUdeviceptr programData_ = 0;
    std::vector<Hidden> hidden_;
    uint32_t multiple_ = 1;        // of the invocations of a workgroup
    uint32_t movedLocalBytes_ = 0; // of workgroup variables, for which every launch makes dynamic memory larger
    bool plain_ = false;           // the application's arguments are the driver's as they are
    bool needsPrint_ = false;
    bool needsGrid_ = false;
};

// HyBackendStreamTable::launchArgs.
HyResult launchArgs(HyBackendStream stream, HyBackendKernel kernel, const HyDim3* workgroups,
                    const HyDim3* workgroupSize, const void* const* args);

} // namespace halyard::cuda
