// What nvcc makes of these is executed and compared with the same written for the host.
#include <cuda_fp16.h>

struct Pair {
    int a;
    double b;
};
__constant__ float table[4] = {1.0f, 2.0f, 4.0f, 8.0f};
__device__ int counters[2] = {5, 6};
__device__ int* pointer = &counters[1];

__device__ __noinline__ double work(Pair p, int depth) { return depth <= 0 ? p.b : p.a + work(p, depth - 1); }

extern "C" __global__ void everything(int* out, const float* in, Pair p, int n) {
    __shared__ float tile[256];
    extern __shared__ float dynamic[];
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    const int t = threadIdx.x;
    tile[t] = in[i % n] * table[i & 3];
    dynamic[t] = tile[t] + 1;
    __syncthreads();
    float sum = 0;
    for (int k = 0; k <= t % 7; ++k)
        sum += tile[(t + k) % blockDim.x];
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(~0u, sum, offset);
    int local[8];
    for (int k = 0; k < 8; ++k)
        local[(k + t) % 8] = k * t;
    int code = 0;
    switch (t % 5) {
    case 0: code = local[t % 8]; break;
    case 1: code = __popc(i); break;
    case 2: code = static_cast<int>(__ballot_sync(__activemask(), i & 1) != 0); break;
    case 3: code = static_cast<int>(work(p, t % 4)); break;
    default: code = static_cast<int>(dynamic[(t + 1) % blockDim.x]); break;
    }
    atomicAdd(pointer, 1);
    const __half h = __float2half(sum);
    out[i] = code + static_cast<int>(__half2float(h) * 0) + static_cast<int>(sum);
}
