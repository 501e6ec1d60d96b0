#version 450
// The same as sgemm of kernels.cl.
layout(local_size_x = 16, local_size_y = 16) in;

layout(std430, set = 0, binding = 0) readonly buffer A { float a[]; };
layout(std430, set = 0, binding = 1) readonly buffer B { float b[]; };
layout(std430, set = 0, binding = 2) writeonly buffer C { float c[]; };
layout(push_constant) uniform Parameters {
    uint n;
};

shared float tileA[16][16];
shared float tileB[16][16];

void main() {
    const uint x = gl_LocalInvocationID.x;
    const uint y = gl_LocalInvocationID.y;
    const uint column = gl_WorkGroupID.x * 16 + x;
    const uint row = gl_WorkGroupID.y * 16 + y;
    float sum = 0.0;
    for (uint base = 0; base < n; base += 16) {
        tileA[y][x] = a[row * n + base + x];
        tileB[y][x] = b[(base + y) * n + column];
        barrier();
        for (uint k = 0; k < 16; ++k) {
            sum += tileA[y][k] * tileB[k][x];
        }
        barrier();
    }
    c[row * n + column] = sum;
}
