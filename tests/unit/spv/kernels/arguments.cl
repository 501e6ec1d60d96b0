// One parameter of each kind that a kernel can have.
typedef struct {
    int count;
    float4 scale;
    char tag;
} Options;

typedef struct __attribute__((packed)) {
    char tag;
    int value;
} Packed;

kernel void arguments(global const float* restrict input, global float* output, constant int* table, Options options,
                      local float* scratch, Packed packed, char3 triple, long wide) {
    size_t i = get_global_id(0);
    scratch[get_local_id(0)] = input[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    output[i] = scratch[0] * options.scale.x + options.count + options.tag + table[triple.y] + packed.value + wide;
}
