/* Every function for f16: computed in f32 and rounded once more, which stays within half a unit and a little. */
#include "types.h"

#define HALF1(name)                                                                                                    \
    HY_DECLARE(f32, name, f32, (f32 x));                                                                               \
    HY_FUNCTION(f16, name, f16, (f16 x)) {                                                                             \
        return (f16)hy_##name##_f32((f32)x);                                                                           \
    }
#define HALF2(name)                                                                                                    \
    HY_DECLARE(f32, name, f32, (f32 x, f32 y));                                                                        \
    HY_FUNCTION(f16, name, f16, (f16 x, f16 y)) {                                                                      \
        return (f16)hy_##name##_f32((f32)x, (f32)y);                                                                   \
    }
#define HALF_INT(name)                                                                                                 \
    HY_DECLARE(f32, name, f32, (f32 x, i32 n));                                                                        \
    HY_FUNCTION(f16, name, f16, (f16 x, i32 n)) {                                                                      \
        return (f16)hy_##name##_f32((f32)x, n);                                                                        \
    }
#define HALF_TO_INT(name)                                                                                              \
    HY_DECLARE(i32, name, f32, (f32 x));                                                                               \
    HY_FUNCTION(i32, name, f16, (f16 x)) {                                                                             \
        return hy_##name##_f32((f32)x);                                                                                \
    }

HALF1(acos)
HALF1(acosh)
HALF1(acospi)
HALF1(asin)
HALF1(asinh)
HALF1(asinpi)
HALF1(atan)
HALF1(atanh)
HALF1(atanpi)
HALF1(cbrt)
HALF1(cos)
HALF1(cosh)
HALF1(cospi)
HALF1(erf)
HALF1(erfc)
HALF1(exp)
HALF1(exp2)
HALF1(exp10)
HALF1(expm1)
HALF1(lgamma)
HALF1(log)
HALF1(log2)
HALF1(log10)
HALF1(log1p)
HALF1(logb)
HALF1(rsqrt)
HALF1(sin)
HALF1(sinh)
HALF1(sinpi)
HALF1(tan)
HALF1(tanh)
HALF1(tanpi)
HALF1(tgamma)
HALF1(frexp_value)
HALF1(modf_value)
HALF1(modf_second)
HALF1(fract_second)
HALF1(native_sin)
HALF1(native_cos)
HALF1(native_tan)
HALF1(native_exp)
HALF1(native_exp2)
HALF1(native_exp10)
HALF1(native_log)
HALF1(native_log2)
HALF1(native_log10)
HALF1(native_recip)
HALF1(native_rsqrt)
HALF1(native_sqrt)
HALF1(half_sin)
HALF1(half_cos)
HALF1(half_tan)
HALF1(half_exp)
HALF1(half_exp2)
HALF1(half_exp10)
HALF1(half_log)
HALF1(half_log2)
HALF1(half_log10)
HALF1(half_recip)
HALF1(half_rsqrt)
HALF1(half_sqrt)

HALF2(atan2)
HALF2(atan2pi)
HALF2(fdim)
HALF2(fmod)
HALF2(hypot)
HALF2(maxmag)
HALF2(minmag)
HALF2(pow)
HALF2(powr)
HALF2(remainder)
HALF2(native_powr)
HALF2(native_divide)
HALF2(half_powr)
HALF2(half_divide)

HALF_INT(ldexp)
HALF_INT(pown)
HALF_INT(rootn)

HALF_TO_INT(ilogb)
HALF_TO_INT(frexp_second)
HALF_TO_INT(lgamma_r_second)

HY_DECLARE(i32, remquo_second, f32, (f32 x, f32 y));
HY_FUNCTION(i32, remquo_second, f16, (f16 x, f16 y)) {
    return hy_remquo_second_f32((f32)x, (f32)y);
}

/* The f32 fraction may round up to one. */
HY_DECLARE(f32, fract_value, f32, (f32 x));
HY_FUNCTION(f16, fract_value, f16, (f16 x)) {
    f32 fraction = hy_fract_value_f32((f32)x);
    return (f16)(fraction > 0x1.ffcp-1f ? 0x1.ffcp-1f : fraction);
}

HY_FUNCTION(f16, nextafter, f16, (f16 x, f16 y)) {
    union {
        f16 value;
        unsigned short bits;
    } u = {x}, to = {y};
    f32 from = (f32)x;
    f32 limit = (f32)y;
    int grows = (from < limit) == (from > 0);
    unsigned short smallest = (unsigned short)((to.bits & 0x8000u) | 1u);
    unsigned short next = (unsigned short)(u.bits + (grows ? 1u : 0xffffu));
    next = from == 0 ? smallest : next;
    next = from == limit ? to.bits : next;
    u.bits = hy_either(from != from, limit != limit) ? 0x7e00 : next;
    return u.value;
}
