// Constant parts of indices in front of shifts.
#pragma once

#include <llvm/IR/PassManager.h>

namespace halyard::jit {

// Rewrites (x + C) >> s as (x >> s) + (C >> s) where the sum cannot wrap and C has no bits below s. A kernel that
// walks a tile by steps of its workgroup's size computes row (id + C) / width for several C: so the rows, and the
// addresses made of them, differ by constants, and one register serves all of them.
struct SplitShiftsPass : llvm::PassInfoMixin<SplitShiftsPass> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

} // namespace halyard::jit
