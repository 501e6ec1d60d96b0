kernel void async(global const float* in, local float* tile, global float* out) {
    event_t e = async_work_group_copy(tile, in + get_group_id(0) * get_local_size(0), get_local_size(0), 0);
    wait_group_events(1, &e);
    out[get_global_id(0)] = tile[get_local_size(0) - 1 - get_local_id(0)];
}

kernel void together(global int* out) {
    int i = (int)get_local_id(0);
    out[get_global_id(0)] =
        work_group_reduce_add(i) * 10000 + work_group_scan_inclusive_max(i) * 100 + work_group_broadcast(i, 3);
}

kernel void apart(global int* out) {
    int i = (int)get_local_id(0);
    out[i] = i < 2 ? work_group_reduce_add(i) : 0;
}
