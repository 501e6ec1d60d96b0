// C = A * B, n x n, an invocation an element.
kernel void sgemm_naive(global const float* restrict a, global const float* restrict b, global float* restrict c,
                        uint n) {
    const uint column = get_global_id(0);
    const uint row = get_global_id(1);
    float sum = 0.0f;
    for (uint k = 0; k < n; ++k) {
        sum = fma(a[row * n + k], b[k * n + column], sum);
    }
    c[row * n + column] = sum;
}
