// LLVM's own pipelines as the compiler uses them. Both take the TargetMachine: without it the cost model guesses.
#pragma once

#include <cstdint>

namespace llvm {
class Function;
class Module;
class TargetMachine;
} // namespace llvm

namespace halyard::jit {

// Cleans a freshly inlined kernel: registers instead of memory, small constant loops unrolled, loops in simplified
// form. Keeps the loop structure that later passes cut. `arrayBytes`: private arrays of up to that many bytes become
// registers by unrolling (private_arrays.h).
void simplify(llvm::Module& module, llvm::TargetMachine& machine, uint64_t arrayBytes);

// After optimise(), for targets whose addresses are computed by each invocation for itself: indices that differ by
// constants share what they have in common (split_shifts.h).
void shareIndices(llvm::Module& module, llvm::TargetMachine& machine);

// Cleans up what the SPMD vectoriser made.
void tidy(llvm::Function& function, llvm::TargetMachine& machine);

// Computes once what is computed twice, and drops what nobody uses: after changes that make both.
void removeRepetitions(llvm::Module& module, llvm::TargetMachine& machine);

// The full -O3 pipeline.
void optimise(llvm::Module& module, llvm::TargetMachine& machine);

} // namespace halyard::jit
