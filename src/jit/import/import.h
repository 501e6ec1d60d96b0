// SPIR-V to KIR (docs/kir.md): the one front end of the compiler. Knows nothing of any target but its data layout.
#pragma once

#include "spv/spv.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
class DataLayout;
} // namespace llvm

namespace halyard::jit {

struct ImportOptions {
    bool fastMath = false; // the explicit relaxed option of a module; strict otherwise
    // Invocations that share a cooperative matrix, as the target will have them; 0 when it has no such matrices.
    uint32_t subgroupSize = 0;
};

// Imports the kernel `kernel` of `module` (validated, specialised) and all it calls.
// `layout` is the target's data layout string and `triple` its triple: both are set on the result.
// Thread-safe for distinct contexts. Errors: HY_ERROR_UNSUPPORTED_SPIRV naming the instruction, its id and word or
// source line; HY_ERROR_INVALID_MODULE for what the validator lets through but no compiler can mean. Never aborts,
// never throws.
spv::Result<std::unique_ptr<llvm::Module>> importKernel(llvm::LLVMContext& context, const spv::Module& module,
                                                        const spv::KernelInfo& kernel, const std::string& triple,
                                                        const std::string& layout, const ImportOptions& options);

} // namespace halyard::jit
