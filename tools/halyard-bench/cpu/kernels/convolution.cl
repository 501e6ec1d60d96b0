// out = in under a window of 7 x 7 weights; `in` has three more columns and rows on each side.
kernel void convolution(global const float* restrict in, global const float* restrict weights,
                        global float* restrict out, uint width) {
    const uint x = get_global_id(0);
    const uint y = get_global_id(1);
    float sum = 0.0f;
    for (uint j = 0; j < 7; ++j) {
        for (uint i = 0; i < 7; ++i) {
            sum = fma(in[(y + j) * (width + 6) + x + i], weights[j * 7 + i], sum);
        }
    }
    out[y * width + x] = sum;
}
