// Elementary functions that the C library lacks, with the special values of OpenCL C 3.0, section 7.5. Each takes
// double or Quad. Private to the interpreter's operations.
#pragma once

#include "interp/ops/real.h"

#include <limits>

namespace halyard::interp::ops {

template <typename T> T infinity() {
    return static_cast<T>(std::numeric_limits<double>::infinity());
}
template <typename T> T quietNan() {
    return static_cast<T>(std::numeric_limits<double>::quiet_NaN());
}

constexpr auto kSinPi = [](auto x) {
    using T = decltype(x);
    if (!real::isFinite(x))
        return quietNan<T>();
    T r = real::fmod(real::absolute(x), T(2)); // exact, as are the subtractions below
    if (r == 0 || r == 1)
        return real::copysign(T(0), x);
    const bool below = r > 1;
    r = below ? r - 1 : r;
    const T value = real::sin(real::pi<T>() * (r > 0.5 ? 1 - r : r));
    return below != real::isNegative(x) ? -value : value;
};
constexpr auto kCosPi = [](auto x) {
    using T = decltype(x);
    if (!real::isFinite(x))
        return quietNan<T>();
    T r = real::fmod(real::absolute(x), T(2));
    r = r > 1 ? 2 - r : r;
    if (r == 0.5)
        return T(0);
    if (r > 0.25 && r < 0.75)
        return real::sin(real::pi<T>() * (T(0.5) - r));
    return r < 0.5 ? real::cos(real::pi<T>() * r) : -real::cos(real::pi<T>() * (1 - r));
};
constexpr auto kTanPi = [](auto x) {
    using T = decltype(x);
    if (!real::isFinite(x))
        return quietNan<T>();
    const T r = real::fmod(real::absolute(x), T(2));
    const T sign = real::copysign(T(1), x);
    if (r == 0 || r == 1)
        return real::copysign(T(0), r == 0 ? x : -x);
    if (r == 0.5 || r == 1.5)
        return r == 0.5 ? sign * infinity<T>() : -sign * infinity<T>();
    T t = r > 1 ? r - 1 : r;
    t = t > 0.5 ? t - 1 : t;
    const T size = real::absolute(t);
    const T value = size > 0.25 ? 1 / real::tan(real::pi<T>() * (T(0.5) - size)) : real::tan(real::pi<T>() * size);
    return sign * (t < 0 ? -value : value);
};

constexpr auto kPowr = [](auto x, auto y) {
    using T = decltype(x);
    if (real::isNan(x) || real::isNan(y) || x < 0)
        return quietNan<T>();
    const bool xSpecial = x == 0 || !real::isFinite(x);
    if ((xSpecial && y == 0) || (x == 1 && !real::isFinite(y)))
        return quietNan<T>();
    return real::pow(real::absolute(x), y);
};
constexpr auto kPown = [](auto x, int64_t n) { return real::pow(x, static_cast<decltype(x)>(n)); };
constexpr auto kRootn = [](auto x, int64_t n) {
    using T = decltype(x);
    const bool odd = n % 2 != 0;
    if (n == 0 || real::isNan(x) || (x < 0 && !odd))
        return quietNan<T>();
    if (x == 0) {
        const T size = n < 0 ? infinity<T>() : T(0);
        return odd ? real::copysign(size, x) : size;
    }
    return real::copysign(real::pow(real::absolute(x), 1 / static_cast<T>(n)), x);
};
constexpr auto kRsqrt = [](auto x) { return 1 / real::sqrt(x); };

constexpr auto kLogb = [](auto x) {
    using T = decltype(x);
    if (x == 0)
        return -infinity<T>();
    if (!real::isFinite(x))
        return real::absolute(x);
    return static_cast<T>(std::ilogb(static_cast<double>(x)));
};
constexpr auto kFdim = [](auto x, auto y) {
    using T = decltype(x);
    if (real::isNan(x) || real::isNan(y))
        return quietNan<T>();
    return x > y ? x - y : T(0);
};

constexpr auto kSign = [](auto x) {
    using T = decltype(x);
    if (real::isNan(x))
        return T(0);
    return x == 0 ? x : real::copysign(T(1), x);
};
constexpr auto kDegrees = [](auto x) { return x * (180 / real::pi<decltype(x)>()); };
constexpr auto kRadians = [](auto x) { return x * (real::pi<decltype(x)>() / 180); };
constexpr auto kStep = [](auto edge, auto x) { return x < edge ? decltype(x)(0) : decltype(x)(1); };
constexpr auto kSmoothStep = [](auto low, auto high, auto x) {
    using T = decltype(x);
    T t = (x - low) / (high - low);
    t = t < 0 ? T(0) : t > 1 ? T(1) : t;
    return t * t * (3 - 2 * t);
};

} // namespace halyard::interp::ops
