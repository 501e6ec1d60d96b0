#version 450
// The same as softmax.cl in Vulkan's flavour, with shared memory of a fixed size.
layout(local_size_x = 256) in;

layout(std430, set = 0, binding = 0) readonly buffer In { float values[]; };
layout(std430, set = 0, binding = 1) buffer Out { float result[]; };
layout(push_constant) uniform Parameters {
    uint columns;
};

shared float scratch[gl_WorkGroupSize.x];

float reduceMax(float value) {
    const uint id = gl_LocalInvocationID.x;
    scratch[id] = value;
    barrier();
    for (uint stride = gl_WorkGroupSize.x / 2; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] = max(scratch[id], scratch[id + stride]);
        }
        barrier();
    }
    const float largest = scratch[0];
    barrier();
    return largest;
}

float reduceSum(float value) {
    const uint id = gl_LocalInvocationID.x;
    scratch[id] = value;
    barrier();
    for (uint stride = gl_WorkGroupSize.x / 2; stride > 0; stride /= 2) {
        if (id < stride) {
            scratch[id] += scratch[id + stride];
        }
        barrier();
    }
    const float sum = scratch[0];
    barrier();
    return sum;
}

void main() {
    const uint id = gl_LocalInvocationID.x;
    const uint base = gl_WorkGroupID.x * columns;

    float largest = uintBitsToFloat(0xff800000u); // -infinity
    for (uint i = id; i < columns; i += gl_WorkGroupSize.x) {
        largest = max(largest, values[base + i]);
    }
    largest = reduceMax(largest);

    float sum = 0.0;
    for (uint i = id; i < columns; i += gl_WorkGroupSize.x) {
        const float weight = exp(values[base + i] - largest);
        result[base + i] = weight;
        sum += weight;
    }
    sum = reduceSum(sum);

    const float scale = 1.0 / sum;
    for (uint i = id; i < columns; i += gl_WorkGroupSize.x) {
        result[base + i] *= scale;
    }
}
