// A fixed workgroup, static local memory, a helper function with a barrier and a loop.
void waitForAll(void) { barrier(CLK_LOCAL_MEM_FENCE); }

kernel __attribute__((reqd_work_group_size(64, 1, 1))) void reduce(global const int* input, global int* output) {
    local int partial[64];
    size_t l = get_local_id(0);
    partial[l] = input[get_global_id(0)];
    for (size_t step = 32; step > 0; step >>= 1) {
        waitForAll();
        if (l < step)
            partial[l] += partial[l + step];
    }
    if (l == 0)
        output[get_group_id(0)] = partial[0];
}

kernel __attribute__((work_group_size_hint(16, 4, 1))) void plain(global int* output) {
    output[get_global_id(0)] = (int)get_global_id(1);
}
