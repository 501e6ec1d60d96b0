// Where the invocations of a workgroup wait for each other, as points between basic blocks.
//
// The kernel is cut into pieces. A cut is a block that holds nothing but (at most) what the group does once, and a
// terminator. There are two ways from piece to piece.
//
// Together: each piece runs for all work-items before the next starts, when every barrier and every subgroup or
// workgroup operation is provably reached by all invocations of the workgroup. The cuts are
//   - a barrier, or an operation;
//   - a branch that is provably uniform and has one of those under it, so that uniform control flow stays outside of
//     the work-item loops and those become innermost loops that the vectoriser takes;
//   - the header of a loop with cuts inside, so that the first iteration shares code with the others;
//   - the one return.
//
// Dispatched, when a barrier or an operation may be in divergent control flow: each work-item notes the cut that it
// waits at; the group takes the cut of the lowest number that any waits at, and runs the piece behind it for those
// work-items. The cuts are
//   - a barrier, or an operation;
//   - the back edge of a loop with cuts inside;
//   - the one return.
// reconvergence.h numbers them.
#pragma once

#include "jit/targets/host/exchange.h"

#include <optional>
#include <vector>

namespace llvm {
class BasicBlock;
class Function;
} // namespace llvm

namespace halyard::jit::host {

struct Cut {
    llvm::BasicBlock* block = nullptr;
    bool deviceFence = false;         // the barrier orders memory beyond the workgroup
    std::optional<Exchange> exchange; // the operation that is done here
    bool wholeGrid = false;           // the barrier is one of all workgroups
    bool together = false;            // a barrier or an operation: items do wait here
};

struct CutList {
    std::vector<Cut> cuts;            // dispatched: in the order of their numbers
    llvm::BasicBlock* exit = nullptr; // also in `cuts`: holds only `ret void`
    bool dispatched = false;
    std::vector<llvm::AllocaInst*> mailboxes; // in the kernel's entry block

    const Cut* find(const llvm::BasicBlock* block) const;
};

// Rewrites the control flow of `kernel` so that every cut has its own block, and lists them.
// REQUIRES: everything is inlined. `liftUniformLoops`: cut uniform loops even without a barrier inside.
CutList formCuts(llvm::Function& kernel, bool liftUniformLoops);

} // namespace halyard::jit::host
