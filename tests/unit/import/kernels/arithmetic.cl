kernel void saxpy(global float* y, global const float* x, float a) {
    size_t i = get_global_id(0);
    y[i] = a * x[i] + y[i];
}

kernel void integers(global int* out, int a, int b, uint c) {
    out[0] = a + b;
    out[1] = a - b;
    out[2] = a * b;
    out[3] = a / b;
    out[4] = a % b;
    out[5] = a << (c & 31);
    out[6] = a >> 3;
    out[7] = (uint)a >> 3;
    out[8] = rotate(a, b);
    out[9] = hadd(a, b);
    out[10] = rhadd(a, b);
    out[11] = mul_hi(a, b);
    out[12] = clz(c);
    out[13] = popcount(a);
    out[14] = abs_diff(a, b);
    out[15] = mad_sat(a, b, 7);
    out[16] = bitselect(a, b, (int)c);
    out[17] = add_sat(a, INT_MAX);
    out[18] = sub_sat(a, INT_MAX);
    out[19] = mad24(a & 0xff, b & 0xff, 3);
    out[20] = upsample((short)a, (ushort)b);
    out[21] = clamp(a, -5, 5);
    out[22] = max(a, b) - min(a, b);
    out[23] = ~a ^ b;
    out[24] = ctz(c);
    out[25] = mul_hi(c, 0x80000001u);
}

kernel void vectors(global float4* out, global const float4* in, global float* packed) {
    float4 a = in[0];
    float4 b = in[1];
    out[0] = a + b.wzyx;
    out[1] = a * 2.0f - b;
    out[2] = (float4)(dot(a, b), length(a), distance(a, b), 0.0f);
    out[3] = (float4)(cross(a.xyz, b.xyz), 1.0f);
    out[4] = normalize(a);
    out[5] = (float4)(a.lo, b.hi);
    out[6] = select(a, b, isless(a, b));
    out[7] = shuffle(a, (uint4)(3, 2, 1, 0));
    float3 three = vload3(1, packed);
    vstore3(three * 3.0f, 2, packed);
    out[8] = fma(a, b, (float4)(1.0f));
    out[9] = mix(a, b, 0.25f);
    out[10] = clamp(a, 0.0f, 2.0f);
    out[11] = smoothstep((float4)(0.0f), (float4)(4.0f), a);
    a[(int)b.x] = 9.0f;
    out[12] = a;
    out[13] = convert_float4(a > b);
    out[14] = (float4)(sign(-2.0f), degrees(1.0f), radians(180.0f), step(2.0f, 1.0f));
}

kernel void mathematics(global float* out, float x, float y) {
    out[0] = exp(x);
    out[1] = sin(x);
    out[2] = pow(x, y);
    out[3] = sqrt(x);
    out[4] = fabs(-x);
    out[5] = floor(x);
    out[6] = rint(y);
    out[7] = fmod(y, x);
    int exponent;
    out[8] = frexp(y, &exponent);
    out[9] = exponent;
    float whole;
    out[10] = modf(y, &whole);
    out[11] = whole;
    float c;
    out[12] = sincos(x, &c);
    out[13] = c;
    out[14] = pown(x, 3);
    out[15] = fmax(x, y);
    out[16] = round(2.5f + x - x);
    out[17] = isnan(x / 0.0f - y / 0.0f);
    out[18] = copysign(x, -y);
    out[19] = atan2(y, x);
}
