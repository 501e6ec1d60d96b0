// Kernels that each show one fact of the artifact.
typedef struct {
    double a;
    int b;
    long c;
} Numbers;

kernel void everything(char c, short3 s, Numbers n, double d, global double* out, local double* block) {
    block[get_local_id(0)] = d;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = c + s.x + s.z + n.a + n.b + n.c + block[get_local_size(0) - 1 - get_local_id(0)];
}

kernel void restricted(global const float* restrict in, global float* restrict out) {
    out[get_global_id(0)] = in[get_global_id(0)];
}

kernel void unrestricted(global const float* in, global float* out) {
    out[get_global_id(0)] = in[get_global_id(0)];
}

kernel void contracted(global float* a, float b, float c) {
#pragma OPENCL FP_CONTRACT ON
    a[get_global_id(0)] = a[get_global_id(0)] * b + c;
}

kernel void uncontracted(global float* a, float b, float c, global double* d) {
#pragma OPENCL FP_CONTRACT OFF
    const size_t i = get_global_id(0);
    a[i] = sqrt((a[i] * b + c) / a[i + 1]);
    d[i] = d[i] / d[i + 1];
}

kernel void two_blocks(local int* first, local int* second, global int* out) {
    const size_t i = get_local_id(0);
    first[i] = out[i];
    second[i] = out[i + 1];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = first[i ^ 1] + second[i ^ 2];
}

kernel void static_memory(global int* out) {
    local int block[256];
    block[get_local_id(0)] = out[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = block[get_local_id(0) ^ 1];
}

kernel void much_static_memory(global int* out) {
    local int large[12289];
    local int small[256];
    large[get_local_id(0)] = out[get_global_id(0)];
    small[get_local_id(0)] = out[get_global_id(0) + 1];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = large[get_local_id(0) ^ 1] + small[get_local_id(0) ^ 2];
}

kernel void prints(global int* out) {
    if (printf("%d and %s\n", out[0], "text") != 0)
        printf("failed\n");
}

global int calls = 3;
global int* global where = &calls;

kernel void counts_calls(global int* out) {
    out[get_global_id(0)] = *where + atomic_inc(&calls);
}
