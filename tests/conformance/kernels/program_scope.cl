// Variables at program scope: one copy for each loaded module.
global int counter = 5;
global int* global where = &counter;
global int table[4];
constant int limit = 7;
constant int* global lim = &limit;
global struct Node {
    global int* place;
    float weight;
} node = {&counter, 2.5f};

kernel void bump(int step) {
    atomic_add(&counter, step);
    if (get_global_id(0) == 0) {
        table[step & 3] += 1;
        node.weight += 1.0f;
    }
}

kernel void look(global int* out) {
    out[0] = counter;
    out[1] = *where;
    for (int i = 0; i < 4; ++i) {
        out[2 + i] = table[i];
    }
    out[6] = *lim;
    out[7] = (int)(node.weight * 4.0f);
    out[8] = node.place == &counter;
}

kernel void point(int index) {
    where = &table[index];
}

// The address of a variable goes through memory from one kernel to another.
kernel void publish(global ulong* address) {
    *address = (ulong)&table[2];
}

kernel void poke(global const ulong* address) {
    *(global int*)*address = 77;
}
