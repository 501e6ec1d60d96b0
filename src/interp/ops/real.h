// One name for each elementary function in the two precisions in which results are computed: double for formats of up
// to 32 bits, Quad for doubles. Either has more than twice the bits of what is rounded from it. Private to the
// interpreter's operations.
#pragma once

#include "interp/ops/lane.h"

#include <cmath>
#include <quadmath.h>

namespace halyard::interp::ops::real {

#define HY_REAL1(name)                                                                                                 \
    inline double name(double x) {                                                                                     \
        return std::name(x);                                                                                           \
    }                                                                                                                  \
    inline Quad name(Quad x) {                                                                                         \
        return name##q(x);                                                                                             \
    }
#define HY_REAL2(name)                                                                                                 \
    inline double name(double x, double y) {                                                                           \
        return std::name(x, y);                                                                                        \
    }                                                                                                                  \
    inline Quad name(Quad x, Quad y) {                                                                                 \
        return name##q(x, y);                                                                                          \
    }
HY_REAL1(acos)
HY_REAL1(acosh)
HY_REAL1(asin)
HY_REAL1(asinh)
HY_REAL1(atan)
HY_REAL1(atanh)
HY_REAL1(cbrt)
HY_REAL1(ceil)
HY_REAL1(cos)
HY_REAL1(cosh)
HY_REAL1(erf)
HY_REAL1(erfc)
HY_REAL1(exp)
HY_REAL1(exp2)
HY_REAL1(expm1)
HY_REAL1(floor)
HY_REAL1(log)
HY_REAL1(log10)
HY_REAL1(log1p)
HY_REAL1(log2)
HY_REAL1(rint)
HY_REAL1(round)
HY_REAL1(sin)
HY_REAL1(sinh)
HY_REAL1(sqrt)
HY_REAL1(tan)
HY_REAL1(tanh)
HY_REAL1(tgamma)
HY_REAL1(trunc)
HY_REAL2(atan2)
HY_REAL2(copysign)
HY_REAL2(fmod)
HY_REAL2(hypot)
HY_REAL2(pow)
HY_REAL2(remainder)
#undef HY_REAL1
#undef HY_REAL2

// The C library's lgamma writes a global variable.
inline double lgamma(double x) {
    int sign = 0;
    return ::lgamma_r(x, &sign);
}
inline Quad lgamma(Quad x) {
    return lgammaq(x);
}
inline double exp10(double x) {
    return ::exp10(x);
}
inline Quad exp10(Quad x) {
    return powq(10, x);
}
inline double absolute(double x) {
    return std::fabs(x);
}
inline Quad absolute(Quad x) {
    return fabsq(x);
}
inline bool isNan(double x) {
    return std::isnan(x);
}
inline bool isNan(Quad x) {
    return isnanq(x) != 0;
}
inline bool isFinite(double x) {
    return std::isfinite(x);
}
inline bool isFinite(Quad x) {
    return finiteq(x) != 0;
}
inline bool isNegative(double x) {
    return std::signbit(x);
}
inline bool isNegative(Quad x) {
    return signbitq(x) != 0;
}

template <typename T> T pi() {
    // To 113 bits, as the sum of two doubles' worth and a rest.
    return static_cast<T>(static_cast<Quad>(3.141592653589793116) + static_cast<Quad>(1.2246467991473532e-16) +
                          static_cast<Quad>(-2.9947698097183397e-33));
}

} // namespace halyard::interp::ops::real

namespace halyard::interp::ops {

// Function(x...) of one precision, rounded once. Operands are floats of the result's type.
template <auto Function> Cell math1(const LaneContext& c, const uint64_t* v) {
    const FloatMode m = modeOf(c.operation, c.result);
    if (c.result.bits == 64)
        return {m.result(Function(static_cast<Quad>(m.value(v[0])))), false};
    return {m.result(Function(m.value(v[0]))), false};
}
template <auto Function> Cell math2(const LaneContext& c, const uint64_t* v) {
    const FloatMode m = modeOf(c.operation, c.result);
    if (c.result.bits == 64)
        return {m.result(Function(static_cast<Quad>(m.value(v[0])), static_cast<Quad>(m.value(v[1])))), false};
    return {m.result(Function(m.value(v[0]), m.value(v[1]))), false};
}
template <auto Function> Cell math3(const LaneContext& c, const uint64_t* v) {
    const FloatMode m = modeOf(c.operation, c.result);
    if (c.result.bits == 64)
        return {m.result(Function(static_cast<Quad>(m.value(v[0])), static_cast<Quad>(m.value(v[1])),
                                  static_cast<Quad>(m.value(v[2])))),
                false};
    return {m.result(Function(m.value(v[0]), m.value(v[1]), m.value(v[2]))), false};
}
// Function(x, n) with a signed integer.
template <auto Function> Cell mathInteger(const LaneContext& c, const uint64_t* v) {
    const FloatMode m = modeOf(c.operation, c.result);
    const int64_t n = signExtend(v[1], c.operation.types[1]->scalar().bits);
    if (c.result.bits == 64)
        return {m.result(Function(static_cast<Quad>(m.value(v[0])), n)), false};
    return {m.result(Function(m.value(v[0]), n)), false};
}

} // namespace halyard::interp::ops
