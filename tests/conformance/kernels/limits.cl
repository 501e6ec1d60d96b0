// Kernels for the tests of limits.

// Counts workgroups; the last one tells where it is.
kernel void count_groups(global uint* out) {
    if (get_local_id(0) + get_local_id(1) + get_local_id(2) != 0)
        return;
    atomic_inc(out);
    if (get_group_id(0) + 1 == get_num_groups(0) && get_group_id(1) + 1 == get_num_groups(1) &&
        get_group_id(2) + 1 == get_num_groups(2)) {
        for (uint d = 0; d < 3; ++d)
            out[1 + d] = (uint)get_group_id(d);
    }
}

// Every invocation says that it ran, by its place in the workgroup.
kernel void count_members(global uint* out) {
    const size_t place =
        (get_local_id(2) * get_local_size(1) + get_local_id(1)) * get_local_size(0) + get_local_id(0);
    atomic_inc(out + place);
}

// Writes and reads back every word of `tile`: out[0] is how many kept what was written.
kernel void use_local(global uint* out, local uint* tile, uint words) {
    const uint size = (uint)get_local_size(0);
    for (uint i = (uint)get_local_id(0); i < words; i += size)
        tile[i] = i * 2654435761u + 1;
    barrier(CLK_LOCAL_MEM_FENCE);
    uint right = 0;
    for (uint i = (uint)get_local_id(0); i < words; i += size)
        right += tile[words - 1 - i] == (words - 1 - i) * 2654435761u + 1;
    atomic_add(out, right);
}

// Takes a time that grows with `rounds`, and no compiler can foresee the result.
kernel void spin(global uint* out, ulong rounds) {
    uint value = out[0];
    for (ulong i = 0; i < rounds; ++i)
        value = value * 1664525u + 1013904223u + (value >> 16);
    out[0] = value;
}

#define TAKES(words)                                                                                                   \
    typedef struct Block##words {                                                                                      \
        uint word[words];                                                                                              \
    } Block##words;                                                                                                    \
    kernel void takes_##words(global uint* out, Block##words block) {                                                  \
        for (uint i = (uint)get_global_id(0); i < words; i += (uint)get_global_size(0))                                \
            out[i] = block.word[i];                                                                                    \
    }
TAKES(1)
TAKES(62)
TAKES(254)
TAKES(1022)
TAKES(1024)
TAKES(4096)
