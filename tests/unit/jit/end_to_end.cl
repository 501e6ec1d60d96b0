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

// Everything that the oldest processors have no instruction for. Eight results an invocation.
kernel void soft(global float* out, global double* wide, global const float* in, uint n) {
    uint i = get_global_id(0);
    float x = in[i], y = in[(i + 7) % n], z = in[(i + 13) % n];
    global float* o = out + 8 * i;
    o[0] = fma(x, y, z);
    o[1] = floor(x) + ceil(y);
    o[2] = rint(x) - trunc(y);
    o[3] = round(x);
    o[4] = fmod(x, y);
    o[5] = exp(x);
    o[6] = fmax(x, y);
    o[7] = vload_half(0, (global const half*)(in + i)) + x;
    double a = (double)x / 3, b = (double)y / 7, c = -a * b;
    wide[4 * i] = fma(a, b, c);
    wide[4 * i + 1] = floor(a) + ceil(b) + rint(c) + trunc(a * b);
    wide[4 * i + 2] = fmod(a, b);
    wide[4 * i + 3] = exp(a);
    vstore_half(z, 1, (global half*)(wide + 4 * i + 3));
}
