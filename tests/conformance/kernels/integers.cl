// Operations that differ for signed and unsigned operands: eight results for each pair in[2 i], in[2 i + 1].
kernel void integers(global int* out, global const int* in) {
    const size_t i = get_global_id(0);
    const int a = in[2 * i], b = in[2 * i + 1];
    const uint c = (uint)a, d = (uint)b;
    out[8 * i] = a / b;
    out[8 * i + 1] = (int)(c / d);
    out[8 * i + 2] = a >> (b & 31);
    out[8 * i + 3] = (int)(c >> (d & 31));
    out[8 * i + 4] = a < b;
    out[8 * i + 5] = c < d;
    out[8 * i + 6] = a < b ? a + 1 : b - 1;
    out[8 * i + 7] = a % b;
}
