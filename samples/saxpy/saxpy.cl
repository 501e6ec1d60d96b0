// y = a * x + y, one element an invocation.
#pragma OPENCL FP_CONTRACT OFF

__kernel void saxpy(float a, __global const float* restrict x, __global float* restrict y, uint n) {
    const size_t i = get_global_id(0);
    // The last workgroup may reach beyond the arrays.
    if (i < n) {
        y[i] = a * x[i] + y[i];
    }
}
