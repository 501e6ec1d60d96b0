// Private arrays whose every index is known once loops are unrolled.
#pragma once

#include <llvm/IR/PassManager.h>

namespace halyard::jit {

// Asks for full unrolling of loops of constant trip count that walk a private array by their counters, so that the
// array becomes registers. Left in memory, an array costs each work-item an address of its own, and its memory traffic
// is what a tiled kernel put its values into an array to avoid. LLVM's own limit for unrolling does not know that.
struct UnrollPrivateArraysPass : llvm::PassInfoMixin<UnrollPrivateArraysPass> {
    // Arrays of up to that many bytes, about what the registers of the target hold; larger ones only take longer to
    // compile.
    explicit UnrollPrivateArraysPass(uint64_t arrayBytes) : arrayBytes(arrayBytes) {}
    uint64_t arrayBytes;
    llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses);
};

} // namespace halyard::jit
