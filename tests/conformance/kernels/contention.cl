#define WORD uint
#define ATOMIC atomic_uint
#define NAME(op) u32_##op
#include "contention.h"
#undef WORD
#undef ATOMIC
#undef NAME
#undef VALUE
#undef FIGHT
#undef HOW
#define WORD int
#define ATOMIC atomic_int
#define NAME(op) s32_##op
#include "contention.h"

// The same in workgroup memory: each workgroup has a word, and gives its end.
#define IN_GROUP(op, begin, statement)                                                                                 \
    kernel void local_##op(global uint* out, uint rounds) {                                                            \
        local uint word;                                                                                               \
        const uint n = (uint)get_local_id(0);                                                                          \
        if (n == 0)                                                                                                    \
            word = begin;                                                                                              \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
        for (uint i = 0; i < rounds; ++i)                                                                              \
            statement;                                                                                                 \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
        if (n == 0)                                                                                                    \
            out[get_group_id(0)] = word;                                                                               \
    }
#define IN memory_order_relaxed, memory_scope_work_group
IN_GROUP(add, 0u, atomic_fetch_add_explicit((local atomic_uint*)&word, n + 1, IN))
IN_GROUP(max, 0u, atomic_fetch_max_explicit((local atomic_uint*)&word, n * 7 + i, IN))
IN_GROUP(min, ~0u, atomic_fetch_min_explicit((local atomic_uint*)&word, n * 7 + i + 3, IN))
IN_GROUP(or, 0u, atomic_fetch_or_explicit((local atomic_uint*)&word, 1u << (n % 32), IN))
IN_GROUP(xor, 0u, atomic_fetch_xor_explicit((local atomic_uint*)&word, n * 2654435761u, IN))

// ---- Barriers

kernel void reverse(global uint* out, const global uint* in, local uint* tile) {
    const size_t l = get_local_id(0), size = get_local_size(0);
    tile[l] = in[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = tile[size - 1 - l];
}

// In each round every invocation takes its right neighbour's number and adds its own place.
kernel void rotate_in_loop(global uint* out, const global uint* in, local uint* tile, uint rounds) {
    const uint l = (uint)get_local_id(0), size = (uint)get_local_size(0);
    tile[l] = in[get_global_id(0)];
    for (uint i = 0; i < rounds; ++i) {
        barrier(CLK_LOCAL_MEM_FENCE);
        const uint next = tile[(l + 1) % size];
        barrier(CLK_LOCAL_MEM_FENCE);
        tile[l] = next + l;
    }
    out[get_global_id(0)] = tile[l];
}

// Through global memory, with a number of rounds that the workgroup computes.
kernel void shift_in_global(global uint* data, global uint* out) {
    const size_t l = get_local_id(0), size = get_local_size(0), base = get_group_id(0) * size;
    const uint rounds = 1 + (uint)get_group_id(0) % 3;
    for (uint i = 0; i < rounds; ++i) {
        const uint next = data[base + (l + 1) % size];
        barrier(CLK_GLOBAL_MEM_FENCE);
        data[base + l] = next;
        barrier(CLK_GLOBAL_MEM_FENCE);
    }
    out[base + l] = data[base + l];
}
