// The order in which invocations pass the blocks of a kernel, for votes that all of them take part in.
#pragma once

#include "jit/passes/loop_extents.h"

#include <llvm/ADT/DenseMap.h>

namespace halyard::jit::nvptx {

// Every block but the entry has an anchor, which dominates it: its immediate dominator, or, behind a loop that this is
// in, the loop's preheader. Numbers are a preorder of the tree that the anchors make, in which forward edges lead to
// higher numbers.
class BlockOrder {
public:
    // REQUIRES: all blocks are reachable, every loop has a preheader.
    BlockOrder(llvm::Function& kernel, const llvm::DominatorTree& dominators, const llvm::LoopInfo& loops);

    // False when the control flow has no such order; then nothing else may be asked.
    bool isValid() const { return valid_; }
    llvm::BasicBlock* anchor(const llvm::BasicBlock* block) const { return anchors_.lookup(block); }
    unsigned number(const llvm::BasicBlock* block) const { return numbers_.lookup(block); }
    bool isBackEdge(const llvm::BasicBlock* from, const llvm::BasicBlock* to) const;

private:
    void findAnchors();
    bool findNumbers(llvm::BasicBlock* block);
    // The one of `ancestor`'s children whose subtree has `block`; null when it is not below it.
    const llvm::BasicBlock* childTowards(const llvm::BasicBlock* ancestor, const llvm::BasicBlock* block) const;

    llvm::Function& kernel_;
    const llvm::DominatorTree& dominators_;
    std::vector<LoopExtent> extents_;
    llvm::DenseMap<const llvm::BasicBlock*, llvm::BasicBlock*> anchors_;
    llvm::DenseMap<const llvm::BasicBlock*, std::vector<llvm::BasicBlock*>> children_;
    llvm::DenseMap<const llvm::BasicBlock*, unsigned> numbers_;
    // For each block, those of the same anchor that must come behind it.
    llvm::DenseMap<const llvm::BasicBlock*, llvm::DenseSet<const llvm::BasicBlock*>> before_;
    unsigned next_ = 1;
    bool valid_ = true;
};

} // namespace halyard::jit::nvptx
