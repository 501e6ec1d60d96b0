// Softmax of each row: one workgroup a row. `scratch` is workgroup memory with one float an invocation; its size comes with the
// launch. The workgroup size must be a power of two.

static inline float reduceMax(__local float* scratch, float value) {
    const uint id = get_local_id(0);
    scratch[id] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint stride = get_local_size(0) / 2; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] = fmax(scratch[id], scratch[id + stride]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float result = scratch[0];
    // Nobody may write scratch again before everybody has read the result.
    barrier(CLK_LOCAL_MEM_FENCE);
    return result;
}

static inline float reduceSum(__local float* scratch, float value) {
    const uint id = get_local_id(0);
    scratch[id] = value;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint stride = get_local_size(0) / 2; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] += scratch[id + stride];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float result = scratch[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return result;
}

__kernel void softmax(__global const float* restrict in, __global float* restrict out, __local float* scratch, uint columns) {
    const uint id = get_local_id(0);
    const uint size = get_local_size(0);
    __global const float* row = in + (size_t)get_group_id(0) * columns;
    __global float* result = out + (size_t)get_group_id(0) * columns;

    float largest = -INFINITY;
    for (uint i = id; i < columns; i += size) {
        largest = fmax(largest, row[i]);
    }
    largest = reduceMax(scratch, largest);

    // The exponentials are kept in the output, so that each is computed once.
    float sum = 0.0f;
    for (uint i = id; i < columns; i += size) {
        const float weight = exp(row[i] - largest);
        result[i] = weight;
        sum += weight;
    }
    sum = reduceSum(scratch, sum);

    const float scale = 1.0f / sum;
    for (uint i = id; i < columns; i += size) {
        result[i] *= scale;
    }
}
