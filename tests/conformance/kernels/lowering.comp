#version 450
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
// Loops whose sums have a closed form, which the optimiser writes in more bits than the numbers have: 33 and 65. No
// compiler of OpenCL C leaves them to us.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Out { uint64_t result[]; };

void main() {
    const uint64_t n = uint64_t(gl_GlobalInvocationID.x) * 37;
    const uint64_t start = 0x9e3779b97f4a7c15ul * n;
    uint64_t squares = 0;
    for (uint64_t i = 0; i < n; ++i)
        squares += (i + start) * (i + start) + 3 * i;
    uint small = 0;
    for (uint i = 0; i < uint(n); ++i)
        small += i * (i + uint(start));
    result[gl_GlobalInvocationID.x] = squares ^ (uint64_t(small) << 32);
}
