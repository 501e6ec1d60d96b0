// The target "nvptx": KIR to PTX (jit/ptx_kernel_abi.h).
#pragma once

#include "jit/targets/target.h"

namespace halyard::jit::nvptx {

// `cpu` and `features` as machine.h says.
spv::Result<std::unique_ptr<Target>> createNvptxTarget(const std::string& cpu, const std::string& features);

} // namespace halyard::jit::nvptx
