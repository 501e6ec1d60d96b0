#version 450
// Sums of floats by atomics, small enough to be exact.
#extension GL_EXT_shader_atomic_float : require
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Sum { float sum[]; };
layout(push_constant) uniform Push { uint rounds; };

void main() {
    for (uint i = 0; i < rounds; ++i)
        atomicAdd(sum[0], float(gl_GlobalInvocationID.x % 7 + 1));
}
