/* A backend for measurements alone: it accepts modules, kernels and launches and runs nothing, so that the time of a
 * launch is the runtime's own. It says so in its name and type, has no manifest, and is loaded only when halyard-bench
 * names its file. Copies and fills are left out: memory that no kernel writes has nothing to copy. */
#include <stdlib.h>
#include <string.h>

#include "halyard/backend.h"

enum { kAlignment = 256 };

/* There is no state, but handles may not be null. */
static char object;

static HyResult initialise(const HyHostServices* host, HyBackendContext* outContext) {
    (void)host;
    *outContext = (HyBackendContext)&object;
    return HY_SUCCESS;
}
static void shutdownContext(HyBackendContext context) {
    (void)context;
}

static HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    (void)context;
    *outCount = 1;
    return HY_SUCCESS;
}

static HyResult getProperties(HyBackendContext context, uint32_t ordinal, HyDeviceProperties* out) {
    (void)context;
    (void)ordinal;
    out->type = HY_DEVICE_TYPE_EMULATED;
    strcpy(out->name, "null work (benchmark)");
    strcpy(out->backend, "nullwork");
    strcpy(out->vendor, "Halyard");
    out->pciDomain = out->pciBus = out->pciDevice = out->pciFunction = UINT32_MAX;
    out->computeUnits = 1;
    out->maxWorkgroupInvocations = 1024;
    for (int i = 0; i < 3; ++i) {
        out->maxWorkgroupSize[i] = 1024;
        out->maxWorkgroups[i] = INT32_MAX;
    }
    out->subgroupSizeMin = out->subgroupSizeMax = 1;
    out->maxLocalBytes = 32768;
    out->maxArgumentBytes = 4096;
    out->memoryAlignment = kAlignment;
    out->totalMemory = out->maxAllocation = 1u << 30;
    out->capabilities = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_INT64 | HY_CAP_FLOAT64;
    return HY_SUCCESS;
}

static HyResult openDevice(HyBackendContext context, uint32_t ordinal, HyBackendDevice* outDevice) {
    (void)context;
    (void)ordinal;
    *outDevice = (HyBackendDevice)&object;
    return HY_SUCCESS;
}
static HyResult closeDevice(HyBackendDevice device, uint64_t timeoutNs) {
    (void)device;
    (void)timeoutNs;
    return HY_SUCCESS;
}
/* The C library does not tell. */
static HyResult getMemoryInfo(HyBackendDevice device, uint64_t* outFree, uint64_t* outTotal) {
    (void)device;
    *outFree = *outTotal = UINT64_MAX;
    return HY_SUCCESS;
}
static HyResult synchronizeDevice(HyBackendDevice device, uint64_t timeoutNs) {
    (void)device;
    (void)timeoutNs;
    return HY_SUCCESS;
}

static HyResult allocate(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    (void)device;
    if (bytes > SIZE_MAX - kAlignment) {
        return HY_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    void* memory = aligned_alloc(kAlignment, (size_t)(bytes + kAlignment - 1) / kAlignment * kAlignment);
    if (memory == NULL) {
        return HY_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    *outPtr = hyHostAddress(memory);
    *outHost = memory;
    return HY_SUCCESS;
}
static HyResult freeMemory(HyBackendDevice device, HyDevicePtr ptr) {
    (void)device;
    free((void*)(uintptr_t)ptr);
    return HY_SUCCESS;
}

static HyResult createStream(HyBackendDevice device, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    (void)device;
    (void)desc;
    *outStream = (HyBackendStream)&object;
    return HY_SUCCESS;
}
static HyResult destroyStream(HyBackendStream stream) {
    (void)stream;
    return HY_SUCCESS;
}
static HyResult queryStream(HyBackendStream stream) {
    (void)stream;
    return HY_SUCCESS;
}
static HyResult synchronizeStream(HyBackendStream stream, uint64_t timeoutNs) {
    (void)stream;
    (void)timeoutNs;
    return HY_SUCCESS;
}
static HyResult launch(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* desc) {
    (void)stream;
    (void)kernel;
    (void)desc;
    return HY_SUCCESS;
}

static HyResult loadModule(HyBackendDevice device, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    (void)device;
    (void)desc;
    *outModule = (HyBackendModule)&object;
    return HY_SUCCESS;
}
static HyResult unloadModule(HyBackendModule module) {
    (void)module;
    return HY_SUCCESS;
}
static HyResult createKernel(HyBackendModule module, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    (void)module;
    (void)desc;
    *outKernel = (HyBackendKernel)&object;
    return HY_SUCCESS;
}
static HyResult destroyKernel(HyBackendKernel kernel) {
    (void)kernel;
    return HY_SUCCESS;
}
static HyResult getKernelInfo(HyBackendKernel kernel, HyBackendKernelInfo* out) {
    (void)kernel;
    out->maxWorkgroupInvocations = 1024;
    out->suggestedWorkgroupSize = (HyDim3){64, 1, 1};
    return HY_SUCCESS;
}

static const HyBackendDeviceTable kDevice = {.structSize = sizeof kDevice,
                                             .getCount = getCount,
                                             .getProperties = getProperties,
                                             .open = openDevice,
                                             .close = closeDevice,
                                             .getMemoryInfo = getMemoryInfo,
                                             .synchronize = synchronizeDevice};
static const HyBackendMemoryTable kMemory = {.structSize = sizeof kMemory, .allocate = allocate, .free = freeMemory};
static const HyBackendStreamTable kStream = {.structSize = sizeof kStream,
                                             .create = createStream,
                                             .destroy = destroyStream,
                                             .query = queryStream,
                                             .synchronize = synchronizeStream,
                                             .launch = launch};
static const HyBackendEventTable kEvent = {.structSize = sizeof kEvent};
static const HyBackendModuleTable kModule = {.structSize = sizeof kModule,
                                             .load = loadModule,
                                             .unload = unloadModule,
                                             .createKernel = createKernel,
                                             .destroyKernel = destroyKernel,
                                             .getKernelInfo = getKernelInfo};

static const HyBackendInterface kInterface = {.structSize = sizeof kInterface,
                                              .abiMajor = HY_BACKEND_ABI_MAJOR,
                                              .abiMinor = HY_BACKEND_ABI_MINOR,
                                              .name = "nullwork",
                                              .vendor = "Halyard",
                                              .buildId = "benchmark",
                                              .initialise = initialise,
                                              .shutdown = shutdownContext,
                                              .device = &kDevice,
                                              .memory = &kMemory,
                                              .stream = &kStream,
                                              .event = &kEvent,
                                              .module = &kModule};

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host, const HyBackendInterface** outInterface) {
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR) {
        const HyBackendError error = {.structSize = sizeof error,
                                      .code = HY_ERROR_INCOMPATIBLE_ABI,
                                      .message = "the null-work backend is built for another major version",
                                      .hint = "use the halyard-bench of this installation"};
        host->setError(host->context, &error);
        return HY_ERROR_INCOMPATIBLE_ABI;
    }
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
