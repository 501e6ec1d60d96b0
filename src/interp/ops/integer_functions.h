// Integer functions that several instruction sets have. Private to the interpreter's operations.
#pragma once

#include "interp/ops/lane.h"

namespace halyard::interp::ops {

using Int128 = __int128;

// An operand as a number.
template <bool Signed> Int128 number(uint64_t bits, uint32_t width) {
    return Signed ? static_cast<Int128>(signExtend(bits, width)) : static_cast<Int128>(bits);
}
inline Cell wrapped(const LaneContext& c, Int128 value) {
    return integer(c, static_cast<uint64_t>(value));
}
template <bool Signed> Cell saturated(const LaneContext& c, Int128 value) {
    const Int128 lowest = Signed ? minSigned(c.result.bits) : 0;
    const Int128 highest = Signed ? static_cast<Int128>(maxSigned(c.result.bits)) : maxUnsigned(c.result.bits);
    return wrapped(c, std::clamp(value, lowest, highest));
}

// Function(a, b...) on numbers without bounds; the result is cut to the result's width.
template <auto Function, bool Signed> Cell exact1(const LaneContext& c, const uint64_t* v) {
    return wrapped(c, Function(number<Signed>(v[0], c.operand.bits)));
}
template <auto Function, bool Signed> Cell exact2(const LaneContext& c, const uint64_t* v) {
    return wrapped(c, Function(number<Signed>(v[0], c.operand.bits), number<Signed>(v[1], c.operand.bits)));
}
template <auto Function, bool Signed> Cell exact3(const LaneContext& c, const uint64_t* v) {
    return wrapped(c, Function(number<Signed>(v[0], c.operand.bits), number<Signed>(v[1], c.operand.bits),
                               number<Signed>(v[2], c.operand.bits)));
}
// The same, saturated.
template <auto Function, bool Signed> Cell saturated2(const LaneContext& c, const uint64_t* v) {
    return saturated<Signed>(c, Function(number<Signed>(v[0], c.operand.bits), number<Signed>(v[1], c.operand.bits)));
}
template <auto Function, bool Signed> Cell saturated3(const LaneContext& c, const uint64_t* v) {
    return saturated<Signed>(c, Function(number<Signed>(v[0], c.operand.bits), number<Signed>(v[1], c.operand.bits),
                                         number<Signed>(v[2], c.operand.bits)));
}

constexpr auto kPlus = [](Int128 a, Int128 b) { return a + b; };
constexpr auto kMinus = [](Int128 a, Int128 b) { return a - b; };
constexpr auto kMinimum = [](Int128 a, Int128 b) { return a < b ? a : b; };
constexpr auto kMaximum = [](Int128 a, Int128 b) { return a > b ? a : b; };
constexpr auto kAbsolute = [](Int128 a) { return a < 0 ? -a : a; };
constexpr auto kAbsoluteDifference = [](Int128 a, Int128 b) { return a < b ? b - a : a - b; };
constexpr auto kHalfSum = [](Int128 a, Int128 b) { return (a + b) >> 1; };
constexpr auto kHalfSumRounded = [](Int128 a, Int128 b) { return (a + b + 1) >> 1; };
constexpr auto kClampInteger = [](Int128 a, Int128 low, Int128 high) { return a < low ? low : a > high ? high : a; };

inline uint32_t leadingZeros(uint64_t bits, uint32_t width) {
    return bits == 0 ? width : static_cast<uint32_t>(__builtin_clzll(bits)) - (64 - width);
}
inline uint32_t trailingZeros(uint64_t bits, uint32_t width) {
    return bits == 0 ? width : static_cast<uint32_t>(__builtin_ctzll(bits));
}
constexpr auto kLeadingZeros = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, leadingZeros(v[0], c.operand.bits));
};
constexpr auto kTrailingZeros = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, trailingZeros(v[0], c.operand.bits));
};

} // namespace halyard::interp::ops
