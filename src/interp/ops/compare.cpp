// Comparisons and classification of numbers.
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

template <auto Function> Cell compareUnsigned(const LaneContext&, const uint64_t* v) {
    return boolean(Function(v[0], v[1]));
}
template <auto Function> Cell compareSigned(const LaneContext& c, const uint64_t* v) {
    return boolean(Function(signExtend(v[0], c.operand.bits), signExtend(v[1], c.operand.bits)));
}

// `Unordered` is the answer when an operand is NaN.
template <auto Function, bool Unordered> Cell compareFloat(const LaneContext& c, const uint64_t* v) {
    const FloatMode mode = modeOf(c.operation, c.operand);
    if (isNan(v[0], mode.format) || isNan(v[1], mode.format))
        return boolean(Unordered);
    return boolean(Function(mode.value(v[0]), mode.value(v[1])));
}

template <auto Function> Cell classify(const LaneContext& c, const uint64_t* v) {
    const FloatMode mode = modeOf(c.operation, c.operand);
    return boolean(Function(mode.input(v[0]), mode.format));
}

constexpr auto kEqual = [](auto a, auto b) { return a == b; };
constexpr auto kNotEqual = [](auto a, auto b) { return a != b; };
constexpr auto kLess = [](auto a, auto b) { return a < b; };
constexpr auto kLessEqual = [](auto a, auto b) { return a <= b; };
constexpr auto kGreater = [](auto a, auto b) { return a > b; };
constexpr auto kGreaterEqual = [](auto a, auto b) { return a >= b; };
constexpr auto kAlways = [](auto, auto) { return true; };
constexpr auto kNever = [](auto, auto) { return false; };

constexpr auto kIsNan = [](uint64_t bits, Format format) { return isNan(bits, format); };
constexpr auto kIsInf = [](uint64_t bits, Format format) { return isInfinite(bits, format); };
constexpr auto kIsFinite = [](uint64_t bits, Format format) { return (bits & ~format.signBit()) < format.infinity(); };
constexpr auto kIsNormal = [](uint64_t bits, Format format) {
    const uint64_t magnitude = bits & ~format.signBit();
    return magnitude < format.infinity() && magnitude >= uint64_t{1} << format.mantissaBits;
};
constexpr auto kSignBit = [](uint64_t bits, Format format) { return (bits & format.signBit()) != 0; };

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpIEqual), "B=ij", lanes<compareUnsigned<kEqual>>},
    {static_cast<uint32_t>(Op::OpINotEqual), "B=ij", lanes<compareUnsigned<kNotEqual>>},
    {static_cast<uint32_t>(Op::OpUGreaterThan), "B=ij", lanes<compareUnsigned<kGreater>>},
    {static_cast<uint32_t>(Op::OpUGreaterThanEqual), "B=ij", lanes<compareUnsigned<kGreaterEqual>>},
    {static_cast<uint32_t>(Op::OpULessThan), "B=ij", lanes<compareUnsigned<kLess>>},
    {static_cast<uint32_t>(Op::OpULessThanEqual), "B=ij", lanes<compareUnsigned<kLessEqual>>},
    {static_cast<uint32_t>(Op::OpSGreaterThan), "B=ij", lanes<compareSigned<kGreater>>},
    {static_cast<uint32_t>(Op::OpSGreaterThanEqual), "B=ij", lanes<compareSigned<kGreaterEqual>>},
    {static_cast<uint32_t>(Op::OpSLessThan), "B=ij", lanes<compareSigned<kLess>>},
    {static_cast<uint32_t>(Op::OpSLessThanEqual), "B=ij", lanes<compareSigned<kLessEqual>>},
    {static_cast<uint32_t>(Op::OpFOrdEqual), "B=fg", lanes<compareFloat<kEqual, false>>},
    {static_cast<uint32_t>(Op::OpFUnordEqual), "B=fg", lanes<compareFloat<kEqual, true>>},
    {static_cast<uint32_t>(Op::OpFOrdNotEqual), "B=fg", lanes<compareFloat<kNotEqual, false>>},
    {static_cast<uint32_t>(Op::OpLessOrGreater), "B=fg", lanes<compareFloat<kNotEqual, false>>},
    {static_cast<uint32_t>(Op::OpFUnordNotEqual), "B=fg", lanes<compareFloat<kNotEqual, true>>},
    {static_cast<uint32_t>(Op::OpFOrdLessThan), "B=fg", lanes<compareFloat<kLess, false>>},
    {static_cast<uint32_t>(Op::OpFUnordLessThan), "B=fg", lanes<compareFloat<kLess, true>>},
    {static_cast<uint32_t>(Op::OpFOrdGreaterThan), "B=fg", lanes<compareFloat<kGreater, false>>},
    {static_cast<uint32_t>(Op::OpFUnordGreaterThan), "B=fg", lanes<compareFloat<kGreater, true>>},
    {static_cast<uint32_t>(Op::OpFOrdLessThanEqual), "B=fg", lanes<compareFloat<kLessEqual, false>>},
    {static_cast<uint32_t>(Op::OpFUnordLessThanEqual), "B=fg", lanes<compareFloat<kLessEqual, true>>},
    {static_cast<uint32_t>(Op::OpFOrdGreaterThanEqual), "B=fg", lanes<compareFloat<kGreaterEqual, false>>},
    {static_cast<uint32_t>(Op::OpFUnordGreaterThanEqual), "B=fg", lanes<compareFloat<kGreaterEqual, true>>},
    {static_cast<uint32_t>(Op::OpOrdered), "B=fg", lanes<compareFloat<kAlways, false>>},
    {static_cast<uint32_t>(Op::OpUnordered), "B=fg", lanes<compareFloat<kNever, true>>},
    {static_cast<uint32_t>(Op::OpIsNan), "B=f", lanes<classify<kIsNan>>},
    {static_cast<uint32_t>(Op::OpIsInf), "B=f", lanes<classify<kIsInf>>},
    {static_cast<uint32_t>(Op::OpIsFinite), "B=f", lanes<classify<kIsFinite>>},
    {static_cast<uint32_t>(Op::OpIsNormal), "B=f", lanes<classify<kIsNormal>>},
    {static_cast<uint32_t>(Op::OpSignBitSet), "B=f", lanes<classify<kSignBit>>},
};

} // namespace

std::span<const Rule> compareRules() {
    return kRules;
}

} // namespace halyard::interp::ops
