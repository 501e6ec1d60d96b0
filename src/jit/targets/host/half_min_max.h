// Minimum and maximum of halves, which the code generator would take from a C library.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace halyard::jit::host {

// Computes minnum and maxnum of halves and vectors of them in float, which is exact. Comes after the optimiser, whose
// instruction combining undoes it.
void widenHalfMinMax(llvm::Module& module);

} // namespace halyard::jit::host
