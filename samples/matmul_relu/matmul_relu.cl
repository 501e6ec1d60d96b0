// C = relu(A * B + bias) for row-major float matrices, as two kernels and as one. A is m x k, B is k x n, bias has n values.
//
// A workgroup of 16 x 16 invocations computes a tile of 64 x 64 of C: each invocation keeps 4 x 4 of them in registers, so that a value
// read from workgroup memory is used four times. The tile walks along k in steps of 16.

#define THREADS 16
#define PER_THREAD 4
#define TILE (THREADS * PER_THREAD)
#define STEP 16
#define PADDING 4 // keeps the rows of a transposed tile in different memory banks

// Sums the invocation's 4 x 4 values of A * B into `sum`. Rows and columns beyond the matrices count as zero.
static inline void multiplyTile(__global const float* restrict a, __global const float* restrict b, uint m, uint n, uint k,
                                __local float (*tileA)[TILE + PADDING], __local float (*tileB)[TILE],
                                float sum[PER_THREAD][PER_THREAD]) {
    const uint tx = get_local_id(0);
    const uint ty = get_local_id(1);
    const uint flat = ty * THREADS + tx;
    const uint rowBase = get_group_id(1) * TILE;
    const uint columnBase = get_group_id(0) * TILE;

    for (uint base = 0; base < k; base += STEP) {
        // 64 x 16 values of A, stored transposed, and 16 x 64 of B: four each an invocation, neighbours reading neighbours.
        for (uint i = flat; i < TILE * STEP; i += THREADS * THREADS) {
            const uint row = i / STEP;
            const uint step = i % STEP;
            const bool inA = rowBase + row < m && base + step < k;
            tileA[step][row] = inA ? a[(size_t)(rowBase + row) * k + base + step] : 0.0f;
        }
        for (uint i = flat; i < STEP * TILE; i += THREADS * THREADS) {
            const uint step = i / TILE;
            const uint column = i % TILE;
            const bool inB = base + step < k && columnBase + column < n;
            tileB[step][column] = inB ? b[(size_t)(base + step) * n + columnBase + column] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);

        for (uint step = 0; step < STEP; ++step) {
            float columns[PER_THREAD];
            for (uint j = 0; j < PER_THREAD; ++j) {
                columns[j] = tileB[step][tx + j * THREADS];
            }
            for (uint i = 0; i < PER_THREAD; ++i) {
                const float row = tileA[step][ty + i * THREADS];
                for (uint j = 0; j < PER_THREAD; ++j) {
                    sum[i][j] = fma(row, columns[j], sum[i][j]);
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

__attribute__((reqd_work_group_size(THREADS, THREADS, 1)))
__kernel void matmul(__global const float* restrict a, __global const float* restrict b, __global float* restrict c, uint m,
                     uint n, uint k) {
    __local float tileA[STEP][TILE + PADDING];
    __local float tileB[STEP][TILE];
    float sum[PER_THREAD][PER_THREAD] = {};
    multiplyTile(a, b, m, n, k, tileA, tileB, sum);

    for (uint i = 0; i < PER_THREAD; ++i) {
        for (uint j = 0; j < PER_THREAD; ++j) {
            const uint row = get_group_id(1) * TILE + get_local_id(1) + i * THREADS;
            const uint column = get_group_id(0) * TILE + get_local_id(0) + j * THREADS;
            if (row < m && column < n) {
                c[(size_t)row * n + column] = sum[i][j];
            }
        }
    }
}

__kernel void biasRelu(__global float* restrict c, __global const float* restrict bias, uint m, uint n) {
    const uint column = get_global_id(0);
    const uint row = get_global_id(1);
    if (row < m && column < n) {
        const size_t i = (size_t)row * n + column;
        c[i] = fmax(c[i] + bias[column], 0.0f);
    }
}

__attribute__((reqd_work_group_size(THREADS, THREADS, 1)))
__kernel void matmulBiasRelu(__global const float* restrict a, __global const float* restrict b,
                             __global const float* restrict bias, __global float* restrict c, uint m, uint n, uint k) {
    __local float tileA[STEP][TILE + PADDING];
    __local float tileB[STEP][TILE];
    float sum[PER_THREAD][PER_THREAD] = {};
    multiplyTile(a, b, m, n, k, tileA, tileB, sum);

    for (uint i = 0; i < PER_THREAD; ++i) {
        for (uint j = 0; j < PER_THREAD; ++j) {
            const uint row = get_group_id(1) * TILE + get_local_id(1) + i * THREADS;
            const uint column = get_group_id(0) * TILE + get_local_id(0) + j * THREADS;
            if (row < m && column < n) {
                c[(size_t)row * n + column] = fmax(sum[i][j] + bias[column], 0.0f);
            }
        }
    }
}
