// Addresses in workgroup memory are small, and ptxas finds that out of 64-bit arithmetic only in part: with 32-bit
// arithmetic a kernel needs as few registers as nvcc's code of it.
#pragma once

#include <llvm/IR/Function.h>

namespace halyard::jit::nvptx {

// Computes the variable part of each address at which `kernel` reads or writes workgroup memory in 32 bits. Addresses
// that are compared, stored or converted stay as they are. After optimisation: it hides from LLVM what is behind them.
void narrowSharedAddresses(llvm::Function& kernel);

} // namespace halyard::jit::nvptx
