/* A layer of somebody else's, in C: counts launches and says how many there were when the instance ends. */
#include <stdatomic.h>
#include <stdio.h>

#include <halyard/layer.h>

static atomic_uint launches;

static HyResult launchKernel(const HyLayerLink* link, HyStream stream, HyKernel kernel, HyDim3 workgroups,
                             HyDim3 workgroupSize, uint32_t dynamicLocalBytes, const void* const* args,
                             uint32_t argCount) {
    atomic_fetch_add(&launches, 1);
    return link->next->table->hyLaunchKernel(link->next, stream, kernel, workgroups, workgroupSize, dynamicLocalBytes,
                                             args, argCount);
}

static HyResult launchKernelEx(const HyLayerLink* link, const HyLaunchDesc* desc) {
    atomic_fetch_add(&launches, 1);
    return link->next->table->hyLaunchKernelEx(link->next, desc);
}

static void detach(void* context) {
    (void)context;
    fprintf(stderr, "\n%u launches counted\n", atomic_load(&launches));
}

static const HyLayerTable table = {
    .structSize = sizeof(HyLayerTable), .hyLaunchKernel = launchKernel, .hyLaunchKernelEx = launchKernelEx};

static const HyLayerInterface layer = {.structSize = sizeof(HyLayerInterface),
                                       .abiMajor = HY_LAYER_ABI_MAJOR,
                                       .abiMinor = HY_LAYER_ABI_MINOR,
                                       .name = "count",
                                       .description = "counts launches",
                                       .detach = detach,
                                       .table = &table};

HyResult hyLayerGetInterface(uint32_t hostAbi, const HyLayerInterface** outInterface) {
    if (hostAbi >> 16 != HY_LAYER_ABI_MAJOR)
        return HY_ERROR_INCOMPATIBLE_ABI;
    *outInterface = &layer;
    return HY_SUCCESS;
}
