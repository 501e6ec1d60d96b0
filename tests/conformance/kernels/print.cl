kernel void print_values(global const int* x, float4 v) {
    const int i = (int)get_global_id(0);
    printf("item %d: %s %v4hlf %c 0x%lx %5.2f%%\n", x[i], i == 0 ? "first" : "other", v, 'c', 0x123456789abUL, 2.5f);
}

kernel void print_some(global int* results, int divisor) {
    const int i = (int)get_global_id(0);
    if (i % divisor == 0)
        results[i] = printf("%d\n", i);
    else
        results[i] = 5;
}

kernel void print_across_barrier(local int* shared) {
    const int i = (int)get_local_id(0);
    shared[i] = i * 10;
    printf("before\n");
    barrier(CLK_LOCAL_MEM_FENCE);
    printf("%hd\n", (short)shared[get_local_size(0) - 1 - i]);
}
