// Integer arithmetic of 8 to 64 bits. What SPIR-V leaves undefined (division by zero, overflow of a division) is an
// undefined result.
#include "interp/ops/lane.h"

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

constexpr auto kAdd = [](const LaneContext& c, const uint64_t* v) { return integer(c, v[0] + v[1]); };
constexpr auto kSub = [](const LaneContext& c, const uint64_t* v) { return integer(c, v[0] - v[1]); };
constexpr auto kMul = [](const LaneContext& c, const uint64_t* v) { return integer(c, v[0] * v[1]); };
constexpr auto kNegate = [](const LaneContext& c, const uint64_t* v) { return integer(c, -v[0]); };

constexpr auto kUDiv = [](const LaneContext& c, const uint64_t* v) {
    return v[1] == 0 ? kUndefinedCell : integer(c, v[0] / v[1]);
};
constexpr auto kUMod = [](const LaneContext& c, const uint64_t* v) {
    return v[1] == 0 ? kUndefinedCell : integer(c, v[0] % v[1]);
};

// A signed division by zero, or of the smallest number by -1.
bool divisionFails(int64_t a, int64_t b, uint32_t width) {
    return b == 0 || (b == -1 && a == minSigned(width));
}

template <auto Function> Cell signedDivision(const LaneContext& c, const uint64_t* v) {
    const int64_t a = signExtend(v[0], c.result.bits);
    const int64_t b = signExtend(v[1], c.result.bits);
    return divisionFails(a, b, c.result.bits) ? kUndefinedCell : integer(c, static_cast<uint64_t>(Function(a, b)));
}
constexpr auto kSDiv = [](int64_t a, int64_t b) { return a / b; };
constexpr auto kSRem = [](int64_t a, int64_t b) { return a % b; };
constexpr auto kSMod = [](int64_t a, int64_t b) {
    const int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
};

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpSNegate), "I=I", lanes<kNegate>},
    {static_cast<uint32_t>(Op::OpIAdd), "I=II", lanes<kAdd>},
    {static_cast<uint32_t>(Op::OpISub), "I=II", lanes<kSub>},
    {static_cast<uint32_t>(Op::OpIMul), "I=II", lanes<kMul>},
    {static_cast<uint32_t>(Op::OpUDiv), "I=II", lanes<kUDiv>},
    {static_cast<uint32_t>(Op::OpUMod), "I=II", lanes<kUMod>},
    {static_cast<uint32_t>(Op::OpSDiv), "I=II", lanes<signedDivision<kSDiv>>},
    {static_cast<uint32_t>(Op::OpSRem), "I=II", lanes<signedDivision<kSRem>>},
    {static_cast<uint32_t>(Op::OpSMod), "I=II", lanes<signedDivision<kSMod>>},
};

} // namespace

std::span<const Rule> integerRules() {
    return kRules;
}

} // namespace halyard::interp::ops
