// out = the mean of each inner point and its four neighbours.
kernel void stencil(global const float* restrict in, global float* restrict out, uint side) {
    const uint x = get_global_id(0);
    const uint y = get_global_id(1);
    if (x > 0 && y > 0 && x < side - 1 && y < side - 1) {
        const uint at = y * side + x;
        out[at] = 0.2f * (in[at] + in[at - 1] + in[at + 1] + in[at - side] + in[at + side]);
    }
}
