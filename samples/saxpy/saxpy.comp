#version 450
// The same as saxpy.cl, in Vulkan's flavour of SPIR-V. Its parameters, in Halyard's order: the storage buffers by binding, then the
// push-constant block as one value.
layout(local_size_x = 256) in;

layout(std430, set = 0, binding = 0) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 1) buffer Y { float y[]; };
layout(push_constant) uniform Parameters {
    float a;
    uint n;
};

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < n) {
        // precise: no fused multiply-add, as FP_CONTRACT OFF in saxpy.cl.
        precise float result = a * x[i] + y[i];
        y[i] = result;
    }
}
