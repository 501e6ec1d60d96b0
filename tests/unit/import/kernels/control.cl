int helper(int x, int* count) {
    *count += 1;
    return x % 3 == 0 ? x / 3 : x * 2 + 1;
}

kernel void loops(global int* out, int n) {
    int sum = 0;
    int calls = 0;
    #pragma clang loop unroll(enable)
    for (int i = 0; i < n; ++i) {
        if (i % 7 == 3) {
            continue;
        }
        for (int j = i; j > 0; j /= 2) {
            sum += j ^ i;
            if (sum > 100000) {
                break;
            }
        }
        sum += helper(i, &calls);
    }
    int k = n;
    do {
        sum -= k;
        k -= 3;
    } while (k > 0);
    out[0] = sum;
    out[1] = calls;
}

kernel void choose(global long* out, global const int* in) {
    size_t i = get_global_id(0);
    long r = 0;
    switch (in[i]) {
    case 0:
        r = 10;
        break;
    case 1:
        r = 20;
    case -5:
        r += 5;
        break;
    case 1000000:
        r = -1;
        break;
    default:
        r = in[i] > 50 ? 100 : 200;
    }
    switch ((long)in[i] << 33) {
    case 1l << 33:
        r += 1000;
        break;
    case 4l << 33:
        r += 2000;
        break;
    }
    out[i] = r;
}

kernel void positions(global ulong* out) {
    size_t i = get_global_linear_id();
    out[i * 8 + 0] = get_global_id(0) | get_global_id(1) << 8 | get_global_id(2) << 16;
    out[i * 8 + 1] = get_local_id(0) | get_local_id(1) << 8 | get_local_id(2) << 16;
    out[i * 8 + 2] = get_group_id(0) | get_group_id(1) << 8 | get_group_id(2) << 16;
    out[i * 8 + 3] = get_global_size(0) | get_global_size(1) << 8 | get_global_size(2) << 16;
    out[i * 8 + 4] = get_local_size(0) | get_local_size(1) << 8 | get_local_size(2) << 16;
    out[i * 8 + 5] = get_num_groups(0) | get_num_groups(1) << 8 | get_num_groups(2) << 16;
    out[i * 8 + 6] = get_local_linear_id();
    out[i * 8 + 7] = get_work_dim();
}

kernel void synchronise(global int* out, local int* scratch) {
    local int fixed[16];
    int l = get_local_id(0);
    fixed[l] = l * 2;
    scratch[l] = l * 3;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = fixed[l] + scratch[l];
    mem_fence(CLK_GLOBAL_MEM_FENCE);
}
