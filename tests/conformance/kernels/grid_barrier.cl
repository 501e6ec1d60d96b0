// Kernels with barriers of the whole grid, which OpenCL C has no name for.

void __attribute__((overloadable)) __attribute__((convergent)) __spirv_ControlBarrier(int execution, int memory,
                                                                                      int semantics);

// Scope Device for execution and memory; acquire and release of global memory.
static void grid_barrier(void) { __spirv_ControlBarrier(1, 1, 0x208); }

// In each round every number becomes the sum of itself and its neighbours, around the ends.
kernel void stencil(global uint* restrict a, global uint* restrict b, uint rounds) {
    const size_t n = get_global_size(0), i = get_global_id(0), left = (i + n - 1) % n, right = (i + 1) % n;
    for (uint round = 0; round < rounds; ++round) {
        b[i] = a[left] + a[i] + a[right];
        grid_barrier();
        a[i] = b[i];
        grid_barrier();
    }
}

// Inclusive prefix sums of the whole grid, in place: the workgroups by themselves, then what was before each.
kernel void prefix(global uint* numbers, global uint* totals, local uint* own) {
    const size_t local_id = get_local_id(0), size = get_local_size(0), group = get_group_id(0);
    own[local_id] = numbers[get_global_id(0)];
    for (size_t step = 1; step < size; step *= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        const uint before = local_id >= step ? own[local_id - step] : 0;
        barrier(CLK_LOCAL_MEM_FENCE);
        own[local_id] += before;
    }
    if (local_id == size - 1)
        totals[group] = own[local_id];
    grid_barrier();
    uint sum = own[local_id];
    for (size_t before = 0; before < group; ++before)
        sum += totals[before];
    numbers[get_global_id(0)] = sum;
}

// Every invocation writes its place, and reads that of the mirrored one.
static uint mirrored(global uint* data, uint value) {
    const size_t i = get_global_id(0);
    data[i] = value;
    grid_barrier();
    const uint other = data[get_global_size(0) - 1 - i];
    grid_barrier();
    return other;
}

// Barriers under conditions, and in loops of a length, that are the same in the whole grid, and behind what is not.
kernel void conditions(global uint* data, global uint* out, uint mode, uint rounds) {
    uint value = (uint)get_global_id(0);
    if (mode & 1)
        value = mirrored(data, value) + 1;
    else
        value += 3;
    for (uint round = 0; round < rounds; ++round) {
        uint steps = 0;
        for (uint left = value % 5; left != 0; --left)
            steps += 1 + (left & 1);
        if (mode & 2)
            value = mirrored(data, value + steps);
        else
            value += steps;
    }
    out[get_global_id(0)] = value;
}

// The subgroup's sum is made where not all invocations come, so that each has a place of its own to wait.
kernel void divergent(global uint* data, global uint* out, uint rounds) {
    uint value = (uint)get_global_id(0);
    for (uint round = 0; round < rounds; ++round) {
        uint sum = 0;
        if (get_local_id(0) & 1)
            sum = sub_group_reduce_add(1u);
        value = mirrored(data, value + sum);
    }
    out[get_global_id(0)] = value;
}

// Its first workgroup does not come.
kernel void incomplete(global uint* data) {
    if (get_group_id(0) == 0)
        return;
    grid_barrier();
    data[get_global_id(0)] = 1;
}

// All but the first workgroup wait for it, for ever.
kernel void waiting(global const volatile uint* flag) {
    if (get_group_id(0) == 0) {
        while (*flag == 0) {
        }
    }
    grid_barrier();
}

kernel void no_barrier(global uint* data) { data[get_global_id(0)] += 1; }
