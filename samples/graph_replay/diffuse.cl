// One step of integers spreading along a ring, exact on every device; `source` flows in at the first place.
__kernel void diffuse(__global uint* restrict out, __global const uint* restrict in, uint n, uint source) {
    const uint i = get_global_id(0);
    if (i >= n) {
        return;
    }
    const uint left = in[i == 0 ? n - 1 : i - 1];
    const uint right = in[i + 1 == n ? 0 : i + 1];
    out[i] = (left + 2 * in[i] + right) / 4 + (i == 0 ? source : 0);
}

__kernel void maximum(__global uint* restrict out, __global const uint* restrict in, uint n) {
    uint largest = 0;
    for (uint i = 0; i < n; ++i) {
        largest = max(largest, in[i]);
    }
    *out = largest;
}
