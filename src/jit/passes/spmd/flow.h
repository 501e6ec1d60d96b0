// Emits the control flow of a kernel for all lanes at once: branches where all active lanes go the same way, masks
// where they part.
#pragma once

#include "jit/passes/spmd/levels.h"
#include "jit/passes/spmd/widen.h"

#include <llvm/ADT/SmallPtrSet.h>

namespace halyard::jit::spmd {

using BlockSet = llvm::SmallPtrSet<const llvm::BasicBlock*, 4>;

class Flow {
public:
    // `apart`: blocks that are for one lane after the other.
    Flow(llvm::Function& from, llvm::Function& to, Levels& levels, const Shapes& shapes, unsigned lanes,
         const BlockSet& apart);
    void emit();

private:
    void prepare(Level& level);
    void emitLevel(Level& level);
    void emitLoop(Node& node);
    void emitBlock(Node& node);
    void beginIteration(llvm::IRBuilder<>& at, Level& level);
    bool needsGuard(const llvm::BasicBlock& block) const;

    void terminate(llvm::IRBuilder<>& at, Node& node, llvm::Value* mask);
    // Goes along an edge that keeps its branch or leads out of a loop whose exits are masked.
    void follow(llvm::IRBuilder<>& at, Node& node, llvm::BasicBlock* to, llvm::Value* mask);
    // Notes that the lanes of `mask` (null: all) take the edge. `masked`: others do not.
    void route(llvm::IRBuilder<>& at, const llvm::BasicBlock* from, const llvm::BasicBlock* to, llvm::Value* mask,
               bool masked);
    void assignPhis(llvm::IRBuilder<>& at, const llvm::BasicBlock* from, const llvm::BasicBlock* to, llvm::Value* mask);
    void arrive(llvm::IRBuilder<>& at, llvm::AllocaInst* cell, llvm::Value* mask);

    Level& target(const llvm::BasicBlock* from, const llvm::BasicBlock* to) const;
    llvm::BasicBlock* next(const Node& node) const;
    llvm::Value* levelMask(llvm::IRBuilder<>& at, const Level& level);
    llvm::Value* maskOf(llvm::IRBuilder<>& at, const Node& node);

    struct Loop {
        llvm::AllocaInst* active = nullptr;  // divergent: the lanes that are still in it
        llvm::AllocaInst* staying = nullptr; // divergent: those that came to its back edge
        llvm::BasicBlock* end = nullptr;     // divergent: where an iteration ends
        llvm::BasicBlock* after = nullptr;   // masked exits: where all lanes have left
    };

    llvm::Function& from_;
    llvm::Function& to_;
    Levels& levels_;
    const Shapes& shapes_;
    const BlockSet& apart_;
    Widener widener_;
    llvm::DenseMap<const Node*, llvm::BasicBlock*> blocks_;
    llvm::DenseMap<const Node*, llvm::AllocaInst*> arrived_; // linear: the lanes that came to it
    llvm::DenseMap<const Level*, Loop> loops_;
};

} // namespace halyard::jit::spmd
