#include "spv/scalar_ops.h"

#include <bit>
#include <cmath>
#include <limits>

namespace halyard::spv {
namespace {

using Op = ::spv::Op;

double decodeHalf(uint32_t bits) {
    const int exponent = static_cast<int>(bits >> 10 & 0x1f);
    const double mantissa = bits & 0x3ff;
    double value = 0;
    if (exponent == 0x1f)
        value = mantissa != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    else if (exponent == 0)
        value = std::ldexp(mantissa, -24);
    else
        value = std::ldexp(mantissa + 1024, exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
}

uint32_t encodeHalf(double value) {
    const uint32_t sign = std::signbit(value) ? 0x8000 : 0;
    if (std::isnan(value))
        return sign | 0x7e00;
    const double magnitude = std::fabs(value);
    if (magnitude >= 65520) // half way between the largest half and what would follow it
        return sign | 0x7c00;
    if (magnitude == 0)
        return sign;
    // The unit in the last place at this magnitude; below 2^-14 halves are denormal and evenly spaced.
    const int exponent = std::max(std::ilogb(magnitude), -14);
    const auto units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
    // A mantissa that rounded up to 2048 carries into the exponent by itself.
    return sign | ((static_cast<uint32_t>(exponent + 14) << 10) + units);
}

bool isFloatArithmetic(Op op) {
    switch (op) {
    case Op::OpFNegate:
    case Op::OpFAdd:
    case Op::OpFSub:
    case Op::OpFMul:
    case Op::OpFDiv:
    case Op::OpFRem:
    case Op::OpFMod:
        return true;
    default:
        return false;
    }
}

double floatArithmetic(Op op, double a, double b) {
    switch (op) {
    case Op::OpFNegate:
        return -a;
    case Op::OpFAdd:
        return a + b;
    case Op::OpFSub:
        return a - b;
    case Op::OpFMul:
        return a * b;
    case Op::OpFDiv:
        return a / b;
    case Op::OpFRem:
        return std::fmod(a, b);
    default: { // OpFMod takes the sign of the divisor
        const double remainder = std::fmod(a, b);
        return remainder != 0 && std::signbit(remainder) != std::signbit(b) ? remainder + b : remainder;
    }
    }
}

uint64_t floatToInteger(double value, uint32_t width, bool toSigned) {
    if (std::isnan(value))
        return 0;
    const double limit = std::ldexp(1.0, static_cast<int>(toSigned ? width - 1 : width));
    const double whole = std::trunc(value);
    if (toSigned) {
        if (whole >= limit)
            return truncate(~uint64_t{0}, width - 1);
        if (whole < -limit)
            return uint64_t{1} << (width - 1);
        return truncate(static_cast<uint64_t>(static_cast<int64_t>(whole)), width);
    }
    if (whole >= limit)
        return truncate(~uint64_t{0}, width);
    return whole <= 0 ? 0 : static_cast<uint64_t>(whole);
}

template <typename Integer> uint64_t integerToFloat(Integer value, uint32_t width) {
    // Through double a 64-bit integer would be rounded twice on its way to 32 bits.
    if (width == 32)
        return std::bit_cast<uint32_t>(static_cast<float>(value));
    return encodeFloat(static_cast<double>(value), width);
}

std::optional<uint64_t> conversion(Op op, ScalarType result, ScalarType from, uint64_t a) {
    switch (op) {
    case Op::OpUConvert:
        return a;
    case Op::OpSConvert:
        return static_cast<uint64_t>(signExtend(a, from.width));
    case Op::OpFConvert:
        return encodeFloat(decodeFloat(a, from.width), result.width);
    case Op::OpQuantizeToF16: {
        const double half = decodeHalf(encodeHalf(decodeFloat(a, from.width)));
        const bool denormal = half != 0 && std::fabs(half) < std::ldexp(1.0, -14);
        return encodeFloat(denormal ? std::copysign(0.0, half) : half, result.width);
    }
    case Op::OpConvertFToS:
        return floatToInteger(decodeFloat(a, from.width), result.width, true);
    case Op::OpConvertFToU:
        return floatToInteger(decodeFloat(a, from.width), result.width, false);
    case Op::OpConvertSToF:
        return integerToFloat(signExtend(a, from.width), result.width);
    case Op::OpConvertUToF:
        return integerToFloat(a, result.width);
    default:
        return std::nullopt;
    }
}

std::optional<uint64_t> division(Op op, uint32_t width, uint64_t a, uint64_t b) {
    const int64_t signedA = signExtend(a, width);
    const int64_t signedB = signExtend(b, width);
    // The two cases that trap on common hosts.
    const bool undefined = b == 0;
    const bool overflow = signedB == -1;
    switch (op) {
    case Op::OpUDiv:
        return undefined ? 0 : a / b;
    case Op::OpUMod:
        return undefined ? 0 : a % b;
    case Op::OpSDiv:
        if (overflow)
            return uint64_t{0} - a;
        return undefined ? 0 : static_cast<uint64_t>(signedA / signedB);
    case Op::OpSRem:
        return undefined || overflow ? 0 : static_cast<uint64_t>(signedA % signedB);
    case Op::OpSMod: {
        if (undefined || overflow)
            return 0;
        const int64_t remainder = signedA % signedB;
        const bool adjust = remainder != 0 && (remainder < 0) != (signedB < 0);
        return static_cast<uint64_t>(adjust ? remainder + signedB : remainder);
    }
    default:
        return std::nullopt;
    }
}

std::optional<uint64_t> shift(Op op, uint32_t width, uint64_t a, uint64_t amount) {
    const bool undefined = amount >= width;
    switch (op) {
    case Op::OpShiftLeftLogical:
        return undefined ? 0 : a << amount;
    case Op::OpShiftRightLogical:
        return undefined ? 0 : a >> amount;
    case Op::OpShiftRightArithmetic:
        return undefined ? 0 : static_cast<uint64_t>(signExtend(a, width) >> amount);
    default:
        return std::nullopt;
    }
}

std::optional<uint64_t> comparison(Op op, uint32_t width, uint64_t a, uint64_t b) {
    const int64_t signedA = signExtend(a, width);
    const int64_t signedB = signExtend(b, width);
    switch (op) {
    case Op::OpLogicalEqual:
    case Op::OpIEqual:
        return a == b;
    case Op::OpLogicalNotEqual:
    case Op::OpINotEqual:
        return a != b;
    case Op::OpUGreaterThan:
        return a > b;
    case Op::OpUGreaterThanEqual:
        return a >= b;
    case Op::OpULessThan:
        return a < b;
    case Op::OpULessThanEqual:
        return a <= b;
    case Op::OpSGreaterThan:
        return signedA > signedB;
    case Op::OpSGreaterThanEqual:
        return signedA >= signedB;
    case Op::OpSLessThan:
        return signedA < signedB;
    case Op::OpSLessThanEqual:
        return signedA <= signedB;
    default:
        return std::nullopt;
    }
}

std::optional<uint64_t> integer(Op op, uint64_t a, uint64_t b) {
    switch (op) {
    case Op::OpSNegate:
        return uint64_t{0} - a;
    case Op::OpNot:
        return ~a;
    case Op::OpLogicalNot:
        return a ^ 1;
    case Op::OpIAdd:
        return a + b;
    case Op::OpISub:
        return a - b;
    case Op::OpIMul:
        return a * b;
    case Op::OpBitwiseOr:
    case Op::OpLogicalOr:
        return a | b;
    case Op::OpBitwiseXor:
        return a ^ b;
    case Op::OpBitwiseAnd:
    case Op::OpLogicalAnd:
        return a & b;
    default:
        return std::nullopt;
    }
}

} // namespace

uint64_t truncate(uint64_t bits, uint32_t width) {
    return width >= 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}

int64_t signExtend(uint64_t bits, uint32_t width) {
    if (width == 0 || width >= 64)
        return static_cast<int64_t>(bits);
    const uint32_t unused = 64 - width;
    return static_cast<int64_t>(bits << unused) >> unused;
}

double decodeFloat(uint64_t bits, uint32_t width) {
    if (width == 16)
        return decodeHalf(static_cast<uint32_t>(bits & 0xffff));
    if (width == 32)
        return std::bit_cast<float>(static_cast<uint32_t>(bits));
    return std::bit_cast<double>(bits);
}

uint64_t encodeFloat(double value, uint32_t width) {
    if (width == 16)
        return encodeHalf(value);
    if (width == 32)
        return std::bit_cast<uint32_t>(static_cast<float>(value));
    return std::bit_cast<uint64_t>(value);
}

std::optional<uint64_t> evaluateScalar(Op op, ScalarType result, ScalarType operand,
                                       std::span<const uint64_t> operands) {
    if (operands.empty())
        return std::nullopt;
    const uint64_t a = operands[0];
    const uint64_t b = operands.size() > 1 ? operands[1] : 0;
    std::optional<uint64_t> value;
    if (isFloatArithmetic(op)) {
        // Doubles hold every exact result of 16 and 32-bit operands closely enough to round once.
        value = encodeFloat(floatArithmetic(op, decodeFloat(a, operand.width), decodeFloat(b, operand.width)),
                            result.width);
    } else if (op == Op::OpSelect) {
        if (operands.size() < 3)
            return std::nullopt;
        value = a != 0 ? b : operands[2];
    } else {
        value = integer(op, a, b);
        if (!value)
            value = comparison(op, operand.width, a, b);
        if (!value)
            value = conversion(op, result, operand, a);
        if (!value)
            value = division(op, operand.width, a, b);
        if (!value)
            value = shift(op, operand.width, a, b);
    }
    if (value)
        value = truncate(*value, result.width);
    return value;
}

} // namespace halyard::spv
