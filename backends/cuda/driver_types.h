// The driver's types, declared as its binary interface has them: as far as this backend uses them, and in a namespace,
// so that nothing needs NVIDIA's header to build. Names and values are the driver's. A test compares every one of them
// with cuda.h where the toolkit is installed. The software driver of the tests implements the same declarations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halyard::cuda {

// ---- Results -------------------------------------------------------------------------------------------------------
// RESULT(name, value): every code that drivers up to CUDA 13.0 return.
#define HALYARD_CUDA_RESULTS(RESULT)                                                                                   \
    RESULT(CUDA_SUCCESS, 0)                                                                                            \
    RESULT(CUDA_ERROR_INVALID_VALUE, 1)                                                                                \
    RESULT(CUDA_ERROR_OUT_OF_MEMORY, 2)                                                                                \
    RESULT(CUDA_ERROR_NOT_INITIALIZED, 3)                                                                              \
    RESULT(CUDA_ERROR_DEINITIALIZED, 4)                                                                                \
    RESULT(CUDA_ERROR_PROFILER_DISABLED, 5)                                                                            \
    RESULT(CUDA_ERROR_PROFILER_NOT_INITIALIZED, 6)                                                                     \
    RESULT(CUDA_ERROR_PROFILER_ALREADY_STARTED, 7)                                                                     \
    RESULT(CUDA_ERROR_PROFILER_ALREADY_STOPPED, 8)                                                                     \
    RESULT(CUDA_ERROR_STUB_LIBRARY, 34)                                                                                \
    RESULT(CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER, 36)                                                                  \
    RESULT(CUDA_ERROR_DEVICE_UNAVAILABLE, 46)                                                                          \
    RESULT(CUDA_ERROR_NO_DEVICE, 100)                                                                                  \
    RESULT(CUDA_ERROR_INVALID_DEVICE, 101)                                                                             \
    RESULT(CUDA_ERROR_DEVICE_NOT_LICENSED, 102)                                                                        \
    RESULT(CUDA_ERROR_INVALID_IMAGE, 200)                                                                              \
    RESULT(CUDA_ERROR_INVALID_CONTEXT, 201)                                                                            \
    RESULT(CUDA_ERROR_CONTEXT_ALREADY_CURRENT, 202)                                                                    \
    RESULT(CUDA_ERROR_MAP_FAILED, 205)                                                                                 \
    RESULT(CUDA_ERROR_UNMAP_FAILED, 206)                                                                               \
    RESULT(CUDA_ERROR_ARRAY_IS_MAPPED, 207)                                                                            \
    RESULT(CUDA_ERROR_ALREADY_MAPPED, 208)                                                                             \
    RESULT(CUDA_ERROR_NO_BINARY_FOR_GPU, 209)                                                                          \
    RESULT(CUDA_ERROR_ALREADY_ACQUIRED, 210)                                                                           \
    RESULT(CUDA_ERROR_NOT_MAPPED, 211)                                                                                 \
    RESULT(CUDA_ERROR_NOT_MAPPED_AS_ARRAY, 212)                                                                        \
    RESULT(CUDA_ERROR_NOT_MAPPED_AS_POINTER, 213)                                                                      \
    RESULT(CUDA_ERROR_ECC_UNCORRECTABLE, 214)                                                                          \
    RESULT(CUDA_ERROR_UNSUPPORTED_LIMIT, 215)                                                                          \
    RESULT(CUDA_ERROR_CONTEXT_ALREADY_IN_USE, 216)                                                                     \
    RESULT(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, 217)                                                                    \
    RESULT(CUDA_ERROR_INVALID_PTX, 218)                                                                                \
    RESULT(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, 219)                                                                   \
    RESULT(CUDA_ERROR_NVLINK_UNCORRECTABLE, 220)                                                                       \
    RESULT(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, 221)                                                                     \
    RESULT(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222)                                                                    \
    RESULT(CUDA_ERROR_JIT_COMPILATION_DISABLED, 223)                                                                   \
    RESULT(CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY, 224)                                                                  \
    RESULT(CUDA_ERROR_UNSUPPORTED_DEVSIDE_SYNC, 225)                                                                   \
    RESULT(CUDA_ERROR_CONTAINED, 226)                                                                                  \
    RESULT(CUDA_ERROR_INVALID_SOURCE, 300)                                                                             \
    RESULT(CUDA_ERROR_FILE_NOT_FOUND, 301)                                                                             \
    RESULT(CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, 302)                                                             \
    RESULT(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, 303)                                                                  \
    RESULT(CUDA_ERROR_OPERATING_SYSTEM, 304)                                                                           \
    RESULT(CUDA_ERROR_INVALID_HANDLE, 400)                                                                             \
    RESULT(CUDA_ERROR_ILLEGAL_STATE, 401)                                                                              \
    RESULT(CUDA_ERROR_LOSSY_QUERY, 402)                                                                                \
    RESULT(CUDA_ERROR_NOT_FOUND, 500)                                                                                  \
    RESULT(CUDA_ERROR_NOT_READY, 600)                                                                                  \
    RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, 700)                                                                            \
    RESULT(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701)                                                                    \
    RESULT(CUDA_ERROR_LAUNCH_TIMEOUT, 702)                                                                             \
    RESULT(CUDA_ERROR_LAUNCH_INCOMPATIBLE_TEXTURING, 703)                                                              \
    RESULT(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, 704)                                                                \
    RESULT(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, 705)                                                                    \
    RESULT(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, 708)                                                                     \
    RESULT(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709)                                                                       \
    RESULT(CUDA_ERROR_ASSERT, 710)                                                                                     \
    RESULT(CUDA_ERROR_TOO_MANY_PEERS, 711)                                                                             \
    RESULT(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, 712)                                                             \
    RESULT(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, 713)                                                                 \
    RESULT(CUDA_ERROR_HARDWARE_STACK_ERROR, 714)                                                                       \
    RESULT(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715)                                                                        \
    RESULT(CUDA_ERROR_MISALIGNED_ADDRESS, 716)                                                                         \
    RESULT(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717)                                                                      \
    RESULT(CUDA_ERROR_INVALID_PC, 718)                                                                                 \
    RESULT(CUDA_ERROR_LAUNCH_FAILED, 719)                                                                              \
    RESULT(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, 720)                                                               \
    RESULT(CUDA_ERROR_TENSOR_MEMORY_LEAK, 721)                                                                         \
    RESULT(CUDA_ERROR_NOT_PERMITTED, 800)                                                                              \
    RESULT(CUDA_ERROR_NOT_SUPPORTED, 801)                                                                              \
    RESULT(CUDA_ERROR_SYSTEM_NOT_READY, 802)                                                                           \
    RESULT(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803)                                                                     \
    RESULT(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE, 804)                                                             \
    RESULT(CUDA_ERROR_MPS_CONNECTION_FAILED, 805)                                                                      \
    RESULT(CUDA_ERROR_MPS_RPC_FAILURE, 806)                                                                            \
    RESULT(CUDA_ERROR_MPS_SERVER_NOT_READY, 807)                                                                       \
    RESULT(CUDA_ERROR_MPS_MAX_CLIENTS_REACHED, 808)                                                                    \
    RESULT(CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED, 809)                                                                \
    RESULT(CUDA_ERROR_MPS_CLIENT_TERMINATED, 810)                                                                      \
    RESULT(CUDA_ERROR_CDP_NOT_SUPPORTED, 811)                                                                          \
    RESULT(CUDA_ERROR_CDP_VERSION_MISMATCH, 812)                                                                       \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900)                                                                 \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901)                                                                 \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_MERGE, 902)                                                                       \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, 903)                                                                   \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, 904)                                                                    \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, 905)                                                                   \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, 906)                                                                    \
    RESULT(CUDA_ERROR_CAPTURED_EVENT, 907)                                                                             \
    RESULT(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, 908)                                                                \
    RESULT(CUDA_ERROR_TIMEOUT, 909)                                                                                    \
    RESULT(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, 910)                                                                  \
    RESULT(CUDA_ERROR_EXTERNAL_DEVICE, 911)                                                                            \
    RESULT(CUDA_ERROR_INVALID_CLUSTER_SIZE, 912)                                                                       \
    RESULT(CUDA_ERROR_FUNCTION_NOT_LOADED, 913)                                                                        \
    RESULT(CUDA_ERROR_INVALID_RESOURCE_TYPE, 914)                                                                      \
    RESULT(CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION, 915)                                                             \
    RESULT(CUDA_ERROR_KEY_ROTATION, 916)                                                                               \
    RESULT(CUDA_ERROR_UNKNOWN, 999)

// Newer drivers may return other values.
enum CUresult : unsigned {
#define HALYARD_CUDA_RESULT(name, value) name = value,
    HALYARD_CUDA_RESULTS(HALYARD_CUDA_RESULT)
#undef HALYARD_CUDA_RESULT
};

// ---- Handles -------------------------------------------------------------------------------------------------------
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUmemGenericAllocationHandle = unsigned long long;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUkernel = struct CUkern_st*;
using CUarray = struct CUarray_st*;
using CUstream = struct CUstream_st*;
using CUevent = struct CUevent_st*;
using CUexternalMemory = struct CUextMemory_st*;
using CUexternalSemaphore = struct CUextSemaphore_st*;
using CUgraph = struct CUgraph_st*;
using CUgraphNode = struct CUgraphNode_st*;
using CUgraphExec = struct CUgraphExec_st*;
using CUlogsCallbackHandle = struct CUlogsCallbackEntry_st*;
using CUlogIterator = unsigned int;

struct CUuuid {
    char bytes[16];
};

// ---- Devices, functions, modules -----------------------------------------------------------------------------------
enum CUdevice_attribute : unsigned {
    CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
    CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
    CU_DEVICE_ATTRIBUTE_MAX_PITCH = 11,
    CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT = 17,
    CU_DEVICE_ATTRIBUTE_INTEGRATED = 18,
    CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY = 19,
    CU_DEVICE_ATTRIBUTE_COMPUTE_MODE = 20,
    CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS = 31,
    CU_DEVICE_ATTRIBUTE_PCI_BUS_ID = 33,
    CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID = 34,
    CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
    CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT = 40,
    CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
    CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID = 50,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED = 78,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
    CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR = 82,
    CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY = 83,
    CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED = 86,
    CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS = 88,
    CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS = 89,
    CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM = 91,
    CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH = 95,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
    CU_DEVICE_ATTRIBUTE_CAN_FLUSH_REMOTE_WRITES = 98,
    CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED = 99,
    CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST = 101,
    CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED = 102,
    CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED = 103,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR = 106,
    CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK = 111,
    CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED = 113,
    CU_DEVICE_ATTRIBUTE_TIMELINE_SEMAPHORE_INTEROP_SUPPORTED = 114,
    CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH = 120,
    CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS = 122,
    CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED = 124,
    CU_DEVICE_ATTRIBUTE_IPC_EVENT_SUPPORTED = 125,
};

enum CUdevice_P2PAttribute : unsigned {
    CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK = 0x01,
    CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED = 0x02,
    CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED = 0x03,
};

enum CUfunction_attribute : unsigned {
    CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
    CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
    CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES = 2,
    CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
    CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
    CU_FUNC_ATTRIBUTE_PTX_VERSION = 5,
    CU_FUNC_ATTRIBUTE_BINARY_VERSION = 6,
    CU_FUNC_ATTRIBUTE_CACHE_MODE_CA = 7,
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
    CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9,
    CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET = 10,
    CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH = 11,
    CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT = 12,
    CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH = 13,
    CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED = 14,
    CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE = 15,
};

enum CUjit_option : unsigned {
    CU_JIT_INFO_LOG_BUFFER = 3,
    CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES = 4,
    CU_JIT_ERROR_LOG_BUFFER = 5,
    CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6,
    CU_JIT_OPTIMIZATION_LEVEL = 7,
    CU_JIT_LOG_VERBOSE = 12,
    CU_JIT_GENERATE_LINE_INFO = 13,
};

// ---- Streams, events, launches -------------------------------------------------------------------------------------
enum CUstream_flags : unsigned {
    CU_STREAM_DEFAULT = 0x0,
    CU_STREAM_NON_BLOCKING = 0x1,
};

enum CUevent_flags : unsigned {
    CU_EVENT_DEFAULT = 0x0,
    CU_EVENT_BLOCKING_SYNC = 0x1,
    CU_EVENT_DISABLE_TIMING = 0x2,
    CU_EVENT_INTERPROCESS = 0x4,
};

enum CUstreamWaitValue_flags : unsigned {
    CU_STREAM_WAIT_VALUE_GEQ = 0x0,
    CU_STREAM_WAIT_VALUE_EQ = 0x1,
    CU_STREAM_WAIT_VALUE_AND = 0x2,
    CU_STREAM_WAIT_VALUE_NOR = 0x3,
    CU_STREAM_WAIT_VALUE_FLUSH = 1 << 30,
};

enum CUstreamWriteValue_flags : unsigned { CU_STREAM_WRITE_VALUE_DEFAULT = 0x0 };

enum CUlaunchAttributeID : unsigned {
    CU_LAUNCH_ATTRIBUTE_IGNORE = 0,
    CU_LAUNCH_ATTRIBUTE_COOPERATIVE = 2,
    CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION = 4,
    CU_LAUNCH_ATTRIBUTE_PRIORITY = 8,
};

union CUlaunchAttributeValue {
    char pad[64];
    int cooperative;
    struct {
        unsigned int x, y, z;
    } clusterDim;
    int priority;
    void* alignment;
};

struct CUlaunchAttribute {
    CUlaunchAttributeID id;
    char pad[8 - sizeof(CUlaunchAttributeID)];
    CUlaunchAttributeValue value;
};

struct CUlaunchConfig {
    unsigned int gridDimX, gridDimY, gridDimZ;
    unsigned int blockDimX, blockDimY, blockDimZ;
    unsigned int sharedMemBytes;
    CUstream hStream;
    CUlaunchAttribute* attrs;
    unsigned int numAttrs;
};

using CUhostFn = void (*)(void* userData);

// ---- Copies --------------------------------------------------------------------------------------------------------
enum CUmemorytype : unsigned {
    CU_MEMORYTYPE_HOST = 0x01,
    CU_MEMORYTYPE_DEVICE = 0x02,
    CU_MEMORYTYPE_ARRAY = 0x03,
    CU_MEMORYTYPE_UNIFIED = 0x04,
};

struct CUDA_MEMCPY2D {
    size_t srcXInBytes, srcY;
    CUmemorytype srcMemoryType;
    const void* srcHost;
    CUdeviceptr srcDevice;
    CUarray srcArray;
    size_t srcPitch;
    size_t dstXInBytes, dstY;
    CUmemorytype dstMemoryType;
    void* dstHost;
    CUdeviceptr dstDevice;
    CUarray dstArray;
    size_t dstPitch;
    size_t WidthInBytes, Height;
};

struct CUDA_MEMCPY3D {
    size_t srcXInBytes, srcY, srcZ, srcLOD;
    CUmemorytype srcMemoryType;
    const void* srcHost;
    CUdeviceptr srcDevice;
    CUarray srcArray;
    void* reserved0;
    size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD;
    CUmemorytype dstMemoryType;
    void* dstHost;
    CUdeviceptr dstDevice;
    CUarray dstArray;
    void* reserved1;
    size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
};

struct CUDA_MEMCPY3D_PEER {
    size_t srcXInBytes, srcY, srcZ, srcLOD;
    CUmemorytype srcMemoryType;
    const void* srcHost;
    CUdeviceptr srcDevice;
    CUarray srcArray;
    CUcontext srcContext;
    size_t srcPitch, srcHeight;
    size_t dstXInBytes, dstY, dstZ, dstLOD;
    CUmemorytype dstMemoryType;
    void* dstHost;
    CUdeviceptr dstDevice;
    CUarray dstArray;
    CUcontext dstContext;
    size_t dstPitch, dstHeight;
    size_t WidthInBytes, Height, Depth;
};

// ---- Memory --------------------------------------------------------------------------------------------------------
// Flags of cuMemHostAlloc and cuMemHostRegister_v2.
inline constexpr unsigned kMemHostPortable = 0x01;
inline constexpr unsigned kMemHostDeviceMap = 0x02;
inline constexpr unsigned kMemHostRegisterReadOnly = 0x08;

enum CUmemAttach_flags : unsigned {
    CU_MEM_ATTACH_GLOBAL = 0x1,
    CU_MEM_ATTACH_HOST = 0x2,
    CU_MEM_ATTACH_SINGLE = 0x4,
};

enum CUmem_advise : unsigned {
    CU_MEM_ADVISE_SET_READ_MOSTLY = 1,
    CU_MEM_ADVISE_UNSET_READ_MOSTLY = 2,
    CU_MEM_ADVISE_SET_PREFERRED_LOCATION = 3,
    CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION = 4,
    CU_MEM_ADVISE_SET_ACCESSED_BY = 5,
    CU_MEM_ADVISE_UNSET_ACCESSED_BY = 6,
};

enum CUpointer_attribute : unsigned {
    CU_POINTER_ATTRIBUTE_CONTEXT = 1,
    CU_POINTER_ATTRIBUTE_MEMORY_TYPE = 2,
    CU_POINTER_ATTRIBUTE_DEVICE_POINTER = 3,
    CU_POINTER_ATTRIBUTE_HOST_POINTER = 4,
    CU_POINTER_ATTRIBUTE_IS_MANAGED = 8,
    CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9,
    CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE = 10,
    CU_POINTER_ATTRIBUTE_RANGE_START_ADDR = 11,
    CU_POINTER_ATTRIBUTE_RANGE_SIZE = 12,
    CU_POINTER_ATTRIBUTE_MAPPED = 13,
};

inline constexpr CUdevice kDeviceCpu = -1; // cuMemPrefetchAsync and cuMemAdvise: the host

enum CUmemLocationType : unsigned {
    CU_MEM_LOCATION_TYPE_INVALID = 0x0,
    CU_MEM_LOCATION_TYPE_DEVICE = 0x1,
    CU_MEM_LOCATION_TYPE_HOST = 0x2,
    CU_MEM_LOCATION_TYPE_HOST_NUMA = 0x3,
    CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT = 0x4,
};

enum CUmemAllocationType : unsigned {
    CU_MEM_ALLOCATION_TYPE_INVALID = 0x0,
    CU_MEM_ALLOCATION_TYPE_PINNED = 0x1,
};

enum CUmemAllocationHandleType : unsigned {
    CU_MEM_HANDLE_TYPE_NONE = 0x0,
    CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR = 0x1,
};

enum CUmemAccess_flags : unsigned {
    CU_MEM_ACCESS_FLAGS_PROT_NONE = 0x0,
    CU_MEM_ACCESS_FLAGS_PROT_READ = 0x1,
    CU_MEM_ACCESS_FLAGS_PROT_READWRITE = 0x3,
};

enum CUmemAllocationGranularity_flags : unsigned {
    CU_MEM_ALLOC_GRANULARITY_MINIMUM = 0x0,
    CU_MEM_ALLOC_GRANULARITY_RECOMMENDED = 0x1,
};

enum CUmemRangeHandleType : unsigned {
    CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD = 0x1,
};

struct CUmemLocation {
    CUmemLocationType type;
    int id;
};

struct CUmemAllocationProp {
    CUmemAllocationType type;
    CUmemAllocationHandleType requestedHandleTypes;
    CUmemLocation location;
    void* win32HandleMetaData;
    struct {
        unsigned char compressionType;
        unsigned char gpuDirectRDMACapable;
        unsigned short usage;
        unsigned char reserved[4];
    } allocFlags;
};

struct CUmemAccessDesc {
    CUmemLocation location;
    CUmemAccess_flags flags;
};

// ---- Other processes and other interfaces --------------------------------------------------------------------------
struct CUipcMemHandle {
    char reserved[64];
};

struct CUipcEventHandle {
    char reserved[64];
};

enum CUipcMem_flags : unsigned { CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS = 0x1 };

enum CUexternalMemoryHandleType : unsigned {
    CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD = 1,
    CU_EXTERNAL_MEMORY_HANDLE_TYPE_DMABUF_FD = 9,
};

enum CUexternalSemaphoreHandleType : unsigned {
    CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD = 1,
    CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD = 9,
};

struct CUDA_EXTERNAL_MEMORY_HANDLE_DESC {
    CUexternalMemoryHandleType type;
    union {
        int fd;
        struct {
            void* handle;
            const void* name;
        } win32;
        const void* nvSciBufObject;
    } handle;
    unsigned long long size;
    unsigned int flags;
    unsigned int reserved[16];
};

struct CUDA_EXTERNAL_MEMORY_BUFFER_DESC {
    unsigned long long offset;
    unsigned long long size;
    unsigned int flags;
    unsigned int reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC {
    CUexternalSemaphoreHandleType type;
    union {
        int fd;
        struct {
            void* handle;
            const void* name;
        } win32;
        const void* nvSciSyncObj;
    } handle;
    unsigned int flags;
    unsigned int reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void* fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
        } keyedMutex;
        unsigned int reserved[12];
    } params;
    unsigned int flags;
    unsigned int reserved[16];
};

struct CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS {
    struct {
        struct {
            unsigned long long value;
        } fence;
        union {
            void* fence;
            unsigned long long reserved;
        } nvSciSync;
        struct {
            unsigned long long key;
            unsigned int timeoutMs;
        } keyedMutex;
        unsigned int reserved[10];
    } params;
    unsigned int flags;
    unsigned int reserved[16];
};

// ---- Graphs --------------------------------------------------------------------------------------------------------
struct CUDA_KERNEL_NODE_PARAMS_v1 {
    CUfunction func;
    unsigned int gridDimX, gridDimY, gridDimZ;
    unsigned int blockDimX, blockDimY, blockDimZ;
    unsigned int sharedMemBytes;
    void** kernelParams;
    void** extra;
};

struct CUDA_KERNEL_NODE_PARAMS_v2 {
    CUfunction func;
    unsigned int gridDimX, gridDimY, gridDimZ;
    unsigned int blockDimX, blockDimY, blockDimZ;
    unsigned int sharedMemBytes;
    void** kernelParams;
    void** extra;
    CUkernel kern;
    CUcontext ctx;
};

struct CUDA_MEMSET_NODE_PARAMS {
    CUdeviceptr dst;
    size_t pitch;
    unsigned int value;
    unsigned int elementSize; // 1, 2 or 4
    size_t width;             // elements
    size_t height;
};

struct CUDA_HOST_NODE_PARAMS {
    CUhostFn fn;
    void* userData;
};

enum CUgraphExecUpdateResult : unsigned {
    CU_GRAPH_EXEC_UPDATE_SUCCESS = 0x0,
    CU_GRAPH_EXEC_UPDATE_ERROR = 0x1,
    CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED = 0x2,
    CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED = 0x3,
    CU_GRAPH_EXEC_UPDATE_ERROR_FUNCTION_CHANGED = 0x4,
    CU_GRAPH_EXEC_UPDATE_ERROR_PARAMETERS_CHANGED = 0x5,
    CU_GRAPH_EXEC_UPDATE_ERROR_NOT_SUPPORTED = 0x6,
    CU_GRAPH_EXEC_UPDATE_ERROR_UNSUPPORTED_FUNCTION_CHANGE = 0x7,
    CU_GRAPH_EXEC_UPDATE_ERROR_ATTRIBUTES_CHANGED = 0x8,
};

struct CUgraphExecUpdateResultInfo {
    CUgraphExecUpdateResult result;
    CUgraphNode errorNode;
    CUgraphNode errorFromNode;
};

// ---- Logs ----------------------------------------------------------------------------------------------------------
enum CUlogLevel : unsigned { CU_LOG_LEVEL_ERROR = 0, CU_LOG_LEVEL_WARNING = 1 };

using CUlogsCallback = void (*)(void* data, CUlogLevel logLevel, char* message, size_t length);

} // namespace halyard::cuda
