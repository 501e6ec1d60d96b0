// What invocations tell each other: neighbours on both sides by workgroup memory, everybody by an atomic.

// Of one workgroup; a wait that is missing shows whatever the order of the invocations.
kernel void rotate_both_ways(global uint* out, global const uint* in, local uint* tile) {
    const size_t l = get_local_id(0), size = get_local_size(0);
    tile[l] = in[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[2 * get_global_id(0)] = tile[(l + 1) % size];
    out[2 * get_global_id(0) + 1] = tile[(l + size - 1) % size];
}

// Two blocks of workgroup memory, each from its argument.
kernel void two_tiles(global uint* out, local uint* a, local uint* b) {
    const size_t l = get_local_id(0), size = get_local_size(0);
    a[l] = (uint)l;
    barrier(CLK_LOCAL_MEM_FENCE);
    b[l] = 1000 + (uint)l;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[2 * get_global_id(0)] = a[size - 1 - l];
    out[2 * get_global_id(0) + 1] = b[size - 1 - l];
}

// Each invocation draws a ticket that nobody else has.
kernel void tickets(global uint* counter, global uint* taken) {
    const uint ticket = atomic_add(counter, 1u);
    taken[ticket] = (uint)get_global_id(0) + 1;
}

kernel void one_tile(global uint* out, local uint* tile, uint last) {
    if (get_local_id(0) == 0) {
        tile[0] = 7;
        tile[last] = 11;
        out[get_group_id(0)] = tile[0] + tile[last];
    }
}

kernel void ids(global uint* out) { out[get_global_id(0)] = (uint)get_global_id(0); }
