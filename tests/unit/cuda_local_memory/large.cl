// Each workgroup of 64 fills its arrays and sums what the others wrote; arrays that overlapped would lose the first numbers.
#define HALF 16384

kernel void variables(global uint* out) {
    local uint large[HALF], small[64];
    const uint id = get_local_id(0), seed = get_group_id(0) + 1;
    for (uint i = id; i < HALF; i += 64)
        large[i] = i * seed;
    small[id] = seed;
    barrier(CLK_LOCAL_MEM_FENCE);
    uint sum = 0;
    for (uint i = 0; i < 256; ++i)
        sum += large[(HALF - 1 - id) - 64 * i] + small[i % 64];
    out[get_global_id(0)] = sum;
}

kernel void besideParameters(global uint* out, local uint* first, local uint* second) {
    local uint large[HALF];
    const uint id = get_local_id(0);
    first[id] = 1000 + id;
    second[id] = 2000 + id;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = id; i < HALF; i += 64)
        large[i] = i;
    barrier(CLK_LOCAL_MEM_FENCE);
    uint wrong = 0;
    for (uint i = 0; i < HALF; ++i)
        wrong += large[i] != i;
    out[get_global_id(0)] = wrong * 10000 + first[63 - id] + second[id ^ 1];
}

kernel void tooLarge(global uint* out) {
    local uint large[64 * 1024];
    large[get_local_id(0)] = out[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = large[63 - get_local_id(0)];
}
