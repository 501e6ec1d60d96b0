// The kernel as PTX's .entry, with the parameters of jit/ptx_kernel_abi.h.
#pragma once

#include "spv/reflect.h"
#include "spv/status.h"

#include <array>
#include <string>

namespace llvm {
class Function;
class Module;
class Value;
} // namespace llvm

namespace halyard::jit::nvptx {

struct Hidden {
    bool print = false, program = false, grid = false;
};

struct Entry {
    llvm::Function* function = nullptr;
    llvm::Value* print = nullptr;   // the hidden parameters, i64, or null
    llvm::Value* program = nullptr; //
    llvm::Value* grid = nullptr;    //
};

// HY_PTX_KERNEL_ABI's name for a kernel.
std::string entryName(const std::string& kernel);

// Moves the code of `kernel`, which goes, into the .entry. The blocks of workgroup parameters begin behind
// `movedLocalBytes` of the dynamic workgroup memory (moveToDynamicLocal). Errors: HY_ERROR_INTERNAL for a use of a
// by-value aggregate that it does not know.
spv::Result<Entry> makeEntry(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info,
                             const Hidden& hidden, uint64_t movedLocalBytes);

} // namespace halyard::jit::nvptx
