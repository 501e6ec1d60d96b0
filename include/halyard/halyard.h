/* Halyard: a vendor-neutral GPU runtime. This header is the whole application interface and its manual.
 *
 * ---- A guided tour ------------------------------------------------------------------------------------------
 *
 * A program runs one SPIR-V kernel in nine calls:
 *
 *     HyInstance instance;  hyInstanceCreate(NULL, &instance);               // finds and loads the backends
 *     HyDevice device;      hyDeviceGet(instance, 0, &device);               // best device first; without a GPU "cpu"
 *     HyDevicePtr x;        hyMemAlloc(device, bytes, &x);
 *     HyStream stream;      hyStreamCreate(device, NULL, &stream);           // in order, asynchronous
 *     HyModuleDesc desc = { .structSize = sizeof desc, .data = spirv, .dataBytes = spirvBytes };
 *     HyModule module;      hyModuleLoad(device, &desc, &module);            // checked here, compiled or taken from
 * the cache HyKernel kernel;      hyKernelCreate(module, "saxpy", &kernel); hyMemcpyAsync(stream, x,
 * hyHostAddress(hostX), bytes);                 // direction is inferred from the addresses const void* args[] = { &x,
 * &a, &n }; hyLaunchKernel(stream, kernel, (HyDim3){ (n + 255) / 256, 1, 1 }, (HyDim3){ 256, 1, 1 }, 0, args, 3);
 *     hyMemcpyAsync(stream, hyHostAddress(hostX), x, bytes);
 *     hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE);
 *
 * Every call returns a HyResult. When it is negative, hyGetLastError tells which call and argument failed, why, and
 * what to do about it. samples/ has complete programs; halyard.hpp has RAII types over the same calls for C++.
 *
 * ---- Conventions --------------------------------------------------------------------------------------------
 *
 *  1. Handles are opaque. A null, wrong-type, destroyed or invented handle gives HY_ERROR_INVALID_HANDLE and never a
 * crash. Whoever creates an object destroys it. Destroying an object while work that uses it is in flight is allowed:
 *     the runtime keeps what the device needs. Destroying the instance destroys everything that is left in it.
 *  2. Outputs are last, named out..., and untouched when the call fails. Sizes are bytes in uint64_t unless named
 * otherwise.
 *  3. Structures that cold calls take begin with structSize, flags and next. Set structSize to sizeof, the rest that
 * you do not use to zero. A smaller structSize (an older program) means that the missing fields are zero; a larger one
 * (a newer program) is accepted while the fields that this library does not know are zero, else
 * HY_ERROR_INVALID_STRUCT. For structures that a call fills, the callee writes at most structSize bytes. `next` must be
 * null unless a function names what it takes there. `flags` without a named bit must be zero.
 *  4. Thread safety: every function may be called from any thread at any time, and calls on different objects do not
 * wait for each other. Calls on one stream from several threads are ordered by which enters first. Only destroying an
 * object while another thread is inside a call with that object is forbidden.
 *  5. Stream order: calls that take a stream put work at its end and return at once; the work starts after all earlier
 * work of that stream. Work on different streams has no order unless an event makes one. There is no default stream.
 *  6. Host memory given to an asynchronous call belongs to the runtime until the stream passes that work; kernel
 * arguments and small by-value data are copied before the call returns.
 *  7. Asynchronous failures stick to the stream: later calls on it return the same code, and hyGetLastError names the
 * kernel and the stream. hyDeviceReset clears them; destroying the stream does, too.
 *  8. A feature that a device lacks is a capability bit that is zero and a call that returns HY_ERROR_UNSUPPORTED with
 * the reason. No call returns success without doing what it says.
 *  9. Time limits and durations are uint64_t nanoseconds. HY_TIMEOUT_INFINITE waits for ever, 0 only asks.
 * 10. After fork() the child has no instance: calls with the parent's handles return HY_ERROR_FORKED. Create a new one.
 *
 * Environment (read with secure_getenv, so ignored in set-user-id programs): docs/environment.md lists all of it.
 * HALYARD_DEVICES filters and orders devices, HALYARD_BACKEND_FILES replaces the backends,
 * HALYARD_LOG=error|warning|info|debug logs to stderr, HALYARD_CACHE_DIR moves the compile cache. `halyard-info --why`
 * explains what was found.
 *
 * Needs a 64-bit little-endian platform. Everything here exists since 0.1 unless it says otherwise. */
#ifndef HALYARD_HALYARD_H
#define HALYARD_HALYARD_H

#include <stddef.h>
#include <stdint.h>

#include "halyard/result.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(HALYARD_STATIC_DEFINE)
#define HY_API
#else
#define HY_API __attribute__((visibility("default")))
#endif

/* ---- Versions, constants, basic types ----------------------------------------------------------------------- */

/* 0xMMmmpppp. Minor versions only add; a program built for an older minor runs with a newer library. */
#define HY_VERSION 0x00010000u
#define HY_VERSION_MAJOR(v) ((v) >> 24)
#define HY_VERSION_MINOR(v) (((v) >> 16) & 0xffu)
#define HY_VERSION_PATCH(v) ((v)&0xffffu)

#define HY_TIMEOUT_INFINITE UINT64_MAX

typedef struct HyInstance_T* HyInstance;
typedef struct HyDevice_T* HyDevice;
typedef struct HyStream_T* HyStream;
typedef struct HyEvent_T* HyEvent;
typedef struct HyModule_T* HyModule;
typedef struct HyKernel_T* HyKernel;
typedef struct HyMemoryPool_T* HyMemoryPool;
typedef struct HyPhysicalMemory_T* HyPhysicalMemory;
typedef struct HyGraph_T* HyGraph;
typedef struct HyGraphExec_T* HyGraphExec;
typedef struct HySemaphore_T* HySemaphore;

/* An address that copies, fills and kernels take: a device address from hyMemAlloc (or inside one), or a host address
 * made by hyHostAddress. Device addresses of one instance never equal host addresses of live memory that is not the
 * same memory. */
typedef uint64_t HyDevicePtr;

typedef struct HyDim3 {
    uint32_t x, y, z;
} HyDim3;

/* A host pointer as the address type of copies. */
static inline HyDevicePtr hyHostAddress(const void* pointer) {
    return (HyDevicePtr)(uintptr_t)pointer;
}

/* The version of the library in use (HY_VERSION is the version of this header). Never fails. */
HY_API uint32_t hyGetVersion(void);

/* The identifier of a result, for example "HY_ERROR_TIMEOUT"; "HY_ERROR_UNKNOWN" for a value that is none. Static
 * storage. */
HY_API const char* hyResultName(HyResult result);

/* The address of an exported function by name, or null. Lets bindings and layers work without linking to the library.
 * The functions are those of this header; the answer does not depend on any instance. */
typedef void (*HyProc)(void);
HY_API HyProc hyGetProcAddress(const char* name);

/* ---- Errors --------------------------------------------------------------------------------------------------- */

/* What went wrong in the last call of this thread that failed. All strings are nul-terminated UTF-8, never null, owned
 * by the thread and valid until the next failing call on it. */
typedef struct HyErrorInfo {
    uint32_t structSize;
    HyResult code;
    const char* call;       /* "hyLaunchKernel" */
    const char* argument;   /* the argument at fault, for example "workgroupSize.x", or "" */
    const char* message;    /* what failed, with the values */
    const char* hint;       /* what to do, or "" */
    const char* backend;    /* "cuda", "cpu", or "" when the runtime itself found the fault */
    const char* nativeName; /* the driver's own name, for example "CUDA_ERROR_OUT_OF_MEMORY", or "" */
    int64_t nativeCode;     /* the driver's own code, or 0 */
} HyErrorInfo;

/* Fills *outInfo. Success never changes the record, so call it only after a failure. Returns HY_SUCCESS, or
 * HY_ERROR_INVALID_ARGUMENT for a null pointer, or HY_ERROR_INVALID_STRUCT; neither of these replaces the record. */
HY_API HyResult hyGetLastError(HyErrorInfo* outInfo);

/* Forgets the record of this thread: code becomes HY_SUCCESS, strings empty. */
HY_API void hyClearLastError(void);

/* ---- Instance --------------------------------------------------------------------------------------------------- */

typedef uint32_t HyLogLevel;
#define HY_LOG_OFF 0u
#define HY_LOG_ERROR 1u
#define HY_LOG_WARNING 2u
#define HY_LOG_INFO 3u
#define HY_LOG_DEBUG 4u

/* Receives a log line (no newline at the end; valid for the call). Called from any thread, one call at a time per
 * instance; must not call Halyard. `source` names the part: "loader", "jit", "cache", "core", or a backend. */
typedef void (*HyLogCallback)(void* user, HyLogLevel level, const char* source, const char* message);

typedef struct HyInstanceDesc {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    HyLogCallback logCallback; /* null: HALYARD_LOG decides whether lines go to stderr */
    void* logUser;
    HyLogLevel logLevel; /* with a callback: the most detailed level to deliver; 0 means HY_LOG_WARNING */
    uint32_t reserved;
    const char* devices; /* filter and order as HALYARD_DEVICES takes it ("cuda:0,cpu"); null: the environment's */
    const char* layers;  /* as HALYARD_LAYERS takes it ("validate,trace"); null: the environment's; "": none */
} HyInstanceDesc;

/* Finds the backends, loads those whose hardware may be present and enumerates their devices. No driver context is made
 * until a device is used. `desc` may be null for all defaults. A backend that fails is skipped with a reason
 * (hyInstanceGetBackend), and an instance with no device at all is a success: hyDeviceGetCount then gives 0. Several
 * instances may exist at once and share nothing but the drivers. Thread-safe. Errors: HY_ERROR_INVALID_ARGUMENT
 * (outInstance null, unknown logLevel), HY_ERROR_INVALID_STRUCT, HY_ERROR_NOT_FOUND (the device filter matches
 * nothing; there is no such layer), HY_ERROR_OUT_OF_HOST_MEMORY, and what else a layer that is wanted but cannot be
 * used gives: it is never left out in silence. */
HY_API HyResult hyInstanceCreate(const HyInstanceDesc* desc, HyInstance* outInstance);

/* Waits for submitted work (for at most HALYARD_SHUTDOWN_TIMEOUT_MS, 5,000 by default), destroys every object of the
 * instance and ends its threads and workers. Handles of the instance become invalid. Errors: HY_ERROR_INVALID_HANDLE;
 * HY_ERROR_TIMEOUT when work did not end: the instance is gone all the same, and what the stuck work uses is
 * deliberately never freed. */
HY_API HyResult hyInstanceDestroy(HyInstance instance);

/* Replaces the log callback of a live instance; null stops logging. When it returns, the old callback is not running
 * and will not be called again. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (unknown level). */
HY_API HyResult hyInstanceSetLogCallback(HyInstance instance, HyLogCallback callback, void* user, HyLogLevel level);

/* Receives what one printf call of a kernel prints: `bytes` of text without a nul, valid for the call. Called from a
 * thread of the runtime, one call at a time per instance, before the stream passes the kernel; must not call Halyard.
 * The text is formatted as OpenCL C 3.0 section 6.15.14 says; calls of different invocations come in any order. */
typedef void (*HyPrintCallback)(void* user, const char* text, uint64_t bytes);

/* Sends what kernels print (OpenCL printf, debugPrintf of Vulkan's GLSL) to `callback`; null, the default, to stdout.
 * When it returns, the old callback is not running and will not be called again. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyInstanceSetPrintCallback(HyInstance instance, HyPrintCallback callback, void* user);

typedef uint32_t HyBackendStatus;
#define HY_BACKEND_LOADED 0u /* in use; deviceCount tells how many devices it has */
#define HY_BACKEND_SKIPPED                                                                                             \
    1u                       /* not opened: a probe found no hardware or driver, a filter or a duplicate excluded it   \
                              */
#define HY_BACKEND_FAILED 2u /* opened, but unusable: `reason` says why and what to do */

/* One backend that the loader considered, whatever became of it. Strings belong to the instance. */
typedef struct HyBackendInfo {
    uint32_t structSize;
    HyBackendStatus status;
    const char* name;         /* "cuda"; the file name when the name could not be learned */
    const char* vendor;       /* or "" */
    const char* manifestPath; /* or "" when the library was named directly */
    const char* libraryPath;
    const char* buildId; /* or "" */
    const char* reason;  /* why it is in this state, in words a person can act on; "" when loaded without remark */
    uint32_t abiMajor, abiMinor; /* 0, 0 when not learned */
    uint32_t deviceCount;
    uint32_t reserved;
} HyBackendInfo;

/* How many backends the loader considered, loaded or not. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT.
 */
HY_API HyResult hyInstanceGetBackendCount(HyInstance instance, uint32_t* outCount);
/* Describes one of them, in the order of consideration. Errors: as above, HY_ERROR_NOT_FOUND (index),
 * HY_ERROR_INVALID_STRUCT. */
HY_API HyResult hyInstanceGetBackend(HyInstance instance, uint32_t index, HyBackendInfo* outInfo);

/* Counts since the instance was created; each only grows. */
typedef struct HyCounters {
    uint32_t structSize;
    uint32_t reserved;
    uint64_t cacheHits;    /* compile requests answered from disk */
    uint64_t cacheMisses;  /* compile requests not found there */
    uint64_t cacheCorrupt; /* entries that failed their check and were dropped */
    uint64_t cacheWrites;
    uint64_t compiles; /* requests that a compiler handled: checks of modules and kernels, failed ones too */
    uint64_t compileFailures;
    uint64_t workersStarted; /* worker processes */
    uint64_t workersLost;    /* of these, crashed, timed out or over their memory limit */
} HyCounters;

HY_API HyResult hyInstanceGetCounters(HyInstance instance, HyCounters* outCounters);

/* ---- Devices ------------------------------------------------------------------------------------------------------
 */

typedef uint32_t HyDeviceType;
#define HY_DEVICE_TYPE_OTHER 0u
#define HY_DEVICE_TYPE_DISCRETE_GPU 1u
#define HY_DEVICE_TYPE_INTEGRATED_GPU 2u
#define HY_DEVICE_TYPE_CPU 3u
#define HY_DEVICE_TYPE_EMULATED 4u /* a software device for testing, never chosen before a CPU */

typedef uint64_t HyCapabilities;
#define HY_CAP_KERNELS (1ull << 0)         /* modules and launches */
#define HY_CAP_SPIRV_KERNEL (1ull << 1)    /* OpenCL-flavoured SPIR-V */
#define HY_CAP_SPIRV_GLCOMPUTE (1ull << 2) /* Vulkan-flavoured SPIR-V */
#define HY_CAP_FLOAT16 (1ull << 3)         /* half arithmetic */
#define HY_CAP_FLOAT64 (1ull << 4)
#define HY_CAP_INT64 (1ull << 5)
#define HY_CAP_INT64_ATOMICS (1ull << 6)
#define HY_CAP_FLOAT32_ATOMIC_ADD (1ull << 7)
#define HY_CAP_TIMING (1ull << 8)            /* events created with HY_EVENT_TIMING */
#define HY_CAP_HOST_REGISTRATION (1ull << 9) /* hyHostRegister */
#define HY_CAP_HOST_ACCESS (1ull << 10)      /* the host can load and store device addresses directly */
#define HY_CAP_COOPERATIVE_LAUNCH (1ull << 11)
#define HY_CAP_CLUSTERS (1ull << 12)
#define HY_CAP_CONCURRENT_STREAMS (1ull << 13) /* work of different streams can overlap */
#define HY_CAP_MANAGED_MEMORY (1ull << 14)     /* hyMemAllocManaged */
#define HY_CAP_PREFETCH (1ull << 15)           /* hyMemPrefetchAsync */
#define HY_CAP_VIRTUAL_MEMORY (1ull << 16)     /* hyVirtual..., hyPhysicalMemoryCreate */
#define HY_CAP_SHARE_OPAQUE_FD (1ull << 17)    /* hyPhysicalMemoryExport and Import of a HY_SHARE_OPAQUE_FD */
#define HY_CAP_SHARE_DMA_BUF (1ull << 18)      /* the same of a HY_SHARE_DMA_BUF */
#define HY_CAP_IPC (1ull << 19)                /* hyMemAllocShareable and the handles of what it gives */
#define HY_CAP_GRAPHS (1ull << 20)             /* a graph launch is one submission; 0: the runtime replays the nodes */
#define HY_CAP_SHARE_SEMAPHORES (1ull << 21)   /* hySemaphoreExport and hySemaphoreImport */
#define HY_CAP_HOST_FUNCTIONS (1ull << 22)     /* hyStreamHostFunction */
#define HY_CAP_TIMELINE_SEMAPHORES (1ull << 23)
#define HY_CAP_DEVICE_WAITS                                                                                            \
    (1ull << 24) /* streams wait natively for events and semaphores of the backend's other devices */
#define HY_CAP_IPC_EVENTS (1ull << 25)            /* events created with HY_EVENT_INTERPROCESS */
#define HY_CAP_OCCUPANCY (1ull << 26)             /* hyKernelGetOccupancy */
#define HY_CAP_SUBGROUP_SIZE_CONTROL (1ull << 27) /* HyKernelDesc::requiredSubgroupSize */
#define HY_CAP_COOPERATIVE_MATRIX (1ull << 28)    /* SPV_KHR_cooperative_matrix */
#define HY_CAP_DEVICE_RESET (1ull << 29)          /* hyDeviceReset */
#define HY_CAP_MODULE_PTX (1ull << 30)            /* hyModuleLoad of a HY_MODULE_FORMAT_PTX */
#define HY_CAP_MODULE_CUBIN (1ull << 31)          /* of a HY_MODULE_FORMAT_CUBIN */
#define HY_CAP_MODULE_FATBIN (1ull << 32)         /* of a HY_MODULE_FORMAT_FATBIN */
#define HY_CAP_DEVICE_RESTART (1ull << 33)        /* hyDeviceReset, which destroys what was made on the device */

/* Unknown numbers are 0 and unknown strings "". Sizes are bytes. */
typedef struct HyDeviceProperties {
    uint32_t structSize;
    HyDeviceType type;
    char name[128];    /* as the driver gives it */
    char backend[32];  /* "cpu" */
    char selector[48]; /* what HALYARD_DEVICES and hyDeviceFind take: "cpu:0" */
    char vendor[64];
    char driver[64];  /* driver or runtime version */
    char isa[64];     /* code generation target: "x86-64-v4", "sm_90", "gfx942" */
    uint8_t uuid[16]; /* identifies the physical device across backends and processes; personal data: do not publish */
    uint32_t pciDomain, pciBus, pciDevice, pciFunction; /* all ~0 when not on PCI */
    uint32_t ordinal;                                   /* index within the backend */
    uint32_t computeUnits;                              /* cores of a CPU, multiprocessors of a GPU */
    uint32_t clockMHz;                                  /* highest */
    uint32_t maxWorkgroupInvocations;
    uint32_t maxWorkgroupSize[3];
    uint32_t maxWorkgroups[3];
    uint32_t subgroupSizeMin, subgroupSizeMax;
    uint32_t maxLocalBytes;    /* workgroup memory of one workgroup */
    uint32_t maxArgumentBytes; /* packed kernel arguments */
    uint32_t memoryAlignment;  /* every allocation of hyMemAlloc is at least so aligned */
    uint32_t reserved;
    uint64_t totalMemory;
    uint64_t maxAllocation;
    HyCapabilities capabilities;
} HyDeviceProperties;

/* The number of devices, after the filter. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT. */
HY_API HyResult hyDeviceGetCount(HyInstance instance, uint32_t* outCount);
/* A device by position: GPUs, discrete ones first, then CPUs, then "reference"; or the order that the filter gave. One
 * GPU that two backends see (same UUID or PCI address) is listed once, for the backend that comes first (native ones
 * before Vulkan); a filter and hyDeviceFind reach the other by its name.
 * Devices live as long as the instance and are not destroyed one by one. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_NOT_FOUND (index). */
HY_API HyResult hyDeviceGet(HyInstance instance, uint32_t index, HyDevice* outDevice);
/* A device by selector: "cuda:1", "cpu" (the first of that backend) or "uuid:<32 hex digits>".
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_NOT_FOUND (the message lists what there is). */
HY_API HyResult hyDeviceFind(HyInstance instance, const char* selector, HyDevice* outDevice);
/* Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT. */
HY_API HyResult hyDeviceGetProperties(HyDevice device, HyDeviceProperties* outProperties);
/* Bytes that can be used now beside what is allocated, and in all. Either is UINT64_MAX when the driver does not tell.
 * What others take meanwhile is not foreseen, so *outFree may be gone a moment later. Either output may be null.
 * Errors: HY_ERROR_INVALID_HANDLE, and what opening the device can give. */
HY_API HyResult hyDeviceGetMemoryInfo(HyDevice device, uint64_t* outFree, uint64_t* outTotal);
/* Waits until all work submitted to the device by this instance is done. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_TIMEOUT, the first sticky error of a stream of the device. */
HY_API HyResult hyDeviceSynchronize(HyDevice device, uint64_t timeoutNs);
/* Gets a device back whose work hangs or whose streams failed. Work of this instance that has not started is dropped
 * and kernels that run are told to stop; when they have, the sticky errors of all streams are forgotten. Streams,
 * events, modules, kernels and memory stay valid. Memory that dropped or stopped work would have written is undefined;
 * host functions of dropped work get HY_ERROR_CANCELLED; an event recorded behind it counts as reached, but has no time
 * (HY_ERROR_INVALID_STATE). A thread that waits for work of the device during the call gets HY_ERROR_CANCELLED, and one
 * that submits work HY_ERROR_INVALID_STATE; work that was submitted before and is waited for afterwards is gone without
 * a word, so tell the other users of the device. Captures of its streams are void: hyStreamEndCapture gives
 * HY_ERROR_CANCELLED. One reset at a time: a second one waits, within its own time limit.
 * A device with HY_CAP_DEVICE_RESTART instead is started anew, and loses everything: the call destroys all that this
 * instance made on it, as the destroying functions do, and no other thread may be in a call with any of it. Handles
 * then give HY_ERROR_INVALID_HANDLE, addresses HY_ERROR_INVALID_ADDRESS; hyHostAlloc's memory is gone, hyHostRegister's
 * is no longer registered. Other users of the device in the process lose theirs as well: other instances get
 * HY_ERROR_DEVICE_LOST from then on, and CUDA's own interfaces what docs/backends.md says.
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (neither HY_CAP_DEVICE_RESET nor HY_CAP_DEVICE_RESTART),
 * HY_ERROR_TIMEOUT (something did not stop in time: the device still refuses work; call again), HY_ERROR_DEVICE_LOST
 * (the driver cannot start the device anew: restart the process). */
HY_API HyResult hyDeviceReset(HyDevice device, uint64_t timeoutNs);

typedef uint32_t HyPeerAccess;
#define HY_PEER_COPY (1u << 0)          /* hyMemcpyPeerAsync moves the bytes without the host */
#define HY_PEER_KERNEL_ACCESS (1u << 1) /* kernels of `device` can load and store memory of `peer` */
#define HY_PEER_ATOMICS (1u << 2)       /* and atomics on it are atomic for both */

/* What `device` can do with memory of `peer`, once hyDeviceEnablePeerAccess was called; 0 when nothing, as between
 * devices of different backends. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, and what opening a device
 * can give. */
HY_API HyResult hyDeviceGetPeerAccess(HyDevice device, HyDevice peer, HyPeerAccess* outAccess);
/* Makes memory of `peer`, present and future, usable as hyDeviceGetPeerAccess says. One way, and valid until the
 * instance ends; enabling it again is allowed. Copies between the two work without it. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (access is 0; the message has the reason), what the driver gives. */
HY_API HyResult hyDeviceEnablePeerAccess(HyDevice device, HyDevice peer);

/* ---- Memory ---------------------------------------------------------------------------------------------------------
 */

/* Allocates device memory; contents undefined. Aligned to HyDeviceProperties::memoryAlignment (at least 256). Ready
 * when the call returns. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, outPtr null),
 * HY_ERROR_OUT_OF_DEVICE_MEMORY (also for sizes beyond the device, with the free and total bytes in the message),
 * HY_ERROR_DEVICE_LOST. */
HY_API HyResult hyMemAlloc(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr);
/* Frees an allocation of this device by its first address. Waits for work already submitted to the device, so that
 * nothing in flight loses its memory (hyMemFreeAsync does not wait); memory from hyMemAllocAsync goes back to its pool.
 * Address 0 is allowed and does nothing. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ADDRESS (freed already,
 * inside an allocation, of another device, or unknown), HY_ERROR_TIMEOUT (work did not end within
 * HALYARD_SHUTDOWN_TIMEOUT_MS: the memory stays allocated). */
HY_API HyResult hyMemFree(HyDevice device, HyDevicePtr ptr);

typedef uint32_t HyMemoryKind;
#define HY_MEMORY_DEVICE 0u
#define HY_MEMORY_HOST_REGISTERED 1u
#define HY_MEMORY_HOST_ALLOCATED 2u /* hyHostAlloc */
#define HY_MEMORY_MANAGED 3u        /* hyMemAllocManaged */
#define HY_MEMORY_VIRTUAL 4u        /* hyVirtualMap */

#define HY_POINTER_POOL (1u << 0)      /* from a memory pool */
#define HY_POINTER_SHAREABLE (1u << 1) /* other processes can be given it */
#define HY_POINTER_IMPORTED (1u << 2)  /* another process, or another handle, made it */

typedef struct HyPointerInfo {
    uint32_t structSize;
    HyMemoryKind kind;
    HyDevice device;
    HyDevicePtr base;  /* first address of the allocation */
    uint64_t bytes;    /* its size */
    uint64_t offset;   /* of the address asked about */
    void* hostAddress; /* where the host can reach that address, or null */
    uint32_t flags;    /* HY_POINTER_... */
    uint32_t access; /* HyMemoryAccess: HY_ACCESS_READ_WRITE but for HY_MEMORY_VIRTUAL, where hyVirtualSetAccess says */
    uint64_t id;     /* of the allocation, registration or mapping, never used again; 0 for a block of a pool */
} HyPointerInfo;

/* Describes the allocation, registered range or mapping that contains an address. Costs a lookup in an ordered map; no
 * driver call, unless nothing is known of the address: then it may be in memory that others in the process allocated
 * with the driver of an open device, which has the id 0. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT,
 * HY_ERROR_INVALID_STRUCT, HY_ERROR_INVALID_ADDRESS (the address belongs to nothing that is live). */
HY_API HyResult hyPointerGetInfo(HyInstance instance, HyDevicePtr ptr, HyPointerInfo* outInfo);

/* Makes host memory reachable by the device: pins it for asynchronous copies and gives the address that kernels use.
 * The range must stay mapped until hyHostUnregister. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null,
 * 0 bytes, overlap with a registered range, wraps around), HY_ERROR_INVALID_ADDRESS (part of the range is not mapped),
 * HY_ERROR_UNSUPPORTED (no HY_CAP_HOST_REGISTRATION). */
HY_API HyResult hyHostRegister(HyDevice device, void* pointer, uint64_t bytes, HyDevicePtr* outPtr);
/* Undoes it, after waiting for submitted work of the device. `pointer` is the one that was registered.
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ADDRESS, HY_ERROR_TIMEOUT. */
HY_API HyResult hyHostUnregister(HyDevice device, void* pointer);

/* ---- Streams
 * ---------------------------------------------------------------------------------------------------------- */

typedef struct HyStreamDesc {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    int32_t priority; /* 0 normal, negative more urgent, positive less; a hint that a device may round */
    uint32_t reserved;
    const char* name; /* what messages call the stream; copied; null: its number, counted in the instance from 1 */
} HyStreamDesc;

/* `desc` may be null. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT,
 * HY_ERROR_OUT_OF_HOST_MEMORY, HY_ERROR_DEVICE_LOST, and what opening the device can give. */
HY_API HyResult hyStreamCreate(HyDevice device, const HyStreamDesc* desc, HyStream* outStream);
/* Returns at once; submitted work is still completed. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyStreamDestroy(HyStream stream);
/* HY_SUCCESS when all submitted work is done, HY_NOT_READY when not. Errors: HY_ERROR_INVALID_HANDLE, the sticky error.
 */
HY_API HyResult hyStreamQuery(HyStream stream);
/* Waits for all work submitted before the call. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_TIMEOUT (the work goes on),
 * the sticky error. */
HY_API HyResult hyStreamSynchronize(HyStream stream, uint64_t timeoutNs);
/* Work submitted to `stream` after this waits until the work that `event` last recorded is done. The host does not
 * wait. An event that was never recorded does not hold anything up. The recording is taken at the time of this call; a
 * later one does not change it. The event may belong to another device, also of another backend; then the waiting
 * stream's device needs HY_CAP_TIMELINE_SEMAPHORES unless both have HY_CAP_DEVICE_WAITS. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (the device cannot wait so), the sticky error. */
HY_API HyResult hyStreamWaitEvent(HyStream stream, HyEvent event);

/* ---- Events
 * ----------------------------------------------------------------------------------------------------------- */

#define HY_EVENT_TIMING (1u << 0)       /* keep the time of completion; needs HY_CAP_TIMING */
#define HY_EVENT_INTERPROCESS (1u << 1) /* for hyEventGetIpcHandle (synchronization.h); needs HY_CAP_IPC_EVENTS */

/* `flags` is 0 or one of HY_EVENT_... Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (unknown flag; both
 * flags: what other processes see has no time), HY_ERROR_UNSUPPORTED, HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hyEventCreate(HyDevice device, uint32_t flags, HyEvent* outEvent);
/* Waits that already use the event keep what they need. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyEventDestroy(HyEvent event);
/* The event now stands for all work submitted to `stream` so far. Replaces an earlier recording. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (stream of another device), the sticky error. */
HY_API HyResult hyEventRecord(HyEvent event, HyStream stream);
/* HY_SUCCESS when the recorded work is done or nothing was recorded, else HY_NOT_READY. Errors:
 * HY_ERROR_INVALID_HANDLE, the sticky error. */
HY_API HyResult hyEventQuery(HyEvent event);
/* Waits for the recorded work. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_TIMEOUT, the sticky error of the recorded
 * stream. */
HY_API HyResult hyEventSynchronize(HyEvent event, uint64_t timeoutNs);
/* Nanoseconds from the completion of `start` to that of `end`, on the device's clock; 0 when end completed first.
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STATE (no HY_EVENT_TIMING, never
 * recorded), HY_NOT_READY, HY_ERROR_UNSUPPORTED (events of different devices). */
HY_API HyResult hyEventElapsed(HyEvent start, HyEvent end, uint64_t* outNanoseconds);

/* ---- Copies and fills
 * -------------------------------------------------------------------------------------------------- An address inside
 * a live allocation (of Halyard, or that others made with the driver) or registered range is that memory; one inside a
 * backend's device address range that is not live is HY_ERROR_INVALID_ADDRESS; any other is host memory, which must be
 * mapped and stay so until the stream passes the copy. Ranges may not overlap. Zero bytes or a zero extent is a success
 * that does nothing. Common errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (address 0),
 * HY_ERROR_INVALID_ADDRESS (freed, or the range leaves its allocation or wraps around), HY_ERROR_UNSUPPORTED (the
 * stream belongs to neither side's device; fills: memory of another device), the sticky error. One side of a copy may
 * be memory of another device: see hyMemcpyPeerAsync. */

HY_API HyResult hyMemcpyAsync(HyStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes);

/* hyMemcpyAsync between memory of two devices, which may be of different backends, with a check that the addresses
 * belong to them. The stream must be one of the source's or the destination's device: the copy is ordered on it alone,
 * and work of the other device is ordered with it by events. Direct where hyDeviceGetPeerAccess has HY_PEER_COPY,
 * through host memory in overlapping pieces where it has not; then both devices need HY_CAP_TIMELINE_SEMAPHORES. Errors
 * also: HY_ERROR_INVALID_ADDRESS (not memory of that device). */
HY_API HyResult hyMemcpyPeerAsync(HyStream stream, HyDevice dstDevice, HyDevicePtr dst, HyDevice srcDevice,
                                  HyDevicePtr src, uint64_t bytes);

/* Copies `height` rows of `widthBytes`; pitches are the distances between rows, at least widthBytes. Errors also:
 * HY_ERROR_INVALID_ARGUMENT (pitch). */
HY_API HyResult hyMemcpy2DAsync(HyStream stream, HyDevicePtr dst, uint64_t dstPitch, HyDevicePtr src, uint64_t srcPitch,
                                uint64_t widthBytes, uint64_t height);

/* A box of widthBytes x height x depth: element (x, y, z) is at base + x + y * rowPitch + z * slicePitch (bytes). */
typedef struct HyCopy3D {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    HyDevicePtr dst, src;
    uint64_t dstRowPitch, dstSlicePitch; /* rowPitch >= widthBytes, slicePitch >= rowPitch * height */
    uint64_t srcRowPitch, srcSlicePitch;
    uint64_t widthBytes, height, depth;
} HyCopy3D;

HY_API HyResult hyMemcpy3DAsync(HyStream stream, const HyCopy3D* copy);

/* Writes `count` copies of a pattern of 1, 2, 4, 8 or 16 bytes. `dst` must be a multiple of patternBytes and device or
 * registered memory. Errors also: HY_ERROR_INVALID_ARGUMENT (patternBytes, null pattern), HY_ERROR_MISALIGNED. The
 * pattern is copied before the call returns. */
HY_API HyResult hyMemFillAsync(HyStream stream, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                               uint64_t count);

/* The same over a box: `width` patterns a row. Pitches are multiples of patternBytes. A 2D fill has depth 1. */
typedef struct HyFill3D {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    HyDevicePtr dst;
    uint64_t rowPitch, slicePitch; /* bytes */
    uint64_t width, height, depth; /* patterns, rows, slices */
    const void* pattern;
    uint32_t patternBytes;
    uint32_t reserved;
} HyFill3D;

HY_API HyResult hyMemFill3DAsync(HyStream stream, const HyFill3D* fill);

/* ---- Modules
 * ---------------------------------------------------------------------------------------------------------- */

typedef uint32_t HyModuleFormat;
#define HY_MODULE_FORMAT_AUTO 0u /* recognised by its first bytes */
#define HY_MODULE_FORMAT_SPIRV 1u
#define HY_MODULE_FORMAT_PTX 2u
#define HY_MODULE_FORMAT_CUBIN 3u
#define HY_MODULE_FORMAT_FATBIN 4u
#define HY_MODULE_FORMAT_AMD_CODE_OBJECT 5u
#define HY_MODULE_FORMAT_HOST_ELF 6u
#define HY_MODULE_FORMAT_FAT_FILE 7u /* LLVM OffloadBinary: any number of images, one after another */

/* Value of one specialisation constant. */
typedef struct HySpecConstant {
    uint32_t id;        /* SpecId */
    uint32_t sizeBytes; /* 1 (also booleans), 2, 4 or 8: the constant's own size */
    uint64_t value;     /* zero-extended bits */
} HySpecConstant;

#define HY_MODULE_FAST_MATH                                                                                            \
    (1u << 0) /* relax accuracy, special values and contraction: results differ between devices */

typedef struct HyModuleDesc {
    uint32_t structSize;
    uint32_t flags; /* HY_MODULE_FAST_MATH or 0 */
    const void* next;
    const void* data; /* any alignment; copied */
    uint64_t dataBytes;
    HyModuleFormat format;
    uint32_t specConstantCount;
    const HySpecConstant* specConstants; /* SPIR-V only */
} HyModuleDesc;

/* Checks a module (SPIRV-Tools in a compiler worker, unless the cache knows that it is valid; then what Halyard
 * compiles) and specialises it. Code is made per kernel, in hyKernelCreate.
 *
 * Native formats go to the driver as they are, without compiler and cache of Halyard, on devices that claim them
 * (HY_CAP_MODULE_PTX and so on). HY_MODULE_FAST_MATH changes nothing in them, and they have no specialisation
 * constants. Their kernels have parameters of HY_PARAMETER_VALUE alone, without names, since native code does not tell
 * an address from a number: an address is a value of 8 bytes. They may take HyLaunchDesc::dynamicLocalBytes. What
 * workgroup size a kernel requires (.reqntid), only the driver knows, at the launch.
 *
 * A fat file (clang-offload-packager writes them) is for devices of several kinds. Chosen is the first of its images
 * that the device takes: native code in the order cubin, CUDA fat binary, PTX, of which those that the driver refuses
 * are passed over with a line in the log, then SPIR-V. The SPIR-V beside native code says what the interface of the
 * kernels is; native code without one of its kernels, or with other parameters, is passed over with a warning, as it is
 * where a kernel has a Workgroup pointer or measures a buffer. Specialisation constants choose SPIR-V.
 *
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, 0 bytes, format, specialisation constants, or any
 * of them for a native module), HY_ERROR_INVALID_STRUCT, HY_ERROR_INVALID_MODULE (truncated or not valid: the message
 * has the validator's or the driver's words), HY_ERROR_UNSUPPORTED_SPIRV (no kernel of the module can be compiled:
 * names the instruction and its position; where only some cannot, hyKernelCreate refuses those), HY_ERROR_UNSUPPORTED
 * (a native format that the device does not take, code for another processor or a newer driver; a fat file with no
 * image for the device), HY_ERROR_COMPILER_LOST (no worker can be started). Thread-safe. */
HY_API HyResult hyModuleLoad(HyDevice device, const HyModuleDesc* desc, HyModule* outModule);
/* Kernels made from it stay usable. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyModuleDestroy(HyModule module);
HY_API HyResult hyModuleGetKernelCount(HyModule module, uint32_t* outCount);
/* The name of a kernel by position; owned by the module. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT,
 * HY_ERROR_NOT_FOUND. */
HY_API HyResult hyModuleGetKernelName(HyModule module, uint32_t index, const char** outName);

/* ---- Kernels
 * ---------------------------------------------------------------------------------------------------------- */

/* Finds a kernel by name and makes its code ready: from the disk cache when it is there, else by a compiler worker
 * (tens of milliseconds). Does not depend on the workgroup size; faster code for a size in use may be made later, in
 * the background. Thread-safe; the same kernel may be created several times. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_NOT_FOUND (the message lists the kernels there are), HY_ERROR_UNSUPPORTED_SPIRV,
 * HY_ERROR_COMPILE_FAILED, HY_ERROR_COMPILER_LOST. */
HY_API HyResult hyKernelCreate(HyModule module, const char* name, HyKernel* outKernel);
/* Launches in flight are not affected. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyKernelDestroy(HyKernel kernel);

/* HyKernelInfo::flags: the kernel has a barrier of the whole grid (OpControlBarrier of the scope Device), so it must be
 * launched with HY_LAUNCH_COOPERATIVE. */
#define HY_KERNEL_GRID_BARRIER (1u << 0)

typedef struct HyKernelInfo {
    uint32_t structSize;
    uint32_t parameterCount;
    const char* name;                 /* owned by the kernel */
    HyDim3 requiredWorkgroupSize;     /* 0, 0, 0: any */
    HyDim3 suggestedWorkgroupSize;    /* a good one for this device and a one-dimensional grid (or the required one) */
    uint32_t maxWorkgroupInvocations; /* for this kernel */
    uint32_t argumentBytes;           /* size of the packed argument block (HyLaunchDesc::packedArgs) */
    uint64_t staticLocalBytes;        /* workgroup memory that the kernel declares itself */
    uint32_t subgroupSize;            /* 0: not known before the launch */
    uint32_t flags;                   /* HY_KERNEL_GRID_BARRIER */
} HyKernelInfo;

HY_API HyResult hyKernelGetInfo(HyKernel kernel, HyKernelInfo* outInfo);

typedef uint32_t HyParameterKind;
#define HY_PARAMETER_VALUE 0u          /* args[i] points to `bytes` bytes */
#define HY_PARAMETER_GLOBAL_POINTER 1u /* args[i] points to a HyDevicePtr; 0 is allowed */
#define HY_PARAMETER_LOCAL_POINTER 2u  /* args[i] points to a uint64_t: bytes of workgroup memory */
#define HY_PARAMETER_PUSH_CONSTANTS 3u /* args[i] points to `bytes` bytes: the whole block */

/* What the module promises of a pointer: it may say nothing of a kernel that keeps the promise all the same. */
#define HY_PARAMETER_READ_ONLY (1u << 0)  /* the kernel writes nothing through it */
#define HY_PARAMETER_WRITE_ONLY (1u << 1) /* the kernel reads nothing through it */

typedef struct HyParameterInfo {
    uint32_t structSize;
    HyParameterKind kind;
    uint32_t bytes;     /* of what args[i] points to */
    uint32_t alignment; /* bytes, in the packed argument block */
    uint32_t offset;    /* bytes, in the packed argument block */
    uint32_t flags;     /* HY_PARAMETER_READ_ONLY, HY_PARAMETER_WRITE_ONLY */
    const char* name;   /* or "" when the module does not say; owned by the kernel */
} HyParameterInfo;

/* Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT, HY_ERROR_NOT_FOUND (index). */
HY_API HyResult hyKernelGetParameter(HyKernel kernel, uint32_t index, HyParameterInfo* outInfo);

/* A workgroup size for a grid of `globalSize` invocations (0 counts as 1): the required one where there is one, else
 * one that divides the work evenly where it can and suits the device. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT. */
HY_API HyResult hyKernelSuggestWorkgroupSize(HyKernel kernel, HyDim3 globalSize, HyDim3* outWorkgroupSize);

/* Runs workgroups.x * y * z workgroups of workgroupSize invocations. args[i] points to the value of parameter i (see
 * HyParameterKind for what that is); values are copied before the call returns. dynamicLocalBytes is workgroup memory
 * for kernels of native modules that take one unnamed block and must be 0 for SPIR-V, whose Workgroup pointer
 * parameters carry their own sizes. Hot: no lock, no allocation, no driver object is made. Ordered on `stream`.
 * Thread-safe. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_KERNEL_ARGS (argCount, a null args[i]),
 * HY_ERROR_INVALID_LAUNCH_SIZE (a zero dimension, above the device's limits, not the required size, more workgroup
 * memory than the device has), HY_ERROR_INVALID_ARGUMENT (dynamicLocalBytes; a kernel with a barrier of the whole grid,
 * HY_KERNEL_GRID_BARRIER, which hyLaunchKernelEx launches with HY_LAUNCH_COOPERATIVE), HY_ERROR_MISALIGNED (an address
 * argument is not a multiple of what the kernel's type requires), HY_ERROR_UNSUPPORTED (kernel and stream of different
 * devices), the sticky error. */
HY_API HyResult hyLaunchKernel(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                               uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount);

#define HY_LAUNCH_COOPERATIVE (1u << 0) /* all workgroups resident at once; needs HY_CAP_COOPERATIVE_LAUNCH */

typedef struct HyLaunchDesc {
    uint32_t structSize;
    uint32_t flags; /* HY_LAUNCH_COOPERATIVE or 0 */
    const void* next;
    HyStream stream;
    HyKernel kernel;
    HyDim3 workgroups;
    HyDim3 workgroupSize; /* 0, 0, 0: the required or suggested one */
    uint32_t dynamicLocalBytes;
    uint32_t argCount;
    const void* const* args; /* exactly one of args and packedArgs, unless the kernel has no parameters */
    const void* packedArgs;  /* the argument block, laid out by HyParameterInfo::offset */
    uint64_t packedArgBytes; /* must equal HyKernelInfo::argumentBytes */
    HyDim3 clusterSize;      /* workgroups a cluster; 0, 0, 0 or 1, 1, 1: none; needs HY_CAP_CLUSTERS */
    uint32_t reserved;
} HyLaunchDesc;

/* hyLaunchKernel with everything. Errors: the same, HY_ERROR_INVALID_STRUCT, HY_ERROR_UNSUPPORTED (a flag or a cluster
 * size that the device lacks). */
HY_API HyResult hyLaunchKernelEx(const HyLaunchDesc* desc);

/* ---- Native handles
 * ---------------------------------------------------------------------------------------------------- */

typedef struct HyNativeHandle {
    uint32_t structSize;
    uint32_t reserved;
    uint64_t value;       /* for example a CUstream, or the address of a host function */
    const char* typeName; /* "CUstream", "hipStream_t", "HyHostKernelRun"; static storage */
} HyNativeHandle;

/* The driver's own object behind a device, stream, event, module or kernel, not owned by the caller and valid as long
 * as the object. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT,
 * HY_ERROR_UNSUPPORTED (the backend has no such object). */
HY_API HyResult hyGetNativeHandle(const void* object, HyNativeHandle* outHandle);

#ifdef __cplusplus
}
#endif

/* The rest of the interface, by domain. */
#include "halyard/graph.h"
#include "halyard/memory_pool.h"
#include "halyard/occupancy.h"
#include "halyard/synchronization.h"
#include "halyard/virtual_memory.h"

#endif /* HALYARD_HALYARD_H */
