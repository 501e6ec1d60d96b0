// Functions that clang leaves as calls of an imported name, and generic pointers.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable

kernel void atomics(global int* a, global uint* b) {
    const int id = (int)get_global_id(0);
    atomic_add(&a[0], 3);
    atomic_sub(&a[1], 2);
    atomic_inc(&a[2]);
    atomic_dec(&a[3]);
    atomic_min(&a[4], -id);
    atomic_max(&a[5], id - 5);
    atomic_and(&a[6], ~(1 << (id & 15)));
    atomic_or(&a[7], 1 << (id & 15));
    atomic_xor(&a[8], id);
    if (id == 7) {
        a[9] = atomic_xchg(&a[10], 70);
    }
    atomic_min(&b[0], 0x80000000u + id);
    atomic_max(&b[1], 0x80000000u + id);
}

kernel void conversions(global const float* in, global const int* whole, global ushort* out, global double* wide) {
    out[0] = as_ushort(convert_half(in[0]));
    out[1] = as_ushort(convert_half_rtz(in[0]));
    out[2] = as_ushort(convert_half_rtp(in[0]));
    out[3] = as_ushort(convert_half_rtn(in[0]));
    out[4] = as_ushort(convert_half_rtz(whole[0]));
    out[5] = as_ushort(convert_half_rtp((uint)whole[0]));
    wide[0] = convert_double(in[0]);
    wide[1] = convert_double(whole[0]);
    const half2 both = convert_half2_rtn((float2)(in[0], -in[0]));
    out[6] = as_ushort(both.x);
    out[7] = as_ushort(both.y);
}

kernel void spaces(global int* out, local int* block, global const int* which) {
    int own[4] = {11, 12, 13, 14};
    local int fixed[4];
    const size_t id = get_local_id(0);
    own[id & 3] += which[0] >> 4;
    if (id == 0) {
        block[0] = 21;
        fixed[1] = 31;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    int* candidates[4] = {out + 8 * get_global_size(0), block, own + 1, fixed + 1};
    int* p = candidates[(which[0] + id) & 3];
    barrier(CLK_LOCAL_MEM_FENCE);
    global int* row = out + 8 * get_global_id(0);
    row[0] = to_global(p) != 0;
    row[1] = to_local(p) != 0;
    row[2] = to_private(p) != 0;
    row[3] = (int)get_fence(p);
    row[4] = *p;
    row[5] = to_global((int*)0) == 0 && to_local((int*)0) == 0 && to_private((int*)0) == 0;
    row[6] = to_global(p) ? *to_global(p) : to_local(p) ? *to_local(p) : *to_private(p);
    row[7] = (get_fence(p) & CLK_LOCAL_MEM_FENCE) != 0;
}
