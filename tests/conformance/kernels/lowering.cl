// What compilers for devices without it must make of other things: atomics on parts of words and through generic
// pointers, vectors of 8 and 16, sums that the optimiser writes in integers of odd widths, arithmetic with a zero.
#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable

#define RELAXED memory_order_relaxed, memory_scope_work_group

// Words of both sizes in one workgroup's memory.
kernel void both_sizes(global uint* small, global ulong* wide) {
    local uint halves[2];
    local ulong whole;
    const uint n = (uint)get_local_id(0);
    if (n < 2)
        halves[n] = n;
    if (n == 0)
        whole = 5;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_fetch_add_explicit((local atomic_uint*)&halves[n & 1], 0x80000001u + n, RELAXED);
    atomic_fetch_add_explicit((local atomic_ulong*)&whole, 0x100000001UL * n, RELAXED);
    atomic_fetch_max_explicit((local atomic_uint*)&halves[0], 3u, RELAXED);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (n < 2)
        small[get_group_id(0) * 2 + n] = halves[n];
    if (n == 0)
        wide[get_group_id(0)] = whole;
}

// Each invocation adds to one of three words, through a pointer that says nothing of where it points.
kernel void anywhere(global uint* sum, global uint* groups, global uint* own, uint second, uint third) {
    local uint shared;
    uint mine = 100;
    const uint n = (uint)get_local_id(0);
    if (n == 0)
        shared = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    uint* place = n % 3 == second ? (uint*)&shared : n % 3 == third ? (uint*)&mine : (uint*)sum;
    const uint before = atomic_fetch_add_explicit((atomic_uint*)place, n + 1, memory_order_relaxed, memory_scope_device);
    barrier(CLK_LOCAL_MEM_FENCE);
    own[get_global_id(0)] = n % 3 == third ? mine + before : mine;
    if (n == 0)
        groups[get_group_id(0)] = shared;
}

kernel void with_zero(global const float* in, global float* out) {
    const size_t i = get_global_id(0);
    const float x = in[i];
    out[i * 5] = x * 0.0f;
    out[i * 5 + 1] = x + 0.0f;
    out[i * 5 + 2] = 0.0f / x;
    out[i * 5 + 3] = x - x;
    out[i * 5 + 4] = -0.0f * x;
}

// By value, with components chosen at run time, cast to other numbers of components, and compared as a whole.
kernel void vectors(uchar16 bytes, short8 shorts, global const int16* in, global ulong* out) {
    const uint i = (uint)get_global_id(0);
    const uint at = i & 15;
    int16 many = in[i];
    many[at] = bytes[at];
    many[(at * 7 + 3) & 15] += shorts[at & 7];
    const int8 sum = many.lo + many.hi;
    const uint4 halves = as_uint4(as_uchar16(as_ulong2((uint4)(sum.s0, sum.s3, sum.s5, sum.s7))).sfedcba9876543210);
    ulong result = as_ulong(halves.xy) ^ as_ulong(halves.zw);
    result ^= as_ulong(bytes.lo) >> (i & 31);
    const int8 sevens = (many == (int16)(7)).lo + (many == (int16)(7)).hi;
    const int4 quarters = sevens.lo + sevens.hi;
    result -= (ulong)(quarters.x + quarters.y + quarters.z + quarters.w);
    vstore8(sum, i * 2, (global int*)out);
    out[i * 8 + 4] = result;
    out[i * 8 + 5] = (ulong)many[(at + 1) & 15];
}
