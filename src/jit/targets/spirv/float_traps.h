// Arithmetic with a zero that drivers are known to fold as if there were neither infinities nor NaN nor a sign of zero,
// whatever the decorations say.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// x * 0, x + 0, 0 / x and x - x by comparisons and bits. Mesa's code generator for processors (lp_build_mul, _add, _div
// and _sub) gives 0, x, 0 and 0.
// REQUIRES: no vectors.
void avoidFoldedZeros(llvm::Function& kernel);

} // namespace halyard::jit::spirv
