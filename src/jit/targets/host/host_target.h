// The host CPU as a target: KIR to an ELF shared object that exports the symbols of src/jit/host_kernel_abi.h.
#pragma once

#include "jit/targets/target.h"

namespace halyard::jit::host {

spv::Result<std::unique_ptr<Target>> createHostTarget(const std::string& cpu, const std::string& features);

} // namespace halyard::jit::host
