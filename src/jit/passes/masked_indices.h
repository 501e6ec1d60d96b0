// Masks that take nothing away.
#pragma once

#include <llvm/IR/PassManager.h>

namespace halyard::jit {

// Replaces uses of x & (2^k - 1) by x where a branch before them says that x is below 2^k. clang writes i + 128 behind
// `if (i < 128)` as (i & 127) | 128, so a tree of sums over workgroup memory has as many addresses in registers as it
// has steps, where one and constants would do.
struct MaskedIndicesPass : llvm::PassInfoMixin<MaskedIndicesPass> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

} // namespace halyard::jit
