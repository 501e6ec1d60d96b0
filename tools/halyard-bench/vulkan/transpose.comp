#version 450
// The same as transpose of kernels.cl.
layout(local_size_x = 16, local_size_y = 16) in;

layout(std430, set = 0, binding = 0) readonly buffer In { float values[]; };
layout(std430, set = 0, binding = 1) writeonly buffer Out { float result[]; };
layout(push_constant) uniform Parameters {
    uint side;
};

shared float tile[16][17];

void main() {
    const uint x = gl_LocalInvocationID.x;
    const uint y = gl_LocalInvocationID.y;
    const uint left = gl_WorkGroupID.x * 16;
    const uint top = gl_WorkGroupID.y * 16;
    tile[y][x] = values[(top + y) * side + left + x];
    barrier();
    result[(left + y) * side + top + x] = tile[x][y];
}
