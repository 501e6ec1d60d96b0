// Conversions between numbers.
#include "interp/ops/lane.h"

#include <quadmath.h>

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

// ---- Integers to integers

constexpr auto kUConvert = [](const LaneContext& c, const uint64_t* v) {
    const uint64_t limit = maxUnsigned(c.result.bits);
    return integer(c, c.operation.saturate && v[0] > limit ? limit : v[0]);
};
constexpr auto kSConvert = [](const LaneContext& c, const uint64_t* v) {
    const int64_t value = signExtend(v[0], c.operand.bits);
    if (!c.operation.saturate)
        return integer(c, static_cast<uint64_t>(value));
    return integer(c, static_cast<uint64_t>(std::clamp(value, minSigned(c.result.bits), maxSigned(c.result.bits))));
};
constexpr auto kSToUSaturated = [](const LaneContext& c, const uint64_t* v) {
    const int64_t value = signExtend(v[0], c.operand.bits);
    return integer(c, value < 0 ? 0 : std::min(static_cast<uint64_t>(value), maxUnsigned(c.result.bits)));
};
constexpr auto kUToSSaturated = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, std::min(v[0], static_cast<uint64_t>(maxSigned(c.result.bits))));
};

// ---- Floats to integers: towards zero unless the result is decorated

template <bool Signed> Cell floatToInteger(const LaneContext& c, const uint64_t* v) {
    const FloatMode mode = modeOf(c.operation, c.operand);
    const uint32_t width = c.result.bits;
    if (isNan(v[0], mode.format))
        return c.operation.saturate ? integer(c, 0) : kUndefinedCell;
    const bool decorated = c.operation.roundingMode <= static_cast<uint32_t>(Rounding::Down);
    const Quad whole = roundToIntegral(mode.value(v[0]), decorated ? mode.rounding : Rounding::TowardsZero);
    const Quad lowest = Signed ? static_cast<Quad>(minSigned(width)) : 0;
    const Quad highest = Signed ? static_cast<Quad>(maxSigned(width)) : static_cast<Quad>(maxUnsigned(width));
    if (whole < lowest || whole > highest) {
        if (!c.operation.saturate)
            return kUndefinedCell;
        const uint64_t low = Signed ? static_cast<uint64_t>(minSigned(width)) : 0;
        const uint64_t high = Signed ? static_cast<uint64_t>(maxSigned(width)) : maxUnsigned(width);
        return integer(c, whole < lowest ? low : high);
    }
    return integer(c, Signed ? static_cast<uint64_t>(static_cast<int64_t>(whole)) : static_cast<uint64_t>(whole));
}

// ---- To floats

template <bool Signed> Cell integerToFloat(const LaneContext& c, const uint64_t* v) {
    const FloatMode mode = modeOf(c.operation, c.result);
    // A Quad holds every 64-bit integer.
    const Quad value = Signed ? static_cast<Quad>(signExtend(v[0], c.operand.bits)) : static_cast<Quad>(v[0]);
    return {mode.result(value), false};
}
constexpr auto kFConvert = [](const LaneContext& c, const uint64_t* v) {
    const FloatMode from = modeOf(c.operation, c.operand);
    return Cell{modeOf(c.operation, c.result).result(from.value(v[0])), false};
};
constexpr auto kQuantize = [](const LaneContext& c, const uint64_t* v) {
    const Format format = formatOf(c.result);
    uint64_t half = encode(decode(v[0], format), kHalf);
    if (isDenormal(half, kHalf))
        half &= kHalf.signBit();
    return Cell{encode(decode(half, kHalf), format), false};
};
// bfloat16 as 16-bit integers.
constexpr auto kToBFloat16 = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, encode(decode(v[0], kSingle), kBFloat16));
};
constexpr auto kFromBFloat16 = [](const LaneContext&, const uint64_t* v) {
    return Cell{encode(decode(v[0], kBFloat16), kSingle), false};
};

bool checkSingle(Binding& binding) {
    return binding.resultType()->scalar().bits == 32 || binding.invalid("takes 32-bit floats");
}
bool checkBFloat16(Binding& binding) {
    const Type& result = binding.resultType()->scalar();
    const Type& operand = binding.operation.types[0]->scalar();
    const Type& integer = result.kind == Kind::Int ? result : operand;
    const Type& single = result.kind == Kind::Int ? operand : result;
    return (integer.bits == 16 && single.bits == 32) ||
           binding.invalid("converts between 32-bit floats and 16-bit integers");
}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpUConvert), "I=i", lanes<kUConvert>},
    {static_cast<uint32_t>(Op::OpSConvert), "I=i", lanes<kSConvert>},
    {static_cast<uint32_t>(Op::OpSatConvertSToU), "I=i", lanes<kSToUSaturated>},
    {static_cast<uint32_t>(Op::OpSatConvertUToS), "I=i", lanes<kUToSSaturated>},
    {static_cast<uint32_t>(Op::OpConvertFToU), "I=f", lanes<floatToInteger<false>>},
    {static_cast<uint32_t>(Op::OpConvertFToS), "I=f", lanes<floatToInteger<true>>},
    {static_cast<uint32_t>(Op::OpConvertUToF), "F=i", lanes<integerToFloat<false>>},
    {static_cast<uint32_t>(Op::OpConvertSToF), "F=i", lanes<integerToFloat<true>>},
    {static_cast<uint32_t>(Op::OpFConvert), "F=f", lanes<kFConvert>},
    {static_cast<uint32_t>(Op::OpQuantizeToF16), "F=F", lanes<kQuantize>, checkSingle},
    {6116 /* OpConvertFToBF16INTEL */, "I=f", lanes<kToBFloat16>, checkBFloat16},
    {6117 /* OpConvertBF16ToFINTEL */, "F=i", lanes<kFromBFloat16>, checkBFloat16},
};

} // namespace

std::span<const Rule> conversionRules() {
    return kRules;
}

} // namespace halyard::interp::ops
