#version 450
// Vulkan does not say what % gives for negative numbers, and Halyard does.
layout(local_size_x = 1) in;

layout(std430, set = 0, binding = 0) buffer Data { int values[]; };

void main() {
    values[gl_GlobalInvocationID.x] %= 5;
}
