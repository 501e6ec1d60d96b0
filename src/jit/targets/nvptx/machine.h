// Processors and PTX versions: what the target is asked for and what LLVM is told.
#pragma once

#include "spv/status.h"

#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
}

namespace halyard::jit::nvptx {

struct Processor {
    uint32_t sm = 0;  // 90 for compute capability 9.0
    uint32_t ptx = 0; // 78 for PTX 7.8
};

// `cpu`: "sm_70" or newer; one that LLVM does not know yet gets the code of the newest before it, which its driver
// translates. `features`: "+ptx78", the newest PTX that the driver accepts, or "" for the oldest that has the
// processor. Errors: HY_ERROR_INVALID_ARGUMENT for names that mean nothing, HY_ERROR_UNSUPPORTED for a processor before
// sm_70 or a PTX version before the processor's.
spv::Result<Processor> chooseProcessor(const std::string& cpu, const std::string& features);

// Errors: HY_ERROR_UNSUPPORTED when this LLVM has no NVPTX target.
spv::Result<std::unique_ptr<llvm::TargetMachine>> createMachine(const Processor& processor);

} // namespace halyard::jit::nvptx
