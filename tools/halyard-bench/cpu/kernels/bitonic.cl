// out = each block of 512 keys in rising order, a group of 256 a block: Batcher's bitonic network in local memory.
kernel void bitonic(global const uint* restrict in, global uint* restrict out) {
    local uint keys[512];
    const uint id = get_local_id(0);
    const uint base = get_group_id(0) * 512;
    keys[id] = in[base + id];
    keys[id + 256] = in[base + id + 256];
    for (uint size = 2; size <= 512; size *= 2) {
        for (uint distance = size / 2; distance > 0; distance /= 2) {
            barrier(CLK_LOCAL_MEM_FENCE);
            const uint low = 2 * id - (id & (distance - 1));
            const uint a = keys[low];
            const uint b = keys[low + distance];
            const bool falling = (low & size) != 0;
            keys[low] = falling ? max(a, b) : min(a, b);
            keys[low + distance] = falling ? min(a, b) : max(a, b);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    out[base + id] = keys[id];
    out[base + id + 256] = keys[id + 256];
}
