/* The interface between a kernel that targets/spirv compiled for Vulkan and the vulkan backend that runs it. C11, no
 * dependency; bump HY_VULKAN_KERNEL_ABI when anything here changes. One artifact is one SPIR-V module with the entry
 * point "main", without descriptors: whatever it reads or writes it reaches by device addresses.
 *
 * Push constants: the device address of a HyVulkanLaunch, 8 bytes at offset 0. The packed argument block of
 * spv::KernelInfo follows the structure at HY_VULKAN_ARGUMENTS, hidden lengths included. A Workgroup pointer parameter
 * holds a byte count there.
 *
 * Specialisation constants (32 bits): HY_VULKAN_SPEC_SIZE_X, _Y, _Z are the workgroup size, 1 by default. The module
 * flattens a workgroup into one dimension, so that subgroups are consecutive invocations, x fastest.
 * HY_VULKAN_SPEC_LOCAL_WORDS is the size of the workgroup's memory in units of the arena (below): static variables
 * first, then the blocks of the parameters in order, each rounded up to HY_VULKAN_LOCAL_ALIGNMENT bytes.
 *
 * The grid may be run in slices by vkCmdDispatchBase; sizes of the whole are in HyVulkanLaunch.
 *
 * The module's OpSource-like facts are in one OpString "halyard-vulkan abi=1 static=<bytes> unit=<bytes of an arena
 * element> hidden=<print,program or none>": the first OpString of the module. */
#ifndef HALYARD_VULKAN_KERNEL_ABI_H
#define HALYARD_VULKAN_KERNEL_ABI_H

#include <stdint.h>

#define HY_VULKAN_KERNEL_ABI 1u
#define HY_VULKAN_LOCAL_ALIGNMENT 16u /* bytes */

#define HY_VULKAN_SPEC_SIZE_X 0u
#define HY_VULKAN_SPEC_SIZE_Y 1u
#define HY_VULKAN_SPEC_SIZE_Z 2u
#define HY_VULKAN_SPEC_LOCAL_WORDS 3u

typedef struct HyVulkanLaunch {
    uint32_t workgroups[3]; /* of the whole grid */
    uint32_t reserved;
    uint64_t print;   /* address of a print buffer, or 0 */
    uint64_t program; /* address of the variables at program scope, or 0 */
} HyVulkanLaunch;

#define HY_VULKAN_ARGUMENTS 32u /* offset of the packed argument block, bytes */

#endif /* HALYARD_VULKAN_KERNEL_ABI_H */
