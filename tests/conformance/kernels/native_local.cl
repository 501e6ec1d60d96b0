// A kernel with workgroup memory as an argument, which no native code of the same name can stand for.
kernel void add(global uint *data, local uint *tile) {
    const size_t i = get_local_id(0);
    tile[i] = data[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    data[i] = tile[get_local_size(0) - 1 - i];
}
