// Two stages of a pipeline whose results are exact.
__kernel void scatter(__global uint* restrict values, uint n) {
    const size_t i = get_global_id(0);
    if (i < n) {
        uint value = values[i];
        for (uint round = 0; round < 8; ++round) {
            value = (value ^ (value >> 15)) * 0x2c1b3c6du + round;
        }
        values[i] = value;
    }
}

__kernel void fold(__global const uint* restrict values, __global uint* restrict sums, uint n) {
    const size_t i = get_global_id(0);
    if (i < n) {
        sums[i] += values[i];
    }
}
