// Refusing, in words, what the host's passes and code generator cannot take.
#pragma once

#include "spv/status.h"

namespace llvm {
class Function;
}

namespace halyard::jit::host {

// Checks the one, fully inlined kernel. Errors: HY_ERROR_UNSUPPORTED_SPIRV naming the construct.
spv::Status checkLegality(const llvm::Function& kernel);

} // namespace halyard::jit::host
