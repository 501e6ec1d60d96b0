// Code of its own for vectors all of whose lanes have work.
#pragma once

namespace llvm {
class Function;
} // namespace llvm

namespace halyard::jit::spmd {

// Copies what runs under a condition on ids, `if (global id < n)`, for vectors whose lanes all meet it: there nothing
// needs a mask, which is what nearly every vector of a grid comes to. Asks with kir::kAllLanes. Leaves alone what
// accesses no memory lane by lane, waits for others or is long.
void splitWholeVectors(llvm::Function& function);

} // namespace halyard::jit::spmd
