#include "interp/ops/format.h"

#include <algorithm>
#include <cmath>
#include <quadmath.h>

namespace halyard::interp::ops {
namespace {

using Wide = unsigned __int128;

constexpr uint32_t kQuadMantissa = 112;
constexpr uint32_t kQuadBias = 16383;
constexpr uint32_t kQuadExponentMask = 0x7fff;

bool roundsAway(Rounding rounding, bool negative, bool odd, Wide rest, Wide half) {
    switch (rounding) {
    case Rounding::NearestEven:
        return rest > half || (rest == half && odd);
    case Rounding::Up:
        return !negative && rest != 0;
    case Rounding::Down:
        return negative && rest != 0;
    case Rounding::TowardsZero:
        break;
    }
    return false;
}

uint64_t overflow(Format format, Rounding rounding, bool negative) {
    const bool toInfinity = rounding == Rounding::NearestEven || (rounding == Rounding::Up && !negative) ||
                            (rounding == Rounding::Down && negative);
    return toInfinity ? format.infinity() : format.infinity() - 1;
}

// `value` is the nearest Quad to value + error; see format.h.
Quad toOdd(Quad value, Quad error) {
    if (error == 0 || value == 0 || !finiteq(value))
        return value;
    auto bits = std::bit_cast<Wide>(value);
    if ((bits & 1) == 0)
        bits = signbitq(value) == signbitq(error) ? bits + 1 : bits - 1;
    return std::bit_cast<Quad>(bits);
}

} // namespace

double decode(uint64_t bits, Format format) {
    if (format.bits() == 64)
        return std::bit_cast<double>(bits);
    if (format.bits() == 32)
        return std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (format.mantissaBits == kBFloat16.mantissaBits)
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
    const auto exponent = static_cast<int>(bits >> format.mantissaBits & 0x1f);
    const auto mantissa = static_cast<double>(bits & 0x3ff);
    double value = 0;
    if (exponent == 0x1f)
        value = mantissa != 0 ? NAN : INFINITY;
    else if (exponent == 0)
        value = std::ldexp(mantissa, -24);
    else
        value = std::ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
}

uint64_t encode(Quad value, Format format, Rounding rounding) {
    const auto bits = std::bit_cast<Wide>(value);
    const bool negative = (bits >> 127) != 0;
    const uint64_t sign = negative ? format.signBit() : 0;
    const auto biased = static_cast<int>(static_cast<uint32_t>(bits >> kQuadMantissa) & kQuadExponentMask);
    const Wide fraction = bits & ((Wide{1} << kQuadMantissa) - 1);
    if (biased == static_cast<int>(kQuadExponentMask))
        return fraction != 0 ? format.quietNan() : sign | format.infinity();
    if (biased == 0 && fraction == 0)
        return sign;
    const int exponent = biased - static_cast<int>(kQuadBias);
    if (exponent > format.maxExponent())
        return sign | overflow(format, rounding, negative);
    const Wide significand = biased == 0 ? fraction : fraction | Wide{1} << kQuadMantissa;
    uint32_t shift = kQuadMantissa - format.mantissaBits;
    const bool denormal = exponent < format.minExponent();
    if (denormal)
        shift = static_cast<uint32_t>(std::min(static_cast<int>(shift) + format.minExponent() - exponent, 114));
    const Wide rest = significand & ((Wide{1} << shift) - 1);
    auto kept = static_cast<uint64_t>(significand >> shift);
    if (roundsAway(rounding, negative, (kept & 1) != 0, rest, Wide{1} << (shift - 1)))
        ++kept;
    // The leading one of a normal number adds 1 to the exponent field; so does a mantissa that was rounded up to the
    // next power of two.
    const uint64_t field = denormal ? 0 : static_cast<uint64_t>(exponent - format.minExponent());
    const uint64_t magnitude = (field << format.mantissaBits) + kept;
    if (magnitude >= format.infinity())
        return sign | overflow(format, rounding, negative);
    return sign | magnitude;
}

Quad addOdd(Quad a, Quad b) {
    const Quad sum = a + b;
    // Knuth's TwoSum: the error of an addition, exactly.
    const Quad bPart = sum - a;
    const Quad error = (a - (sum - bPart)) + (b - bPart);
    return toOdd(sum, error);
}

Quad divideOdd(Quad a, Quad b) {
    const Quad quotient = a / b;
    if (!finiteq(quotient) || !finiteq(b))
        return quotient;
    const Quad rest = fmaq(-quotient, b, a);
    return toOdd(quotient, signbitq(b) != 0 ? -rest : rest);
}

Quad sqrtOdd(Quad a) {
    const Quad root = sqrtq(a);
    return finiteq(root) ? toOdd(root, fmaq(-root, root, a)) : root;
}

Quad fmaOdd(double a, double b, Quad c) {
    return addOdd(static_cast<Quad>(a) * b, c);
}

Quad roundToIntegral(Quad value, Rounding rounding) {
    switch (rounding) {
    case Rounding::NearestEven:
        return rintq(value);
    case Rounding::Up:
        return ceilq(value);
    case Rounding::Down:
        return floorq(value);
    case Rounding::TowardsZero:
        break;
    }
    return truncq(value);
}

FloatMode modeOf(const Operation& operation, const Type& scalar) {
    const FloatControls& controls = operation.controls;
    FloatMode mode{formatOf(scalar)};
    const bool towardsZero = scalar.bits == 16   ? controls.towardsZero16
                             : scalar.bits == 32 ? controls.towardsZero32
                                                 : controls.towardsZero64;
    if (operation.roundingMode <= static_cast<uint32_t>(Rounding::Down))
        mode.rounding = static_cast<Rounding>(operation.roundingMode);
    else if (towardsZero)
        mode.rounding = Rounding::TowardsZero;
    mode.flush = scalar.bits == 16   ? controls.flushDenorms16
                 : scalar.bits == 32 ? controls.flushDenorms32
                                     : controls.flushDenorms64;
    return mode;
}

} // namespace halyard::interp::ops

namespace halyard::interp {

uint64_t convertFloat(uint64_t bits, const Type& from, const Type& to, uint32_t rounding) {
    using namespace ops;
    return encode(decode(bits, formatOf(from)), formatOf(to),
                  rounding <= static_cast<uint32_t>(Rounding::Down) ? static_cast<Rounding>(rounding)
                                                                    : Rounding::NearestEven);
}

} // namespace halyard::interp
