// Workgroup memory: PTX's .shared variables, and the dynamic part, which the launch sizes.
#pragma once

#include <cstdint>

namespace llvm {
class GlobalVariable;
class Module;
} // namespace llvm

namespace halyard::jit::nvptx {

// Of .shared variables (CUDA C++ Programming Guide, table "Technical Specifications"); the dynamic part has no such
// limit.
constexpr uint64_t kMaxStaticLocalBytes = 48u << 10;

// Bytes of the module's .shared variables.
uint64_t staticLocalBytes(const llvm::Module& module);

// The dynamic part, aligned to HY_PTX_LOCAL_ALIGNMENT.
llvm::GlobalVariable& dynamicLocal(llvm::Module& module);

// Moves the largest variables to the beginning of the dynamic part until the others keep to kMaxStaticLocalBytes.
// Returns the bytes that they take there, a multiple of HY_PTX_LOCAL_ALIGNMENT: 0 where all stay, as in nearly every
// kernel.
uint64_t moveToDynamicLocal(llvm::Module& module);

} // namespace halyard::jit::nvptx
