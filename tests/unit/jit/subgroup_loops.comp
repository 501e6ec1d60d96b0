#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
layout(local_size_x_id = 0, local_size_y_id = 1) in;
layout(set = 0, binding = 0) writeonly buffer Out { uint results[]; };
layout(set = 0, binding = 1) readonly buffer In { uint values[]; };

uint sameAs(uint v) {
    for (;;) {
        if (subgroupBroadcastFirst(v) == v)
            return subgroupAdd(1u);
    }
}

uint leaveTwo(uint v) {
    for (uint i = 0u; i < 3u; ++i) {
        for (uint j = 0u; j < 3u; ++j) {
            if (v % 9u == i * 3u + j)
                return subgroupAdd(1u);
        }
        subgroupBarrier();
    }
    return 77u;
}

void main() {
    uint items = gl_WorkGroupSize.x * gl_WorkGroupSize.y;
    uint total = items * gl_NumWorkGroups.x;
    uint n = gl_WorkGroupID.x * items + gl_LocalInvocationIndex;
    uint v = values[n];

    uint acc = 0u;
    for (uint i = 0u; i < v % 5u; ++i)
        acc += subgroupAdd(1u);
    results[n] = acc;
    results[total + n] = subgroupAdd(1u);

    acc = 0u;
    for (uint i = 0u; i < 4u; ++i) {
        if (((v >> i) & 1u) != 0u)
            continue;
        acc += subgroupAdd(i + 1u);
    }
    results[2u * total + n] = acc;

    // The sum is of those that leave in the same iteration, although it is behind the exit of the loop.
    uint same = 0u;
    for (;;) {
        uint first = subgroupBroadcastFirst(v % 4u);
        if (first == v % 4u) {
            same = subgroupAdd(1u);
            break;
        }
    }
    results[3u * total + n] = same;
    results[4u * total + n] = sameAs(v % 3u);
    results[5u * total + n] = subgroupAdd(1u);

    acc = 0u;
    for (uint i = 0u; i < v % 3u + 1u; ++i) {
        for (uint j = 0u; j < (v / 3u) % 3u + 1u; ++j)
            acc += subgroupAdd(1u);
        acc += 100u * subgroupAdd(1u);
    }
    results[6u * total + n] = acc;

    acc = 0u;
    uint k = 0u;
    while (true) {
        acc += subgroupAdd(1u);
        if (v % 7u <= k)
            break;
        acc += 100u * subgroupAdd(1u);
        ++k;
    }
    results[7u * total + n] = acc;

    acc = 0u;
    k = 0u;
    do {
        acc += subgroupAdd(1u);
        ++k;
    } while (k < v % 4u);
    results[8u * total + n] = acc;

    // One iteration at a time, although nothing in the loop itself is done together.
    uint hits = 0u;
    for (uint i = 0u; i < 6u; ++i) {
        if (v % 6u == i) {
            hits = subgroupAdd(1u);
            break;
        }
    }
    results[9u * total + n] = hits;
    // Nothing else is behind the loop, so all seem to come there.
    uint endless = 0u;
    for (uint i = 0u;; ++i) {
        if (v % 6u == i) {
            endless = subgroupAdd(1u);
            break;
        }
    }
    results[13u * total + n] = endless;
    results[10u * total + n] = leaveTwo(v);
    results[11u * total + n] = subgroupAdd(1u);

    for (uint i = 0u; i < 4u; ++i) {
        if (v % 6u == i) {
            results[12u * total + n] = subgroupAdd(1u);
            return;
        }
        subgroupBarrier();
    }
    results[12u * total + n] = 1000u + subgroupAdd(1u);
}
