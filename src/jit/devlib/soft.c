/* IEEE-754 operations for processors that lack the instruction: a code generator calls these where it would call the C
 * library. Correctly rounded, for rounding to nearest; they use none of the operations that they replace. */
#include "core.h"

typedef unsigned __int128 u128;

#include "select_f32.h"

#include "soft.inc"

#include "select_f64.h"

#include "soft.inc"

/* The value whose rounding to nearest is `rounded` and whose difference from it has the sign of `error`, rounded to
 * odd: what rounds it once more to fewer bits then sees a tie only where there is one. NaN stands for no error. */
HY_INLINE f64 to_odd_f64(f64 rounded, f64 error) {
    u64 bits = bits_f64(rounded);
    i32 moves = hy_both((bits & 1) == 0, hy_either(error > 0, error < 0));
    u64 away = (error < 0) == negative_f64(rounded) ? 1 : (u64)-1;
    return from_bits_f64(bits + (moves ? away : 0));
}
HY_INLINE f32 to_odd_f32(f32 rounded, f64 error) {
    u32 bits = bits_f32(rounded);
    i32 moves = hy_both((bits & 1) == 0, hy_either(error > 0, error < 0));
    u32 away = (error < 0) == negative_f32(rounded) ? 1 : (u32)-1;
    return from_bits_f32(bits + (moves ? away : 0));
}

/* a b is exact in f64. */
HY_FUNCTION(f32, soft_fma, f32, (f32 a, f32 b, f32 c)) {
    f64 product = (f64)a * (f64)b;
    pair_f64 sum = two_sum_f64(product, (f64)c);
    return (f32)to_odd_f64(sum.hi, sum.lo);
}

typedef struct {
    i32 exponent; /* of the last place */
    u64 mantissa; /* from 2^52 to 2^53 */
} parts;

/* Of a finite number that is not zero. */
HY_INLINE parts split(f64 x) {
    u64 bits = bits_f64(x);
    u64 fraction = bits & (((u64)1 << 52) - 1);
    i32 biased = (i32)((bits >> 52) & 0x7ff);
    i32 zeros = biased != 0 ? 0 : __builtin_clzll(fraction) - 11;
    parts p = {(biased != 0 ? biased : 1) - 1075 - zeros, biased != 0 ? fraction | ((u64)1 << 52) : fraction << zeros};
    return p;
}

/* x / 2^n, with the last bit set when any that was lost was. */
HY_INLINE u128 shift_right_sticky(u128 x, i32 n) {
    if (n <= 0) {
        return x;
    }
    if (n > 127) {
        return x != 0;
    }
    return (x >> n) | ((x << (128 - n)) != 0);
}

HY_INLINE i32 leading_zeros(u128 x) {
    u64 high = (u64)(x >> 64);
    return high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((u64)x);
}

/* x 2^exponent for x > 0, rounded once. */
HY_INLINE f64 compose(u64 sign, u128 x, i32 exponent) {
    i32 zeros = leading_zeros(x);
    i32 top = exponent - zeros + 127; /* the exponent of the first bit */
    if (top > 1023) {
        return from_bits_f64(sign | 0x7ff0000000000000u);
    }
    x = shift_right_sticky(x << zeros, -1022 - top);
    u64 mantissa = (u64)(x >> 75);
    u128 rest = x & (((u128)1 << 75) - 1);
    u128 half = (u128)1 << 74;
    mantissa += rest > half || (rest == half && (mantissa & 1) != 0);
    u64 biased = top >= -1022 ? (u64)(top + 1022) : 0; /* the first bit of the mantissa adds one */
    return from_bits_f64(sign | ((biased << 52) + mantissa));
}

HY_INLINE i32 is_finite(f64 x) {
    return abs_f64(x) < __builtin_inf();
}

/* In integers: 106 bits of product and 53 of the addend, moved to a common exponent. What falls off the end of the
 * smaller one is far below the last place of the result, so that one bit of it will do. */
HY_FUNCTION(f64, soft_fma, f64, (f64 a, f64 b, f64 c)) {
    if (!is_finite(a) || !is_finite(b) || a == 0 || b == 0) {
        return a * b + c;
    }
    if (!is_finite(c)) {
        return c + c;
    }
    if (c == 0) {
        return a * b; /* not zero before it is rounded, so its sign stands */
    }
    parts x = split(a);
    parts y = split(b);
    parts z = split(c);
    u64 sign = (bits_f64(a) ^ bits_f64(b)) & ((u64)1 << 63);
    u64 addend_sign = bits_f64(c) & ((u64)1 << 63);
    u128 product = ((u128)x.mantissa * y.mantissa) << 20;
    u128 addend = (u128)z.mantissa << 72;
    i32 exponent = x.exponent + y.exponent - 20;
    i32 addend_exponent = z.exponent - 72;
    product = shift_right_sticky(product, addend_exponent - exponent);
    addend = shift_right_sticky(addend, exponent - addend_exponent);
    exponent = exponent > addend_exponent ? exponent : addend_exponent;
    if (sign == addend_sign) {
        return compose(sign, product + addend, exponent);
    }
    if (product == addend) {
        return 0;
    }
    return product > addend ? compose(sign, product - addend, exponent)
                            : compose(addend_sign, addend - product, exponent);
}

HY_INLINE unsigned short half_bits(f16 x) {
    union {
        f16 value;
        unsigned short bits;
    } u = {x};
    return u.bits;
}

HY_INLINE f16 half_from_bits(u32 bits) {
    union {
        unsigned short bits;
        f16 value;
    } u = {(unsigned short)bits};
    return u.value;
}

HY_FUNCTION(f32, soft_widen, f16, (f16 x)) {
    u32 bits = half_bits(x);
    u32 sign = (bits & 0x8000u) << 16;
    u32 magnitude = (bits & 0x7fffu) << 13;
    u32 special = 0x7f800000u | magnitude | (magnitude > 0x0f800000u ? 0x400000u : 0);
    u32 finite = bits_f32(from_bits_f32(magnitude) * 0x1p112f);
    return from_bits_f32(sign | (magnitude >= 0x0f800000u ? special : finite));
}

HY_FUNCTION(f16, soft_narrow, f32, (f32 x)) {
    u32 sign = (bits_f32(x) >> 16) & 0x8000u;
    u32 magnitude = bits_f32(x) & 0x7fffffffu;
    u32 subnormal = bits_f32(from_bits_f32(magnitude) + 0.5f) - bits_f32(0.5f); /* 0.5 + n 2^-24 */
    u32 normal = ((magnitude + 0xfffu + ((magnitude >> 13) & 1)) >> 13) - (112u << 10);
    u32 result = magnitude < 0x38800000u ? subnormal : normal;
    result = magnitude >= 0x477ff000u ? 0x7c00u : result;
    result = magnitude > 0x7f800000u ? 0x7e00u | ((magnitude >> 13) & 0x3ffu) : result;
    return half_from_bits(sign | result);
}

HY_FUNCTION(f16, soft_narrow, f64, (f64 x)) {
    f32 rounded = (f32)x;
    return hy_soft_narrow_f32(to_odd_f32(rounded, x - (f64)rounded));
}
