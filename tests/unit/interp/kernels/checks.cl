// Each check of the interpreter, triggered by an argument.
kernel void index(global const int* in, global int* out, int offset) {
    size_t i = get_global_id(0);
    out[i] = in[(long)i + offset];
}

kernel void raw(ulong address, global int* out) { out[0] = *(global int*)address; }

kernel void private_index(global int* out, int at) {
    volatile int own[4];
    for (int k = 0; k < 4; ++k) own[k] = k;
    out[0] = own[at];
}

kernel void local_index(global int* out, int at) {
    local int first[4];
    local int second[4];
    size_t i = get_local_id(0);
    first[i] = 1;
    second[i] = 2;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[i] = first[at] + second[i];
}

kernel void copy_only(global const int* in, global int* out) { out[get_global_id(0)] = in[get_global_id(0)]; }

kernel void branch_on(global const int* in, global int* out) {
    if (in[get_global_id(0)] > 5) out[get_global_id(0)] = 1;
    else out[get_global_id(0)] = 2;
}

kernel void index_by(global const int* in, global const int* table, global int* out) {
    out[get_global_id(0)] = table[in[get_global_id(0)]];
}

typedef struct { int a; char b; int c; } Padded;
kernel void padded(global const Padded* in, global Padded* out, global int* result) {
    size_t i = get_global_id(0);
    Padded t = in[i];
    out[i] = t;
    result[i] = out[i].a > out[i].c ? out[i].b : 0;
}

kernel void private_uninitialised(global int* out, int written) {
    volatile int own[4];
    own[written] = 7;
    volatile global int* place = out;
    if (own[2] == 7) {
        place[0] = 1;
        place[0] = 2;
    }
}

kernel void divergent(global int* out, int bound) {
    if ((int)get_local_id(0) < bound)
        barrier(CLK_LOCAL_MEM_FENCE);
    out[get_local_id(0)] = 1;
}

kernel void atomic_on(global int* counter) { atomic_add(counter, 1); }
