#version 450
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) writeonly buffer Out { uint sums[]; };
layout(set = 0, binding = 1) readonly buffer In { uint values[]; };
layout(push_constant) uniform Push { uint count; };
shared uint partial[64];

void main() {
    uint lane = gl_LocalInvocationID.x;
    uint at = gl_GlobalInvocationID.x;
    partial[lane] = at < count ? values[at] : 0u;
    barrier();
    for (uint stride = 32u; stride > 0u; stride /= 2u) {
        if (lane < stride)
            partial[lane] += partial[lane + stride];
        barrier();
    }
    if (lane == 0u)
        sums[gl_WorkGroupID.x] = partial[0];
}
