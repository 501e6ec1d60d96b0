// Logic on booleans, and choosing between values.
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

constexpr auto kEqual = [](const LaneContext&, const uint64_t* v) { return boolean(v[0] == v[1]); };
constexpr auto kNotEqual = [](const LaneContext&, const uint64_t* v) { return boolean(v[0] != v[1]); };
constexpr auto kNot = [](const LaneContext&, const uint64_t* v) { return boolean(v[0] == 0); };

// Decided by one operand that is `Decisive`, whatever the other is.
template <bool Decisive> Cell combine(const Cell& a, const Cell& b) {
    if ((!a.undefined && (a.bits != 0) == Decisive) || (!b.undefined && (b.bits != 0) == Decisive))
        return boolean(Decisive);
    return a.undefined || b.undefined ? kUndefinedCell : boolean(!Decisive);
}
template <bool Decisive> void binary(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane)
        out[lane] = combine<Decisive>(in[0][lane], in[1][lane]);
}
template <bool Decisive> void reduce(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    Cell all = boolean(!Decisive);
    for (uint32_t lane = 0; lane < op.types[0]->cells; ++lane)
        all = combine<Decisive>(all, in[0][lane]);
    out[0] = all;
}

void select(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const bool scalar = op.types[0]->cells == 1;
    for (uint32_t cell = 0; cell < op.resultType->cells; ++cell) {
        const Cell condition = in[0][scalar ? 0 : cell];
        out[cell] = condition.undefined ? kUndefinedCell : in[condition.bits != 0 ? 1 : 2][cell];
    }
}

bool checkReduction(Binding& binding) {
    const Type& operand = *binding.operation.types[0];
    if (binding.resultType()->kind != Kind::Bool || operand.kind != Kind::Vector || operand.scalar().kind != Kind::Bool)
        return binding.invalid("must reduce a vector of booleans to one");
    return true;
}

bool checkSelect(Binding& binding) {
    const Type& condition = *binding.operation.types[0];
    const bool scalar = condition.kind == Kind::Bool;
    const bool vector = condition.kind == Kind::Vector && condition.scalar().kind == Kind::Bool &&
                        binding.resultType()->kind == Kind::Vector && binding.resultType()->cells == condition.cells;
    if (!scalar && !vector)
        return binding.invalid("has a condition of the wrong shape");
    return true;
}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpLogicalEqual), "B=BB", lanes<kEqual>},
    {static_cast<uint32_t>(Op::OpLogicalNotEqual), "B=BB", lanes<kNotEqual>},
    {static_cast<uint32_t>(Op::OpLogicalNot), "B=B", lanes<kNot>},
    {static_cast<uint32_t>(Op::OpLogicalOr), "B=BB", binary<true>},
    {static_cast<uint32_t>(Op::OpLogicalAnd), "B=BB", binary<false>},
    {static_cast<uint32_t>(Op::OpAny), ".=v", reduce<true>, checkReduction},
    {static_cast<uint32_t>(Op::OpAll), ".=v", reduce<false>, checkReduction},
    {static_cast<uint32_t>(Op::OpSelect), ".=vTT", select, checkSelect},
};

} // namespace

std::span<const Rule> logicalRules() {
    return kRules;
}

} // namespace halyard::interp::ops
