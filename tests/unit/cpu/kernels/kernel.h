/* A kernel is the struct Args, and a function runGroup that does one workgroup. */
#ifndef TEST_KERNEL_H
#define TEST_KERNEL_H

#include "jit/host_kernel_abi.h"

#ifndef MAGIC
#define MAGIC HY_HOST_KERNEL_MAGIC
#endif
#ifndef ABI
#define ABI HY_HOST_KERNEL_ABI
#endif
#ifndef SUBGROUP
#define SUBGROUP 8
#endif
#ifndef WORKGROUP_X
#define WORKGROUP_X 0
#endif
#ifndef STATIC_LOCAL
#define STATIC_LOCAL 0
#endif
#ifndef SCRATCH
#define SCRATCH 0
#endif
#ifndef ARGUMENT_BYTES
#define ARGUMENT_BYTES sizeof(struct Args)
#endif

static inline uint32_t itemsOf(const HyHostLaunch* launch) {
    return launch->workgroupSize[0] * launch->workgroupSize[1] * launch->workgroupSize[2];
}

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch);

extern const HyHostKernelInfo hyHostKernelInfo;
const HyHostKernelInfo hyHostKernelInfo = {
    MAGIC, ABI, {WORKGROUP_X, WORKGROUP_X != 0, WORKGROUP_X != 0}, 0, STATIC_LOCAL, SCRATCH, ARGUMENT_BYTES, SUBGROUP,
};

void hyHostKernelRun(const HyHostLaunch* launch, uint64_t firstGroup, uint64_t endGroup, void* local, void* scratch);
void hyHostKernelRun(const HyHostLaunch* launch, uint64_t firstGroup, uint64_t endGroup, void* local, void* scratch) {
    for (uint64_t group = firstGroup; group < endGroup; ++group) {
        /* An atomic load, so that ThreadSanitizer knows that the flag is meant to be shared. */
        if (__atomic_load_n(launch->cancel, __ATOMIC_RELAXED) != 0) {
            return;
        }
        runGroup(launch, launch->args, group, local, scratch);
    }
}

#endif
