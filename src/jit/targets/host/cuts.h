// Where the invocations of a workgroup wait for each other, as points between basic blocks.
//
// The kernel is cut into pieces; each piece runs for all work-items before the next starts. A cut is a block that holds
// nothing but (at most) a barrier and a terminator, which the group decides once:
//   - a barrier;
//   - a branch that is provably uniform and has a barrier under it, so that uniform control flow stays outside of the
//     work-item loops and those become innermost loops that the vectoriser takes;
//   - the header of a loop with cuts inside, so that the first iteration shares code with the others;
//   - the one return.
// Barriers under branches that are uniform in fact, but not provably so, need no special shape: the piece then ends in
// one of several cuts, and the last work-item says which (continuation-based synchronisation).
#pragma once

#include <vector>

namespace llvm {
class BasicBlock;
class Function;
} // namespace llvm

namespace halyard::jit::host {

struct Cut {
    llvm::BasicBlock* block = nullptr;
    bool deviceFence = false; // the barrier orders memory beyond the workgroup
};

struct CutList {
    std::vector<Cut> cuts;
    llvm::BasicBlock* exit = nullptr; // also in `cuts`: holds only `ret void`

    const Cut* find(const llvm::BasicBlock* block) const;
};

// Rewrites the control flow of `kernel` so that every cut has its own block, and lists them.
// REQUIRES: everything is inlined. `liftUniformLoops`: cut uniform loops even without a barrier inside.
CutList formCuts(llvm::Function& kernel, bool liftUniformLoops);

} // namespace halyard::jit::host
