__kernel void triple(__global uint* values, uint n) {
    const size_t i = get_global_id(0);
    if (i < n)
        values[i] = 3 * values[i];
}
