// The functions of GLSL.std.450 that map reals to reals.
#include "interp/ops/arithmetic.h"
#include "interp/ops/math_functions.h"

namespace halyard::interp::ops {
namespace {

#define HY_UNARY(name) lanes<math1<[](auto x) { return real::name(x); }>>
#define HY_BINARY(name) lanes<math2<[](auto x, auto y) { return real::name(x, y); }>>

template <auto Function> Cell arithmetic(const LaneContext& c, const uint64_t* v) {
    return {Function(modeOf(c.operation, c.result), v), false};
}
constexpr auto kSquareRoot = [](const FloatMode& m, const uint64_t* v) { return squareRoot(m, v[0]); };
constexpr auto kFma = [](const FloatMode& m, const uint64_t* v) { return fusedMultiplyAdd(m, v[0], v[1], v[2]); };
constexpr auto kFract = [](auto x) { return x - real::floor(x); };
constexpr auto kMix = [](auto x, auto y, auto a) { return x * (1 - a) + y * a; };

constexpr Rule kRules[] = {
    // One half may go either way; to even is what shader compilers do.
    {1 /* Round */, "F=F", HY_UNARY(rint)},
    {2 /* RoundEven */, "F=F", HY_UNARY(rint)},
    {3 /* Trunc */, "F=F", HY_UNARY(trunc)},
    {6 /* FSign */, "F=F", lanes<math1<kSign>>},
    {8 /* Floor */, "F=F", HY_UNARY(floor)},
    {9 /* Ceil */, "F=F", HY_UNARY(ceil)},
    {10 /* Fract */, "F=F", lanes<math1<kFract>>},
    {11 /* Radians */, "F=F", lanes<math1<kRadians>>},
    {12 /* Degrees */, "F=F", lanes<math1<kDegrees>>},
    {13 /* Sin */, "F=F", HY_UNARY(sin)},
    {14 /* Cos */, "F=F", HY_UNARY(cos)},
    {15 /* Tan */, "F=F", HY_UNARY(tan)},
    {16 /* Asin */, "F=F", HY_UNARY(asin)},
    {17 /* Acos */, "F=F", HY_UNARY(acos)},
    {18 /* Atan */, "F=F", HY_UNARY(atan)},
    {19 /* Sinh */, "F=F", HY_UNARY(sinh)},
    {20 /* Cosh */, "F=F", HY_UNARY(cosh)},
    {21 /* Tanh */, "F=F", HY_UNARY(tanh)},
    {22 /* Asinh */, "F=F", HY_UNARY(asinh)},
    {23 /* Acosh */, "F=F", HY_UNARY(acosh)},
    {24 /* Atanh */, "F=F", HY_UNARY(atanh)},
    {25 /* Atan2 */, "F=FF", HY_BINARY(atan2)},
    {26 /* Pow */, "F=FF", HY_BINARY(pow)},
    {27 /* Exp */, "F=F", HY_UNARY(exp)},
    {28 /* Log */, "F=F", HY_UNARY(log)},
    {29 /* Exp2 */, "F=F", HY_UNARY(exp2)},
    {30 /* Log2 */, "F=F", HY_UNARY(log2)},
    {31 /* Sqrt */, "F=F", lanes<arithmetic<kSquareRoot>>},
    {32 /* InverseSqrt */, "F=F", lanes<math1<kRsqrt>>},
    {46 /* FMix */, "F=FFF", lanes<math3<kMix>>},
    {48 /* Step */, "F=FF", lanes<math2<kStep>>},
    {49 /* SmoothStep */, "F=FFF", lanes<math3<kSmoothStep>>},
    {50 /* Fma */, "F=FFF", lanes<arithmetic<kFma>>},
};

} // namespace

std::span<const Rule> glslMathRules() {
    return kRules;
}

} // namespace halyard::interp::ops
