// One kernel, prepared for interpretation, and its launches.
#pragma once

#include "interp/program.h"
#include "module.h"
#include "stream.h"

namespace halyard::reference {

// Immutable. Launches keep it alive.
class Kernel : public std::enable_shared_from_this<Kernel> {
public:
    // `subgroupSize` is for kernels that require none; 0: the setting. Errors: HY_ERROR_UNSUPPORTED_SPIRV,
    // HY_ERROR_INVALID_MODULE, naming the instruction and its line.
    static spv::Result<std::shared_ptr<Kernel>> create(std::shared_ptr<Module> module, const spv::KernelInfo& info,
                                                       uint32_t subgroupSize);

    // Copies the arguments and submits. Errors: HY_ERROR_INVALID_LAUNCH_SIZE, HY_ERROR_UNSUPPORTED, and the stream's.
    HyResult launch(Stream& stream, const HyBackendLaunch& launch);
    HyBackendKernelInfo info() const;
    const Host& host() const { return module_->device().host(); }
    // Errors: HY_ERROR_INVALID_LAUNCH_SIZE.
    spv::Result<HyOccupancy> occupancy(HyDim3 workgroupSize, uint64_t localBytes) const;

private:
    Kernel(std::shared_ptr<Module> module, const spv::KernelInfo& info, std::unique_ptr<interp::Program> program)
        : module_(std::move(module)), info_(info), program_(std::move(program)) {}

    Status checkSubgroups(uint64_t invocations) const;
    Status checkSize(const HyBackendLaunch& launch, const std::vector<uint8_t>& arguments) const;
    Status checkTogether(const HyBackendLaunch& launch, uint64_t groups, uint64_t invocations,
                         uint64_t localBytes) const;
    std::vector<uint8_t> packArguments(const HyBackendLaunch& launch) const;

    const std::shared_ptr<Module> module_;
    const spv::KernelInfo& info_; // the module's
    const std::unique_ptr<interp::Program> program_;
};

} // namespace halyard::reference
