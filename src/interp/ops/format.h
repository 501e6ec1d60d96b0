// Floating point formats as bits, and correct rounding into them. Private to the interpreter's operations.
//
// A `Quad` (113 bits, exponent to 2^16383) holds every product of two doubles exactly. A result that even a Quad
// cannot hold is *rounded to odd* into it: the last bit tells that something was cut off, and on which side, so that
// one further rounding to any format in any direction gives what rounding the exact value would have given.
#pragma once

#include "interp/operation.h"

#include <bit>

namespace halyard::interp::ops {

using Quad = __float128;

// The values of FPRoundingMode.
enum class Rounding : uint32_t { NearestEven = 0, TowardsZero = 1, Up = 2, Down = 3 };

struct Format {
    uint32_t exponentBits = 0;
    uint32_t mantissaBits = 0; // stored ones

    uint32_t bits() const { return 1 + exponentBits + mantissaBits; }
    uint64_t signBit() const { return uint64_t{1} << (bits() - 1); }
    uint64_t infinity() const { return ((uint64_t{1} << exponentBits) - 1) << mantissaBits; }
    uint64_t quietNan() const { return infinity() | uint64_t{1} << (mantissaBits - 1); }
    int maxExponent() const { return (1 << (exponentBits - 1)) - 1; }
    int minExponent() const { return 1 - maxExponent(); } // of normal numbers
};

constexpr Format kHalf{5, 10};
constexpr Format kBFloat16{8, 7};
constexpr Format kSingle{8, 23};
constexpr Format kDouble{11, 52};

// REQUIRES: a Float of 16, 32 or 64 bits.
inline Format formatOf(const Type& type) {
    if (type.bits == 16)
        return type.format == FloatFormat::BFloat16 ? kBFloat16 : kHalf;
    return type.bits == 32 ? kSingle : kDouble;
}

inline bool isNan(uint64_t bits, Format format) {
    return (bits & ~format.signBit()) > format.infinity();
}
inline bool isInfinite(uint64_t bits, Format format) {
    return (bits & ~format.signBit()) == format.infinity();
}
inline bool isDenormal(uint64_t bits, Format format) {
    const uint64_t magnitude = bits & ~format.signBit();
    return magnitude != 0 && magnitude < uint64_t{1} << format.mantissaBits;
}

// Exact.
double decode(uint64_t bits, Format format);
// Rounds once; a NaN becomes the format's quiet one with its sign cleared.
uint64_t encode(Quad value, Format format, Rounding rounding = Rounding::NearestEven);

// Operations rounded to odd; exact whenever the result fits.
Quad addOdd(Quad a, Quad b);
Quad divideOdd(Quad a, Quad b);
Quad sqrtOdd(Quad a);
Quad fmaOdd(double a, double b, Quad c);

// The integer next to `value` in the direction given (nearest even included).
Quad roundToIntegral(Quad value, Rounding rounding);

// How a result of one type is computed: what the module's float controls and decorations ask for.
struct FloatMode {
    Format format;
    Rounding rounding = Rounding::NearestEven;
    bool flush = false;

    bool isPlain() const { return rounding == Rounding::NearestEven && !flush; }
    uint64_t input(uint64_t bits) const { return flush && isDenormal(bits, format) ? bits & format.signBit() : bits; }
    double value(uint64_t bits) const { return decode(input(bits), format); }
    uint64_t result(Quad exact) const { return input(encode(exact, format, rounding)); }
};
FloatMode modeOf(const Operation& operation, const Type& scalar);

} // namespace halyard::interp::ops
