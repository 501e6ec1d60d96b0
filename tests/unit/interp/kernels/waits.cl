// The first workgroup waits for the last.
kernel void hand_over(global int* data, global uint* flag, global int* out) {
    if (get_group_id(0) == 0) {
        while (atomic_load_explicit((volatile global atomic_uint*)flag, memory_order_acquire, memory_scope_device) == 0)
            ;
        out[0] = data[0];
    } else if (get_group_id(0) == get_num_groups(0) - 1) {
        data[0] = 42;
        atomic_store_explicit((volatile global atomic_uint*)flag, 1u, memory_order_release, memory_scope_device);
    }
}

kernel void endless(global volatile int* go) {
    while (go[0] == 0)
        ;
}

kernel void spin_in_group(global int* out) {
    local atomic_uint turn;
    size_t i = get_local_id(0);
    if (i == 0) atomic_store_explicit(&turn, 0u, memory_order_relaxed, memory_scope_work_group);
    barrier(CLK_LOCAL_MEM_FENCE);
    while (atomic_load_explicit(&turn, memory_order_acquire, memory_scope_work_group) != i)
        ;
    out[0] = out[0] * 2 + (int)i;
    atomic_store_explicit(&turn, (uint)i + 1, memory_order_release, memory_scope_work_group);
}
