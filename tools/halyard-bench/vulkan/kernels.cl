// What `halyard-bench vulkan` compares with the GLSL of the same name: the same algorithm, buffers first, then what GLSL has as push
// constants.

__kernel void saxpy(__global const float* restrict x, __global float* restrict y, float a, uint n) {
    const uint i = get_global_id(0);
    if (i < n) {
        y[i] = a * x[i] + y[i];
    }
}

__kernel __attribute__((reqd_work_group_size(16, 16, 1))) void transpose(__global const float* restrict in,
                                                                         __global float* restrict out, uint side) {
    __local float tile[16][17];
    const uint x = get_local_id(0);
    const uint y = get_local_id(1);
    const uint left = get_group_id(0) * 16;
    const uint top = get_group_id(1) * 16;
    tile[y][x] = in[(top + y) * side + left + x];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[(left + y) * side + top + x] = tile[x][y];
}

__kernel __attribute__((reqd_work_group_size(16, 16, 1))) void sgemm(__global const float* restrict a, __global const float* restrict b,
                                                                     __global float* restrict c, uint n) {
    __local float tileA[16][16];
    __local float tileB[16][16];
    const uint x = get_local_id(0);
    const uint y = get_local_id(1);
    const uint column = get_group_id(0) * 16 + x;
    const uint row = get_group_id(1) * 16 + y;
    float sum = 0.0f;
    for (uint base = 0; base < n; base += 16) {
        tileA[y][x] = a[row * n + base + x];
        tileB[y][x] = b[(base + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint k = 0; k < 16; ++k) {
            sum += tileA[y][k] * tileB[k][x];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}

static inline float reduce(__local float* scratch, float value, bool maximum) {
    const uint id = get_local_id(0);
    scratch[id] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint stride = 128; stride > 0; stride /= 2) {
        if (id < stride) {
            const float other = scratch[id + stride];
            scratch[id] = maximum ? fmax(scratch[id], other) : scratch[id] + other;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float result = scratch[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return result;
}

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void softmax(__global const float* restrict values,
                                                                       __global float* restrict result, uint columns) {
    __local float scratch[256];
    const uint id = get_local_id(0);
    const uint base = get_group_id(0) * columns;
    float largest = -INFINITY;
    for (uint i = id; i < columns; i += 256) {
        largest = fmax(largest, values[base + i]);
    }
    largest = reduce(scratch, largest, true);
    float sum = 0.0f;
    for (uint i = id; i < columns; i += 256) {
        const float weight = exp(values[base + i] - largest);
        result[base + i] = weight;
        sum += weight;
    }
    sum = reduce(scratch, sum, false);
    const float scale = 1.0f / sum;
    for (uint i = id; i < columns; i += 256) {
        result[base + i] *= scale;
    }
}
