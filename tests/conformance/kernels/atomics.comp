#version 450
// Atomic extremes of signed and unsigned numbers, which OpenCL C compilers may leave to a library.
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Signed { int data[]; } signeds;
layout(std430, set = 0, binding = 1) buffer Unsigned { uint data[]; } unsigneds;
layout(std430, set = 0, binding = 2) readonly buffer In { int data[]; } src;

void main() {
    const int v = src.data[gl_GlobalInvocationID.x];
    atomicMax(signeds.data[0], v);
    atomicMin(signeds.data[1], v);
    atomicMax(unsigneds.data[0], uint(v));
    atomicMin(unsigneds.data[1], uint(v));
}
