// bfloat16 on processors without instructions for it, as integers.
#pragma once

#include <llvm/IR/IRBuilder.h>

namespace llvm {
class Function;
}

namespace halyard::jit {

// Rewrites every conversion to and from bfloat16 with integer operations, rounding to the nearest, ties to even.
// REQUIRES: called before the optimiser, which would otherwise move arithmetic onto bfloat16, where the code generator
// calls a compiler library that kernels do not have.
void lowerBfloat(llvm::Function& kernel);

// `value`, bfloat16, as `to`, float or double; and a float or double rounded to `to`, bfloat16. Scalars or vectors.
llvm::Value* extendBfloat(llvm::IRBuilder<>& at, llvm::Value* value, llvm::Type* to);
llvm::Value* truncateToBfloat(llvm::IRBuilder<>& at, llvm::Value* value, llvm::Type* to);
// A float, half or double, or a vector of them, as a float that rounds to bfloat16 as `value` does.
llvm::Value* narrowForBfloat(llvm::IRBuilder<>& at, llvm::Value* value);

} // namespace halyard::jit
