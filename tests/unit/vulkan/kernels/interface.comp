#version 450
// Everything of an interface that fits: a uniform block, a length, an array of buffers, the size of the grid, a specialised workgroup.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint step = 1;

layout(std140, set = 0, binding = 0) uniform Factors { uint factor; } factors;
layout(std430, set = 0, binding = 2) readonly buffer In { uint data[]; } inputs[2];
layout(std430, set = 0, binding = 1) buffer Out { uint data[]; } result;
layout(push_constant) uniform Push { uint n; } push;

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < push.n) {
        result.data[i] = factors.factor * inputs[0].data[i] + inputs[1].data[i] * step + result.data.length() * 1000u +
                         gl_NumWorkGroups.x * 100000u;
    }
}
