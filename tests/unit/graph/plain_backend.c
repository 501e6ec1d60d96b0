/* A backend with the tables of ABI 1.1 alone, whose streams can overlap and run what they get at once: for replayed
 * graphs. A fill with the pattern 0xdead makes its stream fail, as a kernel that crashes does. */
#include <stdlib.h>
#include <string.h>

#include "halyard/backend.h"

enum { kAlignment = 256 };

struct Stream {
    HyResult failure;
};

static char object;
static const HyHostServices* services;

static HyResult failStream(const struct Stream* stream) {
    const HyBackendError error = {
        .structSize = sizeof error, .code = stream->failure, .message = "the work of a plain stream crashed"};
    if (stream->failure != HY_SUCCESS) {
        services->setError(services->context, &error);
    }
    return stream->failure;
}

static HyResult initialise(const HyHostServices* host, HyBackendContext* outContext) {
    services = host;
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
    strcpy(out->name, "plain streams (test)");
    out->memoryAlignment = kAlignment;
    out->totalMemory = out->maxAllocation = 1u << 30;
    out->capabilities = HY_CAP_CONCURRENT_STREAMS;
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

static HyResult allocate(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    (void)device;
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
    struct Stream* stream = calloc(1, sizeof *stream);
    *outStream = (HyBackendStream)stream;
    return stream != NULL ? HY_SUCCESS : HY_ERROR_OUT_OF_HOST_MEMORY;
}
static HyResult destroyStream(HyBackendStream stream) {
    free(stream);
    return HY_SUCCESS;
}
static HyResult queryStream(HyBackendStream stream) {
    return failStream((const struct Stream*)stream);
}
static HyResult synchronizeStream(HyBackendStream stream, uint64_t timeoutNs) {
    (void)timeoutNs;
    return failStream((const struct Stream*)stream);
}
static HyResult waitEvent(HyBackendStream stream, HyBackendEvent event) {
    (void)event;
    return failStream((const struct Stream*)stream);
}
static HyResult copy(HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t hostMask) {
    (void)hostMask;
    if (failStream((const struct Stream*)stream) != HY_SUCCESS) {
        return ((const struct Stream*)stream)->failure;
    }
    memcpy((void*)(uintptr_t)dst, (const void*)(uintptr_t)src, (size_t)bytes);
    return HY_SUCCESS;
}
static HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                     uint64_t count) {
    struct Stream* stream = (struct Stream*)handle;
    if (failStream(stream) != HY_SUCCESS) {
        return stream->failure;
    }
    uint32_t word = 0;
    memcpy(&word, pattern, patternBytes < sizeof word ? patternBytes : sizeof word);
    if (word == 0xdead) {
        stream->failure = HY_ERROR_LAUNCH_FAILED; /* found out later, as work that crashes is */
        return HY_SUCCESS;
    }
    for (uint64_t i = 0; i < count; ++i) {
        memcpy((char*)(uintptr_t)dst + i * patternBytes, pattern, patternBytes);
    }
    return HY_SUCCESS;
}

static HyResult createEvent(HyBackendDevice device, uint32_t flags, HyBackendEvent* outEvent) {
    (void)device;
    (void)flags;
    *outEvent = (HyBackendEvent)&object;
    return HY_SUCCESS;
}
static HyResult destroyEvent(HyBackendEvent event) {
    (void)event;
    return HY_SUCCESS;
}
static HyResult recordEvent(HyBackendEvent event, HyBackendStream stream) {
    (void)event;
    return failStream((const struct Stream*)stream);
}
static HyResult queryEvent(HyBackendEvent event) {
    (void)event;
    return HY_SUCCESS;
}
static HyResult synchronizeEvent(HyBackendEvent event, uint64_t timeoutNs) {
    (void)event;
    (void)timeoutNs;
    return HY_SUCCESS;
}
static HyResult synchronizeDevice(HyBackendDevice device, uint64_t timeoutNs) {
    (void)device;
    (void)timeoutNs;
    return HY_SUCCESS;
}

static const HyBackendDeviceTable kDevice = {.structSize = sizeof kDevice,
                                             .getCount = getCount,
                                             .getProperties = getProperties,
                                             .open = openDevice,
                                             .close = closeDevice,
                                             .synchronize = synchronizeDevice};
static const HyBackendMemoryTable kMemory = {
    .structSize = offsetof(HyBackendMemoryTable, registerHost), .allocate = allocate, .free = freeMemory};
static const HyBackendStreamTable kStream = {.structSize = offsetof(HyBackendStreamTable, fill3D),
                                             .create = createStream,
                                             .destroy = destroyStream,
                                             .query = queryStream,
                                             .synchronize = synchronizeStream,
                                             .waitEvent = waitEvent,
                                             .copy = copy,
                                             .fill = fill};
static const HyBackendEventTable kEvent = {.structSize = offsetof(HyBackendEventTable, elapsed),
                                           .create = createEvent,
                                           .destroy = destroyEvent,
                                           .record = recordEvent,
                                           .query = queryEvent,
                                           .synchronize = synchronizeEvent};

/* The root ends where that of ABI 1.1 did. */
static const HyBackendInterface kInterface = {.structSize =
                                                  offsetof(HyBackendInterface, module) + sizeof kInterface.module,
                                              .abiMajor = 1,
                                              .abiMinor = 1,
                                              .name = "plain",
                                              .vendor = "Halyard",
                                              .buildId = "test",
                                              .initialise = initialise,
                                              .shutdown = shutdownContext,
                                              .device = &kDevice,
                                              .memory = &kMemory,
                                              .stream = &kStream,
                                              .event = &kEvent};

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host, const HyBackendInterface** outInterface) {
    (void)hostAbi;
    (void)host;
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
