// The code of a cooperative matrix multiplication.
#pragma once

#include "jit/targets/host/collective_code.h"

namespace halyard::jit::host {

// Emits the multiplication at `at` for every subgroup that takes part, as a call of a function that multiplications of
// one shape share. The cells of a subgroup's invocations, one after the other, are its matrix row after row
// (spv/cooperative_matrix.h), so nothing is gathered. REQUIRES: exchange.what.kind is MatrixMulAdd, all subgroups are
// whole, and every operand and the result have a mailbox.
void emitMatrixMulAdd(llvm::IRBuilder<>& at, const Exchange& exchange, const Lanes& lanes,
                      const llvm::DenseMap<const llvm::AllocaInst*, llvm::Value*>& cells);

} // namespace halyard::jit::host
