kernel void convert(global int* out, global const float* f, global const int* i, global const double* d) {
    out[0] = convert_int(f[0]);
    out[1] = convert_int_rte(f[0]);
    out[2] = convert_int_rtp(f[0]);
    out[3] = convert_int_rtn(f[1]);
    out[4] = convert_uchar_sat(f[2]);
    out[5] = convert_char_sat(f[2]);
    out[6] = convert_int_sat(f[3]);
    out[7] = convert_uint_sat(f[1]);
    out[8] = as_int(convert_float_rtz(i[0]));
    out[9] = as_int(convert_float_rtp(i[0]));
    out[10] = as_int(convert_float_rtn(i[1]));
    out[11] = as_int(convert_float(i[0]));
    out[12] = as_int(convert_float_rtz(d[0]));
    out[13] = as_int(convert_float_rtp(d[0]));
    out[14] = as_int(convert_float_rtn(d[0]));
    out[15] = convert_uchar_sat(i[2]);
    out[16] = convert_char_sat((uint)i[3]);
    out[17] = convert_short_sat(i[3]);
    out[18] = (char)i[3];
    out[19] = (uchar)i[3];
    out[20] = as_int((float)d[0]);
    out[21] = as_int(convert_float_rtp((ulong)0xffffffffffffffff));
    out[22] = as_int(convert_float_rtz((long)i[0] * 1000003l));
    out[23] = as_int((ushort2)(i[3], i[0]));
}

kernel void wide(global long* out, long a, long b, double x) {
    out[0] = a * b;
    out[1] = mul_hi(a, b);
    out[2] = a / b;
    out[3] = as_long(x * x);
    out[4] = (long)x;
    out[5] = as_long((double)a);
    out[6] = clz(a);
    out[7] = rotate(a, 13l);
    out[8] = mad_sat(a, b, a);
    out[9] = isequal(x, x) + 2 * (x > 1.0) + 4 * signbit(x);
}

kernel void small(global char* c, global short* s, global uchar4* v) {
    c[1] = c[0] * 3;
    c[2] = c[0] >> 1;
    s[1] = s[0] / (short)-7;
    s[2] = (short)(s[0] << 3);
    v[1] = v[0] * (uchar4)(2) + v[0].wzyx;
    v[2] = add_sat(v[0], (uchar4)(200));
    uchar16 big = (uchar16)(v[0], v[1], v[2], v[0]);
    v[3] = big.s048c;
}
