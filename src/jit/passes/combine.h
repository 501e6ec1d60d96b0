// The arithmetic of reductions and scans.
#pragma once

#include "jit/passes/collective.h"

#include <llvm/IR/IRBuilder.h>

namespace halyard::jit {

// `a` combined with `b`, which comes later. Booleans are i8 here, 0 or 1.
llvm::Value* combine(llvm::IRBuilder<>& at, Combine operation, llvm::Value* a, llvm::Value* b);

// What an exclusive scan gives its first lane, as SPIR-V fixes it.
llvm::Constant* identity(Combine operation, llvm::Type* type);

// What changes no value that it is combined with: as above, but for floats also NaN and the sign of zero stay.
llvm::Constant* neutral(Combine operation, llvm::Type* type);

} // namespace halyard::jit
