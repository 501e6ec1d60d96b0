#version 450
// Tells how long it finds a buffer.
layout(local_size_x = 1) in;
layout(std430, set = 0, binding = 0) readonly buffer In { uint data[]; } src;
layout(std430, set = 0, binding = 1) writeonly buffer Out { uint data[]; } dst;

void main() {
    dst.data[0] = src.data.length();
}
