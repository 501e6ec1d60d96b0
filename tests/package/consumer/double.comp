#version 450
layout(local_size_x = 64) in;
layout(std430, set = 0, binding = 0) buffer Values { uint values[]; };

void main() {
    // The length comes from the buffer's allocation.
    if (gl_GlobalInvocationID.x < values.length()) {
        values[gl_GlobalInvocationID.x] *= FACTOR;
    }
}
