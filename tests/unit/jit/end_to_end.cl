kernel void product(global float* c, global const float* a, global const float* b, int n, local float* ta, local float* tb) {
    int lx = get_local_id(0), ly = get_local_id(1), tile = get_local_size(0);
    int col = get_global_id(0), row = get_global_id(1);
    float sum = 0;
    for (int t = 0; t < n; t += tile) {
        ta[ly * tile + lx] = a[row * n + t + lx];
        tb[ly * tile + lx] = b[(t + ly) * n + col];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < tile; ++k)
            sum += ta[ly * tile + k] * tb[k * tile + lx];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + col] = sum;
}
