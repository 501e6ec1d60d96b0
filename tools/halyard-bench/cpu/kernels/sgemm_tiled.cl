// C = A * B, n x n, tiles of 16 x 16 through local memory.
kernel void sgemm_tiled(global const float* restrict a, global const float* restrict b, global float* restrict c,
                        uint n) {
    local float tileA[16][16];
    local float tileB[16][16];
    const uint x = get_local_id(0);
    const uint y = get_local_id(1);
    const uint column = get_global_id(0);
    const uint row = get_global_id(1);
    float sum = 0.0f;
    for (uint base = 0; base < n; base += 16) {
        tileA[y][x] = a[row * n + base + x];
        tileB[y][x] = b[(base + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint k = 0; k < 16; ++k) {
            sum = fma(tileA[y][k], tileB[k][x], sum);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}
