kernel void twice(global float* y, global const float* x, int n) {
    int i = get_global_id(0);
    if (i < n)
        y[i] = 2.0f * x[i];
}
