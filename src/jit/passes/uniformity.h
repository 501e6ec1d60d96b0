// Which values are the same for every invocation of a workgroup, and which blocks all of them run or none.
//
// Conservative and simple: anything it calls uniform is uniform for a kernel without data races. Invalidated by
// every change to the function.
#pragma once

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SmallVector.h>

namespace llvm {
class BasicBlock;
class Function;
class Instruction;
class LoopInfo;
class PostDominatorTree;
class Value;
} // namespace llvm

namespace halyard::jit {

class Uniformity {
public:
    Uniformity(llvm::Function& function, const llvm::PostDominatorTree& postDominators, const llvm::LoopInfo& loops);

    bool isUniform(const llvm::Value& value) const { return !divergent_.contains(&value); }
    // No branch on a divergent value decides whether the block runs.
    bool isUniformlyExecuted(const llvm::BasicBlock& block) const { return !divergentBlocks_.contains(&block); }
    // The block runs uniformly and its terminator goes the same way for all invocations.
    bool hasUniformTerminator(const llvm::BasicBlock& block) const;

private:
    bool isSource(const llvm::Instruction& instruction) const;
    void spreadBranch(llvm::BasicBlock& block);

    const llvm::PostDominatorTree& postDominators_;
    const llvm::LoopInfo& loops_;
    llvm::DenseSet<const llvm::Value*> divergent_;
    llvm::DenseSet<const llvm::BasicBlock*> divergentBlocks_;
    llvm::SmallVector<const llvm::Value*, 64> work_;
};

} // namespace halyard::jit
