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
 * What the backend must know is in OpStrings. The first one is
 *   "halyard-vulkan abi=2 static=<bytes> unit=<bytes of an arena element> most=<invocations of a workgroup, or 0: any>
 *    print=<0 or 1> program=<bytes> constants=<bytes>" on one line.
 * Then come the initial bytes of the two blocks of data, 0 the variables at program scope and 1 the constants, as
 *   "halyard-vulkan-data <block> <offset> <hexadecimal digits>", everything else being zero, and the addresses in them
 * as "halyard-vulkan-address <block> <offset> <block of the target> <offset there>". All kernels of one loaded module
 * are given the same block of variables: that of the first one; constants are each kernel's own. */
#ifndef HALYARD_VULKAN_KERNEL_ABI_H
#define HALYARD_VULKAN_KERNEL_ABI_H

#include <stdint.h>

#define HY_VULKAN_KERNEL_ABI 2u
#define HY_VULKAN_LOCAL_ALIGNMENT 16u /* bytes */

#define HY_VULKAN_SPEC_SIZE_X 0u
#define HY_VULKAN_SPEC_SIZE_Y 1u
#define HY_VULKAN_SPEC_SIZE_Z 2u
#define HY_VULKAN_SPEC_LOCAL_WORDS 3u

typedef struct HyVulkanLaunch {
    uint32_t workgroups[3]; /* of the whole grid */
    uint32_t reserved;
    uint64_t print;     /* address of a HyVulkanPrintBuffer, or 0: printf gives -1 */
    uint64_t program;   /* address of the variables at program scope, or 0 */
    uint64_t constants; /* address of the kernel's constants, or 0 */
    uint64_t reserved2;
} HyVulkanLaunch;

#define HY_VULKAN_ARGUMENTS 48u /* offset of the packed argument block, bytes */

/* Followed by `capacity` bytes of records. The kernel adds what it needs to `used`; when the sum passes `capacity` it
 * writes nothing, adds 1 to `lost` and printf gives -1. */
typedef struct HyVulkanPrintBuffer {
    uint32_t used;
    uint32_t capacity;
    uint32_t lost; /* printf calls */
    uint32_t reserved;
} HyVulkanPrintBuffer;

#define HY_VULKAN_PRINT_WRITTEN 0x80000000u

/* One printf call, at a multiple of 8; `bytes` of the record as printf/record.h lays it out follow, then padding. */
typedef struct HyVulkanPrintRecord {
    uint32_t bytes;  /* with HY_VULKAN_PRINT_WRITTEN; 0 where a call reserved memory and did not fit */
    uint32_t format; /* offset of the format string in the constants */
} HyVulkanPrintRecord;

#endif /* HALYARD_VULKAN_KERNEL_ABI_H */
