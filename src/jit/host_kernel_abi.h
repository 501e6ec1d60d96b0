/* The binary interface between a compiled host kernel (an ELF shared object made for the target "host") and the backend
 * that loads it: cpu, and any other that runs kernels on the processor, for which it is installed as
 * halyard/host_kernel_abi.h. C11, no dependency; bump HY_HOST_KERNEL_ABI when anything here changes (it is part of the
 * cache key). One number, no minor versions: a backend takes objects of the number that it was built with, and refuses
 * all others. One object holds one kernel for one workgroup size (or for any).
 *
 * Exported symbols:
 *   const HyHostKernelInfo hyHostKernelInfo;
 *   HyHostPrint hyHostPrint;   (only when the kernel prints; the loader fills it before the first run)
 *   HyHostProgram hyHostProgram; (only when the kernel uses variables at program scope)
 *   void hyHostKernelRun(const HyHostLaunch*, uint64_t firstGroup, uint64_t endGroup, void* local, void* scratch);
 */
#ifndef HALYARD_HOST_KERNEL_ABI_H
#define HALYARD_HOST_KERNEL_ABI_H

#include <stdint.h>

#define HY_HOST_KERNEL_ABI 6u
#define HY_HOST_KERNEL_MAGIC 0x4b485948u /* "HYHK" */

/* HyHostKernelInfo::flags: the invocations of a workgroup must be a multiple of subgroupSize. */
#define HY_HOST_KERNEL_WHOLE_SUBGROUPS 1u

typedef struct HyHostKernelInfo {
    uint32_t magic;
    uint32_t abi;
    uint32_t workgroupSize[3];    /* all zero: any size; else the launch must use exactly this one */
    uint32_t flags;               /* HY_HOST_KERNEL_*; other bits are 0 */
    uint64_t staticLocalBytes;    /* Workgroup variables: the start of `local` */
    uint64_t scratchBytesPerItem; /* values that live across barriers; 0 for a kernel without barriers */
    uint32_t argumentBytes;       /* size of the packed argument block that the code reads */
    uint32_t subgroupSize;        /* invocations per subgroup as the code sees it, at least 1 */
} HyHostKernelInfo;

/* What a workgroup does at a barrier of the whole grid: returns 0 when each workgroup of the launch has called it as
 * often as this one, with all memory accesses before the calls ordered before those behind them. Else a workgroup has
 * ended that should have come. Then, and when the launch is cancelled, the code returns at once. */
typedef int32_t (*HyHostAwaitGrid)(void* grid);

typedef struct HyHostLaunch {
    uint32_t workgroups[3];
    uint32_t workgroupSize[3];
    const void* args;                /* packed argument block, layout of spv::KernelInfo, 16-byte aligned */
    const volatile uint32_t* cancel; /* when *cancel != 0 the code returns: soon, also from loops; never null */
    HyHostAwaitGrid awaitGrid;       /* never null when the kernel has a barrier of the whole grid */
    void* grid;                      /* for awaitGrid */
} HyHostLaunch;

/* Receives one printf call: the nul-terminated format string and the arguments as printf/record.h lays them out,
 * `bytes` long (no installed header describes it: a backend of others refuses kernels that print); both valid for the
 * call. Called on the threads that run the kernel. Returns what printf returns to the kernel: 0, or -1 on failure. */
typedef int32_t (*HyHostPrintFn)(void* context, const char* format, const void* record, uint32_t bytes);
typedef struct HyHostPrint {
    HyHostPrintFn print; /* null: printf does nothing and returns -1 */
    void* context;
} HyHostPrint;

/* The variables at program scope of the kernel's module. An object comes with a block of its own, initialised; all
 * kernels of one loaded module must share one, so the loader sets `data`, before the first run, to the block of the
 * first object that it loaded of the module, and keeps that object for as long as any code that uses the block. */
typedef struct HyHostProgram {
    void* data;
    uint64_t bytes; /* the same for all kernels of a module */
} HyHostProgram;

/* Runs the workgroups with linear index firstGroup <= i < endGroup, x fastest, one after the other on the calling
 * thread. `local`: at least staticLocalBytes plus, for each Workgroup pointer parameter in order, its byte count
 * rounded up to a multiple of 128; 128-byte aligned; contents undefined, private to the calling thread. `scratch`: at
 * least scratchBytesPerItem * (workgroupSize product rounded up to a multiple of 64); 128-byte aligned. */
typedef void (*HyHostKernelRun)(const HyHostLaunch* launch, uint64_t firstGroup, uint64_t endGroup, void* local,
                                void* scratch);

#endif /* HALYARD_HOST_KERNEL_ABI_H */
