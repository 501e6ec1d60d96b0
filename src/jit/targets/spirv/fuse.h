// Sums of products as single operations where the module allows either rounding.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// A product of one use and the sum it goes into, both of which may be contracted, become llvm.fmuladd. So every
// operation that is left can be exact to the driver, which otherwise takes the freedom to contract for the freedom to
// ignore infinities, NaN and the sign of zero.
// REQUIRES: no vectors.
void fuseProducts(llvm::Function& kernel);

} // namespace halyard::jit::spirv
