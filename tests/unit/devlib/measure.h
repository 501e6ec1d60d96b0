// How far a computed value is from the true one.
#pragma once

#include "reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace halyard::jit::reference {

constexpr double kWrong = 1e30; // a NaN, infinity or sign where another was due

// The error of `got` in units in the last place of `want`, or of `floor` where that is larger. An infinity where `want`
// is finite, or the reverse near the overflow limit, counts as the power of two above the largest number.
template <typename T, typename R> double ulps(T got, R want, R floor = 0) {
    using Limits = std::numeric_limits<T>;
    if (isNan(want) || isNan(R(got))) {
        return isNan(want) == isNan(R(got)) ? 0 : kWrong;
    }
    if (isInf(want)) {
        return R(got) == want ? 0 : kWrong;
    }
    if (want == 0 && got == 0) {
        return isNegative(want) == std::signbit(got) ? 0 : kWrong;
    }
    const R overflow = R(Limits::max()) * (1 + R(Limits::epsilon()) / 2);
    const R value = std::isinf(got) ? copysign(overflow, R(got)) : R(got);
    const R target = fabs(want) > overflow ? copysign(overflow, want) : want;
    const R magnitude = std::max(std::max(fabs(target), floor), R(Limits::min()));
    const R unit = exp2(logb(magnitude)) * R(Limits::epsilon());
    return static_cast<double>(fabs(value - target) / unit);
}

} // namespace halyard::jit::reference
