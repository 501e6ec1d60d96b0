/* Halyard's backend interface: what a vendor implements to add a device. Read backends/null/ beside this: it is the
 * template, and docs/backends.md walks through it.
 *
 * A backend is one shared library that exports one function, hyBackendGetInterface, and links nothing of Halyard:
 * everything it needs from the runtime comes in HyHostServices. It opens its native driver itself, with dlopen, and
 * treats each driver symbol as required or optional.
 *
 * ---- Conventions --------------------------------------------------------------------------------------------
 *
 *  1. Versions. Major numbers that differ cannot work together; the loader skips the library with a message. Minor
 * numbers never refuse: each side uses what both know. New functions are appended to a table, new tables to the root;
 * nothing is ever removed or moved.
 *  2. Tables begin with structSize. The runtime copies each table into a zeroed one of its own and fills every hole (a
 * null pointer, or a slot beyond structSize) with a stub that answers HY_ERROR_UNSUPPORTED. A backend leaves out what
 * its device lacks: it never returns success for work that it did not do. Tables are read once, after
 * hyBackendGetInterface, and must have static storage.
 *  3. The runtime checks before it calls: handles, null pointers, sizes, ranges of device memory, launch limits
 * (against HyDeviceProperties), argument counts. A backend reports only what its driver alone can know. Structures
 * passed to a backend are always complete: structSize is at least what the backend's minor version knows, or the
 * runtime's, whichever is smaller.
 *  4. Objects are pointers that the backend makes and the runtime only stores. Every function may be called from any
 * thread; calls on one stream may come from several threads at once.
 *  5. Destroying an object with work in flight is allowed; the backend keeps what the device needs (or waits, when
 * nothing else is possible, but never without a bound).
 *  6. Failures: return the HyResult and, before returning, call host->setError with the words. An asynchronous failure
 * is sticky on the stream: later calls on that stream return it, with setError naming the kernel.
 *  7. Never print, abort, exit, change signal handlers or the environment. No static destructors; the library is never
 * unloaded.
 *
 * C11; all numbers little-endian. */
#ifndef HALYARD_BACKEND_H
#define HALYARD_BACKEND_H

#include "halyard/activity.h"
#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HY_BACKEND_ABI_MAJOR 1u
#define HY_BACKEND_ABI_MINOR 2u
#define HY_BACKEND_ABI ((HY_BACKEND_ABI_MAJOR << 16) | HY_BACKEND_ABI_MINOR)

/* A backend's state for one instance. */
typedef struct HyBackendContext_T* HyBackendContext;
typedef struct HyBackendDevice_T* HyBackendDevice;
typedef struct HyBackendStream_T* HyBackendStream;
typedef struct HyBackendEvent_T* HyBackendEvent;
typedef struct HyBackendModule_T* HyBackendModule;
typedef struct HyBackendKernel_T* HyBackendKernel;
typedef struct HyBackendSemaphore_T* HyBackendSemaphore;
typedef struct HyBackendGraph_T* HyBackendGraph;
typedef struct HyBackendPhysicalMemory_T* HyBackendPhysicalMemory;

/* ---- What the runtime offers a backend ------------------------------------------------------------------------ */

/* The words of a failure. Strings are copied; null means "". */
typedef struct HyBackendError {
    uint32_t structSize;
    HyResult code;
    const char* argument; /* the argument of the application's call that is at fault, when known */
    const char* message;
    const char* hint;
    const char* nativeName;
    int64_t nativeCode;
} HyBackendError;

#define HY_JIT_FAST_MATH (1u << 0)
/* "host": work-items of dimension 0 that the code does at once, in the lanes of vectors: 1, 4, 8, 16 or 32; 0: the
 * choice of the compiler. A hint: kernels that cannot be vectorised that way are compiled without. */
#define HY_JIT_LANES(count) ((uint32_t)(count) << 8)

/* One compilation: one kernel of one SPIR-V module for one target. Borrowed for the call. */
typedef struct HyJitRequest {
    uint32_t structSize;
    uint32_t flags; /* HY_JIT_FAST_MATH, HY_JIT_LANES */
    const void* next;
    const void* spirv; /* specialised, checked words */
    uint64_t spirvBytes;
    const uint8_t* spirvDigest; /* 32 bytes: canonical SHA-256 of those words, from HyBackendModuleDesc */
    const char* kernel;         /* entry point */
    const char* target;         /* "host"; "nvptx", "amdgpu", "spirv" with the backends that use them */
    const char* cpu;            /* the target's processor: "x86-64-v3", "sm_90" */
    const char* features;       /* LLVM feature string, or "" */
    uint32_t workgroupSize[3];  /* all zero: code for any size */
    uint32_t subgroupSize;      /* for kernels that require none; 0: the target's choice */
} HyJitRequest;

/* The bytes of compiled code; owned by the runtime until jitRelease. */
typedef struct HyJitArtifact {
    uint32_t structSize;
    uint32_t fromCache; /* 1: no compiler ran */
    const void* data;   /* 16-byte aligned */
    uint64_t bytes;
    void* owner; /* for jitRelease */
} HyJitArtifact;

/* Services; those given to initialise are valid until shutdown returns. Every function may be called from any thread.
 */
typedef struct HyHostServices {
    uint32_t structSize;
    uint32_t abi;  /* HY_BACKEND_ABI of the runtime */
    void* context; /* first argument of every function below */

    /* Writes a log line; `level` as in halyard.h. Cheap when the level is off. */
    void (*log)(void* context, HyLogLevel level, const char* message);
    /* Sets the calling thread's error record. Call it right before returning the same code. */
    void (*setError)(void* context, const HyBackendError* error);
    /* secure_getenv: null when unset or when the process runs with elevated rights. */
    const char* (*getEnv)(void* context, const char* name);
    /* Compiles or takes from the cache; blocks. On success fills *outArtifact. On failure the error record is set.
     * Errors: HY_ERROR_UNSUPPORTED_SPIRV, HY_ERROR_COMPILE_FAILED, HY_ERROR_COMPILER_LOST, HY_ERROR_INVALID_ARGUMENT.
     */
    HyResult (*jitCompile)(void* context, const HyJitRequest* request, HyJitArtifact* outArtifact);
    void (*jitRelease)(void* context, HyJitArtifact* artifact);
    /* The persistent cache, for what a driver compiled (pipeline caches, cubins). Keys are any bytes; the backend puts
     * the driver version into the key. cacheGet: HY_SUCCESS with an artifact to release by jitRelease, or
     * HY_ERROR_NOT_FOUND (no error record). cachePut never fails loudly. */
    HyResult (*cacheGet)(void* context, const void* key, uint64_t keyBytes, HyJitArtifact* outArtifact);
    void (*cachePut)(void* context, const void* key, uint64_t keyBytes, const void* data, uint64_t bytes);
    /* Since 1.1. Delivers what one printf call of a kernel prints, formatted, to the application. Call it before the
     * stream passes the kernel. */
    void (*print)(void* context, const char* text, uint64_t bytes);
    /* Since 1.2. The correlation that a layer gave the calling thread, or 0: for HyActivity::correlation. Ask when a
     * command is submitted while a sink is set. */
    uint64_t (*getCorrelation)(void* context);
} HyHostServices;

/* ---- Structures ------------------------------------------------------------------------------------------------- */

typedef struct HyBackendStreamDesc {
    uint32_t structSize;
    uint32_t flags;
    const void* next;
    int32_t priority;
    uint32_t reserved;
    const char* label; /* since 1.2: what messages call the stream: "stream 3", "stream 'upload'"; borrowed */
} HyBackendStreamDesc;

typedef struct HyBackendModuleDesc {
    uint32_t structSize;
    uint32_t flags; /* HY_MODULE_FAST_MATH */
    const void* next;
    HyModuleFormat format; /* never AUTO */
    uint32_t reserved;
    const void* data; /* 16-byte aligned; SPIR-V is specialised and checked; lives as long as the backend's module */
    uint64_t dataBytes;
    const uint8_t* spirvDigest; /* 32 bytes, SPIR-V only; same lifetime */
} HyBackendModuleDesc;

/* One kernel parameter as the runtime reflected it; see HyParameterKind. */
typedef struct HyBackendParameter {
    HyParameterKind kind;
    uint32_t bytes;
    uint32_t alignment;
    uint32_t offset; /* in the packed argument block */
} HyBackendParameter;

typedef struct HyBackendKernelDesc {
    uint32_t structSize;
    uint32_t flags;
    const void* next;
    const char* name; /* everything here lives as long as the backend's kernel */
    const HyBackendParameter* parameters;
    uint32_t parameterCount;
    uint32_t argumentBytes;        /* packed block, hidden lengths included */
    HyDim3 requiredWorkgroupSize;  /* 0, 0, 0: any */
    uint32_t requiredSubgroupSize; /* of the kernel or of the application (HY_CAP_SUBGROUP_SIZE_CONTROL); 0: any */
    uint64_t staticLocalBytes;
    /* Hidden uint64_t arguments: the byte count from a buffer's address to the end of its allocation. The runtime
     * computes them for each launch (HyBackendLaunch::bufferLengths); the backend stores them at these offsets of the
     * packed block. */
    const uint32_t* lengthOffsets;
    uint32_t lengthCount;
    uint32_t reserved;
} HyBackendKernelDesc;

/* Since 1.2. What a native module says of one of its kernels. */
typedef struct HyBackendKernelInterface {
    uint32_t structSize;
    uint32_t parameterCount;
    const char* name;                     /* this and the parameters live as long as the module */
    const HyBackendParameter* parameters; /* HY_PARAMETER_VALUE, in order and without overlap */
    uint32_t argumentBytes;               /* packed block */
    uint32_t reserved;
    HyDim3 requiredWorkgroupSize; /* 0, 0, 0: any, or not known */
    uint32_t reserved2;
    uint64_t staticLocalBytes;
} HyBackendKernelInterface;

typedef struct HyBackendKernelInfo {
    uint32_t structSize;
    uint32_t maxWorkgroupInvocations;
    uint32_t subgroupSize; /* 0: not known */
    uint32_t reserved;
    HyDim3 suggestedWorkgroupSize;
} HyBackendKernelInfo;

/* One launch, complete and checked. Borrowed for the call: the backend copies argument values. */
typedef struct HyBackendLaunch {
    uint32_t structSize;
    uint32_t flags; /* HY_LAUNCH_COOPERATIVE */
    HyDim3 workgroups;
    HyDim3 workgroupSize;
    uint32_t dynamicLocalBytes;
    uint32_t argCount;
    const void* const* args;       /* pointers to values, one per parameter, or null when packedArgs is given */
    const void* packedArgs;        /* the packed block without hidden lengths, or null */
    const uint64_t* bufferLengths; /* HyBackendKernelDesc::lengthCount values, or null when that is 0 */
    HyDim3 clusterSize;            /* 1, 1, 1: none */
    uint32_t reserved;
} HyBackendLaunch;

/* Since 1.2. One node of a graph; the fields of other kinds are zero. Borrowed for the call. */
typedef struct HyBackendGraphNode {
    uint32_t structSize;
    HyGraphNodeKind kind;         /* EMPTY, KERNEL, COPY, FILL or HOST_FUNCTION */
    const char* name;             /* for errors; may be "" */
    const uint32_t* dependencies; /* indices of nodes before this one, each once */
    uint32_t dependencyCount;
    uint32_t hostMask;             /* COPY: as for stream.copy */
    HyBackendKernel kernel;        /* KERNEL: stays until the graph is destroyed or the node updated */
    const HyBackendLaunch* launch; /* KERNEL: complete and checked, with packedArgs */
    const HyCopy3D* copy;          /* COPY: not empty; one of one dimension has height and depth 1 */
    const HyFill3D* fill;          /* FILL: likewise */
    HyHostFunction hostFunction;   /* HOST_FUNCTION: called once for each launch, as stream.hostFunction calls it */
    void* hostUser;
    /* Called once after the last launch that calls hostFunction, when no later one can; not for a failed build or
     * update. */
    void (*hostRelease)(void* user);
} HyBackendGraphNode;
/* What names an allocation to the same backend in another process. The runtime adds which backend and device it is. */
typedef struct HyBackendIpcHandle {
    uint64_t words[8];
} HyBackendIpcHandle;

/* Since 1.2. Memory that other code of the process allocated with the driver. */
typedef struct HyBackendOthersMemory {
    uint32_t structSize;
    HyMemoryKind kind; /* HY_MEMORY_DEVICE, _MANAGED or _HOST_ALLOCATED */
    HyDevicePtr base;  /* of the allocation */
    uint64_t bytes;
    void* host; /* where the host reaches `base`, or null */
} HyBackendOthersMemory;

/* ---- Tables --------------------------------------------------------------------------------------------------------
 */

typedef struct HyBackendDeviceTable {
    uint32_t structSize;
    uint32_t reserved;
    /* How many devices there are. Cheap: makes no context. */
    HyResult (*getCount)(HyBackendContext context, uint32_t* outCount);
    /* Fills every field but `selector` and `ordinal`. Cheap: makes no context. */
    HyResult (*getProperties)(HyBackendContext context, uint32_t ordinal, HyDeviceProperties* outProperties);
    /* Makes the device usable; called once per ordinal and instance, before any other call on it. */
    HyResult (*open)(HyBackendContext context, uint32_t ordinal, HyBackendDevice* outDevice);
    /* Waits for work for at most timeoutNs; frees the device whatever happens and returns HY_ERROR_TIMEOUT when work
     * was left running. */
    HyResult (*close)(HyBackendDevice device, uint64_t timeoutNs);
    HyResult (*getMemoryInfo)(HyBackendDevice device, uint64_t* outFree, uint64_t* outTotal);
    HyResult (*synchronize)(HyBackendDevice device, uint64_t timeoutNs);
    HyResult (*getNativeHandle)(HyBackendDevice device, HyNativeHandle* outHandle);
    /* Since 1.2. What `device` can do with memory of `peer`, another device of this backend and instance. */
    HyResult (*getPeerAccess)(HyBackendDevice device, HyBackendDevice peer, HyPeerAccess* outAccess);
    /* Since 1.2. Enabling what is enabled is a success. */
    HyResult (*enablePeerAccess)(HyBackendDevice device, HyBackendDevice peer);
    /* Since 1.2, with HY_CAP_DEVICE_RESET: see hyDeviceReset. While it runs, and after a timeout until a later call
     * succeeds, submissions get HY_ERROR_INVALID_STATE and waits that were under way HY_ERROR_CANCELLED. With
     * HY_CAP_DEVICE_RESTART it ends the device: whatever it returns, objects of it only have to be destroyed from then
     * on, at once and without the driver, and close() follows. The runtime opens the ordinal again when it succeeds. */
    HyResult (*reset)(HyBackendDevice device, uint64_t timeoutNs);
    /* Since 1.2, with HY_CAP_COOPERATIVE_MATRIX. Called before open, too; cheap. */
    HyResult (*getCooperativeMatrixCount)(HyBackendContext context, uint32_t ordinal, uint32_t* outCount);
    /* `index` is below the count. Fills every field but structSize. */
    HyResult (*getCooperativeMatrix)(HyBackendContext context, uint32_t ordinal, uint32_t index,
                                     HyCooperativeMatrixInfo* outInfo);
} HyBackendDeviceTable;

typedef struct HyBackendMemoryTable {
    uint32_t structSize;
    uint32_t reserved;
    /* outHost: where the host can reach the memory, or null. */
    HyResult (*allocate)(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost);
    /* The work that used the memory is done: the runtime waited for it. */
    HyResult (*free)(HyBackendDevice device, HyDevicePtr ptr);
    HyResult (*registerHost)(HyBackendDevice device, void* pointer, uint64_t bytes, HyDevicePtr* outPtr);
    HyResult (*unregisterHost)(HyBackendDevice device, void* pointer);
    /* A range of addresses that this device hands out and that never is host memory, so that a stale device address can
     * be told from a host address. UNSUPPORTED when the driver has no such range. */
    HyResult (*getAddressRange)(HyBackendDevice device, HyDevicePtr* outBase, uint64_t* outBytes);
    /* Since 1.2. Memory with one address for host and device; `free` frees it. HY_CAP_MANAGED_MEMORY. */
    HyResult (*allocateManaged)(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr);
    /* Since 1.2. The range lies inside one managed allocation. UNSUPPORTED, with the reason, for advice that changes
     * nothing on this device though it asks for a change. */
    HyResult (*advise)(HyBackendDevice device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice);
    /* Since 1.2. In stream order; the range, not empty, lies inside one managed allocation of the stream's device.
     * HY_CAP_PREFETCH. */
    HyResult (*prefetch)(HyBackendStream stream, HyDevicePtr ptr, uint64_t bytes, uint32_t toHost);
    /* Since 1.2. As `allocate`, for getIpcHandle; `free` frees it. HY_CAP_IPC. */
    HyResult (*allocateShareable)(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost);
    /* Since 1.2. `ptr` is the first address of an allocation. UNSUPPORTED when this one cannot be shared. */
    HyResult (*getIpcHandle)(HyBackendDevice device, HyDevicePtr ptr, HyBackendIpcHandle* outHandle);
    /* Since 1.2. The handle came from this backend and a device with the same UUID, perhaps in another process, and may
     * have been damaged since. The address must be new. `bytes` is the size of the allocation as its owner gave it. */
    HyResult (*openIpcHandle)(HyBackendDevice device, const HyBackendIpcHandle* handle, uint64_t bytes,
                              HyDevicePtr* outPtr, void** outHost);
    /* Since 1.2. The runtime has waited for the device. */
    HyResult (*closeIpcHandle)(HyBackendDevice device, HyDevicePtr ptr);
    /* Since 1.2; both of the following or neither. The runtime makes stream-ordered allocations (memory_pool.h) itself,
     * from pools over allocate(), and that is faster than what drivers do. A backend gives these when it has to see
     * each allocation as one, for example to report uses of memory after its free; then there is no pooling. The memory
     * may be used once the call has returned. */
    HyResult (*allocateOnStream)(HyBackendStream stream, uint64_t bytes, HyDevicePtr* outPtr, void** outHost);
    /* The memory goes when the stream gets there, also on a stream that has failed. free() takes such memory as well.
     */
    HyResult (*freeOnStream)(HyBackendStream stream, HyDevicePtr ptr);
    /* Since 1.2. Tells of memory of this device at `ptr`, which the runtime did not allocate, so that copies, fills and
     * queries take what others in the process allocated with the driver. Asked about addresses in nothing that the
     * runtime knows, host memory among them, so it must be cheap. HY_ERROR_NOT_FOUND, without an error record, when the
     * driver knows no memory there, or it is of another device. */
    HyResult (*findOthers)(HyBackendDevice device, HyDevicePtr ptr, HyBackendOthersMemory* outMemory);
} HyBackendMemoryTable;

/* Since 1.2. HY_CAP_VIRTUAL_MEMORY. The runtime keeps the books: what reaches these slots is aligned to the minimum
 * granularity, lies inside one reservation, overlaps no mapping that is live, and names memory of this device. */
typedef struct HyBackendVirtualMemoryTable {
    uint32_t structSize;
    uint32_t reserved;
    HyResult (*getGranularity)(HyBackendDevice device, uint64_t* outMinimum, uint64_t* outRecommended);
    HyResult (*reserve)(HyBackendDevice device, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase);
    /* Nothing is mapped in it. */
    HyResult (*release)(HyBackendDevice device, HyDevicePtr base, uint64_t bytes);
    /* flags: HY_PHYSICAL_MEMORY_SHAREABLE. Zeroed memory. */
    HyResult (*createPhysical)(HyBackendDevice device, uint64_t bytes, uint32_t flags,
                               HyBackendPhysicalMemory* outMemory);
    /* It is mapped nowhere. */
    HyResult (*destroyPhysical)(HyBackendPhysicalMemory memory);
    /* Without access. outHost: where the host reaches `base` once access is given, or null. */
    HyResult (*map)(HyBackendDevice device, HyDevicePtr base, uint64_t bytes, HyBackendPhysicalMemory memory,
                    uint64_t offset, void** outHost);
    /* One mapping, whole. The runtime has waited for the device. */
    HyResult (*unmap)(HyBackendDevice device, HyDevicePtr base, uint64_t bytes);
    /* One mapping, whole. The runtime has waited for the device when access is taken away. */
    HyResult (*setAccess)(HyBackendDevice device, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access);
    /* Shareable or imported memory. The handle belongs to the caller. UNSUPPORTED, with the reason, for a type that the
     * device lacks. */
    HyResult (*exportPhysical)(HyBackendPhysicalMemory memory, HyShareType type, int64_t* outHandle);
    /* The handle is the application's and may be anything. It stays the caller's. */
    HyResult (*importPhysical)(HyBackendDevice device, HyShareType type, int64_t handle, uint64_t bytes,
                               HyBackendPhysicalMemory* outMemory);
} HyBackendVirtualMemoryTable;

typedef struct HyBackendStreamTable {
    uint32_t structSize;
    uint32_t reserved;
    HyResult (*create)(HyBackendDevice device, const HyBackendStreamDesc* desc, HyBackendStream* outStream);
    HyResult (*destroy)(HyBackendStream stream);
    HyResult (*query)(HyBackendStream stream);
    HyResult (*synchronize)(HyBackendStream stream, uint64_t timeoutNs);
    HyResult (*waitEvent)(HyBackendStream stream, HyBackendEvent event);
    HyResult (*launch)(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch);
    /* dst and src are checked; each is device, registered or host memory of this process (bit 0, 1 of `hostMask`: dst,
     * src is host memory). */
    HyResult (*copy)(HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t hostMask);
    HyResult (*copy3D)(HyBackendStream stream, const HyCopy3D* copy, uint32_t hostMask);
    HyResult (*fill)(HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                     uint64_t count);
    HyResult (*fill3D)(HyBackendStream stream, const HyFill3D* fill);
    HyResult (*getNativeHandle)(HyBackendStream stream, HyNativeHandle* outHandle);
    /* Since 1.2, with HY_CAP_HOST_FUNCTIONS. Calls function(user, status) once, whatever becomes of the stream, on a
     * thread that no other work of the device needs; see HyHostFunction for the status. A failure: it is not called. */
    HyResult (*hostFunction)(HyBackendStream stream, HyHostFunction function, void* user);
    /* Since 1.2, with HY_CAP_TIMELINE_SEMAPHORES. The semaphore may be one of another device of the backend when both
     * have HY_CAP_DEVICE_WAITS. Waiting must hold up nothing but the stream. */
    HyResult (*signalSemaphore)(HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value);
    HyResult (*waitSemaphore)(HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value);
    /* Since 1.2; not needed. `launch` of a kernel without workgroup pointers and hidden lengths, with no flags, no
     * cluster and no dynamicLocalBytes, as most launches are: nothing to pack and unpack. */
    HyResult (*launchArgs)(HyBackendStream stream, HyBackendKernel kernel, const HyDim3* workgroups,
                           const HyDim3* workgroupSize, const void* const* args);
} HyBackendStreamTable;

#define HY_BACKEND_COPY_DST_HOST 1u
#define HY_BACKEND_COPY_SRC_HOST 2u

typedef struct HyBackendEventTable {
    uint32_t structSize;
    uint32_t reserved;
    HyResult (*create)(HyBackendDevice device, uint32_t flags, HyBackendEvent* outEvent);
    HyResult (*destroy)(HyBackendEvent event);
    HyResult (*record)(HyBackendEvent event, HyBackendStream stream);
    HyResult (*query)(HyBackendEvent event);
    HyResult (*synchronize)(HyBackendEvent event, uint64_t timeoutNs);
    HyResult (*elapsed)(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds);
    HyResult (*getNativeHandle)(HyBackendEvent event, HyNativeHandle* outHandle);
    /* Since 1.2, with HY_CAP_IPC_EVENTS. The event was created with HY_EVENT_INTERPROCESS, or opened. */
    HyResult (*getIpcHandle)(HyBackendEvent event, HyBackendIpcHandle* outHandle);
    /* Since 1.2. The handle came from this backend and a device with the same UUID, perhaps in another process, and may
     * have been damaged since. */
    HyResult (*openIpcHandle)(HyBackendDevice device, const HyBackendIpcHandle* handle, HyBackendEvent* outEvent);
} HyBackendEventTable;

typedef struct HyBackendModuleTable {
    uint32_t structSize;
    uint32_t reserved;
    HyResult (*load)(HyBackendDevice device, const HyBackendModuleDesc* desc, HyBackendModule* outModule);
    HyResult (*unload)(HyBackendModule module);
    /* Makes the kernel launchable. The runtime keeps the module until the kernel is destroyed. */
    HyResult (*createKernel)(HyBackendModule module, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel);
    HyResult (*destroyKernel)(HyBackendKernel kernel);
    HyResult (*getKernelInfo)(HyBackendKernel kernel, HyBackendKernelInfo* outInfo);
    HyResult (*getNativeHandle)(HyBackendModule module, HyNativeHandle* outHandle);
    HyResult (*getKernelNativeHandle)(HyBackendKernel kernel, HyNativeHandle* outHandle);
    /* Since 1.2, with HY_CAP_OCCUPANCY. `localBytes` is all workgroup memory of a workgroup. The runtime has checked
     * the size as for a launch. Fills every field but structSize. */
    HyResult (*getOccupancy)(HyBackendKernel kernel, HyDim3 workgroupSize, uint64_t localBytes,
                             HyOccupancy* outOccupancy);
    /* Since 1.2; this and the next with HY_CAP_MODULE_PTX, _CUBIN or _FATBIN, for modules of these formats. `load` gets
     * bytes that nobody has checked: it must read none beyond dataBytes, nor let the driver do so. Errors of it:
     * HY_ERROR_INVALID_MODULE, HY_ERROR_UNSUPPORTED (code for another processor, or a newer driver). */
    HyResult (*getKernelCount)(HyBackendModule module, uint32_t* outCount);
    /* `index` is below the count. Fills every field but structSize. */
    HyResult (*getKernelInterface)(HyBackendModule module, uint32_t index, HyBackendKernelInterface* outInterface);
} HyBackendModuleTable;

/* Since 1.2: timeline semaphores (HY_CAP_TIMELINE_SEMAPHORES). */
typedef struct HyBackendSemaphoreTable {
    uint32_t structSize;
    uint32_t reserved;
    HyResult (*create)(HyBackendDevice device, uint64_t initialValue, HyBackendSemaphore* outSemaphore);
    /* Commands in streams keep what they need. */
    HyResult (*destroy)(HyBackendSemaphore semaphore);
    HyResult (*getValue)(HyBackendSemaphore semaphore, uint64_t* outValue);
    /* HY_ERROR_INVALID_ARGUMENT when `value` is not above the value now. */
    HyResult (*signal)(HyBackendSemaphore semaphore, uint64_t value);
    HyResult (*wait)(HyBackendSemaphore semaphore, uint64_t value, uint64_t timeoutNs);
    /* Since 1.2, with HY_CAP_SHARE_SEMAPHORES. As `create`, for exportSemaphore. */
    HyResult (*createShareable)(HyBackendDevice device, uint64_t initialValue, HyBackendSemaphore* outSemaphore);
    /* Shareable or imported semaphores. The handle belongs to the caller. UNSUPPORTED, with the reason, for a type that
     * the backend does not have. */
    HyResult (*exportSemaphore)(HyBackendSemaphore semaphore, HyShareType type, int64_t* outHandle);
    /* The handle stays the caller's. INVALID_ARGUMENT when it is not what exportSemaphore gives. */
    HyResult (*importSemaphore)(HyBackendDevice device, HyShareType type, int64_t handle,
                                HyBackendSemaphore* outSemaphore);
} HyBackendSemaphoreTable;

/* Since 1.2. Graphs that are one submission; for devices with HY_CAP_GRAPHS. Without it the runtime replays graphs by
 * stream calls. */
typedef struct HyBackendGraphTable {
    uint32_t structSize;
    uint32_t reserved;
    /* Makes a launchable graph of at least one node, in an order in which they could run one after another. Nodes that
     * no dependency orders may run at the same time. */
    HyResult (*build)(HyBackendDevice device, const HyBackendGraphNode* const* nodes, uint32_t nodeCount,
                      HyBackendGraph* outGraph);
    /* nodes[i] replaces what node indices[i] does in later launches, for i < count, all or none of them; its kind and
     * dependencies are those of before. Launches in flight keep what they had. */
    HyResult (*update)(HyBackendGraph graph, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                       uint32_t count);
    /* Puts the graph into the stream. The runtime orders launches of one graph by events when their streams differ. An
     * asynchronous failure names the kernel and the node. */
    HyResult (*launch)(HyBackendStream stream, HyBackendGraph graph);
    /* Launches in flight keep what they need. */
    HyResult (*destroy)(HyBackendGraph graph);
} HyBackendGraphTable;
/* Since 1.2. When commands ran, for tools. */
typedef struct HyBackendProfilingTable {
    uint32_t structSize;
    uint32_t reserved;
    /* Commands that are submitted after this call and do work (launches, copies, fills) are delivered to `sink` with
     * `user` when they end, before the stream passes them, as long as they ran. A null sink ends that for later
     * commands; activities of earlier ones may still come until close returns. Costs nothing but a branch a command
     * when no sink is set. */
    HyResult (*setSink)(HyBackendDevice device, HyActivitySink sink, void* user);
} HyBackendProfilingTable;

/* The root. Later minor versions append tables here. */
typedef struct HyBackendInterface {
    uint32_t structSize;
    uint16_t abiMajor, abiMinor; /* HY_BACKEND_ABI_* that the backend was built with */
    const char* name;            /* lower case, unique: "cuda" */
    const char* vendor;
    const char* buildId; /* anything that changes with the code */
    /* Starts the backend for one instance: opens the driver, keeps `host` (valid until shutdown returns). Called before
     * any table function. A failure skips the backend with the error record's words: quietly when it is
     * HY_ERROR_NOT_FOUND (no driver, no device), with a warning for any other code (too old, broken). Required. */
    HyResult (*initialise)(const HyHostServices* host, HyBackendContext* outContext);
    /* Ends it, after all devices of that context are closed. Required. */
    void (*shutdown)(HyBackendContext context);
    const HyBackendDeviceTable* device;
    const HyBackendMemoryTable* memory;
    const HyBackendStreamTable* stream;
    const HyBackendEventTable* event;
    const HyBackendModuleTable* module;
    const HyBackendSemaphoreTable* semaphore;         /* since 1.2 */
    const HyBackendGraphTable* graph;                 /* since 1.2 */
    const HyBackendVirtualMemoryTable* virtualMemory; /* since 1.2 */
    const HyBackendProfilingTable* profiling;         /* since 1.2 */
} HyBackendInterface;

/* The one symbol that a backend exports. `hostAbi` is HY_BACKEND_ABI of the runtime; `host` is valid for the call, for
 * setError. Answers from static storage and does no other work: nothing is opened before the versions are known to fit.
 * May be called for several instances. Errors: HY_ERROR_INCOMPATIBLE_ABI when the majors differ. */
typedef HyResult (*HyBackendGetInterfaceFn)(uint32_t hostAbi, const HyHostServices* host,
                                            const HyBackendInterface** outInterface);
HY_API HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host,
                                      const HyBackendInterface** outInterface);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_BACKEND_H */
