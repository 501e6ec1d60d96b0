// The loops of a kernel with what runs between leaving them and their ends, as hy.region.* marks it.
#pragma once

#include "jit/passes/builtin.h"

#include <vector>

#include <llvm/ADT/DenseSet.h>
#include <llvm/IR/Dominators.h>

namespace llvm {
class BasicBlock;
class CallInst;
class Function;
class Loop;
class LoopInfo;
} // namespace llvm

namespace halyard::jit {

struct LoopExtent {
    const llvm::Loop* loop;
    llvm::DenseSet<const llvm::BasicBlock*> blocks; // those of the loop, and what belongs to an iteration besides
};

// The calls of hy.region.begin, hy.region.end or another builtin, in the order of the blocks.
std::vector<llvm::CallInst*> callsOf(llvm::Function& kernel, Builtin kind);
// What comes behind a region's end starts with a block of its own; what the other function REQUIRES.
void splitAtRegionEnds(llvm::Function& kernel);
// Outer loops before inner ones.
std::vector<LoopExtent> loopExtents(llvm::Function& kernel, const llvm::DominatorTree& dominators,
                                    const llvm::LoopInfo& loops);

} // namespace halyard::jit
