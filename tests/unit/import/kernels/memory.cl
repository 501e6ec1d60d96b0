struct Inner {
    char tag;
    double weight;
};
struct Record {
    char c;
    int i;
    float3 v;
    short s[3];
    struct Inner inner[2];
    uchar flag;
};
struct __attribute__((packed)) Tight {
    char c;
    int i;
    short s;
};

constant int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
constant struct Inner defaults[2] = {{'a', 1.5}, {'b', 2.5}};

kernel void records(global struct Record* out, global const struct Record* in, struct Record given) {
    struct Record local_copy = in[1];
    local_copy.i += in[0].i;
    local_copy.inner[1].weight *= 2.0;
    local_copy.s[2] = given.s[1];
    local_copy.v = given.v + in[0].v;
    local_copy.flag = given.flag;
    given.c = 'z';
    local_copy.c = given.c;
    out[0] = local_copy;
    out[1] = given;
    out[1].inner[0] = defaults[get_global_id(0) + 1];
}

kernel void packing(global struct Tight* data, int n) {
    for (int i = 0; i < n; ++i) {
        data[i].i += data[i].s;
        data[i].c = (char)i;
    }
}

kernel void pointers(global int* out, global int* middle) {
    int array[8];
    for (int i = 0; i < 8; ++i) {
        array[i] = middle[i - 4] + table[i];
    }
    int* p = array + 6;
    out[0] = p[-2] + *(p - 5);
    global int* q = middle + 3;
    out[1] = q[-7];
    out[2] = (int)(q - middle);
    long k = -1;
    out[3] = middle[k];
    out[4] = q == middle + 3;
    global char* bytes = (global char*)middle;
    out[5] = bytes[1];
    out[6] = (int)((ulong)(q + 1) - (ulong)q);
}

int through(const int* words, int n) {
    int sum = 0;
    for (int i = 0; i < n; ++i) {
        sum += words[i];
    }
    return sum;
}

kernel void generic_pointers(global int* out, global int* in) {
    int mine[4] = {1, 2, 3, 4};
    out[0] = through(in, 4) * 100 + through(mine, 4);
    local int shared_word[2];
    shared_word[0] = 5;
    shared_word[1] = 6;
    out[1] = through(shared_word, 2);
}

kernel void atomics(global int* a, global uint* u, global int* out) {
    out[0] = atomic_add(&a[0], 5);
    out[1] = atomic_sub(&a[0], 2);
    out[2] = atomic_xchg(&a[1], 77);
    out[3] = atomic_inc(&a[2]);
    out[4] = atomic_dec(&a[3]);
    out[5] = atomic_cmpxchg(&a[4], 4, 44);
    out[6] = atomic_cmpxchg(&a[5], 9, 99);
    out[7] = atomic_min(&a[6], -8);
    out[8] = (int)atomic_max(&u[0], 0x80000000u);
    out[9] = atomic_and(&a[7], 0xc);
    out[10] = atomic_or(&a[7], 0x100);
    out[11] = atomic_xor(&a[7], 0x1);
    out[12] = atomic_load_explicit((global atomic_int*)&a[1], memory_order_acquire, memory_scope_device);
    atomic_store_explicit((global atomic_int*)&a[8], 123, memory_order_release, memory_scope_work_group);
}

kernel void halves(global half* h, global float* f) {
    f[0] = vload_half(1, h);
    float4 four = vload_half4(1, h);
    vstore_half4(four * 2.0f, 2, h);
    vstore_half_rtz(f[1], 0, h + 12);
    vstore_half_rtp(f[1], 1, h + 12);
    vstore_half_rtn(f[2], 2, h + 12);
    vstore_half(f[2], 3, h + 12);
    float3 three = vloada_half3(1, h);
    f[3] = three.x + three.y + three.z;
}
