// The targets "vulkan", KIR to SPIR-V for Vulkan 1.3 (jit/vulkan_kernel_abi.h), and "spirv-kernel", KIR to SPIR-V for
// OpenCL and Level Zero: one kernel of the name and with the parameters of its KernelInfo, hidden lengths last.
#pragma once

#include "jit/targets/target.h"

namespace halyard::jit::spirv {

// `cpu` and `features` must be empty: what a device has is asked by the kernels themselves, through SPIR-V's
// capabilities.
halyard::spv::Result<std::unique_ptr<Target>> createVulkanTarget(const std::string& cpu, const std::string& features);
// The same. Whoever builds the module asks for correctly rounded division and square roots, and for denormal numbers.
halyard::spv::Result<std::unique_ptr<Target>> createKernelTarget(const std::string& cpu, const std::string& features);

} // namespace halyard::jit::spirv
