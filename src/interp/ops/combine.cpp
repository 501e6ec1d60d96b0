// What atomics, reductions and scans do with two scalars, and what they start with.
#include "interp/ops/arithmetic.h"
#include "interp/ops/float_functions.h"

#include <algorithm>
#include <iterator>

namespace halyard::interp {
namespace {

using namespace ops;
using Op = ::spv::Op;

template <auto Function> Cell defined(const Type& type, Cell a, Cell b) {
    return a.undefined || b.undefined ? kUndefinedCell : Cell{Function(type, a.bits, b.bits), false};
}

constexpr auto kIAdd = [](const Type& t, uint64_t a, uint64_t b) { return truncate(a + b, t.bits); };
constexpr auto kISub = [](const Type& t, uint64_t a, uint64_t b) { return truncate(a - b, t.bits); };
constexpr auto kIMul = [](const Type& t, uint64_t a, uint64_t b) { return truncate(a * b, t.bits); };
constexpr auto kIncrement = [](const Type& t, uint64_t a, uint64_t) { return truncate(a + 1, t.bits); };
constexpr auto kDecrement = [](const Type& t, uint64_t a, uint64_t) { return truncate(a - 1, t.bits); };
constexpr auto kUMin = [](const Type&, uint64_t a, uint64_t b) { return std::min(a, b); };
constexpr auto kUMax = [](const Type&, uint64_t a, uint64_t b) { return std::max(a, b); };
constexpr auto kSMin = [](const Type& t, uint64_t a, uint64_t b) {
    return signExtend(b, t.bits) < signExtend(a, t.bits) ? b : a;
};
constexpr auto kSMax = [](const Type& t, uint64_t a, uint64_t b) {
    return signExtend(a, t.bits) < signExtend(b, t.bits) ? b : a;
};
constexpr auto kAnd = [](const Type&, uint64_t a, uint64_t b) { return a & b; };
constexpr auto kOr = [](const Type&, uint64_t a, uint64_t b) { return a | b; };
constexpr auto kXor = [](const Type&, uint64_t a, uint64_t b) { return a ^ b; };

constexpr auto kFAdd = [](const Type& t, uint64_t a, uint64_t b) { return add(FloatMode{formatOf(t)}, a, b); };
constexpr auto kFMul = [](const Type& t, uint64_t a, uint64_t b) { return multiply(FloatMode{formatOf(t)}, a, b); };
template <bool Maximum> uint64_t floatExtreme(const Type& type, uint64_t a, uint64_t b) {
    return Maximum ? greater(formatOf(type), a, b) : lesser(formatOf(type), a, b);
}

enum class Start { Zero, One, Ones, MaxSigned, MinSigned, FloatZero, FloatOne, Infinity, MinusInfinity };

struct Entry {
    uint16_t opcode;
    Combine combine;
    Start start;
};

constexpr uint16_t code(Op op) {
    return static_cast<uint16_t>(op);
}

constexpr Entry kEntries[] = {
    {code(Op::OpAtomicIIncrement), defined<kIncrement>, Start::Zero},
    {code(Op::OpAtomicIDecrement), defined<kDecrement>, Start::Zero},
    {code(Op::OpAtomicIAdd), defined<kIAdd>, Start::Zero},
    {code(Op::OpAtomicISub), defined<kISub>, Start::Zero},
    {code(Op::OpAtomicSMin), defined<kSMin>, Start::MaxSigned},
    {code(Op::OpAtomicUMin), defined<kUMin>, Start::Ones},
    {code(Op::OpAtomicSMax), defined<kSMax>, Start::MinSigned},
    {code(Op::OpAtomicUMax), defined<kUMax>, Start::Zero},
    {code(Op::OpAtomicAnd), defined<kAnd>, Start::Ones},
    {code(Op::OpAtomicOr), defined<kOr>, Start::Zero},
    {code(Op::OpAtomicXor), defined<kXor>, Start::Zero},
    {5614 /* OpAtomicFMinEXT */, defined<floatExtreme<false>>, Start::Infinity},
    {5615 /* OpAtomicFMaxEXT */, defined<floatExtreme<true>>, Start::MinusInfinity},
    {6035 /* OpAtomicFAddEXT */, defined<kFAdd>, Start::FloatZero},

    {code(Op::OpGroupIAdd), defined<kIAdd>, Start::Zero},
    {code(Op::OpGroupFAdd), defined<kFAdd>, Start::FloatZero},
    {code(Op::OpGroupFMin), defined<floatExtreme<false>>, Start::Infinity},
    {code(Op::OpGroupUMin), defined<kUMin>, Start::Ones},
    {code(Op::OpGroupSMin), defined<kSMin>, Start::MaxSigned},
    {code(Op::OpGroupFMax), defined<floatExtreme<true>>, Start::MinusInfinity},
    {code(Op::OpGroupUMax), defined<kUMax>, Start::Zero},
    {code(Op::OpGroupSMax), defined<kSMax>, Start::MinSigned},

    {code(Op::OpGroupNonUniformIAdd), defined<kIAdd>, Start::Zero},
    {code(Op::OpGroupNonUniformFAdd), defined<kFAdd>, Start::FloatZero},
    {code(Op::OpGroupNonUniformIMul), defined<kIMul>, Start::One},
    {code(Op::OpGroupNonUniformFMul), defined<kFMul>, Start::FloatOne},
    {code(Op::OpGroupNonUniformSMin), defined<kSMin>, Start::MaxSigned},
    {code(Op::OpGroupNonUniformUMin), defined<kUMin>, Start::Ones},
    {code(Op::OpGroupNonUniformFMin), defined<floatExtreme<false>>, Start::Infinity},
    {code(Op::OpGroupNonUniformSMax), defined<kSMax>, Start::MinSigned},
    {code(Op::OpGroupNonUniformUMax), defined<kUMax>, Start::Zero},
    {code(Op::OpGroupNonUniformFMax), defined<floatExtreme<true>>, Start::MinusInfinity},
    {code(Op::OpGroupNonUniformBitwiseAnd), defined<kAnd>, Start::Ones},
    {code(Op::OpGroupNonUniformBitwiseOr), defined<kOr>, Start::Zero},
    {code(Op::OpGroupNonUniformBitwiseXor), defined<kXor>, Start::Zero},
    {code(Op::OpGroupNonUniformLogicalAnd), defined<kAnd>, Start::One},
    {code(Op::OpGroupNonUniformLogicalOr), defined<kOr>, Start::Zero},
    {code(Op::OpGroupNonUniformLogicalXor), defined<kXor>, Start::Zero},

    {6401 /* OpGroupIMulKHR */, defined<kIMul>, Start::One},
    {6402 /* OpGroupFMulKHR */, defined<kFMul>, Start::FloatOne},
    {6403 /* OpGroupBitwiseAndKHR */, defined<kAnd>, Start::Ones},
    {6404 /* OpGroupBitwiseOrKHR */, defined<kOr>, Start::Zero},
    {6405 /* OpGroupBitwiseXorKHR */, defined<kXor>, Start::Zero},
    {6406 /* OpGroupLogicalAndKHR */, defined<kAnd>, Start::One},
    {6407 /* OpGroupLogicalOrKHR */, defined<kOr>, Start::Zero},
    {6408 /* OpGroupLogicalXorKHR */, defined<kXor>, Start::Zero},
};

const Entry* find(uint16_t opcode) {
    const Entry* entry =
        std::find_if(std::begin(kEntries), std::end(kEntries), [&](const Entry& e) { return e.opcode == opcode; });
    return entry != std::end(kEntries) ? entry : nullptr;
}

uint64_t startBits(Start start, const Type& scalar) {
    const uint32_t width = scalar.kind == Kind::Bool ? 1 : scalar.bits;
    switch (start) {
    case Start::Zero:
    case Start::FloatZero:
        return 0;
    case Start::One:
        return 1;
    case Start::Ones:
        return maxUnsigned(width);
    case Start::MaxSigned:
        return static_cast<uint64_t>(maxSigned(width));
    case Start::MinSigned:
        return truncate(static_cast<uint64_t>(minSigned(width)), width);
    case Start::FloatOne:
        return encode(1, formatOf(scalar));
    case Start::Infinity:
        return formatOf(scalar).infinity();
    case Start::MinusInfinity:
        return formatOf(scalar).infinity() | formatOf(scalar).signBit();
    }
    return 0;
}

} // namespace

Combine combineOf(uint16_t opcode) {
    const Entry* entry = find(opcode);
    return entry != nullptr ? entry->combine : nullptr;
}

Cell identityOf(uint16_t opcode, const Type& scalar) {
    const Entry* entry = find(opcode);
    return entry != nullptr ? Cell{startBits(entry->start, scalar), false} : kUndefinedCell;
}

} // namespace halyard::interp
