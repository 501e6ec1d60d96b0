// Kernels whose order shows in the result.

kernel void mix_two(global uint* out, const global uint* a, const global uint* b, uint salt, uint n) {
    const uint i = get_global_id(0);
    if (i < n)
        out[i] = a[i] * 3u + b[i] * 5u + salt;
}

kernel void scale_add(global uint* out, uint factor, uint addend, uint n) {
    const uint i = get_global_id(0);
    if (i < n)
        out[i] = out[i] * factor + addend;
}

// Ends when another branch of the graph says so.
kernel void wait_for(global const volatile uint* flag) {
    while (*flag == 0) {
    }
}

// One workgroup that takes its time.
kernel void busy(global uint* out, uint rounds) {
    uint x = out[0];
    for (uint i = 0; i < rounds; ++i)
        x = x * 1664525u + 1013904223u;
    out[0] = x;
}
