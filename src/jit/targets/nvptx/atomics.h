// Atomic operations as PTX's own instructions with order and scope: LLVM's selection drops orders, and refuses some
// types.
#pragma once

#include "spv/status.h"

#include <string>

namespace llvm {
class Function;
}

namespace halyard::jit::nvptx {

// Replaces every atomic load, store, read-modify-write and compare-exchange of `kernel`. What PTX has no instruction
// for becomes a loop of compare-exchange, on the 32-bit word around a smaller value. Errors: HY_ERROR_UNSUPPORTED_SPIRV
// for sizes beyond 64 bits and misaligned ones.
spv::Status lowerAtomics(llvm::Function& kernel, const std::string& kernelName);

} // namespace halyard::jit::nvptx
