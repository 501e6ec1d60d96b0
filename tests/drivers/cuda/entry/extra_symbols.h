// Entry points beyond those that the backend uses: for tests of this driver and for programs written against CUDA.
#pragma once

#include "driver_types.h"

#define HALYARD_SOFTCUDA_EXTRA_SYMBOLS(SYMBOL)                                                                         \
    SYMBOL(OPTIONAL, 11030, CUresult, cuGetProcAddress,                                                                \
           (const char* name, void** function, int version, unsigned long long flags))                                 \
    SYMBOL(OPTIONAL, 12000, CUresult, cuGetProcAddress_v2,                                                             \
           (const char* name, void** function, int version, unsigned long long flags, unsigned int* status))           \
    SYMBOL(OPTIONAL, 11000, CUresult, cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned int flags))            \
    SYMBOL(OPTIONAL, 7000, CUresult, cuDevicePrimaryCtxGetState, (CUdevice device, unsigned int* flags, int* active))  \
    SYMBOL(OPTIONAL, 2000, CUresult, cuCtxGetDevice, (CUdevice * device))                                              \
    SYMBOL(OPTIONAL, 2000, CUresult, cuCtxSynchronize, ())                                                             \
    SYMBOL(OPTIONAL, 4000, CUresult, cuCtxDisablePeerAccess, (CUcontext peer))                                         \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemGetAddressRange_v2, (CUdeviceptr * base, size_t * bytes, CUdeviceptr ptr))   \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemAllocHost_v2, (void** pointer, size_t bytes))                                \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemcpyHtoD_v2, (CUdeviceptr dst, const void* src, size_t bytes))                \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemcpyDtoH_v2, (void* dst, CUdeviceptr src, size_t bytes))                      \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemcpyDtoD_v2, (CUdeviceptr dst, CUdeviceptr src, size_t bytes))                \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemsetD8_v2, (CUdeviceptr dst, unsigned char value, size_t count))              \
    SYMBOL(OPTIONAL, 3020, CUresult, cuMemsetD32_v2, (CUdeviceptr dst, unsigned int value, size_t count))              \
    SYMBOL(OPTIONAL, 2000, CUresult, cuStreamCreate, (CUstream * stream, unsigned int flags))                          \
    SYMBOL(OPTIONAL, 5050, CUresult, cuStreamGetPriority, (CUstream stream, int* priority))                            \
    SYMBOL(OPTIONAL, 5050, CUresult, cuStreamGetFlags, (CUstream stream, unsigned int* flags))                         \
    SYMBOL(OPTIONAL, 2000, CUresult, cuModuleLoadData, (CUmodule * module, const void* image))                         \
    SYMBOL(OPTIONAL, 11070, CUresult, cuModuleGetLoadingMode, (int* mode))                                             \
    SYMBOL(OPTIONAL, 6050, CUresult, cuOccupancyMaxPotentialBlockSize,                                                 \
           (int* gridSize, int* blockSize, CUfunction function, size_t (*dynamicBytes)(int), size_t bytes, int limit)) \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphAddDependencies,                                                          \
           (CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, size_t count))                              \
    SYMBOL(OPTIONAL, 10000, CUresult, cuGraphDestroyNode, (CUgraphNode node))
