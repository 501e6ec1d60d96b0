// What cvt does with a value, whatever the type it came from.
#pragma once

#include "half_types.h"
#include "integer_types.h"

#include <cmath>
#include <limits>
#include <type_traits>

namespace halyard::softcuda::ptx {

struct ConvertFlags {
    bool ftz = false, sat = false, relu = false, satFinite = false;
};
constexpr uint32_t kFtz = 1, kSat = 2, kRelu = 4, kSatFinite = 8;
// For Alu::data: the flags by number.
inline const ConvertFlags* convertFlags(uint32_t bits) {
    static constexpr auto all = [] {
        struct {
            ConvertFlags flags[16];
        } table;
        for (uint32_t i = 0; i < 16; ++i)
            table.flags[i] = {(i & kFtz) != 0, (i & kSat) != 0, (i & kRelu) != 0, (i & kSatFinite) != 0};
        return table;
    }();
    return &all.flags[bits];
}
// In the order of the text: ".ftz.sat" or ".relu.satfinite".
inline std::string flagNames(uint32_t bits) {
    return std::string((bits & kFtz) != 0 ? ".ftz" : "") + ((bits & kSat) != 0 ? ".sat" : "") +
           ((bits & kRelu) != 0 ? ".relu" : "") + ((bits & kSatFinite) != 0 ? ".satfinite" : "");
}

template <class T> std::string typeName() {
    if constexpr (std::is_integral_v<T>)
        return integerName<T>();
    else if constexpr (std::is_same_v<T, float>)
        return "f32";
    else if constexpr (std::is_same_v<T, double>)
        return "f64";
    else
        return T::kName;
}

constexpr const char* roundingName(Rounding rounding) {
    constexpr const char* names[] = {".rn", ".rz", ".rm", ".rp", ".rna"};
    return names[static_cast<uint32_t>(rounding)];
}

// To an integer, as a double; the sign of zero stays.
template <Rounding R> double integral(double a) {
    static_assert(R != Rounding::NearestAway);
    if constexpr (R == Rounding::NearestEven) {
        constexpr double big = 0x1p52;
        const double magnitude = std::fabs(a);
        return magnitude < big ? std::copysign((magnitude + big) - big, a) : a;
    } else if constexpr (R == Rounding::Zero) {
        return std::trunc(a);
    } else if constexpr (R == Rounding::Down) {
        return std::floor(a);
    } else {
        return std::ceil(a);
    }
}

// Into D's range; a fraction is cut off. No NaN.
template <class D> D clampTo(double a) {
    constexpr int digits = std::numeric_limits<D>::digits;
    if constexpr (digits <= 32) {
        constexpr double low = std::numeric_limits<D>::min(), high = std::numeric_limits<D>::max();
        return static_cast<D>(static_cast<int64_t>(a < low ? low : a > high ? high : a));
    } else {
        constexpr double end = digits == 63 ? 0x1p63 : 0x1p64; // the first that does not fit
        constexpr double low = std::numeric_limits<D>::min();
        return a >= end ? std::numeric_limits<D>::max() : a <= low ? std::numeric_limits<D>::min() : static_cast<D>(a);
    }
}

// PTX: a NaN becomes 0, but 1 << (width - 1) when either type is of 64 bits.
template <class D, class S> constexpr D nanAsInteger() {
    if (!std::is_same_v<S, double> && sizeof(D) < 8)
        return 0;
    return static_cast<D>(UnsignedFor<D>{1} << (sizeof(D) * 8 - 1));
}

// A result of cvt in D's type, from its value rounded to odd or exact.
template <class D, Rounding R> D toFloat(double value, const ConvertFlags& flags) {
    if (flags.sat)
        value = value > 0 ? (value < 1 ? value : 1) : 0;
    if (flags.relu && !isNan(value))
        value = value > 0 ? value : 0;
    if constexpr (std::is_same_v<D, double>) {
        return isNan(value) ? quiet(value) : value;
    } else if constexpr (std::is_same_v<D, float>) {
        float result;
        if constexpr (R == Rounding::NearestEven)
            result = canonical(static_cast<float>(value));
        else
            result = isNan(value) ? std::bit_cast<float>(kNan32) : std::bit_cast<float>(roundTo<kSingle>(value, R));
        return flags.ftz ? flush<true>(result) : result;
    } else {
        const D result = roundedTo<D>(value, R);
        constexpr uint16_t infinity = D::kFormat.infinity();
        if (flags.satFinite && (result.bits & 0x7fff) == infinity)
            return D{static_cast<uint16_t>(result.bits - 1)};
        return result;
    }
}

// A double that rounds to any format of at most 50 bits as the integer does.
template <class S> double integerToOdd(S a) {
    if constexpr (sizeof(S) < 8) {
        return a;
    } else {
        const bool negative = std::is_signed_v<S> && a < 0;
        uint64_t magnitude = negative ? uint64_t{0} - static_cast<uint64_t>(a) : static_cast<uint64_t>(a);
        if (magnitude >> 53 != 0)
            magnitude = (magnitude & ~uint64_t{0x7ff}) | ((magnitude & 0x7ff) != 0 ? 0x800 : 0);
        const auto value = static_cast<double>(magnitude);
        return negative ? -value : value;
    }
}
// The nearest doubles of a 64-bit integer.
template <Rounding R, class S> double integerToDouble(S a) {
    const auto nearest = static_cast<double>(a);
    if constexpr (sizeof(S) == 8 && R != Rounding::NearestEven) {
        const Signed128 error = static_cast<Signed128>(nearest) - a;
        const bool tooHigh = error > 0, tooLow = error < 0;
        const bool down = R == Rounding::Down || (R == Rounding::Zero && nearest > 0);
        if (tooHigh && down)
            return std::nextafter(nearest, -INFINITY);
        if (tooLow && !down)
            return std::nextafter(nearest, INFINITY);
    }
    return nearest;
}

} // namespace halyard::softcuda::ptx
