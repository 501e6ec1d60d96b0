// Writes through one pointer, reads through another that it promises not to write.
__kernel void scale(__global float* restrict out, const __global float* restrict in, float factor) {
    const size_t i = get_global_id(0);
    out[i] = in[i] * factor;
}

__kernel void increment(__global float* data) {
    data[get_global_id(0)] += 1.0f;
}
