/* What the compiler makes of `add_one` in kernels/grid.cl, by hand: data[i] += 1 for each invocation of a grid of one
 * dimension. */
#include "jit/host_kernel_abi.h"

#include <string.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT const HyHostKernelInfo hyHostKernelInfo = {
    HY_HOST_KERNEL_MAGIC, HY_HOST_KERNEL_ABI, {0, 0, 0}, 0, 0, 0, sizeof(int*), 1};

EXPORT void hyHostKernelRun(const HyHostLaunch* launch, uint64_t firstGroup, uint64_t endGroup, void* local,
                            void* scratch) {
    (void)local;
    (void)scratch;
    int* data = 0;
    memcpy(&data, launch->args, sizeof data);
    const uint64_t size = launch->workgroupSize[0];
    for (uint64_t group = firstGroup; group < endGroup && *launch->cancel == 0; ++group)
        for (uint64_t item = 0; item < size; ++item)
            ++data[group * size + item];
}
