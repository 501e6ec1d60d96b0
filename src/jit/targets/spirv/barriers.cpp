// Barriers and fences in the terms of Vulkan's memory model.
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/Constants.h>

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

uint32_t constantOperand(const llvm::CallInst& call, unsigned index) {
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(index));
    return constant != nullptr ? static_cast<uint32_t>(constant->getZExtValue()) : 0;
}

// SPIR-V's semantics of either flavour as those of Vulkan: buffers are UniformMemory there, and what is written is made
// available and visible explicitly. No order asked for but memory named is an order asked for, as OpenCL C has it.
uint32_t vulkanSemantics(uint32_t given) {
    using Mask = ::spv::MemorySemanticsMask;
    constexpr uint32_t kOrders = 0x1e;
    const uint32_t order = given & kOrders;
    if (given == 0) {
        return 0;
    }
    const bool acquireOnly = order == static_cast<uint32_t>(Mask::Acquire);
    const bool releaseOnly = order == static_cast<uint32_t>(Mask::Release);
    uint32_t bits = static_cast<uint32_t>(Mask::UniformMemory) | static_cast<uint32_t>(Mask::WorkgroupMemory);
    if (acquireOnly) {
        return bits | static_cast<uint32_t>(Mask::Acquire) | static_cast<uint32_t>(Mask::MakeVisible);
    }
    if (releaseOnly) {
        return bits | static_cast<uint32_t>(Mask::Release) | static_cast<uint32_t>(Mask::MakeAvailable);
    }
    return bits | static_cast<uint32_t>(Mask::AcquireRelease) | static_cast<uint32_t>(Mask::MakeAvailable) |
           static_cast<uint32_t>(Mask::MakeVisible);
}

} // namespace

bool Emitter::synchronise(const llvm::CallInst& call) {
    const Builtin builtin = builtinOf(call);
    if (builtin != Builtin::Barrier && builtin != Builtin::Fence) {
        return false;
    }
    const unsigned first = builtin == Builtin::Barrier ? 1 : 0;
    uint32_t memoryScope = constantOperand(call, first);
    const uint32_t order = vulkanSemantics(constantOperand(call, first + 1));
    if (memoryScope <= kir::kScopeIdDevice) {
        memoryScope = kir::kScopeIdDevice; // there is none beyond
        module_.capability(::spv::Capability::VulkanMemoryModelDeviceScope);
    }
    if (builtin == Builtin::Fence) {
        if (order != 0) {
            emitVoid(Op::OpMemoryBarrier, {u32(memoryScope), u32(order)});
        }
        return true;
    }
    const uint32_t execution = constantOperand(call, 0);
    if (execution != kir::kScopeIdWorkgroup && execution != kir::kScopeIdSubgroup) {
        refuse("a barrier of the whole grid: Vulkan does not run all workgroups of a grid at once");
        return true;
    }
    emitVoid(Op::OpControlBarrier, {u32(execution), u32(memoryScope), u32(order)});
    return true;
}

} // namespace halyard::jit::spirv
