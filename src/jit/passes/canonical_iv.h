// Undoing a producer's strength reduction.
#pragma once

#include <llvm/IR/PassManager.h>

namespace halyard::jit {

// Rewrites integer and pointer inductions (p = start, p += step) as start + i * step over one counter i from 0.
// Producers run strength reduction for a machine that nobody has; here a pointer that each work-item steps along would
// have to be kept in memory between cuts, and would hide that neighbours read neighbouring addresses, while `i` is the
// same for all.
struct CanonicalIvPass : llvm::PassInfoMixin<CanonicalIvPass> {
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

} // namespace halyard::jit
