// What OpenCL C and CUDA C++ spell differently, so that kernels.h is one source for both compilers and the comparison
// is one of compilers and runtimes, not of programs.
#ifndef HALYARD_BENCH_CUDA_DIALECT_H
#define HALYARD_BENCH_CUDA_DIALECT_H

#ifdef __OPENCL_C_VERSION__

#define KERNEL(threadsX, threadsY) __attribute__((reqd_work_group_size(threadsX, threadsY, 1))) __kernel void
#define GLOBAL __global
#define SHARED __local
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define THREAD(dimension) ((uint)get_local_id(dimension))
#define GROUP(dimension) ((uint)get_group_id(dimension))
#define GROUPS(dimension) ((uint)get_num_groups(dimension))
#define THREADS_IN_GROUP(dimension) ((uint)get_local_size(dimension))
#define INFINITE INFINITY

#else

#define KERNEL(threadsX, threadsY) extern "C" __global__ void __launch_bounds__((threadsX) * (threadsY))
#define GLOBAL
#define SHARED __shared__
#define restrict __restrict__
#define BARRIER() __syncthreads()
#define AXIS_0(variable) variable.x
#define AXIS_1(variable) variable.y
#define AXIS_OF(variable, dimension) AXIS_##dimension(variable)
#define THREAD(dimension) AXIS_OF(threadIdx, dimension)
#define GROUP(dimension) AXIS_OF(blockIdx, dimension)
#define GROUPS(dimension) AXIS_OF(gridDim, dimension)
#define THREADS_IN_GROUP(dimension) AXIS_OF(blockDim, dimension)
#define INFINITE __int_as_float(0x7f800000)
#define fmax fmaxf
#define fma fmaf
#define exp expf
#define rsqrt rsqrtf
typedef unsigned int uint;

#endif

#endif // HALYARD_BENCH_CUDA_DIALECT_H
