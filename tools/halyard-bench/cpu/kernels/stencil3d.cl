// out = each inner point and its six neighbours in three dimensions, weighted.
kernel void stencil3d(global const float* restrict in, global float* restrict out, uint width, uint height,
                      uint depth) {
    const uint x = get_global_id(0);
    const uint y = get_global_id(1);
    const uint z = get_global_id(2);
    if (x > 0 && y > 0 && z > 0 && x < width - 1 && y < height - 1 && z < depth - 1) {
        const uint row = width;
        const uint plane = width * height;
        const uint at = z * plane + y * row + x;
        const float around = in[at - 1] + in[at + 1] + in[at - row] + in[at + row] + in[at - plane] + in[at + plane];
        out[at] = 0.4f * in[at] + 0.1f * around;
    }
}
