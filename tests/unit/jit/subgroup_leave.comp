#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(set = 0, binding = 0) writeonly buffer Out { uint results[]; };
layout(set = 0, binding = 1) readonly buffer In { uint values[]; };

// All invocations leave the loop through the sum, each in an iteration of its own.
void main() {
    uint n = gl_WorkGroupID.x * gl_WorkGroupSize.x * gl_WorkGroupSize.y + gl_LocalInvocationIndex;
    uint sum = 0u;
    for (uint i = 0u;; ++i) {
        if (values[n] % 6u == i) {
            sum = subgroupAdd(values[n]);
            break;
        }
    }
    results[n] = sum;
}
