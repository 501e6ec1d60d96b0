// The few functions of NVIDIA's driver that the direct side of the comparison calls, opened at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace halyard::bench::cuda {

using Status = int;
using Context = struct CUctx_st*;
using Module = struct CUmod_st*;
using Function = struct CUfunc_st*;
using NativeStream = struct CUstream_st*;
using Address = uint64_t;

// FUNCTION(name, parameters): each returns a Status, 0 for success.
#define HALYARD_BENCH_CUDA_FUNCTIONS(FUNCTION)                                                                         \
    FUNCTION(cuCtxSetCurrent, (Context context))                                                                       \
    FUNCTION(cuDeviceGet, (int* device, int ordinal))                                                                  \
    FUNCTION(cuDevicePrimaryCtxRetain, (Context * context, int device))                                                \
    FUNCTION(cuGetErrorName, (Status status, const char** name))                                                       \
    FUNCTION(cuLaunchKernel,                                                                                           \
             (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,     \
              unsigned blockZ, unsigned sharedBytes, NativeStream stream, void** arguments, void** extra))             \
    FUNCTION(cuMemcpyDtoHAsync_v2, (void* destination, Address source, size_t bytes, NativeStream stream))             \
    FUNCTION(cuMemcpyHtoDAsync_v2, (Address destination, const void* source, size_t bytes, NativeStream stream))       \
    FUNCTION(cuModuleGetFunction, (Function * function, Module module, const char* name))                              \
    FUNCTION(cuModuleLoadData, (Module * module, const void* image))                                                   \
    FUNCTION(cuStreamSynchronize, (NativeStream stream))

struct Driver {
#define HALYARD_BENCH_CUDA_DECLARE(name, parameters) Status(*name) parameters = nullptr;
    HALYARD_BENCH_CUDA_FUNCTIONS(HALYARD_BENCH_CUDA_DECLARE)
#undef HALYARD_BENCH_CUDA_DECLARE

    // Throws std::runtime_error when there is no driver or it lacks one of them.
    Driver();
    // Throws, naming the call and the driver's code, unless `status` is 0.
    void check(Status status, const std::string& call) const;
};

} // namespace halyard::bench::cuda
