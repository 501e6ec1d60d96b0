// Kernels for the conformance tests: small enough to predict every result by hand.

kernel void add_value(global int* out, const global int* in, int value, uint n) {
    const uint i = get_global_id(0);
    if (i < n)
        out[i] = in[i] + value;
}

// Linear ids in three dimensions, so that any mistake in ids or sizes shows.
kernel void write_ids(global ulong* out) {
    const size_t i = (get_global_id(2) * get_global_size(1) + get_global_id(1)) * get_global_size(0) + get_global_id(0);
    out[i] = get_group_id(0) + 1000 * get_group_id(1) + 1000000 * get_group_id(2) + 1000000000ul * get_local_id(0) +
             10000000000ul * get_local_id(1) + 100000000000ul * get_local_id(2) + 1000000000000ul * get_local_size(0);
}

typedef struct Mixed {
    char c;
    double d;
    short s[3];
} Mixed;

// One parameter of every kind and size.
kernel void pack(global double* out, char a, short b, int3 c, float4 d, double e, Mixed m, ulong f) {
    out[0] = a;
    out[1] = b;
    out[2] = c.x;
    out[3] = c.y;
    out[4] = c.z;
    out[5] = d.x + d.y + d.z + d.w;
    out[6] = e;
    out[7] = m.c;
    out[8] = m.d;
    out[9] = m.s[0] + m.s[1] + m.s[2];
    out[10] = f;
}

kernel __attribute__((reqd_work_group_size(64, 1, 1))) void fixed_size(global int* out) {
    out[get_global_id(0)] = (int)get_local_id(0);
}

// A tree reduction in local memory: a barrier in a loop.
kernel void local_sum(global int* out, const global int* in, local int* tile, uint n) {
    const uint l = get_local_id(0);
    const uint g = get_global_id(0);
    tile[l] = g < n ? in[g] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint step = get_local_size(0) / 2; step > 0; step /= 2) {
        if (l < step)
            tile[l] += tile[l + step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (l == 0)
        out[get_group_id(0)] = tile[0];
}

// Loads that need 16-byte alignment.
kernel void negate4(global float4* values) { values[get_global_id(0)] = -values[get_global_id(0)]; }

// Strictly 0 for a small x: the sum rounds to the large number. Relaxed arithmetic may give x.
kernel void cancel(global float* out, float x, float large) { out[0] = (x + large) - large; }

kernel void count_all(global int* counter) { atomic_add(counter, 1); }

// Ends only when the flag is set: never, unless a test sets it.
kernel void wait_for_flag(volatile global int* flag) {
    while (*flag == 0) {
    }
}

// Four results an invocation, the last three from loops that invocations leave at different times.
kernel void subgroups(global uint* out, const global uint* in) {
    const uint n = get_global_id(0), total = get_global_size(0);
    const uint v = in[n];
    out[n] = sub_group_reduce_add(v);
    uint together = 0;
    for (uint i = 0; i < v % 4; ++i)
        together += sub_group_non_uniform_reduce_add(1u);
    out[total + n] = together;
    out[2 * total + n] = v % 3 == 0 ? sub_group_non_uniform_reduce_max(v) : sub_group_non_uniform_scan_exclusive_add(v);
    out[3 * total + n] = work_group_reduce_add(v) + get_sub_group_local_id() * 100000;
}
