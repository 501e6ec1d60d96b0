// Operations with a structure of two results: carry, borrow and the two halves of a product.
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

struct Pair {
    uint64_t first, second;
};

template <auto Function> void pairs(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t width = op.types[0]->scalar().bits;
    const uint32_t lanes = op.types[0]->cells;
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        const Cell& a = in[0][lane];
        const Cell& b = in[1][lane];
        if (a.undefined || b.undefined) {
            out[lane] = out[lanes + lane] = kUndefinedCell;
            continue;
        }
        const Pair pair = Function(a.bits, b.bits, width);
        out[lane] = {truncate(pair.first, width), false};
        out[lanes + lane] = {truncate(pair.second, width), false};
    }
}

constexpr auto kAddCarry = [](uint64_t a, uint64_t b, uint32_t width) {
    const uint64_t sum = truncate(a + b, width);
    return Pair{sum, sum < a ? uint64_t{1} : 0};
};
constexpr auto kSubBorrow = [](uint64_t a, uint64_t b, uint32_t /*width*/) {
    return Pair{a - b, a < b ? uint64_t{1} : 0};
};
constexpr auto kUMulExtended = [](uint64_t a, uint64_t b, uint32_t width) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return Pair{static_cast<uint64_t>(product), static_cast<uint64_t>(product >> width)};
};
constexpr auto kSMulExtended = [](uint64_t a, uint64_t b, uint32_t width) {
    const auto product = static_cast<__int128>(signExtend(a, width)) * signExtend(b, width);
    return Pair{static_cast<uint64_t>(product), static_cast<uint64_t>(product >> width)};
};

bool checkPair(Binding& binding) {
    const Type& result = *binding.resultType();
    const Type& operand = *binding.operation.types[0];
    if (result.kind != Kind::Struct || result.members.size() != 2 || lanesOf(operand) == 0 ||
        operand.scalar().kind != Kind::Int || !sameShape(operand, *binding.operation.types[1]) ||
        !sameShape(operand, *result.members[0]) || !sameShape(operand, *result.members[1]))
        return binding.invalid("must give a structure of two members of its operands' integer type");
    return true;
}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpIAddCarry), ".=vv", pairs<kAddCarry>, checkPair},
    {static_cast<uint32_t>(Op::OpISubBorrow), ".=vv", pairs<kSubBorrow>, checkPair},
    {static_cast<uint32_t>(Op::OpUMulExtended), ".=vv", pairs<kUMulExtended>, checkPair},
    {static_cast<uint32_t>(Op::OpSMulExtended), ".=vv", pairs<kSMulExtended>, checkPair},
};

} // namespace

std::span<const Rule> extendedIntegerRules() {
    return kRules;
}

} // namespace halyard::interp::ops
