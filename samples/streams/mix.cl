// Work that takes time and whose results are exact: `rounds` rounds of a 32-bit mixing function.
__kernel void mix(__global uint* restrict values, uint n, uint rounds) {
    const size_t i = get_global_id(0);
    if (i >= n) {
        return;
    }
    uint value = values[i];
    for (uint round = 0; round < rounds; ++round) {
        value ^= value >> 16;
        value *= 0x7feb352du;
        value ^= value >> 15;
        value *= 0x846ca68bu;
        value ^= value >> 16;
        value += round;
    }
    values[i] = value;
}
