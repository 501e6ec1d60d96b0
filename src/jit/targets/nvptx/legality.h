// What LLVM would give up on, found before it does: code generation must not end the process.
#pragma once

#include "spv/reflect.h"
#include "spv/status.h"

namespace llvm {
class Module;
}

namespace halyard::jit::nvptx {

// Errors: HY_ERROR_UNSUPPORTED_SPIRV naming the first operation that has no form in PTX.
spv::Status checkLegality(const llvm::Module& module, const spv::KernelInfo& info);

} // namespace halyard::jit::nvptx
