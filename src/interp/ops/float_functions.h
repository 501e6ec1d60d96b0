// Functions of floats that choose or change bits and round nothing. Private to the interpreter's operations.
#pragma once

#include "interp/ops/lane.h"

namespace halyard::interp::ops {

// A NaN loses against a number, and -0 is less than +0.
inline uint64_t extreme(Format format, uint64_t a, uint64_t b, bool maximum) {
    if (isNan(a, format))
        return b;
    if (isNan(b, format))
        return a;
    const double x = decode(a, format);
    const double y = decode(b, format);
    const bool aIsLess = x < y || (x == y && (a & format.signBit()) > (b & format.signBit()));
    return aIsLess == maximum ? b : a;
}
inline uint64_t lesser(Format format, uint64_t a, uint64_t b) {
    return extreme(format, a, b, false);
}
inline uint64_t greater(Format format, uint64_t a, uint64_t b) {
    return extreme(format, a, b, true);
}

// Function(format, operands) -> bits; operands and result are flushed where the mode says.
template <auto Function> Cell choice(const LaneContext& c, const uint64_t* v) {
    constexpr size_t kMaxOperands = 3;
    const FloatMode mode = modeOf(c.operation, c.result);
    uint64_t inputs[kMaxOperands] = {};
    for (size_t i = 0; i < std::min(c.operation.operands.size(), kMaxOperands); ++i)
        inputs[i] = mode.input(v[i]);
    return {mode.input(Function(mode.format, inputs)), false};
}

constexpr auto kMinNumber = [](Format f, const uint64_t* v) { return lesser(f, v[0], v[1]); };
constexpr auto kMaxNumber = [](Format f, const uint64_t* v) { return greater(f, v[0], v[1]); };
constexpr auto kClampNumber = [](Format f, const uint64_t* v) { return lesser(f, greater(f, v[0], v[1]), v[2]); };
// As GLSL and OpenCL's _common variants word it; which operand a NaN gives is left to the device.
constexpr auto kMinCommon = [](Format f, const uint64_t* v) { return decode(v[1], f) < decode(v[0], f) ? v[1] : v[0]; };
constexpr auto kMaxCommon = [](Format f, const uint64_t* v) { return decode(v[0], f) < decode(v[1], f) ? v[1] : v[0]; };
constexpr auto kClearSign = [](Format f, const uint64_t* v) { return v[0] & ~f.signBit(); };

// x * 2^n, rounded once.
constexpr auto kScaleByPower = [](const LaneContext& c, const uint64_t* v) {
    const FloatMode mode = modeOf(c.operation, c.result);
    // Beyond this every number is zero or infinite in every format, and a Quad still holds it.
    constexpr int64_t kFar = 5000;
    const int64_t n = std::clamp(signExtend(v[1], c.operation.types[1]->scalar().bits), -kFar, kFar);
    const double x = mode.value(v[0]);
    Quad scaled = x;
    // In steps that a double's exponent holds, each exact.
    constexpr int64_t kStep = 1000;
    for (int64_t left = n; left != 0;) {
        const int64_t by = std::clamp(left, -kStep, kStep);
        scaled *= std::bit_cast<double>(static_cast<uint64_t>(1023 + by) << 52);
        left -= by;
    }
    return Cell{mode.result(scaled), false};
};

} // namespace halyard::interp::ops
