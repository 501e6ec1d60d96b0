#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_quad : require
#extension GL_KHR_shader_subgroup_clustered : require
layout(local_size_x = 32) in;
layout(binding = 0) buffer Out { uint value[]; } result;

void put(uint row, uint value) { result.value[row * 32 + gl_LocalInvocationIndex] = value; }

void main() {
    uint i = gl_LocalInvocationIndex;
    uint lane = gl_SubgroupInvocationID;
    put(0, subgroupAdd(i));
    put(1, subgroupExclusiveAdd(1u));
    put(2, subgroupBallot((i & 1u) != 0u).x);
    put(3, subgroupShuffleXor(i, 1u));
    uint divergent = 0u;
    if ((lane & 3u) == 0u)
        divergent = subgroupAdd(1u);
    else
        divergent = 100u + subgroupAdd(1u);
    put(4, divergent);
    // Each iteration has the lanes that are still in the loop.
    uint total = 0u;
    for (uint k = 0u; k <= lane; ++k)
        total += subgroupAdd(1u);
    put(5, total);
    // What leaves a loop does so together with those that leave at the same time.
    uint left = 0u;
    for (uint k = 0u; k < 100u; ++k) {
        if (k * 4u > lane) {
            left = subgroupAdd(1u);
            break;
        }
        left += subgroupMax(k);
    }
    put(6, left);
    put(7, subgroupClusteredAdd(i, 4u));
    put(8, subgroupQuadSwapDiagonal(i));
    put(9, subgroupBroadcastFirst(i));
    put(10, subgroupBallotExclusiveBitCount(subgroupBallot(true)));
    put(11, subgroupAll(lane < 64u) ? 1u : 0u);
    put(12, gl_SubgroupSize * 100u + gl_NumSubgroups * 10u + gl_SubgroupID);
    uint down = subgroupShuffleDown(i, 1u);
    put(13, lane + 1u < gl_SubgroupSize ? down : 99u);
}
