// One launchable kernel.
#pragma once

#include "artifact.h"
#include "module.h"
#include "stream.h"

namespace halyard::cuda {

// What a launch gives the driver; also for nodes of graphs. Owns its values, so the driver may read them later.
struct LaunchArguments {
    std::vector<uint64_t> hidden;  // lengths, then hidden parameters
    std::vector<void*> parameters; // of cuLaunchKernel
    uint32_t sharedBytes = 0;      // dynamic workgroup memory
};

// Immutable. Kept by its handle and by calls in progress; what the device needs outlives both.
class Kernel {
public:
    // Compiles (SPIR-V) or looks it up (images).
    static HyResult create(const std::shared_ptr<Module>& module, const HyBackendKernelDesc& desc,
                           std::shared_ptr<Kernel>& out);

    Device& device() const { return image_->device(); }
    CUfunction function() const { return function_; }
    const char* name() const { return name_; }
    bool needsPrint() const { return needsPrint_; }
    bool needsGrid() const { return needsGrid_; }
    const std::shared_ptr<Image>& image() const { return image_; }

    HyResult launch(Stream& stream, const HyBackendLaunch& launch);
    // Fills `out` with pointers into the launch and into itself. `print` and `grid` are the addresses of the hidden
    // parameters of these names, or 0. Throws std::bad_alloc.
    void fillArguments(const HyBackendLaunch& launch, CUdeviceptr print, CUdeviceptr grid, LaunchArguments& out) const;
    // The driver's limits for this kernel, which fillArguments keeps out of the launch path.
    HyResult info(HyBackendKernelInfo& out) const;
    HyResult occupancy(HyDim3 size, uint64_t localBytes, HyOccupancy& out) const;

private:
    Kernel(std::shared_ptr<Image> image, std::shared_ptr<Image> program, const HyBackendKernelDesc& desc);
    HyResult prepare(const ArtifactHeader& header);
    HyResult launchGeneral(Stream& stream, const HyBackendLaunch& launch);
    CUresult submit(Stream& stream, const HyBackendLaunch& launch, void** parameters, uint32_t sharedBytes) const;
    [[gnu::cold]] HyResult failLaunch(CUresult code, const HyBackendLaunch& launch) const;

    const std::shared_ptr<Image> image_;
    const std::shared_ptr<Image> program_; // whose program data it uses, or null
    const std::vector<HyBackendParameter> parameters_;
    const uint32_t lengthCount_;
    const HyDim3 requiredSize_;
    const char* name_;
    CUfunction function_ = nullptr;
    CUdeviceptr programData_ = 0;
    std::vector<Hidden> hidden_;
    bool plain_ = false; // the application's arguments are the driver's as they are
    bool hasLocal_ = false;
    bool needsPrint_ = false;
    bool needsGrid_ = false;
    uint32_t maxInvocations_ = 0;
};

} // namespace halyard::cuda
