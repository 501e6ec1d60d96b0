#version 460
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
layout(local_size_x_id = 1, local_size_y = 2, local_size_z = 1) in;
layout(std430, binding = 0) buffer Out { uvec4 v[]; } o;
layout(std430, binding = 1) buffer Counters { uint c[4]; int s[4]; } k;
shared uint scratch[8];
shared vec3 shape;

uint linear() { return gl_LocalInvocationIndex + gl_WorkGroupID.x * gl_WorkGroupSize.x * gl_WorkGroupSize.y; }

void main() {
    scratch[gl_LocalInvocationIndex & 7] = gl_LocalInvocationIndex;
    shape = vec3(1.0, 2.0, 3.0);
    barrier();
    memoryBarrierBuffer();
    o.v[linear() * 4] = uvec4(gl_GlobalInvocationID, gl_WorkGroupSize.x);
    o.v[linear() * 4 + 1] = uvec4(gl_LocalInvocationID, gl_NumWorkGroups.x);
    o.v[linear() * 4 + 2] = uvec4(scratch[gl_LocalInvocationIndex & 7], uint(shape.z), gl_SubgroupSize, gl_SubgroupInvocationID);
    uvec4 ballot = subgroupBallot(true);
    float sum = subgroupAdd(2.5) + subgroupShuffleXor(1.5, 1);
    o.v[linear() * 4 + 3] = uvec4(subgroupElect() ? 1u : 0u, subgroupBallotBitCount(ballot), uint(sum * 2.0), subgroupAll(true) ? 1u : 0u);
    atomicAdd(k.c[0], 2u);
    atomicMax(k.c[1], gl_LocalInvocationIndex);
    atomicMin(k.s[0], -int(gl_LocalInvocationIndex));
    if (atomicCompSwap(k.c[2], 0u, 9u) == 0u) { atomicExchange(k.s[1], 4); }
    atomicOr(k.c[3], 1u << gl_LocalInvocationIndex);
}
