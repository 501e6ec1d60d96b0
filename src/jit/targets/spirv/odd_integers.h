// Integers of widths that no device has (2 to 127 bits, as the optimiser makes them of loops' sums and of vectors of
// booleans) in the next width that there is: 8, 16, 32, 64 or 128 bits.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// REQUIRES: no switches, no vectors of such integers (split_vectors.h). What has no rule here (divisions of 128 bits
// among it) stays for the emitter to refuse by name.
void widenOddIntegers(llvm::Function& kernel);

} // namespace halyard::jit::spirv
