// bfloat16 on processors without instructions for it, as integers.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::host {

// Rewrites every conversion to and from bfloat16 with integer operations, rounding to the nearest, ties to even.
// REQUIRES: called before the optimiser, which would otherwise move arithmetic onto bfloat16, where the code generator
// calls a compiler library that kernels do not have.
void lowerBfloat(llvm::Function& kernel);

} // namespace halyard::jit::host
