// The functions of OpenCL.std that map reals to reals, half_ and native_ variants included: the reference is as exact
// in these as in the others.
#include "interp/ops/arithmetic.h"
#include "interp/ops/math_functions.h"

namespace halyard::interp::ops {
namespace {

#define HY_UNARY(name) lanes<math1<[](auto x) { return real::name(x); }>>
#define HY_BINARY(name) lanes<math2<[](auto x, auto y) { return real::name(x, y); }>>
#define HY_OVER_PI(name) lanes<math1<[](auto x) { return real::name(x) / real::pi<decltype(x)>(); }>>

constexpr auto kAtan2Pi = [](auto y, auto x) { return real::atan2(y, x) / real::pi<decltype(x)>(); };
constexpr auto kReciprocal = [](auto x) { return 1 / x; };

template <auto Function> Cell arithmetic(const LaneContext& c, const uint64_t* v) {
    return {Function(modeOf(c.operation, c.result), v), false};
}
constexpr auto kSquareRoot = [](const FloatMode& m, const uint64_t* v) { return squareRoot(m, v[0]); };
constexpr auto kDivide = [](const FloatMode& m, const uint64_t* v) { return divide(m, v[0], v[1]); };
constexpr auto kFma = [](const FloatMode& m, const uint64_t* v) { return fusedMultiplyAdd(m, v[0], v[1], v[2]); };
// Two roundings: what fusing changes is the devices' freedom, not the reference's.
constexpr auto kMad = [](const FloatMode& m, const uint64_t* v) { return add(m, multiply(m, v[0], v[1]), v[2]); };

constexpr Rule kRules[] = {
    {0 /* acos */, "F=F", HY_UNARY(acos)},
    {1 /* acosh */, "F=F", HY_UNARY(acosh)},
    {2 /* acospi */, "F=F", HY_OVER_PI(acos)},
    {3 /* asin */, "F=F", HY_UNARY(asin)},
    {4 /* asinh */, "F=F", HY_UNARY(asinh)},
    {5 /* asinpi */, "F=F", HY_OVER_PI(asin)},
    {6 /* atan */, "F=F", HY_UNARY(atan)},
    {7 /* atan2 */, "F=FF", HY_BINARY(atan2)},
    {8 /* atanh */, "F=F", HY_UNARY(atanh)},
    {9 /* atanpi */, "F=F", HY_OVER_PI(atan)},
    {10 /* atan2pi */, "F=FF", lanes<math2<kAtan2Pi>>},
    {11 /* cbrt */, "F=F", HY_UNARY(cbrt)},
    {12 /* ceil */, "F=F", HY_UNARY(ceil)},
    {14 /* cos */, "F=F", HY_UNARY(cos)},
    {15 /* cosh */, "F=F", HY_UNARY(cosh)},
    {16 /* cospi */, "F=F", lanes<math1<kCosPi>>},
    {17 /* erfc */, "F=F", HY_UNARY(erfc)},
    {18 /* erf */, "F=F", HY_UNARY(erf)},
    {19 /* exp */, "F=F", HY_UNARY(exp)},
    {20 /* exp2 */, "F=F", HY_UNARY(exp2)},
    {21 /* exp10 */, "F=F", HY_UNARY(exp10)},
    {22 /* expm1 */, "F=F", HY_UNARY(expm1)},
    {24 /* fdim */, "F=FF", lanes<math2<kFdim>>},
    {25 /* floor */, "F=F", HY_UNARY(floor)},
    {26 /* fma */, "F=FFF", lanes<arithmetic<kFma>>},
    {29 /* fmod */, "F=FF", HY_BINARY(fmod)},
    {32 /* hypot */, "F=FF", HY_BINARY(hypot)},
    {35 /* lgamma */, "F=F", HY_UNARY(lgamma)},
    {37 /* log */, "F=F", HY_UNARY(log)},
    {38 /* log2 */, "F=F", HY_UNARY(log2)},
    {39 /* log10 */, "F=F", HY_UNARY(log10)},
    {40 /* log1p */, "F=F", HY_UNARY(log1p)},
    {41 /* logb */, "F=F", lanes<math1<kLogb>>},
    {42 /* mad */, "F=FFF", lanes<arithmetic<kMad>>},
    {48 /* pow */, "F=FF", HY_BINARY(pow)},
    {49 /* pown */, "F=Fi", lanes<mathInteger<kPown>>},
    {50 /* powr */, "F=FF", lanes<math2<kPowr>>},
    {51 /* remainder */, "F=FF", HY_BINARY(remainder)},
    {53 /* rint */, "F=F", HY_UNARY(rint)},
    {54 /* rootn */, "F=Fi", lanes<mathInteger<kRootn>>},
    {55 /* round */, "F=F", HY_UNARY(round)},
    {56 /* rsqrt */, "F=F", lanes<math1<kRsqrt>>},
    {57 /* sin */, "F=F", HY_UNARY(sin)},
    {59 /* sinh */, "F=F", HY_UNARY(sinh)},
    {60 /* sinpi */, "F=F", lanes<math1<kSinPi>>},
    {61 /* sqrt */, "F=F", lanes<arithmetic<kSquareRoot>>},
    {62 /* tan */, "F=F", HY_UNARY(tan)},
    {63 /* tanh */, "F=F", HY_UNARY(tanh)},
    {64 /* tanpi */, "F=F", lanes<math1<kTanPi>>},
    {65 /* tgamma */, "F=F", HY_UNARY(tgamma)},
    {66 /* trunc */, "F=F", HY_UNARY(trunc)},

    {67 /* half_cos */, "F=F", HY_UNARY(cos)},
    {68 /* half_divide */, "F=FF", lanes<arithmetic<kDivide>>},
    {69 /* half_exp */, "F=F", HY_UNARY(exp)},
    {70 /* half_exp2 */, "F=F", HY_UNARY(exp2)},
    {71 /* half_exp10 */, "F=F", HY_UNARY(exp10)},
    {72 /* half_log */, "F=F", HY_UNARY(log)},
    {73 /* half_log2 */, "F=F", HY_UNARY(log2)},
    {74 /* half_log10 */, "F=F", HY_UNARY(log10)},
    {75 /* half_powr */, "F=FF", lanes<math2<kPowr>>},
    {76 /* half_recip */, "F=F", lanes<math1<kReciprocal>>},
    {77 /* half_rsqrt */, "F=F", lanes<math1<kRsqrt>>},
    {78 /* half_sin */, "F=F", HY_UNARY(sin)},
    {79 /* half_sqrt */, "F=F", lanes<arithmetic<kSquareRoot>>},
    {80 /* half_tan */, "F=F", HY_UNARY(tan)},
    {81 /* native_cos */, "F=F", HY_UNARY(cos)},
    {82 /* native_divide */, "F=FF", lanes<arithmetic<kDivide>>},
    {83 /* native_exp */, "F=F", HY_UNARY(exp)},
    {84 /* native_exp2 */, "F=F", HY_UNARY(exp2)},
    {85 /* native_exp10 */, "F=F", HY_UNARY(exp10)},
    {86 /* native_log */, "F=F", HY_UNARY(log)},
    {87 /* native_log2 */, "F=F", HY_UNARY(log2)},
    {88 /* native_log10 */, "F=F", HY_UNARY(log10)},
    {89 /* native_powr */, "F=FF", lanes<math2<kPowr>>},
    {90 /* native_recip */, "F=F", lanes<math1<kReciprocal>>},
    {91 /* native_rsqrt */, "F=F", lanes<math1<kRsqrt>>},
    {92 /* native_sin */, "F=F", HY_UNARY(sin)},
    {93 /* native_sqrt */, "F=F", lanes<arithmetic<kSquareRoot>>},
    {94 /* native_tan */, "F=F", HY_UNARY(tan)},
    {96 /* degrees */, "F=F", lanes<math1<kDegrees>>},
    {99 /* mix */, "F=FFF", lanes<math3<[](auto x, auto y, auto a) { return x + (y - x) * a; }>>},
    {100 /* radians */, "F=F", lanes<math1<kRadians>>},
    {101 /* step */, "F=FF", lanes<math2<kStep>>},
    {102 /* smoothstep */, "F=FFF", lanes<math3<kSmoothStep>>},
    {103 /* sign */, "F=F", lanes<math1<kSign>>},
};

} // namespace

std::span<const Rule> openclMathRules() {
    return kRules;
}

} // namespace halyard::interp::ops
