kernel void same_place(global int* out, int differ) { out[0] = differ ? (int)get_global_id(0) + 1 : 1; }

kernel void own_place(global int* out) { out[get_global_id(0)] = (int)get_global_id(0); }

kernel void bytes(global uchar* out) { out[get_global_id(0)] = (uchar)get_global_id(0); }

kernel void reduce(global const int* in, global int* out, int with_barrier) {
    local int part[64];
    size_t i = get_local_id(0);
    part[i] = in[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t k = get_local_size(0) / 2; k > 0; k /= 2) {
        if (i < k) part[i] += part[i + k];
        if (with_barrier) barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (i == 0) out[get_group_id(0)] = part[0];
}

// The workgroup that comes last adds what all have left.
kernel void last_block(global const int* in, global int* parts, global uint* count, global int* out, int fenced) {
    local int is_last;
    size_t i = get_local_id(0);
    if (i == 0) {
        parts[get_group_id(0)] = in[get_global_id(0)] + in[get_global_id(0) + 1];
        if (fenced) atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acq_rel, memory_scope_device);
        uint before = atomic_fetch_add_explicit((volatile global atomic_uint*)count, 1u, memory_order_relaxed,
                                                memory_scope_device);
        if (fenced) atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_acq_rel, memory_scope_device);
        is_last = before == get_num_groups(0) - 1;
        if (!fenced && is_last) {
            int sum = 0;
            for (size_t k = 0; k < get_num_groups(0); ++k) sum += parts[k];
            *out = sum;
        }
    }
    if (!fenced) return;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (is_last && i == 1) {
        int sum = 0;
        for (size_t k = 0; k < get_num_groups(0); ++k) sum += parts[k];
        *out = sum;
    }
}

kernel void counter_read(global int* counter, global int* out, int plain) {
    size_t i = get_global_id(0);
    if (i == 0) out[0] = plain ? counter[0] : atomic_add(counter, 0);
    else atomic_add(counter, 1);
}
