// The variables at program scope, of which the kernels of a module share one copy (jit/ptx_kernel_abi.h).
#pragma once

namespace llvm {
class Module;
class Value;
} // namespace llvm

namespace halyard::jit::nvptx {

bool usesProgramData(const llvm::Module& module);

// Makes the kernel reach them through `address`, the hidden parameter, an i64 that is known from the function's start;
// the module's own copy becomes hyProgramData, which only carries the initial bytes.
void shareProgramData(llvm::Module& module, llvm::Value* address);

} // namespace halyard::jit::nvptx
