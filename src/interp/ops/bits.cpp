// Shifts, bitwise logic and bit fields.
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

template <auto Function> Cell shift(const LaneContext& c, const uint64_t* v) {
    const uint32_t width = c.result.bits;
    return v[1] >= width ? kUndefinedCell : integer(c, Function(v[0], static_cast<uint32_t>(v[1]), width));
}
constexpr auto kShiftLeft = [](uint64_t a, uint32_t by, uint32_t) { return a << by; };
constexpr auto kShiftRight = [](uint64_t a, uint32_t by, uint32_t) { return a >> by; };
constexpr auto kShiftRightSigned = [](uint64_t a, uint32_t by, uint32_t width) {
    return static_cast<uint64_t>(signExtend(a, width) >> by);
};

constexpr auto kXor = [](const LaneContext& c, const uint64_t* v) { return integer(c, v[0] ^ v[1]); };
constexpr auto kNot = [](const LaneContext& c, const uint64_t* v) { return integer(c, ~v[0]); };

// A bit field of `count` bits from `offset`; false when it does not lie within the width.
bool fieldFits(uint64_t offset, uint64_t count, uint32_t width) {
    return offset <= width && count <= width - offset;
}
constexpr auto kInsert = [](const LaneContext& c, const uint64_t* v) {
    if (!fieldFits(v[2], v[3], c.result.bits))
        return kUndefinedCell;
    if (v[3] == 0)
        return integer(c, v[0]);
    const uint64_t mask = maxUnsigned(static_cast<uint32_t>(v[3])) << v[2];
    return integer(c, (v[0] & ~mask) | (v[1] << v[2] & mask));
};
template <bool Signed> Cell extract(const LaneContext& c, const uint64_t* v) {
    if (!fieldFits(v[1], v[2], c.result.bits))
        return kUndefinedCell;
    if (v[2] == 0)
        return integer(c, 0);
    const auto count = static_cast<uint32_t>(v[2]);
    const uint64_t field = truncate(v[0] >> v[1], count);
    return integer(c, Signed ? static_cast<uint64_t>(signExtend(field, count)) : field);
}

constexpr auto kReverse = [](const LaneContext& c, const uint64_t* v) {
    uint64_t reversed = 0;
    for (uint32_t bit = 0; bit < c.result.bits; ++bit)
        reversed |= (v[0] >> bit & 1) << (c.result.bits - 1 - bit);
    return integer(c, reversed);
};
constexpr auto kCount = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, static_cast<uint64_t>(__builtin_popcountll(v[0])));
};

// A bit that decides alone makes the result defined whatever the other operand: 0 for And, ones for Or. Compilers mask
// words that they read in one piece, padding included.
template <bool IsAnd> void bitwise(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint64_t decisive = IsAnd ? 0 : maxUnsigned(op.resultType->scalar().bits);
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const Cell a = in[0][lane];
        const Cell b = in[1][lane];
        const bool decided = (!a.undefined && a.bits == decisive) || (!b.undefined && b.bits == decisive);
        out[lane] = decided                      ? Cell{decisive, false}
                    : a.undefined || b.undefined ? kUndefinedCell
                                                 : Cell{IsAnd ? a.bits & b.bits : a.bits | b.bits, false};
    }
}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpShiftLeftLogical), "I=Ii", lanes<shift<kShiftLeft>>},
    {static_cast<uint32_t>(Op::OpShiftRightLogical), "I=Ii", lanes<shift<kShiftRight>>},
    {static_cast<uint32_t>(Op::OpShiftRightArithmetic), "I=Ii", lanes<shift<kShiftRightSigned>>},
    {static_cast<uint32_t>(Op::OpBitwiseOr), "I=II", bitwise<false>},
    {static_cast<uint32_t>(Op::OpBitwiseAnd), "I=II", bitwise<true>},
    {static_cast<uint32_t>(Op::OpBitwiseXor), "I=II", lanes<kXor>},
    {static_cast<uint32_t>(Op::OpNot), "I=I", lanes<kNot>},
    {static_cast<uint32_t>(Op::OpBitFieldInsert), "I=IInn", lanes<kInsert>},
    {static_cast<uint32_t>(Op::OpBitFieldSExtract), "I=Inn", lanes<extract<true>>},
    {static_cast<uint32_t>(Op::OpBitFieldUExtract), "I=Inn", lanes<extract<false>>},
    {static_cast<uint32_t>(Op::OpBitReverse), "I=I", lanes<kReverse>},
    {static_cast<uint32_t>(Op::OpBitCount), "I=i", lanes<kCount>},
};

} // namespace

std::span<const Rule> bitRules() {
    return kRules;
}

} // namespace halyard::interp::ops
