// What kernels compute: control flow, memory of every kind, calls.
kernel void saxpy(global const float* x, global float* y, float a, uint n) {
    size_t i = get_global_id(0);
    if (i < n)
        y[i] = a * x[i] + y[i];
}

// Fibonacci by parallel phis, a switch over 64 bits and a loop with two exits.
kernel void flow(global ulong* out, uint n) {
    size_t i = get_global_id(0);
    ulong a = 0, b = 1;
    for (uint k = 0; k < i; ++k) {
        ulong t = a;
        a = b;
        b = t + b;
        if (a > n)
            break;
    }
    switch (a) {
    case 0: a = 100; break;
    case 2: a += 1000; // falls through
    case 3: a += 10000; break;
    case 0x100000000UL: a = 7; break;
    default: break;
    }
    out[i] = a;
}

typedef struct { char tag; int value; short pair[2]; float3 v; } Record;

__attribute__((noinline)) int sum(const Record* r) {
    return r->tag + r->value + r->pair[0] + r->pair[1] + (int)r->v.x + (int)r->v.z;
}

kernel void records(global const Record* in, global Record* out, global int* sums) {
    size_t i = get_global_id(0);
    Record mine = in[i];
    mine.value += 1;
    mine.pair[i & 1] += 10;
    out[i] = mine;
    sums[i] = sum(&mine);
}

constant int table[4] = {1, 20, 300, 4000};

kernel void pointers(global int* data, local int* scratch, global int* out, uint n) {
    size_t i = get_local_id(0);
    local int extra[8];
    int own[4] = {1, 2, 3, 4};
    scratch[i] = data[i];
    extra[i] = table[i & 3];
    barrier(CLK_LOCAL_MEM_FENCE);
    int* p = i & 1 ? &own[i & 3] : (int*)&scratch[7 - i]; // generic
    global int* q = data + n;
    out[i] = *p + extra[7 - i] + q[-1 - (int)i] + (int)(q - data);
}

kernel void by_value(global int* out, Record r, int4 v, char c) {
    out[get_global_id(0)] = r.tag + r.value + r.pair[1] + (int)r.v.y + v.x + v.w + c;
}

kernel void text(int n) {
    printf("item %d of %s: %v2f %c\n", n, "many", (float2)(0.5f, 1.5f), 'x');
}

kernel void atomics(global int* i, global uint* u) {
    atomic_add(&i[0], 3);
    atomic_sub(&i[1], 2);
    atomic_add(&u[0], (uint)get_global_id(0));
    atomic_or(&u[1], 1u << get_global_id(0));
    atomic_xor(&u[2], 5u);
    atomic_and(&u[3], ~(1u << get_global_id(0)));
    atomic_fetch_add((volatile global atomic_int*)&i[3], 1);
    atomic_fetch_sub((volatile global atomic_int*)&i[4], 1);
    int expected;
    do expected = atomic_add(&i[5], 0); while (atomic_cmpxchg(&i[5], expected, expected + 5) != expected);
}
