// Finding and preparing the kernel of a KIR module: what every target does first.
#pragma once

#include "spv/status.h"

#include <array>
#include <cstdint>

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace halyard::jit {

// The one function with kir::kKernelAttribute.
// Errors: HY_ERROR_INTERNAL when the module has none or several.
spv::Result<llvm::Function*> findKernel(llvm::Module& module);

// Inlines every defined function into the kernel and drops what is left over, so that later passes see one function.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV when a call cannot be inlined (recursion, an indirect call), naming the callee.
spv::Status inlineAll(llvm::Module& module, llvm::Function& kernel);

// Replaces the builtins that a known workgroup size fixes (sizes, and ids in a dimension of size 1) by constants, and
// global_size by num_groups * local_size. Does nothing for dimensions of size 0 (unknown).
void applyWorkgroupSize(llvm::Function& kernel, const std::array<uint32_t, 3>& size);

// Leaves one call for each id and size of a constant dimension, at the start of the kernel, so that what is computed of
// those in loops is known to be the same in each iteration.
void liftQueries(llvm::Function& kernel);

// Replaces subgroup_max_size by `subgroupSize`, and subgroup_size where it is the same for every subgroup: always,
// unless `countsPartial` and the workgroup size (zero: unknown) may leave a smaller last one.
void applySubgroupSize(llvm::Function& kernel, uint32_t subgroupSize, bool countsPartial,
                       const std::array<uint32_t, 3>& workgroupSize);

// Removes loop metadata that only carries a producer's wishes; `llvm.loop.unroll.*` enabling marks stay.
// Obeying DontUnroll of a front end is known to push accumulators into stack memory.
void dropLoopHints(llvm::Function& kernel);

} // namespace halyard::jit
