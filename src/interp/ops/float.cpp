// Floating point arithmetic, correctly rounded in the type's own precision and never contracted.
#include "interp/ops/arithmetic.h"
#include "interp/ops/lane.h"

#include <cmath>

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

template <auto Function> Cell arithmetic(const LaneContext& c, const uint64_t* v) {
    return {Function(modeOf(c.operation, c.result), v), false};
}

constexpr auto kAdd = [](const FloatMode& m, const uint64_t* v) { return add(m, v[0], v[1]); };
constexpr auto kSub = [](const FloatMode& m, const uint64_t* v) { return add(m, v[0], v[1] ^ m.format.signBit()); };
constexpr auto kMul = [](const FloatMode& m, const uint64_t* v) { return multiply(m, v[0], v[1]); };
constexpr auto kDiv = [](const FloatMode& m, const uint64_t* v) { return divide(m, v[0], v[1]); };
constexpr auto kFma = [](const FloatMode& m, const uint64_t* v) { return fusedMultiplyAdd(m, v[0], v[1], v[2]); };
constexpr auto kNegate = [](const FloatMode& m, const uint64_t* v) { return m.input(v[0]) ^ m.format.signBit(); };
constexpr auto kRem = [](const FloatMode& m, const uint64_t* v) {
    return m.result(std::fmod(m.value(v[0]), m.value(v[1])));
};
// The remainder with the sign of the divisor.
constexpr auto kMod = [](const FloatMode& m, const uint64_t* v) {
    const double divisor = m.value(v[1]);
    const double rest = std::fmod(m.value(v[0]), divisor);
    if (rest == 0)
        return m.result(std::copysign(rest, divisor));
    const bool wrongSide = std::signbit(rest) != std::signbit(divisor);
    return m.result(wrongSide ? addOdd(rest, divisor) : static_cast<Quad>(rest));
};

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpFNegate), "F=F", lanes<arithmetic<kNegate>>},
    {static_cast<uint32_t>(Op::OpFAdd), "F=FF", lanes<arithmetic<kAdd>>},
    {static_cast<uint32_t>(Op::OpFSub), "F=FF", lanes<arithmetic<kSub>>},
    {static_cast<uint32_t>(Op::OpFMul), "F=FF", lanes<arithmetic<kMul>>},
    {static_cast<uint32_t>(Op::OpFDiv), "F=FF", lanes<arithmetic<kDiv>>},
    {static_cast<uint32_t>(Op::OpFRem), "F=FF", lanes<arithmetic<kRem>>},
    {static_cast<uint32_t>(Op::OpFMod), "F=FF", lanes<arithmetic<kMod>>},
    {static_cast<uint32_t>(Op::OpVectorTimesScalar), "F=FS", lanes<arithmetic<kMul>>},
    {4427 /* OpFmaKHR */, "F=FFF", lanes<arithmetic<kFma>>},
};

} // namespace

std::span<const Rule> floatRules() {
    return kRules;
}

} // namespace halyard::interp::ops
