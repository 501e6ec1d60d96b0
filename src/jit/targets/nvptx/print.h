// printf into the buffer that the backend reads after the launch (jit/ptx_kernel_abi.h).
#pragma once

#include "spv/status.h"

#include <string>

namespace llvm {
class Function;
class Module;
class Value;
} // namespace llvm

namespace halyard::jit::nvptx {

bool prints(const llvm::Module& module);

// Replaces hy.printf in `kernel`. `buffer`: the hidden parameter, an i64. All strings of the module go into one array,
// hyPrintFormats, so that a string's number is its distance from there, also for one that was chosen at run time.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV naming `kernelName`, for a format that is not among the module's constant bytes.
spv::Status lowerPrint(llvm::Module& module, llvm::Function& kernel, llvm::Value* buffer,
                       const std::string& kernelName);

} // namespace halyard::jit::nvptx
