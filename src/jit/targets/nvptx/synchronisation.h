// Barriers and fences in the terms of PTX's memory model (PTX ISA, 8).
#pragma once

namespace llvm {
class Function;
class Value;
} // namespace llvm

namespace halyard::jit::nvptx {

// Replaces hy.barrier and hy.fence. `grid`: the address of the launch's HyPtxGridBarrier, an i64; null when the kernel
// has no barrier of the whole grid.
void lowerSynchronisation(llvm::Function& kernel, llvm::Value* grid);
bool usesGridBarrier(const llvm::Function& kernel);

} // namespace halyard::jit::nvptx
