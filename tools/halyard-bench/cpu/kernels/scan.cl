// out = inclusive sums of each block of 256.
kernel void scan(global const float* restrict in, global float* restrict out) {
    local float sums[2][256];
    const uint id = get_local_id(0);
    const uint at = get_group_id(0) * 256 + id;
    uint from = 0;
    sums[0][id] = in[at];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint distance = 1; distance < 256; distance *= 2) {
        const float own = sums[from][id];
        sums[1 - from][id] = id >= distance ? own + sums[from][id - distance] : own;
        from = 1 - from;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    out[at] = sums[from][id];
}
