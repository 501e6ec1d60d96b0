#pragma OPENCL EXTENSION cl_khr_subgroups : enable

// Seven results an invocation.
kernel void uniform_flow(global int* out, global const int* in, local int* cells) {
    size_t items = get_local_size(0) * get_local_size(1), total = items * get_num_groups(0);
    size_t n = get_group_id(0) * items + get_local_linear_id();
    uint local_id = get_local_linear_id();
    int v = in[n];
    out[n] = sub_group_reduce_add(v) * 3 + sub_group_scan_inclusive_max(v);
    out[total + n] = sub_group_scan_exclusive_add(v) + 1000 * sub_group_broadcast(v, 1);
    out[2 * total + n] = work_group_reduce_add(v) + 5 * work_group_scan_exclusive_add(v);
    out[3 * total + n] = work_group_broadcast(v, 1, 0) + (work_group_any(v == 5) ? 1000 : 0) + (work_group_all(v > 0) ? 2000 : 0);
    out[4 * total + n] = get_sub_group_size() * 1000000 + get_max_sub_group_size() * 10000 + get_num_sub_groups() * 100 +
                         get_sub_group_id();
    cells[local_id] = v;
    sub_group_barrier(CLK_LOCAL_MEM_FENCE);
    uint first = local_id - get_sub_group_local_id();
    out[5 * total + n] = cells[first + (get_sub_group_local_id() + 1) % get_sub_group_size()];
    if (work_group_all(v < 40)) { // the same way for all, and known to be so
        barrier(CLK_LOCAL_MEM_FENCE);
        out[6 * total + n] = work_group_reduce_max(v);
    } else {
        out[6 * total + n] = -work_group_reduce_min(v);
    }
}

// Four results an invocation.
kernel void divergent_flow(global int* out, global const int* in) {
    size_t items = get_local_size(0) * get_local_size(1), total = items * get_num_groups(0);
    size_t n = get_group_id(0) * items + get_local_linear_id();
    int v = in[n];
    int r;
    if (v & 1)
        r = sub_group_non_uniform_reduce_add(v);
    else
        r = -sub_group_non_uniform_scan_inclusive_add(v);
    out[n] = r;
    out[total + n] = popcount(sub_group_ballot(v > 2).x);
    int sum = 0;
    for (int i = 0; i < v % 4; ++i)
        sum += sub_group_non_uniform_reduce_add(1);
    out[2 * total + n] = sum;
    out[3 * total + n] = sub_group_shuffle(v, get_sub_group_local_id() ^ 1u);
}

// An array of each invocation's own, over operations that not all reach.
kernel void private_arrays(global int* out, global const int* in) {
    size_t items = get_local_size(0) * get_local_size(1);
    size_t n = get_group_id(0) * items + get_local_linear_id();
    int v = in[n];
    int a[5];
    for (int i = 0; i < 5; ++i)
        a[i] = v + i;
    for (int i = 0; i < v % 5; ++i)
        a[(v + i) % 5] += sub_group_non_uniform_reduce_add(a[i]);
    out[n] = a[0] + 3 * a[1] + 5 * a[2] + 7 * a[3] + 11 * a[4];
}

kernel __attribute__((intel_reqd_sub_group_size(8))) void eight(global int* out) {
    out[get_global_id(0)] = get_max_sub_group_size() * 100 + sub_group_reduce_add(1);
}

kernel __attribute__((intel_reqd_sub_group_size(24))) void twenty_four(global int* out) {
    out[get_global_id(0)] = sub_group_reduce_add(1);
}
