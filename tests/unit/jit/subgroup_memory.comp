#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_KHR_shader_subgroup_clustered : require
#extension GL_KHR_shader_subgroup_quad : require
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(set = 0, binding = 0) writeonly buffer Out { uint results[]; };
layout(set = 0, binding = 1) readonly buffer In { uint values[]; };
shared uint cells[128];

void main() {
    uint items = gl_WorkGroupSize.x * gl_WorkGroupSize.y;
    uint total = items * gl_NumWorkGroups.x;
    uint local = gl_LocalInvocationIndex;
    uint n = gl_WorkGroupID.x * items + local;
    uint v = values[n];
    results[n] = gl_SubgroupSize * 10000u + gl_NumSubgroups * 100u + gl_SubgroupID;
    results[total + n] = gl_SubgroupInvocationID;

    uint first = local - gl_SubgroupInvocationID;
    uint lanes = min(gl_SubgroupSize, items - first);
    uint sum = 0u;
    for (uint round = 1u; round < 4u; ++round) {
        cells[local] = v + round;
        subgroupMemoryBarrierShared();
        subgroupBarrier();
        sum = sum * 3u + cells[first + (gl_SubgroupInvocationID + round) % lanes];
        subgroupBarrier();
    }
    results[2u * total + n] = sum;

    uint tree = v;
    for (uint offset = gl_SubgroupSize / 2u; offset > 0u; offset /= 2u) {
        uint other = subgroupShuffleDown(tree, offset);
        tree += gl_SubgroupInvocationID + offset < lanes ? other : 0u;
    }
    results[3u * total + n] = subgroupBroadcastFirst(tree);

    uvec4 ballot = subgroupBallot((v & 1u) != 0u);
    results[4u * total + n] = subgroupBallotBitCount(ballot) * 10000u + subgroupBallotExclusiveBitCount(ballot) * 100u +
                              subgroupBallotInclusiveBitCount(ballot);
    results[5u * total + n] = (ballot == uvec4(0u) ? 999u : subgroupBallotFindLSB(ballot) * 100u + subgroupBallotFindMSB(ballot)) +
                              (subgroupInverseBallot(ballot) ? 100000u : 0u) +
                              (subgroupBallotBitExtract(ballot, 1u) ? 200000u : 0u);
    uvec4 below = ballot & gl_SubgroupLtMask;
    uvec4 above = gl_SubgroupGeMask;
    results[6u * total + n] = bitCount(below.x) + bitCount(below.y) + 100u * (bitCount(above.x) + bitCount(above.y));

    results[7u * total + n] = subgroupQuadSwapHorizontal(v) + 3u * subgroupQuadSwapVertical(v) +
                              5u * subgroupQuadSwapDiagonal(v) + 7u * subgroupQuadBroadcast(v, 2u);
    results[8u * total + n] = subgroupClusteredAdd(v, 2u) + 1000u * subgroupClusteredMax(v, 4u);
    vec3 vector = subgroupAdd(vec3(v, 1.0, -2.0));
    results[9u * total + n] = uint(vector.x) + uint(1000.0 * vector.y) + uint(100000.0 * -vector.z);
    bvec2 truth = subgroupOr(bvec2(v == 0u, v > 2u));
    results[10u * total + n] = (truth.x ? 1u : 0u) + (truth.y ? 2u : 0u) + (subgroupAllEqual(ivec2(v / 100u, 3)) ? 4u : 0u) +
                               (subgroupElect() ? 8u : 0u);
    results[11u * total + n] = subgroupBroadcast(v, 1u) + 100u * subgroupShuffleXor(v, 1u);
}
