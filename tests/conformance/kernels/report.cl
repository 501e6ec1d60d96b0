// Each kernel does one thing that no kernel may do.

kernel void out_of_bounds_global(global int* data, int index) {
    data[index] = 1;
}

kernel void out_of_bounds_workgroup(global int* out, int index) {
    local int tile[16];
    tile[get_local_id(0)] = (int)get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = tile[index];
}

kernel void out_of_bounds_private(global int* out, int index) {
    volatile int numbers[4] = {1, 2, 3, 4};
    out[get_global_id(0)] = numbers[index];
}

kernel void misaligned(global char* data, int offset) {
    *(global int*)(data + offset) = 1;
}

kernel void write_to_address(ulong address) {
    *(global int*)address = 1;
}

kernel void race(global int* data) {
    data[0] = (int)get_global_id(0);
}

kernel void uninitialised(global const int* count, global int* out) {
    for (int i = 0; i < count[0]; ++i)
        out[i] = i;
}

kernel void divergent_barrier(global int* out, int limit) {
    local int tile[16];
    tile[get_local_id(0)] = 1;
    if ((int)get_local_id(0) < limit)
        barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = tile[get_local_id(0)];
}

kernel void endless(global const volatile int* flag) {
    while (flag[0] == 0) {
    }
}

kernel void right(global int* data) {
    data[get_global_id(0)] += 1;
}

void __attribute__((overloadable)) __attribute__((convergent)) __spirv_ControlBarrier(int execution, int memory,
                                                                                      int semantics);

// Right up to the barrier of the whole grid, and wrong behind it.
kernel void race_behind_grid_barrier(global int* data) {
    data[get_global_id(0)] = 1;
    __spirv_ControlBarrier(1, 1, 0x208);
    data[1] = data[get_global_size(0) - 1] + (int)get_group_id(0);
}

kernel void divergent_grid_barrier(global int* data) {
    if (get_group_id(0) == 0) {
        __spirv_ControlBarrier(1, 1, 0x208);
        data[0] = 1;
        return;
    }
    data[get_global_id(0)] = 1;
    __spirv_ControlBarrier(1, 1, 0x208);
}

kernel void incomplete_grid_barrier(global int* data) {
    if (get_group_id(0) != 0)
        __spirv_ControlBarrier(1, 1, 0x208);
    data[get_global_id(0)] = 1;
}
