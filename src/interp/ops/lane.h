// Evaluators that compute each lane on its own. Private to the interpreter's operations.
#pragma once

#include "interp/ops/binding.h"
#include "interp/ops/format.h"

#include <algorithm>
#include <array>

namespace halyard::interp::ops {

// What a lane function may ask about its operation.
struct LaneContext {
    explicit LaneContext(const Operation& op)
        : operation(op), result(op.resultType->scalar()), operand(op.types[0]->scalar()) {}

    const Operation& operation;
    const Type& result; // scalar types: of the result, and of the first operand
    const Type& operand;
};

// `bits` cut to `width` (1 to 64).
constexpr uint64_t truncate(uint64_t bits, uint32_t width) {
    return width >= 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}
constexpr int64_t signExtend(uint64_t bits, uint32_t width) {
    return static_cast<int64_t>(bits << (64 - width)) >> (64 - width);
}
constexpr uint64_t maxUnsigned(uint32_t width) {
    return truncate(~uint64_t{0}, width);
}
constexpr int64_t maxSigned(uint32_t width) {
    return static_cast<int64_t>(maxUnsigned(width) >> 1);
}
constexpr int64_t minSigned(uint32_t width) {
    return -maxSigned(width) - 1;
}

constexpr Cell kUndefinedCell{0, true};

// Where an undefined pointer points: to global memory that nobody has, so that the access is reported.
constexpr uint64_t kNowhere = 0x3fff'ffff'ffff'0000;

// Applies `Function(const LaneContext&, const uint64_t* operands) -> Cell` to every lane. An operand of one cell serves
// all lanes. A lane with an undefined operand is undefined.
template <auto Function> void lanes(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const LaneContext context(op);
    constexpr size_t kMaxOperands = 4;
    std::array<uint64_t, kMaxOperands> values{};
    const size_t count = std::min(in.size(), kMaxOperands);
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        bool undefined = false;
        for (size_t i = 0; i < count; ++i) {
            const Cell& cell = in[i][op.types[i]->cells == 1 ? 0 : lane];
            undefined |= cell.undefined;
            values[i] = cell.bits;
        }
        out[lane] = undefined ? kUndefinedCell : Function(context, values.data());
    }
}

// An integer result cut to the result's width.
inline Cell integer(const LaneContext& context, uint64_t value) {
    return {truncate(value, context.result.bits), false};
}
inline Cell boolean(bool value) {
    return {value ? uint64_t{1} : uint64_t{0}, false};
}

// ---- Whole operands

inline bool anyUndefined(const Operation& op, Operands in) {
    for (size_t i = 0; i < in.size(); ++i)
        for (uint32_t lane = 0; lane < op.types[i]->cells; ++lane)
            if (in[i][lane].undefined)
                return true;
    return false;
}
inline void setUndefined(const Operation& op, Cell* out) {
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane)
        out[lane] = kUndefinedCell;
}

// Calls `Function(op, in, out)` when all operands are defined; else the whole result is undefined.
template <auto Function> void whole(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    if (anyUndefined(op, in))
        setUndefined(op, out);
    else
        Function(op, in, out);
}

} // namespace halyard::interp::ops
