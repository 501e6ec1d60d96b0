// One parameter of each kind.
__kernel void parameters(__global float* values, __local float* scratch, float factor, uint n) {
    const size_t i = get_global_id(0);
    if (i < n) {
        scratch[get_local_id(0)] = values[i] * factor;
        values[i] = scratch[get_local_id(0)];
    }
}
