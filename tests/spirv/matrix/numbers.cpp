#include "matrix/numbers.h"

#include <algorithm>
#include <cstring>
#include <quadmath.h>

namespace halyard::spirvtest {

namespace {

constexpr double kWrong = 1e30;

template <typename T, typename Bits> Quad widened(uint64_t bits) {
    const auto narrow = static_cast<Bits>(bits);
    T value;
    std::memcpy(&value, &narrow, sizeof value);
    return static_cast<Quad>(value);
}

Quad halfToQuad(uint64_t bits) {
    const auto fraction = static_cast<int>(bits & 0x3ff);
    const auto exponent = static_cast<int>(bits >> 10 & 0x1f);
    Quad value = exponent == 31  ? (fraction != 0 ? nanq("") : HUGE_VALQ)
                 : exponent == 0 ? ldexpq(fraction, -24)
                                 : ldexpq(fraction + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
}

} // namespace

bool isFloat(Scalar scalar) {
    return scalar >= Scalar::F16;
}

bool isInt(Scalar scalar) {
    return scalar >= Scalar::I8 && scalar <= Scalar::I64;
}

uint32_t bitsOf(Scalar scalar) {
    static constexpr uint32_t bits[] = {1, 8, 16, 32, 64, 16, 32, 64};
    return bits[static_cast<size_t>(scalar)];
}

const char* scalarName(Scalar scalar) {
    static constexpr const char* names[] = {"bool", "i8", "i16", "i32", "i64", "f16", "f32", "f64"};
    return names[static_cast<size_t>(scalar)];
}

uint64_t maskOf(uint32_t bits) {
    return bits >= 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1;
}

int64_t signedOf(Scalar scalar, uint64_t bits) {
    const uint32_t shift = 64 - bitsOf(scalar);
    return static_cast<int64_t>(bits << shift) >> shift;
}

Format formatOf(Scalar scalar) {
    return scalar == Scalar::F16   ? Format{11, -14, 15}
           : scalar == Scalar::F32 ? Format{24, -126, 127}
                                   : Format{53, -1022, 1023};
}

uint64_t infinity(Scalar scalar, bool negative) {
    const Format format = formatOf(scalar);
    const auto exponent = static_cast<uint64_t>(2 * format.maxExponent + 1);
    return exponent << (format.precision - 1) | uint64_t(negative) << (bitsOf(scalar) - 1);
}

uint64_t quietNan(Scalar scalar) {
    return infinity(scalar, false) | uint64_t(1) << (formatOf(scalar).precision - 2);
}

uint64_t largest(Scalar scalar) {
    return infinity(scalar, false) - 1;
}

bool signBit(Scalar scalar, uint64_t bits) {
    return (bits >> (bitsOf(scalar) - 1) & 1) != 0;
}

bool isNan(Scalar scalar, uint64_t bits) {
    return (bits & (maskOf(scalar) >> 1)) > infinity(scalar, false);
}

bool isInf(Scalar scalar, uint64_t bits) {
    return (bits & (maskOf(scalar) >> 1)) == infinity(scalar, false);
}

bool isZero(Scalar scalar, uint64_t bits) {
    return (bits & (maskOf(scalar) >> 1)) == 0;
}

bool isSubnormal(Scalar scalar, uint64_t bits) {
    const uint64_t magnitude = bits & (maskOf(scalar) >> 1);
    return magnitude != 0 && magnitude >> (formatOf(scalar).precision - 1) == 0;
}

Quad toQuad(Scalar scalar, uint64_t bits) {
    switch (scalar) {
    case Scalar::F16:
        return halfToQuad(bits);
    case Scalar::F32:
        return widened<float, uint32_t>(bits);
    case Scalar::F64:
        return widened<double, uint64_t>(bits);
    default:
        return static_cast<Quad>(signedOf(scalar, bits));
    }
}

Quad integral(Quad value, Rounding rounding) {
    switch (rounding) {
    case Rounding::ToNearestEven:
        return rintq(value);
    case Rounding::TowardZero:
        return truncq(value);
    case Rounding::Up:
        return ceilq(value);
    case Rounding::Down:
        return floorq(value);
    }
    return value;
}

uint64_t fromQuad(Scalar scalar, Quad value, Rounding rounding) {
    if (isnanq(value) != 0) {
        return quietNan(scalar);
    }
    const bool negative = signbitq(value) != 0;
    if (isinfq(value) != 0) {
        return infinity(scalar, negative);
    }
    const uint64_t sign = uint64_t(negative) << (bitsOf(scalar) - 1);
    if (value == 0) {
        return sign;
    }
    const Format format = formatOf(scalar);
    int exponent = ilogbq(value);
    exponent = std::clamp(exponent, format.minExponent, format.maxExponent + 1);
    // In units of the last place the value is an integer and a fraction, which is rounded; the integer's carry into the
    // next exponent is right in the encoding too.
    const Quad units = integral(ldexpq(value, format.precision - 1 - exponent), rounding);
    const auto magnitude = static_cast<uint64_t>(fminq(fabsq(units), ldexpq(1, format.precision + 1)));
    const auto base = static_cast<uint64_t>(exponent - format.minExponent) << (format.precision - 1);
    const uint64_t encoded = base + magnitude;
    if (encoded >= infinity(scalar, false)) {
        const bool towardZero = rounding == Rounding::TowardZero || (rounding == Rounding::Up && negative) ||
                                (rounding == Rounding::Down && !negative);
        return sign | (towardZero ? largest(scalar) : infinity(scalar, false));
    }
    return sign | encoded;
}

double ulpDistance(Scalar scalar, uint64_t got, uint64_t want) {
    const bool nan = isNan(scalar, want);
    if (nan || isNan(scalar, got)) {
        return nan == isNan(scalar, got) ? 0 : kWrong;
    }
    if (got == want) {
        return 0;
    }
    if (isZero(scalar, got) && isZero(scalar, want)) {
        return kWrong;
    }
    const Format format = formatOf(scalar);
    const Quad limit = ldexpq(1, format.maxExponent + 1); // what an infinity counts as
    const Quad target = isInf(scalar, want) ? copysignq(limit, toQuad(scalar, want)) : toQuad(scalar, want);
    const Quad value = isInf(scalar, got) ? copysignq(limit, toQuad(scalar, got)) : toQuad(scalar, got);
    int exponent = target == 0 ? format.minExponent : ilogbq(target);
    exponent = exponent < format.minExponent ? format.minExponent : exponent;
    return static_cast<double>(ldexpq(fabsq(value - target), format.precision - 1 - exponent));
}

} // namespace halyard::spirvtest
