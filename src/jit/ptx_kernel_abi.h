/* clang-format off */
/* The interface between a kernel that targets/nvptx compiled and the cuda backend that loads it. C11, no dependency;
 * bump HY_PTX_KERNEL_ABI when anything here changes. One artifact is the text of one PTX module with one kernel, ended
 * by a nul byte; it is given to the driver as it is.
 *
 * The first line tells what the backend must know, as words behind "// halyard-ptx", each key=value:
 *
 *   // halyard-ptx abi=2 entry=saxpy static=0 dynamic=0 maxthreads=0 multiple=1 hidden=print,program,grid
 *
 *   abi         HY_PTX_KERNEL_ABI
 *   entry       the name of the .entry: the kernel's name with every byte outside [A-Za-z0-9_$] replaced by '_', and
 *               "hy_" in front when it starts with a digit, is empty, or is "_" or "$" alone
 *   static      bytes of workgroup variables (.shared without the dynamic part), those of the compiler included
 *   dynamic     bytes that every launch adds to the dynamic shared memory, a multiple of HY_PTX_LOCAL_ALIGNMENT: workgroup
 *               variables that .shared has no room for (48 KiB) lie at its beginning
 *   maxthreads  invocations of the workgroup size that the code was made for; 0: any
 *   multiple    the invocations of a workgroup must be a multiple of this, or the launch is refused; 1 when absent
 *   hidden      the hidden parameters that the kernel has, in the order of the list below; "none" when it has none
 *
 * Parameters of the .entry, in order:
 *   1. one for each spv::Parameter, with its size and its natural alignment in PTX:
 *        value, by-value aggregate, push constants: .param with spv::Parameter::size bytes or more
 *        global pointer: .u64 device address
 *        workgroup pointer: .u64 byte count. The kernel computes the addresses itself: the dynamic shared memory holds,
 * behind the `dynamic` bytes, the parameters' blocks in order, each rounded up to a multiple of HY_PTX_LOCAL_ALIGNMENT; the launch gives the sum of
 * `dynamic` and the rounded counts as dynamic shared memory. So the `args` of a launch are what cuLaunchKernel wants as kernelParams,
 * as they are.
 *   2. one .u64 for each needsLength parameter, in order: the byte count to the end of its allocation
 *   3. the hidden ones, each .u64:
 *        print    address of a HyPtxPrintBuffer, or 0: printf then returns -1
 *        program  address of the variables at program scope. The module defines `.visible .global hyProgramData` with
 *                 their initial bytes; all kernels of one loaded module must be given the same block: that of the
 *                 first one loaded. Where variables hold addresses of the block itself, which PTX cannot write down,
 *                 the module also defines `.visible .global hyProgramPointers`, pairs of 64-bit words: the offset in
 *                 the block of 8 bytes that must become the block's address plus the second word, before the first
 *                 launch.
 *        grid     address of a HyPtxGridBarrier, zeroed once, which no two launches use at the same time
 *
 * Printing: the module defines `.visible .global hyPrintFormats`, an array of bytes with all format strings that it may
 * print, each ended by a nul; a record names one by its byte offset there. */
/* clang-format on */
#ifndef HALYARD_PTX_KERNEL_ABI_H
#define HALYARD_PTX_KERNEL_ABI_H

#include <stdint.h>

#define HY_PTX_KERNEL_ABI 2u
#define HY_PTX_LOCAL_ALIGNMENT 128u /* bytes */

/* Followed by `capacity` bytes of records. The kernel adds what it needs to `used` atomically; when the sum passes
 * `capacity` it writes nothing, adds 1 to `lost` and printf returns -1. The backend clears used and lost. */
typedef struct HyPtxPrintBuffer {
    uint32_t used;     /* bytes asked for, a multiple of 8, may pass capacity */
    uint32_t capacity; /* bytes behind this header */
    uint32_t lost;     /* printf calls */
    uint32_t reserved;
} HyPtxPrintBuffer;

/* One printf call, at a multiple of 8 in the buffer; the record as printf/record.h lays it out follows, empty for a
 * call without arguments, then padding to a multiple of 8. */
typedef struct HyPtxPrintRecord {
    uint32_t bytes;  /* of this header and the record; 0: reserved and not written (the buffer was too small), stop */
    uint32_t format; /* offset in hyPrintFormats */
} HyPtxPrintRecord;

/* Arrivals at a barrier of the whole grid; left such that the next launch can use it. A launch that is aborted leaves
 * it in any state: zero it again. */
typedef struct HyPtxGridBarrier {
    uint32_t arrived;
    uint32_t generation;
} HyPtxGridBarrier;

#endif /* HALYARD_PTX_KERNEL_ABI_H */
