// The device maths library: bitcode that clang-22 compiled at build time, embedded in libhalyard_jit.
#pragma once

#include "spv/status.h"

namespace llvm {
class Module;
}

namespace halyard::jit {

// Links into `module` the definitions of every `hy.math.*` declaration that it uses (only those and what they
// call), as internal alwaysinline functions. Errors: HY_ERROR_UNSUPPORTED_SPIRV naming a function that the library
// lacks.
spv::Status linkDevlib(llvm::Module& module);

} // namespace halyard::jit
