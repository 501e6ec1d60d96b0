// Kernels whose workgroups wait for each other, so all of them must run at the same time.

#define RELAXED memory_order_relaxed, memory_scope_device

// Returns when every workgroup of the grid has called it as often.
static void grid_barrier(global atomic_uint* arrived, uint* round) {
    barrier(CLK_GLOBAL_MEM_FENCE);
    *round += (uint)get_num_groups(0);
    if (get_local_id(0) == 0) {
        atomic_fetch_add_explicit(arrived, 1u, memory_order_acq_rel, memory_scope_device);
        while (atomic_load_explicit(arrived, memory_order_acquire, memory_scope_device) < *round) {
        }
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
}

// In each round a workgroup takes the numbers that its right neighbour had after the round before, and adds 1.
kernel void exchange(global atomic_uint* arrived, global uint* numbers, uint rounds) {
    const size_t groups = get_num_groups(0), size = get_local_size(0), local_id = get_local_id(0);
    const size_t from = ((get_group_id(0) + 1) % groups) * size + local_id;
    uint round = 0;
    for (uint i = 0; i < rounds; ++i) {
        const uint number = numbers[from] + 1;
        grid_barrier(arrived, &round);
        numbers[get_global_id(0)] = number;
        grid_barrier(arrived, &round);
    }
}

// Waits for one more invocation than there is.
kernel void wait_for_nobody(global atomic_uint* arrived) {
    atomic_fetch_add_explicit(arrived, 1u, RELAXED);
    while (atomic_load_explicit(arrived, RELAXED) <= get_global_size(0)) {
    }
}

// What the neighbours in the subgroup have, so that its size shows.
kernel void subgroup_shape(global uint* out) {
    const size_t i = get_global_id(0);
    out[3 * i] = get_sub_group_size();
    out[3 * i + 1] = get_max_sub_group_size();
    out[3 * i + 2] = sub_group_reduce_add(1u);
}

kernel __attribute__((intel_reqd_sub_group_size(8))) void subgroups_of_8(global uint* out) {
    out[get_global_id(0)] = get_sub_group_size();
}

kernel void local_memory(global uint* out, local uint* tile) {
    local uint own[64];
    own[get_local_id(0) % 64] = (uint)get_local_id(0);
    tile[get_local_id(0)] = 1;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = tile[get_local_id(0)] + own[get_local_id(0) % 64];
}

kernel void endless(global const volatile int* flag) {
    while (flag[0] == 0) {
    }
}

kernel void add_one(global int* data) { data[get_global_id(0)] += 1; }


// The same in code that knows where it is: large grids have code of their own.
kernel void endless_somewhere(global const volatile int* flags) {
    while (flags[get_global_id(0) & 3] == 0) {
    }
}
