// Atomic operations that a device does not have, by those that it has: on words of 32 and 64 bits, in memory whose kind
// is known.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// - On private memory they become plain; through a generic pointer they look at where it points.
// - Arithmetic on floats, and whatever else SPIR-V has no instruction for, is compare and exchange until it holds.
// - So are all on 8 and 16 bits, on the word that holds the value, whose other part stays as others write it; and those
//   on 32 bits in workgroup memory when the kernel has 64-bit ones there, since its memory then consists of such words.
// Each pair that is left has its two parts taken right behind it, since no variable keeps a pair.
// REQUIRES: address spaces have been inferred.
void expandAtomics(llvm::Function& kernel);

} // namespace halyard::jit::spirv
