/* Argument reduction for huge arguments (Payne and Hanek, "Radian reduction for trigonometric functions", 1983): only
 * the bits of 2/pi that matter for x mod 2 pi are multiplied, in integers. The bits are picked with selects from
 * constants, not from a table in memory, so that the code inlines into vector loops of any target. */
#ifndef HY_DEVLIB_PAYNE_HANEK_H
#define HY_DEVLIB_PAYNE_HANEK_H

#include "core.h"

/* One step of a barrel shift of w by `index` words. Spelt out, since a loop over w is unrolled too late to keep w out
 * of memory. */
#define HY_PICK1(i, step) w[i] = (index & (step)) ? w[(i) + (step)] : w[i];
#define HY_PICK4(i, step) HY_PICK1(i, step) HY_PICK1(i + 1, step) HY_PICK1(i + 2, step) HY_PICK1(i + 3, step)
#define HY_PICK8(i, step) HY_PICK4(i, step) HY_PICK4(i + 4, step)

/* For finite x >= 2^16: x = (4 m + *quadrant) pi / 2 + result, |result| <= pi / 4. */
HY_INLINE f32 reduce_huge_f32(f32 x, i32* quadrant) {
    i32 exponent = (i32)(bits_f32(x) >> 23) - 127;
    u32 m = (bits_f32(x) & 0x7fffffu) | 0x800000u;
    /* A zero word first, since the window starts 25 - exponent bits before the binary point. */
    u32 w[12] = {0, HY_TWO_PI_WORDS_f32};
    u32 offset = (u32)(exponent + 7);
    u32 index = offset >> 5;
    u32 shift = offset & 31;
    HY_PICK8(0, 4)
    HY_PICK8(0, 2)
    HY_PICK4(0, 1)
    u32 w0 = (w[0] << shift) | ((w[1] >> 1) >> (31 - shift));
    u32 w1 = (w[1] << shift) | ((w[2] >> 1) >> (31 - shift));
    u32 w2 = (w[2] << shift) | ((w[3] >> 1) >> (31 - shift));
    u64 turns = ((u64)(m * w0) << 32) + (u64)m * w1 + (((u64)m * w2) >> 32);
    *quadrant = (i32)((turns + (1ull << 61)) >> 62);
    i64 r = (i64)(turns << 2);
    f32 hi = (f32)((i32)(r >> 32) & ~0xff) * 0x1p-32f;
    f32 lo = (f32)((i32)(r >> 9) & 0x7fffffff) * 0x1p-55f;
    pair_f32 quarter = fast_two_sum_f32(hi, lo);
    pair_f32 radians = two_product_f32(quarter.hi, HY_PI_2_0_f32);
    return radians.hi + (radians.lo + fma_f32(quarter.hi, HY_PI_2_1_f32, quarter.lo * HY_PI_2_0_f32));
}

/* The 128-bit product. */
HY_INLINE u64 multiply_wide(u64 a, u64 b, u64* low) {
    u64 a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
    u64 middle = a1 * b0 + ((a0 * b0) >> 32);
    u64 carry = (middle & 0xffffffffu) + a0 * b1;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (carry >> 32);
}

/* For finite x >= 2^16: as above. */
HY_INLINE f64 reduce_huge_f64(f64 x, i64* quadrant) {
    i32 exponent = (i32)(bits_f64(x) >> 52) - 1023;
    u64 m = (bits_f64(x) & 0xfffffffffffffull) | 0x10000000000000ull;
    u64 w[36] = {0, HY_TWO_PI_WORDS_f64};
    u32 offset = (u32)(exponent + 10);
    u32 index = offset >> 6;
    u32 shift = offset & 63;
    HY_PICK8(0, 16)
    HY_PICK8(8, 16)
    HY_PICK4(16, 16)
    HY_PICK8(0, 8)
    HY_PICK4(8, 8)
    HY_PICK8(0, 4)
    HY_PICK8(0, 2)
    HY_PICK4(0, 1)
    u64 w0 = (w[0] << shift) | ((w[1] >> 1) >> (63 - shift));
    u64 w1 = (w[1] << shift) | ((w[2] >> 1) >> (63 - shift));
    u64 w2 = (w[2] << shift) | ((w[3] >> 1) >> (63 - shift));
    u64 unused, low;
    u64 tail = multiply_wide(m, w2, &unused);
    u64 high = multiply_wide(m, w1, &low);
    low += tail;
    high += m * w0 + (low < tail);
    *quadrant = (i64)((high + (1ull << 61)) >> 62);
    u64 r_high = (high << 2) | (low >> 62);
    u64 r_low = low << 2;
    f64 hi = (f64)(i64)(r_high & ~0x7ffull) * 0x1p-64;
    f64 lo = (f64)(i64)(((r_high & 0x7ffu) << 51) | (r_low >> 13)) * 0x1p-115;
    pair_f64 quarter = fast_two_sum_f64(hi, lo);
    pair_f64 radians = two_product_f64(quarter.hi, HY_PI_2_0_f64);
    return radians.hi + (radians.lo + fma_f64(quarter.hi, HY_PI_2_1_f64, quarter.lo * HY_PI_2_0_f64));
}

#endif
