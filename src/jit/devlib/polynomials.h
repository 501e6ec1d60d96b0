/* Written by tools/generate_polynomials.py; do not edit. */
/* clang-format off */
#ifndef HY_DEVLIB_POLYNOMIALS_H
#define HY_DEVLIB_POLYNOMIALS_H

#include "types.h"

#define HY_LN2_0_f32 0x1.62e4300000000p-1f
#define HY_LN2_1_f32 -0x1.05c6100000000p-29f
#define HY_LOG2E_0_f32 0x1.7154760000000p+0f
#define HY_LOG2E_1_f32 0x1.4ae0c00000000p-26f
#define HY_LOG10E_0_f32 0x1.bcb7b20000000p-2f
#define HY_LOG10E_1_f32 -0x1.5b235e0000000p-27f
#define HY_LOG10_2_0_f32 0x1.3441360000000p-2f
#define HY_LOG10_2_1_f32 -0x1.ec10c00000000p-27f
#define HY_LOG2_10_f32 0x1.a934f00000000p+1f
#define HY_TWO_LOG2E_0_f32 0x1.7154760000000p+1f
#define HY_TWO_LOG2E_1_f32 0x1.4ae0c00000000p-25f
#define HY_THIRD_0_f32 0x1.5555560000000p-2f
#define HY_THIRD_1_f32 -0x1.5555560000000p-27f
#define HY_PI_0_f32 0x1.921fb60000000p+1f
#define HY_PI_1_f32 -0x1.777a5c0000000p-24f
#define HY_PI_2_0_f32 0x1.921fb60000000p+0f
#define HY_PI_2_1_f32 -0x1.777a5c0000000p-25f
#define HY_PI_2_2_f32 -0x1.ee59da0000000p-50f
#define HY_PI_4_0_f32 0x1.921fb60000000p-1f
#define HY_PI_4_1_f32 -0x1.777a5c0000000p-26f
#define HY_TWO_PI_INV_f32 0x1.45f3060000000p-1f
#define HY_INV_PI_0_f32 0x1.45f3060000000p-2f
#define HY_INV_PI_1_f32 0x1.b939100000000p-27f
#define HY_SQRT_2_f32 0x1.6a09e60000000p+0f
#define HY_TAN_PI_8_f32 0x1.a8279a0000000p-2f
#define HY_CBRT_1_2_f32 0x1.965fea0000000p-1f
#define HY_CBRT_1_4_f32 0x1.428a300000000p-1f
#define HY_LOG_PI_f32 0x1.250d040000000p+0f
#define HY_HALF_LOG_2PI_f32 0x1.d67f1c0000000p-1f

#define HY_LN2_0_f64 0x1.62e42fefa39efp-1
#define HY_LN2_1_f64 0x1.abc9e3b39803fp-56
#define HY_LOG2E_0_f64 0x1.71547652b82fep+0
#define HY_LOG2E_1_f64 0x1.777d0ffda0d24p-56
#define HY_LOG10E_0_f64 0x1.bcb7b1526e50ep-2
#define HY_LOG10E_1_f64 0x1.95355baaafad3p-57
#define HY_LOG10_2_0_f64 0x1.34413509f79ffp-2
#define HY_LOG10_2_1_f64 -0x1.9dc1da994fd21p-59
#define HY_LOG2_10_f64 0x1.a934f0979a371p+1
#define HY_TWO_LOG2E_0_f64 0x1.71547652b82fep+1
#define HY_TWO_LOG2E_1_f64 0x1.777d0ffda0d24p-55
#define HY_THIRD_0_f64 0x1.5555555555555p-2
#define HY_THIRD_1_f64 0x1.5555555555555p-56
#define HY_PI_0_f64 0x1.921fb54442d18p+1
#define HY_PI_1_f64 0x1.1a62633145c07p-53
#define HY_PI_2_0_f64 0x1.921fb54442d18p+0
#define HY_PI_2_1_f64 0x1.1a62633145c07p-54
#define HY_PI_2_2_f64 -0x1.f1976b7ed8fbcp-110
#define HY_PI_4_0_f64 0x1.921fb54442d18p-1
#define HY_PI_4_1_f64 0x1.1a62633145c07p-55
#define HY_TWO_PI_INV_f64 0x1.45f306dc9c883p-1
#define HY_INV_PI_0_f64 0x1.45f306dc9c883p-2
#define HY_INV_PI_1_f64 -0x1.6b01ec5417056p-56
#define HY_SQRT_2_f64 0x1.6a09e667f3bcdp+0
#define HY_TAN_PI_8_f64 0x1.a827999fcef32p-2
#define HY_CBRT_1_2_f64 0x1.965fea53d6e3dp-1
#define HY_CBRT_1_4_f64 0x1.428a2f98d728bp-1
#define HY_LOG_PI_f64 0x1.250d048e7a1bdp+0
#define HY_HALF_LOG_2PI_f64 0x1.d67f1c864beb5p-1

#define HY_TWO_PI_WORDS_f32 \
    0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu

#define HY_TWO_PI_WORDS_f64 \
    0xa2f9836e4e441529ull, 0xfc2757d1f534ddc0ull, 0xdb6295993c439041ull, 0xfe5163abdebbc561ull, \
    0xb7246e3a424dd2e0ull, 0x06492eea09d1921cull, 0xfe1deb1cb129a73eull, 0xe88235f52ebb4484ull, \
    0xe99c7026b45f7e41ull, 0x3991d639835339f4ull, 0x9c845f8bbdf9283bull, 0x1ff897ffde05980full, \
    0xef2f118b5a0a6d1full, 0x6d367ecf27cb09b7ull, 0x4f463f669e5fea2dull, 0x7527bac7ebe5f17bull, \
    0x3d0739f78a5292eaull, 0x6bfb5fb11f8d5d08ull, 0x56033046fc7b6babull, 0xf0cfbc209af4361dull

HY_INLINE f32 poly_exp_f32(f32 x) {
    f32 p = 0x1.6d5c020000000p-10f;
    p = __builtin_fmaf(p, x, 0x1.122df00000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.5554dc0000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.5554a80000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.0000000000000p-1f);
    return p;
}

HY_INLINE f64 poly_exp_f64(f64 x) {
    f64 p = 0x1.1f8f785143173p-29;
    p = __builtin_fma(p, x, 0x1.af625769d71aep-26);
    p = __builtin_fma(p, x, 0x1.27e4ca1fd1dd0p-22);
    p = __builtin_fma(p, x, 0x1.71ddf68e53cc5p-19);
    p = __builtin_fma(p, x, 0x1.a01a01ae2b7bbp-16);
    p = __builtin_fma(p, x, 0x1.a01a01b07648bp-13);
    p = __builtin_fma(p, x, 0x1.6c16c16c14ecap-10);
    p = __builtin_fma(p, x, 0x1.111111110f5acp-7);
    p = __builtin_fma(p, x, 0x1.5555555555558p-5);
    p = __builtin_fma(p, x, 0x1.5555555555559p-3);
    p = __builtin_fma(p, x, 0x1.0000000000000p-1);
    return p;
}

HY_INLINE f32 poly_exp2_f32(f32 x) {
    f32 p = 0x1.451c6e0000000p-13f;
    p = __builtin_fmaf(p, x, 0x1.5f14f80000000p-10f);
    p = __builtin_fmaf(p, x, 0x1.3b28d60000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.c6af680000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.ebfbe20000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.62e4300000000p-1f);
    return p;
}

HY_INLINE f64 poly_exp2_f64(f64 x) {
    f64 p = 0x1.c1080c18e161cp-36;
    p = __builtin_fma(p, x, 0x1.eaed6a315ae12p-32);
    p = __builtin_fma(p, x, 0x1.e4d1ee141a16ap-28);
    p = __builtin_fma(p, x, 0x1.b5242c508ac8cp-24);
    p = __builtin_fma(p, x, 0x1.62c021669b898p-20);
    p = __builtin_fma(p, x, 0x1.ffcbfcd7a7d20p-17);
    p = __builtin_fma(p, x, 0x1.430912f8a8e42p-13);
    p = __builtin_fma(p, x, 0x1.5d87fe78895a5p-10);
    p = __builtin_fma(p, x, 0x1.3b2ab6fba4d80p-7);
    p = __builtin_fma(p, x, 0x1.c6b08d704a181p-5);
    p = __builtin_fma(p, x, 0x1.ebfbdff82c58fp-3);
    p = __builtin_fma(p, x, 0x1.62e42fefa39efp-1);
    return p;
}

HY_INLINE f32 poly_exp10_f32(f32 x) {
    f32 p = 0x1.aac87c0000000p-3f;
    p = __builtin_fmaf(p, x, 0x1.1571780000000p-1f);
    p = __builtin_fmaf(p, x, 0x1.2bd5720000000p+0f);
    p = __builtin_fmaf(p, x, 0x1.046f940000000p+1f);
    p = __builtin_fmaf(p, x, 0x1.53524e0000000p+1f);
    p = __builtin_fmaf(p, x, 0x1.26bb1c0000000p+1f);
    return p;
}

HY_INLINE f64 poly_exp10_f64(f64 x) {
    f64 p = 0x1.8d41c179bfb99p-15;
    p = __builtin_fma(p, x, 0x1.f94f72c7448c0p-13);
    p = __builtin_fma(p, x, 0x1.2ea0bd9e1aadcp-10);
    p = __builtin_fma(p, x, 0x1.4898fea002ce0p-8);
    p = __builtin_fma(p, x, 0x1.4116b23d704fdp-6);
    p = __builtin_fma(p, x, 0x1.16e4df35503b1p-4);
    p = __builtin_fma(p, x, 0x1.a7ed7083bfe12p-3);
    p = __builtin_fma(p, x, 0x1.1429ffd20bdd9p-1);
    p = __builtin_fma(p, x, 0x1.2bd7609fd9ae2p+0);
    p = __builtin_fma(p, x, 0x1.0470591de2b80p+1);
    p = __builtin_fma(p, x, 0x1.53524c73cea68p+1);
    p = __builtin_fma(p, x, 0x1.26bb1bbb55516p+1);
    return p;
}

HY_INLINE f32 poly_log_f32(f32 x) {
    f32 p = -0x1.38a8360000000p-4f;
    p = __builtin_fmaf(p, x, 0x1.08cff20000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.0f637c0000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.22624a0000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.54211c0000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.99a4600000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.0004420000000p-2f);
    p = __builtin_fmaf(p, x, 0x1.5555500000000p-2f);
    p = __builtin_fmaf(p, x, -0x1.fffff80000000p-2f);
    return p;
}

HY_INLINE f64 poly_log_f64(f64 x) {
    f64 p = -0x1.94cf0b1b275cdp-6;
    p = __builtin_fma(p, x, 0x1.d933a4955b0b8p-5);
    p = __builtin_fma(p, x, -0x1.02744ba7cafb8p-4);
    p = __builtin_fma(p, x, 0x1.ba3d683e9b55cp-5);
    p = __builtin_fma(p, x, -0x1.b306aefdf56cdp-5);
    p = __builtin_fma(p, x, 0x1.dc94e6ffe792ep-5);
    p = __builtin_fma(p, x, -0x1.00ebeac5b9c8bp-4);
    p = __builtin_fma(p, x, 0x1.116e1da8f3078p-4);
    p = __builtin_fma(p, x, -0x1.2486e44cd8d3fp-4);
    p = __builtin_fma(p, x, 0x1.3b0cf0ab5fc13p-4);
    p = __builtin_fma(p, x, -0x1.555594a427a91p-4);
    p = __builtin_fma(p, x, 0x1.745d6134b7e78p-4);
    p = __builtin_fma(p, x, -0x1.999999c8dc789p-4);
    p = __builtin_fma(p, x, 0x1.c71c6fe4f794bp-4);
    p = __builtin_fma(p, x, -0x1.fffffff70b670p-4);
    p = __builtin_fma(p, x, 0x1.249249280cb4ap-3);
    p = __builtin_fma(p, x, -0x1.5555555567a8bp-3);
    p = __builtin_fma(p, x, 0x1.99999999933bdp-3);
    p = __builtin_fma(p, x, -0x1.ffffffffffea8p-3);
    p = __builtin_fma(p, x, 0x1.5555555555576p-2);
    p = __builtin_fma(p, x, -0x1.0000000000000p-1);
    return p;
}

HY_INLINE f32 poly_log_atanh_f32(f32 x) {
    f32 p = 0x1.d85cbc0000000p-4f;
    p = __builtin_fmaf(p, x, 0x1.24794c0000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.9999a40000000p-3f);
    return p;
}

HY_INLINE f64 poly_log_atanh_f64(f64 x) {
    f64 p = -0x1.f0ed0b81e5390p+2;
    p = __builtin_fma(p, x, 0x1.2934bf943cedcp+0);
    p = __builtin_fma(p, x, -0x1.d0d83a499c8afp-7);
    p = __builtin_fma(p, x, 0x1.f3d81e2d24ea9p-5);
    p = __builtin_fma(p, x, 0x1.10e43cdd8702ap-4);
    p = __builtin_fma(p, x, 0x1.3b1438735899ep-4);
    p = __builtin_fma(p, x, 0x1.745d165647c5fp-4);
    p = __builtin_fma(p, x, 0x1.c71c71c8023b1p-4);
    p = __builtin_fma(p, x, 0x1.2492492492171p-3);
    p = __builtin_fma(p, x, 0x1.999999999999ap-3);
    return p;
}

HY_INLINE f32 poly_sin_f32(f32 x) {
    f32 p = 0x1.77b0140000000p-19f;
    p = __builtin_fmaf(p, x, -0x1.a048020000000p-13f);
    p = __builtin_fmaf(p, x, 0x1.1111640000000p-7f);
    p = __builtin_fmaf(p, x, -0x1.5555560000000p-3f);
    return p;
}

HY_INLINE f64 poly_sin_f64(f64 x) {
    f64 p = -0x1.a59a852010cffp-41;
    p = __builtin_fma(p, x, 0x1.61150d875e2f2p-33);
    p = __builtin_fma(p, x, -0x1.ae643dc134ee5p-26);
    p = __builtin_fma(p, x, 0x1.71de3a4059d61p-19);
    p = __builtin_fma(p, x, -0x1.a01a01a006f01p-13);
    p = __builtin_fma(p, x, 0x1.111111111108bp-7);
    p = __builtin_fma(p, x, -0x1.5555555555555p-3);
    return p;
}

HY_INLINE f32 poly_cos_f32(f32 x) {
    f32 p = -0x1.3319ce0000000p-22f;
    p = __builtin_fmaf(p, x, 0x1.a0659e0000000p-16f);
    p = __builtin_fmaf(p, x, -0x1.6c17520000000p-10f);
    p = __builtin_fmaf(p, x, 0x1.5555560000000p-5f);
    return p;
}

HY_INLINE f64 poly_cos_f64(f64 x) {
    f64 p = 0x1.a240ecfef8ab2p-45;
    p = __builtin_fma(p, x, -0x1.937e2ba42f004p-37);
    p = __builtin_fma(p, x, 0x1.1eed77bb1383fp-29);
    p = __builtin_fma(p, x, -0x1.27e4fb60c2ff2p-22);
    p = __builtin_fma(p, x, 0x1.a01a01a001d79p-16);
    p = __builtin_fma(p, x, -0x1.6c16c16c16b48p-10);
    p = __builtin_fma(p, x, 0x1.5555555555555p-5);
    return p;
}

HY_INLINE f32 poly_atan_f32(f32 x) {
    f32 p = -0x1.ef72440000000p-5f;
    p = __builtin_fmaf(p, x, 0x1.b16d760000000p-4f);
    p = __builtin_fmaf(p, x, -0x1.23ac560000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.9991180000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.5555480000000p-2f);
    return p;
}

HY_INLINE f64 poly_atan_f64(f64 x) {
    f64 p = 0x1.ecb50dfa39c31p-7;
    p = __builtin_fma(p, x, -0x1.10ea3bf361c81p-5);
    p = __builtin_fma(p, x, 0x1.705b262f03a04p-5);
    p = __builtin_fma(p, x, -0x1.ab58b8de9272ep-5);
    p = __builtin_fma(p, x, 0x1.e16c20e353bc6p-5);
    p = __builtin_fma(p, x, -0x1.110c23807d9a7p-4);
    p = __builtin_fma(p, x, 0x1.3b136896d7919p-4);
    p = __builtin_fma(p, x, -0x1.745d147731200p-4);
    p = __builtin_fma(p, x, 0x1.c71c71b552af0p-4);
    p = __builtin_fma(p, x, -0x1.2492492471049p-3);
    p = __builtin_fma(p, x, 0x1.99999999995a8p-3);
    p = __builtin_fma(p, x, -0x1.5555555555554p-2);
    return p;
}

HY_INLINE f32 poly_asin_f32(f32 x) {
    f32 p = 0x1.3448d60000000p-5f;
    p = __builtin_fmaf(p, x, 0x1.d65f100000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.04c15c0000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.6ca8e80000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.3338a60000000p-4f);
    p = __builtin_fmaf(p, x, 0x1.55554c0000000p-3f);
    return p;
}

HY_INLINE f64 poly_asin_f64(f64 x) {
    f64 p = 0x1.1468fb3fef63fp-5;
    p = __builtin_fma(p, x, -0x1.af03812570d49p-6);
    p = __builtin_fma(p, x, 0x1.98976d505a153p-6);
    p = __builtin_fma(p, x, 0x1.4d6b51007700ap-11);
    p = __builtin_fma(p, x, 0x1.4866619f9205bp-7);
    p = __builtin_fma(p, x, 0x1.36b2feda41923p-7);
    p = __builtin_fma(p, x, 0x1.7ba6034872e09p-7);
    p = __builtin_fma(p, x, 0x1.c980c073e90ccp-7);
    p = __builtin_fma(p, x, 0x1.1c4f860640219p-6);
    p = __builtin_fma(p, x, 0x1.6e8b9af3a5e5dp-6);
    p = __builtin_fma(p, x, 0x1.f1c71ca7d6372p-6);
    p = __builtin_fma(p, x, 0x1.6db6db6d4aa6fp-5);
    p = __builtin_fma(p, x, 0x1.33333333339fap-4);
    p = __builtin_fma(p, x, 0x1.5555555555553p-3);
    return p;
}

HY_INLINE f32 poly_sinh_f32(f32 x) {
    f32 p = 0x1.76adc20000000p-19f;
    p = __builtin_fmaf(p, x, 0x1.a01acc0000000p-13f);
    p = __builtin_fmaf(p, x, 0x1.1110ec0000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.5555560000000p-3f);
    return p;
}

HY_INLINE f64 poly_sinh_f64(f64 x) {
    f64 p = 0x1.3e73cce20ce25p-48;
    p = __builtin_fma(p, x, 0x1.aac820071ac6ep-41);
    p = __builtin_fma(p, x, 0x1.612aab3f29ab7p-33);
    p = __builtin_fma(p, x, 0x1.ae644b4b1e206p-26);
    p = __builtin_fma(p, x, 0x1.71de3a609b5c7p-19);
    p = __builtin_fma(p, x, 0x1.a01a01a00dba4p-13);
    p = __builtin_fma(p, x, 0x1.111111111117cp-7);
    p = __builtin_fma(p, x, 0x1.5555555555555p-3);
    return p;
}

HY_INLINE f32 poly_rcbrt_f32(f32 x) {
    f32 p = 0x1.dbfdde0000000p-6f;
    p = __builtin_fmaf(p, x, -0x1.cac3200000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.6737400000000p-1f);
    p = __builtin_fmaf(p, x, -0x1.2dc3420000000p+0f);
    p = __builtin_fmaf(p, x, 0x1.ac0dd40000000p+0f);
    return p;
}

HY_INLINE f64 poly_rcbrt_f64(f64 x) {
    f64 p = 0x1.dbfde1c57757cp-6;
    p = __builtin_fma(p, x, -0x1.cac321c265c80p-3);
    p = __builtin_fma(p, x, 0x1.67374018fb1e1p-1);
    p = __builtin_fma(p, x, -0x1.2dc3417e77ccep+0);
    p = __builtin_fma(p, x, 0x1.ac0dd386c8675p+0);
    return p;
}

HY_INLINE f32 poly_erf_f32(f32 x) {
    f32 p = 0x1.fe3ffe0000000p-15f;
    p = __builtin_fmaf(p, x, -0x1.858ff40000000p-11f);
    p = __builtin_fmaf(p, x, 0x1.4f3c7c0000000p-8f);
    p = __builtin_fmaf(p, x, -0x1.b73fda0000000p-6f);
    p = __builtin_fmaf(p, x, 0x1.ce1f5a0000000p-4f);
    p = __builtin_fmaf(p, x, -0x1.8126d00000000p-2f);
    p = __builtin_fmaf(p, x, 0x1.20dd740000000p+0f);
    return p;
}

HY_INLINE f64 poly_erf_f64(f64 x) {
    f64 p = 0x1.0d177f253f7eap-35;
    p = __builtin_fma(p, x, -0x1.4a311fbbe64ccp-33);
    p = __builtin_fma(p, x, -0x1.11dbaae5adfb4p-31);
    p = __builtin_fma(p, x, 0x1.d080a8f2a47c0p-27);
    p = __builtin_fma(p, x, -0x1.5c4738a665335p-23);
    p = __builtin_fma(p, x, 0x1.b99744f01465ap-20);
    p = __builtin_fma(p, x, -0x1.f4ccf4fac8ddep-17);
    p = __builtin_fma(p, x, 0x1.f9a2e5a649625p-14);
    p = __builtin_fma(p, x, -0x1.c02db1e3de515p-11);
    p = __builtin_fma(p, x, 0x1.565bcd02dd643p-8);
    p = __builtin_fma(p, x, -0x1.b82ce31239e50p-6);
    p = __builtin_fma(p, x, 0x1.ce2f21a0418f6p-4);
    p = __builtin_fma(p, x, -0x1.812746b0379c5p-2);
    p = __builtin_fma(p, x, 0x1.20dd750429b6dp+0);
    return p;
}

HY_INLINE f32 poly_erfc_f32(f32 x) {
    f32 p = 0x1.26af760000000p-15f;
    p = __builtin_fmaf(p, x, -0x1.71fc7e0000000p-12f);
    p = __builtin_fmaf(p, x, -0x1.4a37660000000p-10f);
    p = __builtin_fmaf(p, x, 0x1.4b3b100000000p-10f);
    p = __builtin_fmaf(p, x, 0x1.1b2da80000000p-7f);
    p = __builtin_fmaf(p, x, -0x1.0783920000000p-7f);
    p = __builtin_fmaf(p, x, -0x1.bc10100000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.4ffaf00000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.5408100000000p-3f);
    p = __builtin_fmaf(p, x, -0x1.7bf5fc0000000p-4f);
    p = __builtin_fmaf(p, x, 0x1.46e80e0000000p+0f);
    return p;
}

HY_INLINE f64 poly_erfc_f64(f64 x) {
    f64 p = -0x1.ac866b2007287p-30;
    p = __builtin_fma(p, x, -0x1.bd28ecd042ee2p-27);
    p = __builtin_fma(p, x, -0x1.0fe68fed37bdfp-27);
    p = __builtin_fma(p, x, 0x1.e6a695d5a6c96p-24);
    p = __builtin_fma(p, x, 0x1.0a17738a49272p-24);
    p = __builtin_fma(p, x, -0x1.bf0b2d038ade8p-21);
    p = __builtin_fma(p, x, 0x1.453c3913c0b9dp-22);
    p = __builtin_fma(p, x, 0x1.7f9bf56184a65p-18);
    p = __builtin_fma(p, x, -0x1.78af9e465a33ap-17);
    p = __builtin_fma(p, x, -0x1.9967e998a6e46p-16);
    p = __builtin_fma(p, x, 0x1.3be10c6f4a54fp-13);
    p = __builtin_fma(p, x, -0x1.a1de93c38a41dp-13);
    p = __builtin_fma(p, x, -0x1.8d4aa45d68885p-11);
    p = __builtin_fma(p, x, 0x1.49c671a5db8d5p-8);
    p = __builtin_fma(p, x, -0x1.09623879b1e34p-6);
    p = __builtin_fma(p, x, 0x1.3079edf9bec69p-5);
    p = __builtin_fma(p, x, -0x1.0fb06dfe8a791p-4);
    p = __builtin_fma(p, x, 0x1.7fee004df807fp-4);
    p = __builtin_fma(p, x, -0x1.9ddb23c3e580cp-4);
    p = __builtin_fma(p, x, 0x1.16ecefcfa5fe4p-4);
    p = __builtin_fma(p, x, 0x1.f7f5df66fcb61p-7);
    p = __builtin_fma(p, x, -0x1.1df1ad154a29cp-3);
    p = __builtin_fma(p, x, 0x1.3ba5916e9fd7fp+0);
    return p;
}

HY_INLINE f32 poly_gamma_f32(f32 x) {
    f32 p = 0x1.3b663e0000000p-10f;
    p = __builtin_fmaf(p, x, 0x1.6ce1fa0000000p-10f);
    p = __builtin_fmaf(p, x, 0x1.8efba00000000p-9f);
    p = __builtin_fmaf(p, x, 0x1.17d4500000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.145cb00000000p-5f);
    p = __builtin_fmaf(p, x, 0x1.79dcbe0000000p-4f);
    p = __builtin_fmaf(p, x, 0x1.abcc5a0000000p-3f);
    p = __builtin_fmaf(p, x, 0x1.40d9320000000p+1f);
    return p;
}

HY_INLINE f64 poly_gamma_f64(f64 x) {
    f64 p = -0x1.2b80a1b146c7bp-10;
    p = __builtin_fma(p, x, 0x1.0e57567dff8e4p-7);
    p = __builtin_fma(p, x, -0x1.c179dcd5ef1c2p-6);
    p = __builtin_fma(p, x, 0x1.c5cf947cbe1adp-5);
    p = __builtin_fma(p, x, -0x1.338d058e3cd8fp-4);
    p = __builtin_fma(p, x, 0x1.215ea3ee2cd33p-4);
    p = __builtin_fma(p, x, -0x1.718960b6e6fe0p-5);
    p = __builtin_fma(p, x, 0x1.16d15df394101p-6);
    p = __builtin_fma(p, x, -0x1.5526821fb330ap-10);
    p = __builtin_fma(p, x, -0x1.3b92b7fa95eb2p-10);
    p = __builtin_fma(p, x, -0x1.73d7971e9b124p-11);
    p = __builtin_fma(p, x, 0x1.c489e0823c8d5p-10);
    p = __builtin_fma(p, x, 0x1.1816c04e45dc0p-9);
    p = __builtin_fma(p, x, 0x1.1c32c925475ffp-9);
    p = __builtin_fma(p, x, 0x1.23d409c0d2da6p-7);
    p = __builtin_fma(p, x, 0x1.13c56d0f45756p-5);
    p = __builtin_fma(p, x, 0x1.79e35d0540b9cp-4);
    p = __builtin_fma(p, x, 0x1.abcc42a9d829dp-3);
    p = __builtin_fma(p, x, 0x1.40d931ff62706p+1);
    return p;
}

HY_INLINE f32 poly_lgamma_f32(f32 x) {
    f32 p = -0x1.5a2a7e0000000p-15f;
    p = __builtin_fmaf(p, x, 0x1.4767600000000p-14f);
    p = __builtin_fmaf(p, x, -0x1.7d9e720000000p-15f);
    p = __builtin_fmaf(p, x, 0x1.12bc820000000p-13f);
    p = __builtin_fmaf(p, x, -0x1.c576520000000p-12f);
    p = __builtin_fmaf(p, x, 0x1.eedcb80000000p-11f);
    p = __builtin_fmaf(p, x, -0x1.1321320000000p-9f);
    p = __builtin_fmaf(p, x, 0x1.4723f00000000p-8f);
    p = __builtin_fmaf(p, x, -0x1.95d9220000000p-7f);
    p = __builtin_fmaf(p, x, 0x1.0e0dd80000000p-5f);
    p = __builtin_fmaf(p, x, -0x1.9ae6420000000p-4f);
    p = __builtin_fmaf(p, x, 0x1.b0ee600000000p-2f);
    return p;
}

HY_INLINE f64 poly_lgamma_f64(f64 x) {
    f64 p = 0x1.d1a1026db0c32p-30;
    p = __builtin_fma(p, x, -0x1.a60ef6ce13717p-29);
    p = __builtin_fma(p, x, -0x1.5d8e0e0de2cebp-28);
    p = __builtin_fma(p, x, 0x1.08bd439e74bd4p-27);
    p = __builtin_fma(p, x, 0x1.3c63eefc4c1e0p-26);
    p = __builtin_fma(p, x, -0x1.02aea3ef0eba1p-25);
    p = __builtin_fma(p, x, 0x1.2e2b52453c2ddp-29);
    p = __builtin_fma(p, x, -0x1.3dba462f3854ap-26);
    p = __builtin_fma(p, x, 0x1.d0b968daf9be2p-24);
    p = __builtin_fma(p, x, -0x1.c7d33b954d7c8p-23);
    p = __builtin_fma(p, x, 0x1.a5f8241796029p-22);
    p = __builtin_fma(p, x, -0x1.c3b26a9551c8dp-21);
    p = __builtin_fma(p, x, 0x1.e6a14547ad59fp-20);
    p = __builtin_fma(p, x, -0x1.027dd53b9792bp-18);
    p = __builtin_fma(p, x, 0x1.13d7a1ed5677cp-17);
    p = __builtin_fma(p, x, -0x1.284b3a90f8ab6p-16);
    p = __builtin_fma(p, x, 0x1.402fb57d7ad75p-15);
    p = __builtin_fma(p, x, -0x1.5c86eef698873p-14);
    p = __builtin_fma(p, x, 0x1.7ed72e29e33f2p-13);
    p = __builtin_fma(p, x, -0x1.a96a3e8a31b43p-12);
    p = __builtin_fma(p, x, 0x1.dfebcfaaa9ff9p-11);
    p = __builtin_fma(p, x, -0x1.145121fc92080p-9);
    p = __builtin_fma(p, x, 0x1.4797485384ae3p-8);
    p = __builtin_fma(p, x, -0x1.95ce223a976a0p-7);
    p = __builtin_fma(p, x, 0x1.0e0c9df293666p-5);
    p = __builtin_fma(p, x, -0x1.9ae6509ea10b6p-4);
    p = __builtin_fma(p, x, 0x1.b0ee6072093cep-2);
    return p;
}

HY_INLINE f32 poly_stirling_f32(f32 x) {
    f32 p = -0x1.f3d68c0000000p-12f;
    p = __builtin_fmaf(p, x, 0x1.9da9d00000000p-11f);
    p = __builtin_fmaf(p, x, -0x1.6c182c0000000p-9f);
    p = __builtin_fmaf(p, x, 0x1.5555560000000p-4f);
    return p;
}

HY_INLINE f64 poly_stirling_f64(f64 x) {
    f64 p = 0x1.2403e59214b3dp+15;
    p = __builtin_fma(p, x, -0x1.f1610071795a2p+14);
    p = __builtin_fma(p, x, 0x1.7d2dbe3a12e6ep+13);
    p = __builtin_fma(p, x, -0x1.5a719b32d2e33p+11);
    p = __builtin_fma(p, x, 0x1.9cdb1a9a82671p+8);
    p = __builtin_fma(p, x, -0x1.4cb202189d998p+5);
    p = __builtin_fma(p, x, 0x1.54aa6cc95e5b5p+1);
    p = __builtin_fma(p, x, -0x1.5b9cb5fbdbc3fp-5);
    p = __builtin_fma(p, x, -0x1.521fa219fab00p-6);
    p = __builtin_fma(p, x, 0x1.9337f39ded9fep-8);
    p = __builtin_fma(p, x, -0x1.f54c9263f7adfp-10);
    p = __builtin_fma(p, x, 0x1.b94852506bfa0p-11);
    p = __builtin_fma(p, x, -0x1.38136c24021bfp-11);
    p = __builtin_fma(p, x, 0x1.a01a0185be42cp-11);
    p = __builtin_fma(p, x, -0x1.6c16c16c12e84p-9);
    p = __builtin_fma(p, x, 0x1.5555555555555p-4);
    return p;
}

#endif
