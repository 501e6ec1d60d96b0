// Floating-point formats narrower than a double: their values as doubles (exact), and doubles rounded to them, once.
#pragma once

#include <bit>
#include <cstdint>

namespace halyard::softcuda::ptx {

enum class Rounding : uint8_t { NearestEven, Zero, Down, Up, NearestAway };

struct Format {
    uint32_t exponentBits, mantissaBits;
    constexpr int32_t bias() const { return (1 << (exponentBits - 1)) - 1; }
    constexpr uint32_t signShift() const { return exponentBits + mantissaBits; }
    constexpr uint32_t infinity() const { return ((1U << exponentBits) - 1) << mantissaBits; }
    constexpr uint32_t signBit() const { return 1U << signShift(); }
    constexpr uint32_t largestSubnormal() const { return (1U << mantissaBits) - 1; }
};
constexpr Format kHalf{5, 10};
constexpr Format kBFloat{8, 7};
constexpr Format kSingle{8, 23};
constexpr Format kTF32{8, 10};

// The magnitude of a finite double in the format, as if the exponent had no upper end: `infinity()` or above means that
// it overflowed.
template <Format F> uint64_t roundMagnitude(double value, Rounding rounding) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const bool negative = bits >> 63 != 0;
    const auto biased = static_cast<int32_t>(bits >> 52 & 0x7ff);
    const uint64_t fraction = bits & 0x000fffff'ffffffff;
    const uint64_t mantissa = biased == 0 ? fraction : fraction | 0x00100000'00000000;
    const int32_t exponent = (biased == 0 ? 1 : biased) - 1023;
    constexpr int32_t smallest = 1 - F.bias();
    const bool subnormal = exponent < smallest;
    const int32_t distance = subnormal ? smallest - exponent : 0;
    const uint32_t shift = 52 - F.mantissaBits + static_cast<uint32_t>(distance > 62 ? 62 : distance);
    const uint32_t drop = shift > 62 ? 62 : shift; // more than the mantissa has
    const uint64_t kept = mantissa >> drop;
    const uint64_t rest = mantissa & ((uint64_t{1} << drop) - 1);
    const uint64_t half = uint64_t{1} << (drop - 1);
    bool up = false;
    switch (rounding) {
    case Rounding::NearestEven:
        up = rest > half || (rest == half && (kept & 1) != 0);
        break;
    case Rounding::NearestAway:
        up = rest >= half;
        break;
    case Rounding::Down:
        up = negative && rest != 0;
        break;
    case Rounding::Up:
        up = !negative && rest != 0;
        break;
    case Rounding::Zero:
        break;
    }
    // The leading one of `kept` adds one to the exponent, and so does a carry out of it.
    const uint64_t base = subnormal ? 0 : static_cast<uint64_t>(exponent - smallest) << F.mantissaBits;
    return base + kept + (up ? 1 : 0);
}

// The format's bits for a number or an infinity. (NaNs: the caller has one for its instruction.)
template <Format F> uint32_t roundTo(double value, Rounding rounding) {
    const auto bits = std::bit_cast<uint64_t>(value);
    const uint32_t sign = bits >> 63 != 0 ? F.signBit() : 0;
    if ((bits << 1) == 0xffe00000'00000000)
        return sign | F.infinity();
    const uint64_t magnitude = roundMagnitude<F>(value, rounding);
    if (magnitude < F.infinity())
        return sign | static_cast<uint32_t>(magnitude);
    const bool away = rounding == Rounding::NearestEven || rounding == Rounding::NearestAway ||
                      (rounding == Rounding::Up && sign == 0) || (rounding == Rounding::Down && sign != 0);
    return sign | (away ? F.infinity() : F.infinity() - 1);
}

// The value of the format's bits; NaNs stay NaNs.
template <Format F> double valueOf(uint32_t bits) {
    const uint64_t sign = static_cast<uint64_t>(bits >> F.signShift() & 1) << 63;
    const uint64_t magnitude = bits & (F.signBit() - 1);
    if (magnitude >= F.infinity())
        return std::bit_cast<double>(sign | 0x7ff00000'00000000 | (magnitude - F.infinity()) << (52 - F.mantissaBits));
    // As the bits of a double the magnitude is too small by a power of two; the product is exact.
    constexpr auto scale = std::bit_cast<double>(static_cast<uint64_t>(1023 + (1023 - F.bias())) << 52);
    const double scaled = std::bit_cast<double>(magnitude << (52 - F.mantissaBits)) * scale;
    return std::bit_cast<double>(std::bit_cast<uint64_t>(scaled) | sign);
}

// a + b with the last bit made odd when the sum is not exact: rounding it once more gives what rounding the exact sum
// would, as long as that keeps at least two bits fewer. For finite sums that do not overflow.
inline double addToOdd(double a, double b) {
    const double sum = a + b;
    const double part = sum - a;
    const double error = (a - (sum - part)) + (b - part);
    const auto bits = std::bit_cast<uint64_t>(sum);
    if (error == 0 || (bits & 1) != 0 || (bits & 0x7ff00000'00000000) == 0x7ff00000'00000000)
        return sum;
    // Towards the error: away from zero when it has the sum's sign.
    return std::bit_cast<double>((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

} // namespace halyard::softcuda::ptx
