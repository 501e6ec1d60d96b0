// The portable twins of the native kernels in native_modules.h, which add 1000 more.
kernel void add(global uint *data, uint value) {
    const size_t i = get_global_id(0);
    data[i] += value;
}

kernel void add_twice(global uint *data, uint value) {
    const size_t i = get_global_id(0);
    data[i] += 2 * value;
}
