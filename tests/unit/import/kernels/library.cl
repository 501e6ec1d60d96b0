// What clang leaves to a library, or writes in a way of its own.
kernel void doubles(global double* out, global const int* i, global const uint* u, global const long* l,
                    global const float* f, global const half* h) {
    out[0] = convert_double(i[0]);
    out[1] = convert_double(u[0]);
    out[2] = convert_double(l[0]);
    out[3] = convert_double_rtz(l[0]);
    out[4] = convert_double_rtp(l[0]);
    out[5] = convert_double(f[0]);
    out[6] = convert_double(vload_half(0, h));
    double2 pair = convert_double2(vload2(0, i));
    out[7] = pair.x * pair.y;
}

kernel void votes(global int* out, global const int4* v) {
    out[0] = any(v[0]);
    out[1] = all(v[0]);
    out[2] = any(v[1]);
    out[3] = all(v[1]);
    out[4] = any(v[2]);
    out[5] = all(v[2]);
}
