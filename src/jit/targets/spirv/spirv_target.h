// The target "vulkan": KIR to SPIR-V for Vulkan 1.3 (jit/vulkan_kernel_abi.h).
#pragma once

#include "jit/targets/target.h"

namespace halyard::jit::spirv {

// `cpu` and `features` must be empty: what a device has is asked by the kernels themselves, through SPIR-V's
// capabilities.
halyard::spv::Result<std::unique_ptr<Target>> createVulkanTarget(const std::string& cpu, const std::string& features);

} // namespace halyard::jit::spirv
