// What Vulkan lacks as a whole, written as functions of KIR before everything is inlined: operations of workgroups by
// workgroup memory, printf by a buffer.
#pragma once

#include <cstdint>

namespace llvm {
class Module;
} // namespace llvm

namespace halyard::jit::spirv {

// Defines the hy.workgroup.* functions that the module declares, for workgroups of at most `invocations`. `subgroups`:
// those of the device do arithmetic. True when there are some.
bool defineWorkgroupOperations(llvm::Module& module, uint32_t invocations, bool subgroups);
// Defines the hy.subgroup.clustered.* functions that the module declares: few devices have them, and in no fixed order.
void defineClusters(llvm::Module& module);
// Defines hy.printf; true when the module prints. See HyVulkanPrintBuffer.
bool definePrint(llvm::Module& module);

// ptr addrspace(1) (): the launch's print buffer. Of this target alone.
inline constexpr const char* kPrintBuffer = "hy.vulkan.print_buffer";
// ptr addrspace(1) (): where the kernel's constants begin.
inline constexpr const char* kConstants = "hy.vulkan.constants";

} // namespace halyard::jit::spirv
