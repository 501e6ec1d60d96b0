#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(set = 0, binding = 0) writeonly buffer Out { uint results[]; };
layout(set = 0, binding = 1) readonly buffer In { uint values[]; };

uint early(uint v) {
    if (v % 5u == 0u)
        return subgroupAdd(1u) * 1000u;
    uint t = subgroupAdd(1u);
    if (v % 5u == 1u)
        return t;
    return t + subgroupMax(v);
}

void main() {
    uint items = gl_WorkGroupSize.x * gl_WorkGroupSize.y;
    uint total = items * gl_NumWorkGroups.x;
    uint n = gl_WorkGroupID.x * items + gl_LocalInvocationIndex;
    uint v = values[n];

    uint a;
    if (v % 3u == 0u)
        a = subgroupAdd(v);
    else if (v % 3u == 1u)
        a = subgroupMax(v);
    else
        a = 1000u + subgroupMin(v);
    results[n] = a;
    results[total + n] = subgroupAdd(1u);

    uint x = 7u;
    if ((v & 1u) != 0u) {
        if ((v & 2u) != 0u)
            x = subgroupBallotBitCount(subgroupBallot(v % 3u == 0u));
        else
            x = subgroupAdd(1u) * 100u;
        x += subgroupAdd(1u) * 10000u;
    }
    results[2u * total + n] = x;

    uint s = 0u;
    switch (v % 4u) {
    case 0u:
        s = subgroupAdd(v);
    case 1u:
        s += subgroupAdd(1u);
        break;
    case 2u:
        s = subgroupMin(v);
        break;
    default:
        s = 5u;
    }
    results[3u * total + n] = s;
    results[4u * total + n] = early(v);
    results[5u * total + n] = subgroupAdd(1u);
    if (v % 2u == 0u) {
        results[6u * total + n] = subgroupExclusiveAdd(v);
        return;
    }
    results[6u * total + n] = subgroupInclusiveAdd(v);
}
