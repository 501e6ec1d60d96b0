#include "jit/passes/loop_extents.h"

#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit {

using llvm::BasicBlock;
using llvm::CallInst;

namespace {

uint64_t regionOf(const CallInst& marker) {
    return llvm::cast<llvm::ConstantInt>(marker.getArgOperand(0))->getZExtValue();
}

// Adds what the header dominates and no end of the loop, or of what surrounds it, comes before.
void extend(LoopExtent& extent, llvm::Function& kernel, const llvm::DominatorTree& dominators,
            const std::vector<CallInst*>& begins, const std::vector<CallInst*>& ends) {
    const BasicBlock* header = extent.loop->getHeader();
    llvm::DenseSet<uint64_t> open;
    for (const CallInst* begin : begins) {
        if (dominators.dominates(begin->getParent(), header)) {
            open.insert(regionOf(*begin));
        }
    }
    llvm::SmallVector<const BasicBlock*, 16> pending;
    for (const CallInst* end : ends) {
        if (open.contains(regionOf(*end)) && !dominators.dominates(end->getParent(), header)) {
            pending.push_back(end->getParent());
        }
    }
    llvm::SmallPtrSet<const BasicBlock*, 16> after;
    while (!pending.empty()) {
        const BasicBlock* block = pending.pop_back_val();
        if (block != header && after.insert(block).second) {
            pending.append(llvm::succ_begin(block), llvm::succ_end(block));
        }
    }
    for (const BasicBlock& block : kernel) {
        if (!after.contains(&block) && dominators.dominates(header, &block)) {
            extent.blocks.insert(&block);
        }
    }
}

} // namespace

std::vector<CallInst*> callsOf(llvm::Function& kernel, Builtin kind) {
    std::vector<CallInst*> found;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        if (builtinOf(instruction) == kind) {
            found.push_back(llvm::cast<CallInst>(&instruction));
        }
    }
    return found;
}

void splitAtRegionEnds(llvm::Function& kernel) {
    for (CallInst* end : callsOf(kernel, Builtin::RegionEnd)) {
        if (&*end->getParent()->getFirstNonPHIIt() != end) {
            end->getParent()->splitBasicBlock(end->getIterator(), "after");
        }
    }
}

std::vector<LoopExtent> loopExtents(llvm::Function& kernel, const llvm::DominatorTree& dominators,
                                    const llvm::LoopInfo& loops) {
    const std::vector<CallInst*> begins = callsOf(kernel, Builtin::RegionBegin);
    const std::vector<CallInst*> ends = callsOf(kernel, Builtin::RegionEnd);
    std::vector<LoopExtent> extents;
    for (const llvm::Loop* loop : loops.getLoopsInPreorder()) {
        extents.push_back({loop, {}});
        extents.back().blocks.insert(loop->block_begin(), loop->block_end());
        const bool marked =
            llvm::any_of(begins, [&](const CallInst* begin) { return begin->getParent() == loop->getHeader(); });
        if (marked) {
            extend(extents.back(), kernel, dominators, begins, ends);
        }
    }
    return extents;
}

} // namespace halyard::jit
