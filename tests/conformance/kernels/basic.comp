#version 450
// The Vulkan flavour: buffers by (set, binding), push constants, a specialisation constant and a specialised workgroup size.
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const int scale = 3;

layout(std430, set = 0, binding = 1) readonly buffer In { int data[]; } src;
layout(std430, set = 0, binding = 0) writeonly buffer Out { int data[]; } dst;
layout(push_constant) uniform Push { int offset; uint n; } push;

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < push.n)
        dst.data[i] = scale * src.data[i] + push.offset + int(src.data.length() * 1000000);
}
