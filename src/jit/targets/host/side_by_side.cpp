#include "jit/targets/host/side_by_side.h"

#include "jit/passes/builtin.h"
#include "jit/targets/host/group_function.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::host {

namespace {

// A page of floats: what lies behind it is elsewhere in memory anyway, and a few rows of it are in the first cache.
constexpr uint32_t kRow = 1024;

// Whether it means the same in a workgroup that is longer in dimension 0.
bool isOfGrid(const llvm::CallInst& call) {
    switch (builtinOf(call)) {
    case Builtin::None:
    case Builtin::GlobalId:
    case Builtin::GlobalSize:
    case Builtin::GlobalLinearId:
    case Builtin::LocalSize: // the one that was asked for
    case Builtin::NumGroups:
    case Builtin::GlobalOffset:
    case Builtin::Fence:
    case Builtin::Printf:
        return true;
    case Builtin::LocalId:
    case Builtin::GroupId:
        return builtinDimension(call) != std::nullopt && *builtinDimension(call) != 0;
    default:
        return false;
    }
}

} // namespace

uint32_t groupsSideBySide(const llvm::Function& kernel, const GroupShape& shape) {
    const auto& size = shape.workgroupSize;
    if (size[0] == 0 || size[0] > kRow / 2 || uint64_t{size[1]} * size[2] == 1) {
        return 1;
    }
    for (const llvm::Instruction& instruction : llvm::instructions(kernel)) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call != nullptr && !isOfGrid(*call)) {
            return 1;
        }
    }
    // What a loop reads for a few items is still in cache for the items below them, for a long row of them it is not.
    llvm::DominatorTree dominators(const_cast<llvm::Function&>(kernel));
    return llvm::LoopInfo(dominators).empty() ? kRow / size[0] : 1;
}

} // namespace halyard::jit::host
