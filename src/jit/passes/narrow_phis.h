// Undoing a producer's widening of counters.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit {

// Phis of 64 bits of which nothing but the low 32 is used become phis of 32 bits. clang keeps `i += step` of a uint in
// 64 bits and cuts it in every iteration, which hides that `i` is an induction and that its steps are the same.
// InstCombine does so as well: before passes that look for inductions, behind it. Returns whether it changed anything.
bool narrowPhis(llvm::Function& function);

} // namespace halyard::jit
