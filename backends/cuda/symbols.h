// The driver's functions. The driver is opened at run time, so that neither building nor installing the backend needs
// it; and each function is required or optional, so that a driver of any age since CUDA 11.0 works: one without an
// optional function only lacks the feature behind it.
//
// Names are those that the driver exports, with their suffix (cuMemAlloc_v2). There is no _ptsz or _ptds variant among
// them: those differ for the null stream alone, and this backend names a stream in every call.
#pragma once

#include "driver_types.h"

#include <string>

namespace halyard::cuda {

constexpr const char* kDriverLibrary = "libcuda.so.1";

// SYMBOL(presence, version, result, name, parameters). `version` is the CUDA version that brought this form of the
// function, as cuDriverGetVersion counts: 11040 is 11.4.
#define HALYARD_CUDA_SYMBOLS(SYMBOL)                                                                                   \
    /* The driver and its devices */                                                                                   \
    SYMBOL(REQUIRED, 2000, CUresult, cuInit, (unsigned int flags))                                                     \
    SYMBOL(REQUIRED, 2020, CUresult, cuDriverGetVersion, (int* version))                                               \
    SYMBOL(REQUIRED, 6000, CUresult, cuGetErrorName, (CUresult error, const char** name))                              \
    SYMBOL(REQUIRED, 6000, CUresult, cuGetErrorString, (CUresult error, const char** words))                           \
    SYMBOL(REQUIRED, 2000, CUresult, cuDeviceGet, (CUdevice * device, int ordinal))                                    \
    SYMBOL(REQUIRED, 2000, CUresult, cuDeviceGetCount, (int* count))                                                   \
    SYMBOL(REQUIRED, 2000, CUresult, cuDeviceGetName, (char* name, int bytes, CUdevice device))                        \
    SYMBOL(REQUIRED, 3020, CUresult, cuDeviceTotalMem_v2, (size_t * bytes, CUdevice device))                           \
    SYMBOL(REQUIRED, 2000, CUresult, cuDeviceGetAttribute,                                                             \
           (int* value, CUdevice_attribute attribute, CUdevice device))                                                \
    SYMBOL(REQUIRED, 9020, CUresult, cuDeviceGetUuid, (CUuuid * uuid, CUdevice device))                                \
    SYMBOL(OPTIONAL, 11040, CUresult, cuDeviceGetUuid_v2, (CUuuid * uuid, CUdevice device))                            \
    /* Contexts */                                                                                                     \
    SYMBOL(REQUIRED, 7000, CUresult, cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                 \
    SYMBOL(REQUIRED, 11000, CUresult, cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                 \
    SYMBOL(OPTIONAL, 11000, CUresult, cuDevicePrimaryCtxReset_v2, (CUdevice device))                                   \
    SYMBOL(REQUIRED, 4000, CUresult, cuCtxSetCurrent, (CUcontext context))                                             \
    SYMBOL(REQUIRED, 4000, CUresult, cuCtxGetCurrent, (CUcontext * context))                                           \
    SYMBOL(REQUIRED, 4000, CUresult, cuCtxPushCurrent_v2, (CUcontext context))                                         \
    SYMBOL(REQUIRED, 4000, CUresult, cuCtxPopCurrent_v2, (CUcontext * context))                                        \
    SYMBOL(REQUIRED, 5050, CUresult, cuCtxGetStreamPriorityRange, (int* least, int* greatest))                         \
    /* Peer access */                                                                                                  \
    SYMBOL(OPTIONAL, 4000, CUresult, cuDeviceCanAccessPeer, (int* canAccess, CUdevice device, CUdevice peer))          \
    SYMBOL(OPTIONAL, 8000, CUresult, cuDeviceGetP2PAttribute,                                                          \
           (int* value, CUdevice_P2PAttribute attribute, CUdevice source, CUdevice target))                            \
    SYMBOL(OPTIONAL, 4000, CUresult, cuCtxEnablePeerAccess, (CUcontext peer, unsigned int flags))                      \
    SYMBOL(                                                                                                            \
        OPTIONAL, 4000, CUresult, cuMemcpyPeerAsync,                                                                   \
        (CUdeviceptr dst, CUcontext dstContext, CUdeviceptr src, CUcontext srcContext, size_t bytes, CUstream stream)) \
    SYMBOL(OPTIONAL, 4000, CUresult, cuMemcpy3DPeerAsync, (const CUDA_MEMCPY3D_PEER* copy, CUstream stream))           \
    /* Memory */                                                                                                       \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemGetInfo_v2, (size_t * free, size_t * total))                                 \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemAlloc_v2, (CUdeviceptr * ptr, size_t bytes))                                 \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemFree_v2, (CUdeviceptr ptr))                                                  \
    SYMBOL(REQUIRED, 2020, CUresult, cuMemHostAlloc, (void** pointer, size_t bytes, unsigned int flags))               \
    SYMBOL(REQUIRED, 2000, CUresult, cuMemFreeHost, (void* pointer))                                                   \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemHostGetDevicePointer_v2,                                                     \
           (CUdeviceptr * ptr, void* pointer, unsigned int flags))                                                     \
    SYMBOL(REQUIRED, 6050, CUresult, cuMemHostRegister_v2, (void* pointer, size_t bytes, unsigned int flags))          \
    SYMBOL(REQUIRED, 4000, CUresult, cuMemHostUnregister, (void* pointer))                                             \
    SYMBOL(REQUIRED, 4000, CUresult, cuPointerGetAttribute,                                                            \
           (void* data, CUpointer_attribute attribute, CUdeviceptr ptr))                                               \
    SYMBOL(OPTIONAL, 7000, CUresult, cuPointerGetAttributes,                                                           \
           (unsigned int count, CUpointer_attribute* attributes, void** data, CUdeviceptr ptr))                        \
    SYMBOL(OPTIONAL, 6000, CUresult, cuMemAllocManaged, (CUdeviceptr * ptr, size_t bytes, unsigned int flags))         \
    SYMBOL(OPTIONAL, 8000, CUresult, cuMemAdvise,                                                                      \
           (CUdeviceptr ptr, size_t bytes, CUmem_advise advice, CUdevice device))                                      \
    SYMBOL(OPTIONAL, 8000, CUresult, cuMemPrefetchAsync,                                                               \
           (CUdeviceptr ptr, size_t bytes, CUdevice device, CUstream stream))                                          \
    SYMBOL(OPTIONAL, 12020, CUresult, cuMemAdvise_v2,                                                                  \
           (CUdeviceptr ptr, size_t bytes, CUmem_advise advice, CUmemLocation location))                               \
    SYMBOL(OPTIONAL, 12020, CUresult, cuMemPrefetchAsync_v2,                                                           \
           (CUdeviceptr ptr, size_t bytes, CUmemLocation location, unsigned int flags, CUstream stream))               \
    /* Copies and fills */                                                                                             \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemcpyHtoDAsync_v2,                                                             \
           (CUdeviceptr dst, const void* src, size_t bytes, CUstream stream))                                          \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemcpyDtoHAsync_v2,                                                             \
           (void* dst, CUdeviceptr src, size_t bytes, CUstream stream))                                                \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemcpyDtoDAsync_v2,                                                             \
           (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream))                                          \
    SYMBOL(REQUIRED, 4000, CUresult, cuMemcpyAsync, (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream)) \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemcpy2DAsync_v2, (const CUDA_MEMCPY2D* copy, CUstream stream))                 \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemcpy3DAsync_v2, (const CUDA_MEMCPY3D* copy, CUstream stream))                 \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD8Async,                                                                  \
           (CUdeviceptr dst, unsigned char value, size_t count, CUstream stream))                                      \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD16Async,                                                                 \
           (CUdeviceptr dst, unsigned short value, size_t count, CUstream stream))                                     \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD32Async,                                                                 \
           (CUdeviceptr dst, unsigned int value, size_t count, CUstream stream))                                       \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD2D8Async,                                                                \
           (CUdeviceptr dst, size_t pitch, unsigned char value, size_t width, size_t height, CUstream stream))         \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD2D16Async,                                                               \
           (CUdeviceptr dst, size_t pitch, unsigned short value, size_t width, size_t height, CUstream stream))        \
    SYMBOL(REQUIRED, 3020, CUresult, cuMemsetD2D32Async,                                                               \
           (CUdeviceptr dst, size_t pitch, unsigned int value, size_t width, size_t height, CUstream stream))          \
    /* Streams and events */                                                                                           \
    SYMBOL(REQUIRED, 5050, CUresult, cuStreamCreateWithPriority,                                                       \
           (CUstream * stream, unsigned int flags, int priority))                                                      \
    SYMBOL(REQUIRED, 4000, CUresult, cuStreamDestroy_v2, (CUstream stream))                                            \
    SYMBOL(REQUIRED, 2000, CUresult, cuStreamQuery, (CUstream stream))                                                 \
    SYMBOL(REQUIRED, 2000, CUresult, cuStreamSynchronize, (CUstream stream))                                           \
    SYMBOL(REQUIRED, 3020, CUresult, cuStreamWaitEvent, (CUstream stream, CUevent event, unsigned int flags))          \
    SYMBOL(REQUIRED, 10000, CUresult, cuLaunchHostFunc, (CUstream stream, CUhostFn function, void* userData))          \
    SYMBOL(OPTIONAL, 9020, CUresult, cuStreamGetCtx, (CUstream stream, CUcontext * context))                           \
    SYMBOL(OPTIONAL, 11070, CUresult, cuStreamWriteValue32_v2,                                                         \
           (CUstream stream, CUdeviceptr address, uint32_t value, unsigned int flags))                                 \
    SYMBOL(OPTIONAL, 11070, CUresult, cuStreamWaitValue32_v2,                                                          \
           (CUstream stream, CUdeviceptr address, uint32_t value, unsigned int flags))                                 \
    SYMBOL(OPTIONAL, 11070, CUresult, cuStreamWriteValue64_v2,                                                         \
           (CUstream stream, CUdeviceptr address, uint64_t value, unsigned int flags))                                 \
    SYMBOL(OPTIONAL, 11070, CUresult, cuStreamWaitValue64_v2,                                                          \
           (CUstream stream, CUdeviceptr address, uint64_t value, unsigned int flags))                                 \
    SYMBOL(REQUIRED, 2000, CUresult, cuEventCreate, (CUevent * event, unsigned int flags))                             \
    SYMBOL(REQUIRED, 4000, CUresult, cuEventDestroy_v2, (CUevent event))                                               \
    SYMBOL(REQUIRED, 2000, CUresult, cuEventRecord, (CUevent event, CUstream stream))                                  \
    SYMBOL(REQUIRED, 2000, CUresult, cuEventQuery, (CUevent event))                                                    \
    SYMBOL(REQUIRED, 2000, CUresult, cuEventSynchronize, (CUevent event))                                              \
    SYMBOL(REQUIRED, 2000, CUresult, cuEventElapsedTime, (float* milliseconds, CUevent start, CUevent end))            \
    /* Modules and launches */                                                                                         \
    SYMBOL(REQUIRED, 2010, CUresult, cuModuleLoadDataEx,                                                               \
           (CUmodule * module, const void* image, unsigned int optionCount, CUjit_option* options, void** values))     \
    SYMBOL(REQUIRED, 2000, CUresult, cuModuleUnload, (CUmodule module))                                                \
    SYMBOL(REQUIRED, 2000, CUresult, cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name))  \
    SYMBOL(REQUIRED, 3020, CUresult, cuModuleGetGlobal_v2,                                                             \
           (CUdeviceptr * ptr, size_t * bytes, CUmodule module, const char* name))                                     \
    SYMBOL(REQUIRED, 2020, CUresult, cuFuncGetAttribute,                                                               \
           (int* value, CUfunction_attribute attribute, CUfunction function))                                          \
    SYMBOL(REQUIRED, 9000, CUresult, cuFuncSetAttribute,                                                               \
           (CUfunction function, CUfunction_attribute attribute, int value))                                           \
    SYMBOL(OPTIONAL, 12040, CUresult, cuModuleGetFunctionCount, (unsigned int* count, CUmodule module))                \
    SYMBOL(OPTIONAL, 12040, CUresult, cuModuleEnumerateFunctions,                                                      \
           (CUfunction * functions, unsigned int count, CUmodule module))                                              \
    SYMBOL(OPTIONAL, 12030, CUresult, cuFuncGetName, (const char** name, CUfunction function))                         \
    SYMBOL(OPTIONAL, 12040, CUresult, cuFuncGetParamInfo,                                                              \
           (CUfunction function, size_t index, size_t * offset, size_t * bytes))                                       \
    SYMBOL(REQUIRED, 4000, CUresult, cuLaunchKernel,                                                                   \
           (CUfunction function, unsigned int gridX, unsigned int gridY, unsigned int gridZ, unsigned int blockX,      \
            unsigned int blockY, unsigned int blockZ, unsigned int sharedBytes, CUstream stream, void** parameters,    \
            void** extra))                                                                                             \
    SYMBOL(REQUIRED, 9000, CUresult, cuLaunchCooperativeKernel,                                                        \
           (CUfunction function, unsigned int gridX, unsigned int gridY, unsigned int gridZ, unsigned int blockX,      \
            unsigned int blockY, unsigned int blockZ, unsigned int sharedBytes, CUstream stream, void** parameters))   \
    SYMBOL(OPTIONAL, 11060, CUresult, cuLaunchKernelEx,                                                                \
           (const CUlaunchConfig* config, CUfunction function, void** parameters, void** extra))                       \
    SYMBOL(REQUIRED, 6050, CUresult, cuOccupancyMaxActiveBlocksPerMultiprocessor,                                      \
           (int* blocks, CUfunction function, int blockSize, size_t dynamicBytes))                                     \
    SYMBOL(OPTIONAL, 11070, CUresult, cuOccupancyMaxActiveClusters,                                                    \
           (int* clusters, CUfunction function, const CUlaunchConfig* config))                                         \
    SYMBOL(OPTIONAL, 11070, CUresult, cuOccupancyMaxPotentialClusterSize,                                              \
           (int* clusterSize, CUfunction function, const CUlaunchConfig* config))                                      \
    /* Virtual memory */                                                                                               \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemAddressReserve,                                                             \
           (CUdeviceptr * ptr, size_t bytes, size_t alignment, CUdeviceptr address, unsigned long long flags))         \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemAddressFree, (CUdeviceptr ptr, size_t bytes))                               \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemCreate,                                                                     \
           (CUmemGenericAllocationHandle * handle, size_t bytes, const CUmemAllocationProp* prop,                      \
            unsigned long long flags))                                                                                 \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemRelease, (CUmemGenericAllocationHandle handle))                             \
    SYMBOL(                                                                                                            \
        OPTIONAL, 10020, CUresult, cuMemMap,                                                                           \
        (CUdeviceptr ptr, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle, unsigned long long flags)) \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemUnmap, (CUdeviceptr ptr, size_t bytes))                                     \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemSetAccess,                                                                  \
           (CUdeviceptr ptr, size_t bytes, const CUmemAccessDesc* access, size_t count))                               \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemGetAllocationGranularity,                                                   \
           (size_t * granularity, const CUmemAllocationProp* prop, CUmemAllocationGranularity_flags option))           \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemExportToShareableHandle,                                                    \
           (void* shareable, CUmemGenericAllocationHandle handle, CUmemAllocationHandleType type,                      \
            unsigned long long flags))                                                                                 \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemImportFromShareableHandle,                                                  \
           (CUmemGenericAllocationHandle * handle, void* shareable, CUmemAllocationHandleType type))                   \
    SYMBOL(OPTIONAL, 10020, CUresult, cuMemGetAllocationPropertiesFromHandle,                                          \
           (CUmemAllocationProp * prop, CUmemGenericAllocationHandle handle))                                          \
    SYMBOL(OPTIONAL, 11070, CUresult, cuMemGetHandleForAddressRange,                                                   \
           (void* handle, CUdeviceptr ptr, size_t bytes, CUmemRangeHandleType type, unsigned long long flags))         \
    /* Other processes and other interfaces */                                                                         \
    SYMBOL(OPTIONAL, 4010, CUresult, cuIpcGetEventHandle, (CUipcEventHandle * handle, CUevent event))                  \
    SYMBOL(OPTIONAL, 4010, CUresult, cuIpcOpenEventHandle, (CUevent * event, CUipcEventHandle handle))                 \
    SYMBOL(OPTIONAL, 4010, CUresult, cuIpcGetMemHandle, (CUipcMemHandle * handle, CUdeviceptr ptr))                    \
    SYMBOL(OPTIONAL, 11000, CUresult, cuIpcOpenMemHandle_v2,                                                           \
           (CUdeviceptr * ptr, CUipcMemHandle handle, unsigned int flags))                                             \
    SYMBOL(OPTIONAL, 4010, CUresult, cuIpcCloseMemHandle, (CUdeviceptr ptr))                                           \
    SYMBOL(OPTIONAL, 10000, CUresult, cuImportExternalMemory,                                                          \
           (CUexternalMemory * memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* desc))                                  \
    SYMBOL(OPTIONAL, 10000, CUresult, cuExternalMemoryGetMappedBuffer,                                                 \
           (CUdeviceptr * ptr, CUexternalMemory memory, const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* desc))                 \
    SYMBOL(OPTIONAL, 10000, CUresult, cuDestroyExternalMemory, (CUexternalMemory memory))                              \
    SYMBOL(OPTIONAL, 10000, CUresult, cuImportExternalSemaphore,                                                       \
           (CUexternalSemaphore * semaphore, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc))                         \
    SYMBOL(OPTIONAL, 10000, CUresult, cuSignalExternalSemaphoresAsync,                                                 \
           (const CUexternalSemaphore* semaphores, const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* params,                \
            unsigned int count, CUstream stream))                                                                      \
    SYMBOL(OPTIONAL, 10000, CUresult, cuWaitExternalSemaphoresAsync,                                                   \
           (const CUexternalSemaphore* semaphores, const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* params,                  \
            unsigned int count, CUstream stream))                                                                      \
    SYMBOL(OPTIONAL, 10000, CUresult, cuDestroyExternalSemaphore, (CUexternalSemaphore semaphore))                     \
    /* Graphs */                                                                                                       \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphCreate, (CUgraph * graph, unsigned int flags))                            \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphDestroy, (CUgraph graph))                                                 \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddKernelNode,                                                            \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,                          \
            const CUDA_KERNEL_NODE_PARAMS_v1* params))                                                                 \
    SYMBOL(OPTIONAL, 12000, CUresult, cuGraphAddKernelNode_v2,                                                         \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,                          \
            const CUDA_KERNEL_NODE_PARAMS_v2* params))                                                                 \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddMemcpyNode,                                                            \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,                          \
            const CUDA_MEMCPY3D* copy, CUcontext context))                                                             \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddMemsetNode,                                                            \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,                          \
            const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context))                                                 \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddHostNode,                                                              \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count,                          \
            const CUDA_HOST_NODE_PARAMS* params))                                                                      \
    SYMBOL(OPTIONAL, 11000, CUresult, cuGraphKernelNodeSetAttribute,                                                   \
           (CUgraphNode node, CUlaunchAttributeID attribute, const CUlaunchAttributeValue* value))                     \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddEmptyNode,                                                             \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count))                         \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddChildGraphNode,                                                        \
           (CUgraphNode * node, CUgraph graph, const CUgraphNode* dependencies, size_t count, CUgraph child))          \
    SYMBOL(OPTIONAL, 11040, CUresult, cuGraphInstantiateWithFlags,                                                     \
           (CUgraphExec * exec, CUgraph graph, unsigned long long flags))                                              \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphExecDestroy, (CUgraphExec exec))                                          \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphLaunch, (CUgraphExec exec, CUstream stream))                              \
    SYMBOL(OPTIONAL, 11010, CUresult, cuGraphUpload, (CUgraphExec exec, CUstream stream))                              \
    SYMBOL(OPTIONAL, 10010, CUresult, cuGraphExecKernelNodeSetParams,                                                  \
           (CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v1* params))                             \
    SYMBOL(OPTIONAL, 12000, CUresult, cuGraphExecKernelNodeSetParams_v2,                                               \
           (CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS_v2* params))                             \
    SYMBOL(OPTIONAL, 10020, CUresult, cuGraphExecMemcpyNodeSetParams,                                                  \
           (CUgraphExec exec, CUgraphNode node, const CUDA_MEMCPY3D* copy, CUcontext context))                         \
    SYMBOL(OPTIONAL, 10020, CUresult, cuGraphExecMemsetNodeSetParams,                                                  \
           (CUgraphExec exec, CUgraphNode node, const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context))             \
    SYMBOL(OPTIONAL, 10020, CUresult, cuGraphExecHostNodeSetParams,                                                    \
           (CUgraphExec exec, CUgraphNode node, const CUDA_HOST_NODE_PARAMS* params))                                  \
    SYMBOL(OPTIONAL, 11010, CUresult, cuGraphExecChildGraphNodeSetParams,                                              \
           (CUgraphExec exec, CUgraphNode node, CUgraph child))                                                        \
    SYMBOL(OPTIONAL, 10020, CUresult, cuGraphExecUpdate,                                                               \
           (CUgraphExec exec, CUgraph graph, CUgraphNode * errorNode, CUgraphExecUpdateResult * result))               \
    SYMBOL(OPTIONAL, 12000, CUresult, cuGraphExecUpdate_v2,                                                            \
           (CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo * info))                                      \
    /* Error logs */                                                                                                   \
    SYMBOL(OPTIONAL, 12090, CUresult, cuLogsRegisterCallback,                                                          \
           (CUlogsCallback callback, void* userData, CUlogsCallbackHandle* handle))                                    \
    SYMBOL(OPTIONAL, 12090, CUresult, cuLogsUnregisterCallback, (CUlogsCallbackHandle handle))                         \
    SYMBOL(OPTIONAL, 12090, CUresult, cuLogsCurrent, (CUlogIterator * iterator, unsigned int flags))                   \
    SYMBOL(OPTIONAL, 12090, CUresult, cuLogsDumpToMemory,                                                              \
           (CUlogIterator * iterator, char* buffer, size_t* bytes, unsigned int flags))

// One pointer for each; an optional function that the driver lacks is null.
struct Symbols {
#define HALYARD_CUDA_DECLARE(presence, version, result, name, parameters) result(*name) parameters = nullptr;
    HALYARD_CUDA_SYMBOLS(HALYARD_CUDA_DECLARE)
#undef HALYARD_CUDA_DECLARE
};

// Functions that do nothing and answer CUDA_ERROR_CONTEXT_IS_DESTROYED: for objects whose context is gone, whose
// handles the driver must not see any more.
const Symbols& deadSymbols();

// The call of the driver that failed last on this thread, for messages; "" before any. Calls of the hot paths
// (kUnrecorded in symbols.cpp) are not among them.
struct FailedCall {
    const char* name = "";
    CUresult code = CUDA_SUCCESS;
};
FailedCall lastFailedCall() noexcept;

struct SymbolReport {
    bool found = false;          // there is a driver
    std::string fault;           // why the driver cannot be used, or empty
    std::string missingOptional; // names with the CUDA version that brought them, separated by ", "
};

// Opens `library`, which is never closed, and resolves its functions into `out`. Throws std::bad_alloc.
SymbolReport loadSymbols(const char* library, Symbols& out);

} // namespace halyard::cuda
