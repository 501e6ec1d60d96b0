// The matrix product of tools/halyard-bench/cuda/gemm_module.cpp once more, as one writes it for nvcc: wmma fragments, the same tiles, the
// same padding, the same double buffer, units of 16 bytes through registers.
#include <cuda_bf16.h>
#include <mma.h>

using namespace nvcuda;

constexpr unsigned kTile = 128, kGroup = 128, kDepth = 32, kFragment = 16, kUnit = 8, kWarpTile = 64, kFragments = kWarpTile / kFragment;
constexpr unsigned kLineA = kDepth / kUnit + 1, kLineB = kTile / kUnit + 1, kPanel = 8;
constexpr unsigned kMoves = kTile * kDepth / kUnit / kGroup;
constexpr unsigned kStepA = kGroup / (kDepth / kUnit), kStepB = kGroup / (kTile / kUnit);

extern "C" __global__ void __launch_bounds__(kGroup) gemm(const uint4* __restrict__ a, const uint4* __restrict__ b, float* __restrict__ c, unsigned n) {
    __shared__ uint4 sharedA[2][kTile * kLineA];
    __shared__ uint4 sharedB[2][kDepth * kLineB];
    const unsigned tiles = n / kTile, panelSize = tiles * kPanel;
    const unsigned first = blockIdx.x / panelSize * kPanel, inPanel = blockIdx.x % panelSize;
    const unsigned height = tiles - first < kPanel ? tiles - first : kPanel;
    const unsigned row = (first + inPanel % height) * kTile, column = inPanel / height * kTile;
    const unsigned item = threadIdx.x, warp = item / 32;
    const unsigned lineA = item / (kDepth / kUnit), lineB = item / (kTile / kUnit);
    const unsigned unitA = item % (kDepth / kUnit), unitB = item % (kTile / kUnit);
    const unsigned warpRow = warp / 2 * kWarpTile, warpColumn = warp % 2 * kWarpTile;
    const size_t units = n / kUnit;
    const size_t startA = (row + lineA) * units + unitA, startB = lineB * units + column / kUnit + unitB;

    wmma::fragment<wmma::accumulator, kFragment, kFragment, kFragment, float> sums[kFragments][kFragments];
    for (auto& line : sums) {
        for (auto& sum : line) {
            wmma::fill_fragment(sum, 0.0f);
        }
    }
    uint4 fetchedA[kMoves], fetchedB[kMoves];
    const auto fetch = [&](unsigned step) {
#pragma unroll
        for (unsigned i = 0; i < kMoves; ++i) {
            fetchedA[i] = a[startA + step * (kDepth / kUnit) + i * kStepA * units];
            fetchedB[i] = b[startB + step * kDepth * units + i * kStepB * units];
        }
    };
    const auto keep = [&](unsigned half) {
#pragma unroll
        for (unsigned i = 0; i < kMoves; ++i) {
            sharedA[half][(lineA + i * kStepA) * kLineA + unitA] = fetchedA[i];
            sharedB[half][(lineB + i * kStepB) * kLineB + unitB] = fetchedB[i];
        }
    };
    fetch(0);
    keep(0);
    __syncthreads();
    const unsigned inner = n / kDepth;
    for (unsigned step = 0; step < inner; ++step) {
        fetch(step == inner - 1 ? step : step + 1);
        const unsigned half = step & 1;
#pragma unroll
        for (unsigned k = 0; k < kDepth; k += kFragment) {
            wmma::fragment<wmma::matrix_a, kFragment, kFragment, kFragment, __nv_bfloat16, wmma::row_major> left[kFragments];
            wmma::fragment<wmma::matrix_b, kFragment, kFragment, kFragment, __nv_bfloat16, wmma::row_major> right[kFragments];
#pragma unroll
            for (unsigned i = 0; i < kFragments; ++i) {
                const uint4* atA = &sharedA[half][(warpRow + i * kFragment) * kLineA + k / kUnit];
                const uint4* atB = &sharedB[half][k * kLineB + (warpColumn + i * kFragment) / kUnit];
                wmma::load_matrix_sync(left[i], reinterpret_cast<const __nv_bfloat16*>(atA), kLineA * kUnit);
                wmma::load_matrix_sync(right[i], reinterpret_cast<const __nv_bfloat16*>(atB), kLineB * kUnit);
            }
#pragma unroll
            for (unsigned i = 0; i < kFragments; ++i) {
#pragma unroll
                for (unsigned j = 0; j < kFragments; ++j) {
                    wmma::mma_sync(sums[i][j], left[i], right[j], sums[i][j]);
                }
            }
        }
        keep(1 - half);
        __syncthreads();
    }
#pragma unroll
    for (unsigned i = 0; i < kFragments; ++i) {
#pragma unroll
        for (unsigned j = 0; j < kFragments; ++j) {
            float* to = c + size_t{row + warpRow + i * kFragment} * n + column + warpColumn + j * kFragment;
            wmma::store_matrix_sync(to, sums[i][j], n, wmma::mem_row_major);
        }
    }
}
