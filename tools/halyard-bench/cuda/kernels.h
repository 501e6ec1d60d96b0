// The kernels of `halyard-bench cuda`, compiled from this one text by clang as OpenCL C to SPIR-V and by nvcc as CUDA
// C++. Matrices are row-major; every size is a multiple of its tile.
#include "dialect.h"

// y = a * x + y.
KERNEL(256, 1) saxpy(float a, GLOBAL const float* restrict x, GLOBAL float* restrict y, uint count) {
    const uint i = GROUP(0) * 256 + THREAD(0);
    if (i < count) {
        y[i] = fma(a, x[i], y[i]);
    }
}

// sums[group] = the sum of what the group's invocations find at steps of the grid.
KERNEL(256, 1) reduction(GLOBAL const float* restrict in, GLOBAL float* restrict sums, uint count) {
    SHARED float partial[256];
    const uint id = THREAD(0);
    float sum = 0.0f;
    for (uint i = GROUP(0) * 256 + id; i < count; i += GROUPS(0) * 256) {
        sum += in[i];
    }
    partial[id] = sum;
    BARRIER();
    for (uint stride = 128; stride > 0; stride /= 2) {
        if (id < stride) {
            partial[id] += partial[id + stride];
        }
        BARRIER();
    }
    if (id == 0) {
        sums[GROUP(0)] = partial[0];
    }
}

// out = transposed in, n x n, tiles of 32 x 32.
KERNEL(32, 8) transpose(GLOBAL const float* restrict in, GLOBAL float* restrict out, uint n) {
    SHARED float tile[32][33];
    const uint x = GROUP(0) * 32 + THREAD(0);
    const uint y = GROUP(1) * 32 + THREAD(1);
    for (uint j = 0; j < 32; j += 8) {
        tile[THREAD(1) + j][THREAD(0)] = in[(y + j) * n + x];
    }
    BARRIER();
    const uint outX = GROUP(1) * 32 + THREAD(0);
    const uint outY = GROUP(0) * 32 + THREAD(1);
    for (uint j = 0; j < 32; j += 8) {
        out[(outY + j) * n + outX] = tile[THREAD(0)][THREAD(1) + j];
    }
}

// C = A * B, n x n: a group makes 64 x 64 of C, an invocation 4 x 4 of these.
KERNEL(16, 16) sgemm(GLOBAL const float* restrict a, GLOBAL const float* restrict b, GLOBAL float* restrict c, uint n) {
    SHARED float tileA[16][68];
    SHARED float tileB[16][64];
    const uint tx = THREAD(0);
    const uint ty = THREAD(1);
    const uint flat = ty * 16 + tx;
    const uint rowBase = GROUP(1) * 64;
    const uint columnBase = GROUP(0) * 64;
    float sum[4][4];
    for (uint i = 0; i < 4; ++i) {
        for (uint j = 0; j < 4; ++j) {
            sum[i][j] = 0.0f;
        }
    }
    for (uint base = 0; base < n; base += 16) {
        for (uint i = 0; i < 4; ++i) {
            const uint at = flat + i * 256;
            tileA[at % 16][at / 16] = a[(rowBase + at / 16) * n + base + at % 16];
            tileB[at / 64][at % 64] = b[(base + at / 64) * n + columnBase + at % 64];
        }
        BARRIER();
        for (uint step = 0; step < 16; ++step) {
            float columns[4];
            for (uint j = 0; j < 4; ++j) {
                columns[j] = tileB[step][tx + j * 16];
            }
            for (uint i = 0; i < 4; ++i) {
                const float row = tileA[step][ty + i * 16];
                for (uint j = 0; j < 4; ++j) {
                    sum[i][j] = fma(row, columns[j], sum[i][j]);
                }
            }
        }
        BARRIER();
    }
    for (uint i = 0; i < 4; ++i) {
        for (uint j = 0; j < 4; ++j) {
            c[(rowBase + ty + i * 16) * n + columnBase + tx + j * 16] = sum[i][j];
        }
    }
}

// Softmax of each row, a group a row.
KERNEL(256, 1) softmax(GLOBAL const float* restrict in, GLOBAL float* restrict out, uint columns) {
    SHARED float scratch[256];
    const uint id = THREAD(0);
    GLOBAL const float* row = in + GROUP(0) * columns;
    GLOBAL float* result = out + GROUP(0) * columns;
    float largest = -INFINITE;
    for (uint i = id; i < columns; i += 256) {
        largest = fmax(largest, row[i]);
    }
    scratch[id] = largest;
    BARRIER();
    for (uint stride = 128; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] = fmax(scratch[id], scratch[id + stride]);
        }
        BARRIER();
    }
    largest = scratch[0];
    BARRIER();
    float sum = 0.0f;
    for (uint i = id; i < columns; i += 256) {
        const float weight = exp(row[i] - largest);
        result[i] = weight;
        sum += weight;
    }
    scratch[id] = sum;
    BARRIER();
    for (uint stride = 128; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] += scratch[id + stride];
        }
        BARRIER();
    }
    const float scale = 1.0f / scratch[0];
    for (uint i = id; i < columns; i += 256) {
        result[i] *= scale;
    }
}

// The acceleration of each body under the pull of all, four floats a body: position and mass.
KERNEL(256, 1)
nbody(GLOBAL const float4* restrict bodies, GLOBAL float4* restrict accelerations, uint count, float softening) {
    SHARED float4 tile[256];
    const uint id = THREAD(0);
    const uint i = GROUP(0) * 256 + id;
    const float4 own = bodies[i];
    float x = 0.0f;
    float y = 0.0f;
    float z = 0.0f;
    for (uint base = 0; base < count; base += 256) {
        tile[id] = bodies[base + id];
        BARRIER();
        for (uint j = 0; j < 256; ++j) {
            const float4 other = tile[j];
            const float rx = other.x - own.x;
            const float ry = other.y - own.y;
            const float rz = other.z - own.z;
            const float inverse = rsqrt(fma(rx, rx, fma(ry, ry, fma(rz, rz, softening))));
            const float pull = other.w * inverse * inverse * inverse;
            x = fma(rx, pull, x);
            y = fma(ry, pull, y);
            z = fma(rz, pull, z);
        }
        BARRIER();
    }
    float4 acceleration;
    acceleration.x = x;
    acceleration.y = y;
    acceleration.z = z;
    acceleration.w = 0.0f;
    accelerations[i] = acceleration;
}

// O = softmax(Q * K^T * scale) * V for rows of 64 floats; a group takes 64 queries, an invocation one, and walks the
// keys in tiles of 32 with a running maximum and sum.
KERNEL(64, 1)
attention(GLOBAL const float* restrict q, GLOBAL const float* restrict k, GLOBAL const float* restrict v,
          GLOBAL float* restrict o, uint length, float scale) {
    SHARED float tileK[32][64];
    SHARED float tileV[32][64];
    const uint id = THREAD(0);
    const uint query = GROUP(0) * 64 + id;
    const uint head = GROUP(1) * length * 64;
    float rowQ[64];
    float rowO[64];
    for (uint d = 0; d < 64; ++d) {
        rowQ[d] = q[head + query * 64 + d] * scale;
        rowO[d] = 0.0f;
    }
    float largest = -INFINITE;
    float sum = 0.0f;
    for (uint base = 0; base < length; base += 32) {
        for (uint i = id; i < 32 * 64; i += 64) {
            tileK[i / 64][i % 64] = k[head + base * 64 + i];
            tileV[i / 64][i % 64] = v[head + base * 64 + i];
        }
        BARRIER();
        for (uint j = 0; j < 32; ++j) {
            float dot = 0.0f;
            for (uint d = 0; d < 64; ++d) {
                dot = fma(rowQ[d], tileK[j][d], dot);
            }
            const float newLargest = fmax(largest, dot);
            const float rescale = exp(largest - newLargest);
            const float weight = exp(dot - newLargest);
            largest = newLargest;
            sum = fma(sum, rescale, weight);
            for (uint d = 0; d < 64; ++d) {
                rowO[d] = fma(weight, tileV[j][d], rowO[d] * rescale);
            }
        }
        BARRIER();
    }
    const float inverse = 1.0f / sum;
    for (uint d = 0; d < 64; ++d) {
        o[head + query * 64 + d] = rowO[d] * inverse;
    }
}
