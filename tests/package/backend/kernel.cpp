#include "kernel.h"

#include <cstdlib>
#include <cstring>

namespace vendor {
namespace {

// halyard/host_kernel_abi.h says both.
constexpr uint64_t kBlockAlignment = 128;
constexpr uint64_t kScratchItems = 64;
constexpr uint32_t kSuggestedInvocations = 64;

uint64_t roundUp(uint64_t value, uint64_t to) {
    return (value + to - 1) / to * to;
}

// Memory of a launch that runs; null when there is none left.
using Block = std::unique_ptr<void, decltype(&std::free)>;
Block makeBlock(uint64_t bytes) {
    return {std::aligned_alloc(kBlockAlignment, roundUp(bytes + 1, kBlockAlignment)), &std::free};
}

// Everything that a launch needs once it has been submitted.
struct Run {
    std::shared_ptr<CodeObject> code;
    std::vector<uint8_t> arguments; // operator new aligns it to 16
    HyHostLaunch launch{};
    uint64_t groups = 1;
    uint64_t localBytes = 0;
    uint64_t scratchBytes = 0;
};

} // namespace

Kernel::Kernel(const HyBackendKernelDesc& desc, std::shared_ptr<CodeObject> code)
    : name_(desc.name), code_(std::move(code)), parameters_(desc.parameters, desc.parameters + desc.parameterCount),
      lengthOffsets_(desc.lengthOffsets, desc.lengthOffsets + desc.lengthCount),
      requiredSize_(desc.requiredWorkgroupSize) {}

HyBackendKernelInfo Kernel::info() const {
    HyBackendKernelInfo info{};
    info.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    info.subgroupSize = code_->info().subgroupSize;
    info.suggestedWorkgroupSize = requiredSize_.x != 0 ? requiredSize_ : HyDim3{kSuggestedInvocations, 1, 1};
    return info;
}

std::vector<uint8_t> Kernel::pack(const HyBackendLaunch& launch) const {
    std::vector<uint8_t> block(code_->info().argumentBytes);
    for (size_t i = 0; i < parameters_.size(); ++i) {
        const HyBackendParameter& parameter = parameters_[i];
        const void* from =
            launch.args != nullptr ? launch.args[i] : static_cast<const uint8_t*>(launch.packedArgs) + parameter.offset;
        std::memcpy(block.data() + parameter.offset, from, parameter.bytes);
    }
    for (size_t i = 0; i < lengthOffsets_.size(); ++i)
        std::memcpy(block.data() + lengthOffsets_[i], &launch.bufferLengths[i], sizeof(uint64_t));
    return block;
}

// The runtime has checked the sum against maxLocalBytes but for the rounding of each part, so nothing wraps around.
uint64_t Kernel::localBytes(const HyBackendLaunch& launch, const std::vector<uint8_t>& arguments) const {
    uint64_t bytes = roundUp(code_->info().staticLocalBytes, kBlockAlignment) + launch.dynamicLocalBytes;
    for (const HyBackendParameter& parameter : parameters_) {
        if (parameter.kind != HY_PARAMETER_LOCAL_POINTER)
            continue;
        uint64_t count = 0;
        std::memcpy(&count, arguments.data() + parameter.offset, sizeof count);
        bytes += roundUp(count, kBlockAlignment);
    }
    return bytes;
}

HyResult Kernel::launch(Stream& stream, const HyBackendLaunch& launch) const {
    const auto run = std::make_shared<Run>();
    const HyDim3 groups = launch.workgroups, size = launch.workgroupSize;
    // Each dimension was checked alone.
    if (__builtin_mul_overflow(uint64_t{groups.x} * groups.y, groups.z, &run->groups))
        return fail(stream.device()->host(),
                    {HY_ERROR_INVALID_LAUNCH_SIZE, "kernel " + name_ + ": 2^64 workgroups or more",
                     "launch fewer workgroups at a time", "workgroups"});
    run->code = code_;
    run->arguments = pack(launch);
    run->localBytes = localBytes(launch, run->arguments);
    run->scratchBytes = roundUp(uint64_t{size.x} * size.y * size.z, kScratchItems) * code_->info().scratchBytesPerItem;
    run->launch.workgroups[0] = groups.x;
    run->launch.workgroups[1] = groups.y;
    run->launch.workgroups[2] = groups.z;
    run->launch.workgroupSize[0] = size.x;
    run->launch.workgroupSize[1] = size.y;
    run->launch.workgroupSize[2] = size.z;
    run->launch.args = run->arguments.data();
    run->launch.cancel = stream.device()->cancelWord();
    // No awaitGrid: without HY_CAP_COOPERATIVE_LAUNCH the runtime refuses kernels with barriers of the whole grid.
    return stream.submitWork([&stream, run] {
        const Block local = makeBlock(run->localBytes);
        const Block scratch = makeBlock(run->scratchBytes);
        if (local == nullptr || scratch == nullptr)
            return stream.setFailure(HY_ERROR_OUT_OF_HOST_MEMORY, "no memory left"); // so short that it needs none
        run->code->entry()(&run->launch, 0, run->groups, local.get(), scratch.get());
    });
}

} // namespace vendor
