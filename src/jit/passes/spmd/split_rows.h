// Code of its own for vectors whose accesses are all rows.
#pragma once

#include "jit/passes/spmd/flow.h"

namespace llvm {
class Function;
}

namespace halyard::jit::spmd {

// An index of 32 bits that is extended to an address, `a[y * width + x]`, may wrap round among the lanes, which apart
// from rows of the last places of 4 GiB it never does. Copies each block of several such accesses: one copy for where
// none does, so that the block asks once (kir::kRows) where otherwise each access would, and one that is returned, for
// one lane after the other. If there are any, `levels` and `shapes` are of the function before.
BlockSet splitRows(llvm::Function& function, const Levels& levels, const Shapes& shapes);

} // namespace halyard::jit::spmd
