// Adds the counts of each byte to bins: each group counts its share in local memory first.
kernel void histogram(global const uint* restrict in, global uint* restrict bins, uint n) {
    local uint counts[256];
    const uint id = get_local_id(0);
    counts[id] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = get_global_id(0); i < n; i += get_global_size(0)) {
        atomic_inc(&counts[in[i] & 255]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&bins[id], counts[id]);
}
