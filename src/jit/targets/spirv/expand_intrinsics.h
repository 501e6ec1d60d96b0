// LLVM's intrinsics on integers that SPIR-V has no instruction for, in plain operations.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// Saturating arithmetic, arithmetic with overflow, three-way comparisons, byte swaps, and minima, maxima and absolute
// values of more than 64 bits (wide_integers.h has no rule for those).
// REQUIRES: no vectors.
void expandIntrinsics(llvm::Function& kernel);

} // namespace halyard::jit::spirv
