// Conversions, comparisons and integer functions, 16 results an invocation, and every atomic operation.

kernel void conversions(global int* out, global const int* ints, global const float* floats, global const char* chars,
                        global const uchar* uchars) {
    const size_t i = get_global_id(0);
    const int v = ints[2 * i], w = ints[2 * i + 1];
    const float f = floats[2 * i], g = floats[2 * i + 1];
    global int* to = out + 16 * i;
    to[0] = convert_int(f);
    to[1] = as_int((float)v);
    to[2] = as_int((float)(uint)v);
    to[3] = chars[i];
    to[4] = uchars[i];
    to[5] = f < g;
    to[6] = !(f >= g);
    to[7] = as_int(fmin(f, g));
    to[8] = as_int(fmax(f, g));
    to[9] = max(v, w);
    to[10] = (int)max((uint)v, (uint)w);
    to[11] = mul_hi(v, w);
    to[12] = add_sat(v, w);
    to[13] = clz(v);
    to[14] = popcount(v);
    to[15] = (int)rotate((uint)v, (uint)(w & 31));
}

// All invocations on each cell: cells[k] holds what the operation needs before.
kernel void atomics(global int* cells, global const int* in) {
    const int v = in[get_global_id(0)];
    atomic_fetch_max_explicit((global atomic_int*)cells, v, memory_order_relaxed, memory_scope_device);
    atomic_fetch_min_explicit((global atomic_int*)cells + 1, v, memory_order_relaxed, memory_scope_device);
    atomic_fetch_max_explicit((global atomic_uint*)cells + 2, (uint)v, memory_order_relaxed, memory_scope_device);
    atomic_sub(cells + 3, v);
    atomic_and(cells + 4, v | 0x0f);
    atomic_or(cells + 5, v & 0xff00);
    atomic_xor(cells + 6, v);
    int old = 0;
    for (;;) {
        const int seen = atomic_cmpxchg(cells + 7, old, old + 1);
        if (seen == old)
            break;
        old = seen;
    }
}

kernel void compare(global int* cell, global int* seen, int comparand, int value) {
    *seen = atomic_cmpxchg(cell, comparand, value);
}
