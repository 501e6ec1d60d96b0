// Cooperative matrices (docs/kir.md, rule 13) on warps of 32.
#pragma once

#include "jit/passes/collective.h"
#include "jit/targets/nvptx/matrix_layout.h"
#include "spv/reflect.h"
#include "spv/status.h"

#include <array>

#include <llvm/IR/IRBuilder.h>

namespace halyard::jit::nvptx {

// Has the kernel any of what the next function replaces?
bool usesMatrices(llvm::Function& kernel);
// Replaces hy.matrix.* and hy.subgroup.matrix_mul_add. Does nothing to a kernel without. Errors:
// HY_ERROR_UNSUPPORTED_SPIRV when the workgroup size, where it is known, is no multiple of 32, or for a product that
// neither matrix instructions nor a reasonable amount of code can compute.
spv::Status lowerMatrices(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info,
                          const std::array<uint32_t, 3>& workgroupSize, uint32_t sm, uint32_t ptx);

// The parts of it.

// Replaces one hy.matrix.load or hy.matrix.store, whose block may be split. `hasLines`: there is ldmatrix.
void lowerMatrixAccess(llvm::CallInst& call, bool reads, bool hasLines);

// One product; a, b and c are the vectors of an invocation.
struct MatrixOperands {
    MatrixProduct what;
    llvm::Value* a = nullptr;
    llvm::Value* b = nullptr;
    llvm::Value* c = nullptr;

    MatrixLayout layoutA() const { return {what.rows, what.inner, spv::MatrixUse::A}; }
    MatrixLayout layoutB() const { return {what.inner, what.columns, spv::MatrixUse::B}; }
    MatrixLayout layoutC() const { return {what.rows, what.columns, spv::MatrixUse::Accumulator}; }
};

// With matrix instructions; null when this processor has none for it.
llvm::Value* multiplyWithMma(llvm::IRBuilder<>& at, const MatrixOperands& operands, uint32_t sm, uint32_t ptx);
// With shuffles and one multiply-add after the other, as spv/cooperative_matrix.h says, to the bit; null when that
// takes too much code.
llvm::Value* multiplyWithShuffles(llvm::IRBuilder<>& at, const MatrixOperands& operands);
// The vector of the sums without C, as <K x iW>, and what C has added to it, saturating when the product asks for that.
llvm::Value* addAccumulator(llvm::IRBuilder<>& at, const MatrixOperands& operands, llvm::Value* products);

} // namespace halyard::jit::nvptx
