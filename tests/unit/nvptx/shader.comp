#version 450
// Two buffers, one of unknown length, and push constants.
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) buffer In { float x[]; } in_;
layout(set = 0, binding = 1) buffer Out { float y[]; } out_;
layout(push_constant) uniform Push { float a; uint b; vec3 c; } push;
void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < in_.x.length())
        out_.y[i] = push.a * in_.x[i] + float(push.b) + push.c.y;
}
