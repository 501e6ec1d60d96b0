// Kernels that tests of memory run on it.
kernel void increment(global uint* values, uint count) {
    const size_t i = get_global_id(0);
    if (i < count)
        values[i] += 1;
}

// Element numbers that need more than 32 bits.
kernel void stamp(global ulong* values, ulong stride) {
    const ulong at = get_global_id(0) * stride;
    values[at] = at + 1;
}

kernel void gather(global const ulong* values, ulong stride, global ulong* found) {
    found[get_global_id(0)] = values[get_global_id(0) * stride];
}
