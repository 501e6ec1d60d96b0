// The true values, in a type with more than twice the precision of the tested one: double for float (C library), and
// __float128 for double (libquadmath). Special cases that C does not define follow OpenCL C 3.0 section 7.5.1.
#pragma once

#include <cmath>
#include <limits>
#include <quadmath.h>

namespace halyard::jit::reference {

using Quad = __float128;

template <typename R> struct Pi;
template <> struct Pi<double> { static constexpr double value = 3.14159265358979323846; };
template <> struct Pi<Quad> {
    // The double above and what it leaves out, since literals of __float128 are an extension.
    static constexpr Quad value =
        Quad(3.14159265358979311600e+00) + Quad(1.22464679914735320717e-16) + Quad(-2.99476980971833966588e-33);
};

#define HALYARD_REFERENCE(name)                                                                                        \
    inline double name(double x) {                                                                                     \
        return std::name(x);                                                                                           \
    }                                                                                                                  \
    inline Quad name(Quad x) {                                                                                         \
        return name##q(x);                                                                                             \
    }
HALYARD_REFERENCE(acos)
HALYARD_REFERENCE(acosh)
HALYARD_REFERENCE(asin)
HALYARD_REFERENCE(asinh)
HALYARD_REFERENCE(atan)
HALYARD_REFERENCE(atanh)
HALYARD_REFERENCE(cbrt)
HALYARD_REFERENCE(cos)
HALYARD_REFERENCE(cosh)
HALYARD_REFERENCE(erf)
HALYARD_REFERENCE(erfc)
HALYARD_REFERENCE(exp)
HALYARD_REFERENCE(expm1)
HALYARD_REFERENCE(fabs)
HALYARD_REFERENCE(floor)
HALYARD_REFERENCE(lgamma)
HALYARD_REFERENCE(log)
HALYARD_REFERENCE(log10)
HALYARD_REFERENCE(log1p)
HALYARD_REFERENCE(log2)
HALYARD_REFERENCE(logb)
HALYARD_REFERENCE(rint)
HALYARD_REFERENCE(sin)
HALYARD_REFERENCE(sinh)
HALYARD_REFERENCE(sqrt)
HALYARD_REFERENCE(tan)
HALYARD_REFERENCE(tanh)
HALYARD_REFERENCE(trunc)
HALYARD_REFERENCE(tgamma)
#undef HALYARD_REFERENCE
#define HALYARD_REFERENCE(name)                                                                                        \
    inline double name(double x, double y) {                                                                           \
        return std::name(x, y);                                                                                        \
    }                                                                                                                  \
    inline Quad name(Quad x, Quad y) {                                                                                 \
        return name##q(x, y);                                                                                          \
    }
HALYARD_REFERENCE(atan2)
HALYARD_REFERENCE(copysign)
HALYARD_REFERENCE(fdim)
HALYARD_REFERENCE(fmod)
HALYARD_REFERENCE(hypot)
HALYARD_REFERENCE(pow)
HALYARD_REFERENCE(remainder)
#undef HALYARD_REFERENCE

template <typename R> bool isNan(R x) {
    return x != x;
}
template <typename R> bool isInf(R x) {
    return !isNan(x) && isNan(x - x);
}
template <typename R> bool isNegative(R x) {
    return copysign(R(1), x) < 0;
}
template <typename R> R nan() {
    return R(std::numeric_limits<double>::quiet_NaN());
}
template <typename R> R infinity() {
    return R(std::numeric_limits<double>::infinity());
}

inline double exp2(double x) {
    return std::exp2(x);
}
inline Quad exp2(Quad x) {
    return powq(2, x);
}
template <typename R> R exp10(R x) {
    return pow(R(10), x);
}
template <typename R> R rsqrt(R x) {
    return 1 / sqrt(x);
}
template <typename R> R acospi(R x) {
    return acos(x) / Pi<R>::value;
}
template <typename R> R asinpi(R x) {
    return asin(x) / Pi<R>::value;
}
template <typename R> R atanpi(R x) {
    return atan(x) / Pi<R>::value;
}
template <typename R> R atan2pi(R y, R x) {
    return atan2(y, x) / Pi<R>::value;
}

// |x| modulo 2, in [0, 2).
template <typename R> R turn(R x) {
    const R magnitude = fabs(x);
    return magnitude - 2 * floor(magnitude / 2);
}
template <typename R> R sinpi(R x) {
    const R t = turn(x);
    R r = nan<R>();
    if (t == 0 || t == 1) {
        r = 0;
    } else if (t <= R(0.25) || (t > R(1.75))) {
        r = sin(Pi<R>::value * (t > 1 ? t - 2 : t));
    } else if (t >= R(0.75) && t <= R(1.25)) {
        r = -sin(Pi<R>::value * (t - 1));
    } else {
        r = t < 1 ? cos(Pi<R>::value * (t - R(0.5))) : -cos(Pi<R>::value * (t - R(1.5)));
    }
    return isInf(x) ? nan<R>() : isNegative(x) ? -r : r;
}
template <typename R> R cospi(R x) {
    const R t = turn(x);
    return isInf(x) ? nan<R>() : t == R(0.5) || t == R(1.5) ? R(0) : sinpi(t + R(0.5));
}
template <typename R> R tanpi(R x) {
    const R t = turn(x);
    R r = sinpi(t) / cospi(t);
    if (t == 0 || t == R(0.5)) {
        r = t == 0 ? R(0) : infinity<R>();
    } else if (t == 1 || t == R(1.5)) {
        r = t == 1 ? -R(0) : -infinity<R>();
    }
    return isInf(x) ? nan<R>() : isNegative(x) ? -r : r;
}
template <typename R> R fract_value(R x) {
    // The caller's rounding would give 1; the functions must stay below it.
    const R limit = sizeof(R) == 16 ? R(std::nextafter(1.0, 0.0)) : R(std::nextafter(1.0f, 0.0f));
    const R r = x - floor(x);
    return x == 0 || isNan(x) ? x : isInf(x) ? copysign(R(0), x) : r > limit ? limit : r;
}
template <typename R> R fract_second(R x) {
    return floor(x);
}
template <typename R> R modf_value(R x) {
    return copysign(isInf(x) ? R(0) : x - trunc(x), x);
}
template <typename R> R modf_second(R x) {
    return trunc(x);
}
template <typename R> R frexp_value(R x) {
    return x == 0 || isNan(x - x) ? x : x / exp2(logb(x) + 1);
}
template <typename R> R maxmag(R x, R y) {
    const R a = fabs(x), b = fabs(y);
    return isNan(x) ? y : isNan(y) ? x : a > b ? x : b > a ? y : x > y ? x : y;
}
template <typename R> R minmag(R x, R y) {
    const R a = fabs(x), b = fabs(y);
    return isNan(x) ? y : isNan(y) ? x : a < b ? x : b < a ? y : x < y ? x : y;
}
template <typename R> R powr(R x, R y) {
    const bool undefined =
        isNan(x) || isNan(y) || x < 0 || (x == 0 && y == 0) || (isInf(x) && y == 0) || (x == 1 && isInf(y));
    return undefined ? nan<R>() : pow(fabs(x), y);
}
template <typename R> R pown(R x, int n) {
    return pow(x, R(n));
}
template <typename R> R rootn(R x, int n) {
    if (n == 0 || isNan(x) || (x < 0 && n % 2 == 0)) {
        return nan<R>();
    }
    const R r = pow(fabs(x), 1 / R(n));
    return n % 2 != 0 ? copysign(r, x) : r;
}
inline double ldexp(double x, int n) {
    return std::ldexp(x, n);
}
inline Quad ldexp(Quad x, int n) {
    return ldexpq(x, n);
}

} // namespace halyard::jit::reference
