// How many of the work-items have something to do in a piece.
#pragma once

#include "jit/targets/host/pieces.h"

#include <optional>

namespace llvm {
class BranchInst;
}

namespace halyard::jit::host {

// A piece that begins with `if (local id 0 < end)` and does nothing for the others.
struct ItemLimit {
    uint64_t end = 0;                         // a constant above 0
    unsigned body = 0;                        // the successor of those below
    bool exact = false;                       // all of those go there
    const llvm::BranchInst* branch = nullptr; // with the condition
};

// For pieces of groups that have one dimension.
std::optional<ItemLimit> itemLimit(const Piece& piece, const Slots& slots);

} // namespace halyard::jit::host
