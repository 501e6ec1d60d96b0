// One function a kernel: out[i] = f(in[i]), or of pairs in[2 i], in[2 i + 1].
#define UNARY(name)                                                                                                    \
    kernel void name##_of(global float* out, global const float* in) {                                                 \
        const size_t i = get_global_id(0);                                                                             \
        out[i] = name(in[i]);                                                                                          \
    }
#define BINARY(name)                                                                                                   \
    kernel void name##_of(global float* out, global const float* in) {                                                 \
        const size_t i = get_global_id(0);                                                                             \
        out[i] = name(in[2 * i], in[2 * i + 1]);                                                                       \
    }

UNARY(exp)
UNARY(exp2)
UNARY(exp10)
UNARY(expm1)
UNARY(log)
UNARY(log2)
UNARY(log10)
UNARY(log1p)
UNARY(sin)
UNARY(cos)
UNARY(tan)
UNARY(asin)
UNARY(acos)
UNARY(atan)
UNARY(sinh)
UNARY(cosh)
UNARY(tanh)
UNARY(sqrt)
UNARY(rsqrt)
UNARY(cbrt)
BINARY(pow)
BINARY(atan2)
BINARY(hypot)
BINARY(fmod)

kernel void divide_of(global float* out, global const float* in) {
    const size_t i = get_global_id(0);
    out[i] = in[2 * i] / in[2 * i + 1];
}

// in[3 i] * in[3 i + 1] + in[3 i + 2], rounded once.
kernel void fma_of(global float* out, global const float* in) {
    const size_t i = get_global_id(0);
    out[i] = fma(in[3 * i], in[3 * i + 1], in[3 * i + 2]);
}
