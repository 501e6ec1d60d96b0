// The integer functions of OpenCL.std.
#include "interp/ops/integer_functions.h"

namespace halyard::interp::ops {
namespace {

constexpr auto kMulHi = [](Int128 a, Int128 b, uint32_t width) { return (a * b) >> width; };
// Two 64-bit unsigned numbers need all 128 bits of their product.
uint64_t unsignedHigh(uint64_t a, uint64_t b, uint32_t width) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(a) * b >> width);
}

constexpr auto kSMulHi = [](const LaneContext& c, const uint64_t* v) {
    return wrapped(c, kMulHi(number<true>(v[0], c.result.bits), number<true>(v[1], c.result.bits), c.result.bits));
};
constexpr auto kUMulHi = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, unsignedHigh(v[0], v[1], c.result.bits));
};
constexpr auto kSMadHi = [](const LaneContext& c, const uint64_t* v) {
    const Int128 high = kMulHi(number<true>(v[0], c.result.bits), number<true>(v[1], c.result.bits), c.result.bits);
    return integer(c, static_cast<uint64_t>(high) + v[2]);
};
constexpr auto kUMadHi = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, unsignedHigh(v[0], v[1], c.result.bits) + v[2]);
};

constexpr auto kMadSigned = [](Int128 a, Int128 b, Int128 sum) { return a * b + sum; };
constexpr auto kUMadSat = [](const LaneContext& c, const uint64_t* v) {
    const unsigned __int128 product = static_cast<unsigned __int128>(v[0]) * v[1];
    // At most (2^64 - 1)^2 + 2^64 - 1: no overflow.
    const unsigned __int128 limit = maxUnsigned(c.result.bits);
    return integer(c, static_cast<uint64_t>(std::min(product + v[2], limit)));
};

constexpr auto kRotate = [](const LaneContext& c, const uint64_t* v) {
    const uint32_t width = c.result.bits;
    const auto by = static_cast<uint32_t>(v[1] % width);
    return integer(c, by == 0 ? v[0] : v[0] << by | v[0] >> (width - by));
};
constexpr auto kPopcount = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, static_cast<uint64_t>(__builtin_popcountll(v[0])));
};

// Operands outside of 24 bits make the result undefined.
constexpr uint32_t kShortBits = 24;
bool isShort(uint64_t bits, bool isSigned) {
    constexpr uint32_t kWidth = 32;
    return isSigned ? signExtend(bits, kWidth) == signExtend(truncate(bits, kShortBits), kShortBits)
                    : truncate(bits, kShortBits) == bits;
}
template <bool Signed> Cell multiply24(const LaneContext& c, const uint64_t* v) {
    return isShort(v[0], Signed) && isShort(v[1], Signed) ? integer(c, v[0] * v[1]) : kUndefinedCell;
}
template <bool Signed> Cell multiplyAdd24(const LaneContext& c, const uint64_t* v) {
    return isShort(v[0], Signed) && isShort(v[1], Signed) ? integer(c, v[0] * v[1] + v[2]) : kUndefinedCell;
}

constexpr auto kUpsample = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, v[0] << c.operand.bits | v[1]);
};

// min(max(x, low), high) is undefined for low > high.
template <bool Signed> Cell clamp(const LaneContext& c, const uint64_t* v) {
    if (number<Signed>(v[1], c.result.bits) > number<Signed>(v[2], c.result.bits))
        return kUndefinedCell;
    return exact3<kClampInteger, Signed>(c, v);
}

bool checkWord(Binding& binding) {
    return binding.resultType()->scalar().bits == 32 || binding.invalid("takes 32-bit integers");
}
bool checkUpsample(Binding& binding) {
    const uint32_t half = binding.operation.types[0]->scalar().bits;
    return (half * 2 == binding.resultType()->scalar().bits && binding.operation.types[1]->scalar().bits == half) ||
           binding.invalid("must give integers of twice the operands' width");
}

constexpr Rule kRules[] = {
    {141 /* s_abs */, "I=I", lanes<exact1<kAbsolute, true>>},
    {142 /* s_abs_diff */, "I=II", lanes<exact2<kAbsoluteDifference, true>>},
    {143 /* s_add_sat */, "I=II", lanes<saturated2<kPlus, true>>},
    {144 /* u_add_sat */, "I=II", lanes<saturated2<kPlus, false>>},
    {145 /* s_hadd */, "I=II", lanes<exact2<kHalfSum, true>>},
    {146 /* u_hadd */, "I=II", lanes<exact2<kHalfSum, false>>},
    {147 /* s_rhadd */, "I=II", lanes<exact2<kHalfSumRounded, true>>},
    {148 /* u_rhadd */, "I=II", lanes<exact2<kHalfSumRounded, false>>},
    {149 /* s_clamp */, "I=III", lanes<clamp<true>>},
    {150 /* u_clamp */, "I=III", lanes<clamp<false>>},
    {151 /* clz */, "I=I", lanes<kLeadingZeros>},
    {152 /* ctz */, "I=I", lanes<kTrailingZeros>},
    {153 /* s_mad_hi */, "I=III", lanes<kSMadHi>},
    {154 /* u_mad_sat */, "I=III", lanes<kUMadSat>},
    {155 /* s_mad_sat */, "I=III", lanes<saturated3<kMadSigned, true>>},
    {156 /* s_max */, "I=II", lanes<exact2<kMaximum, true>>},
    {157 /* u_max */, "I=II", lanes<exact2<kMaximum, false>>},
    {158 /* s_min */, "I=II", lanes<exact2<kMinimum, true>>},
    {159 /* u_min */, "I=II", lanes<exact2<kMinimum, false>>},
    {160 /* s_mul_hi */, "I=II", lanes<kSMulHi>},
    {161 /* rotate */, "I=II", lanes<kRotate>},
    {162 /* s_sub_sat */, "I=II", lanes<saturated2<kMinus, true>>},
    {163 /* u_sub_sat */, "I=II", lanes<saturated2<kMinus, false>>},
    {164 /* u_upsample */, "I=ii", lanes<kUpsample>, checkUpsample},
    {165 /* s_upsample */, "I=ii", lanes<kUpsample>, checkUpsample},
    {166 /* popcount */, "I=I", lanes<kPopcount>},
    {167 /* s_mad24 */, "I=III", lanes<multiplyAdd24<true>>, checkWord},
    {168 /* u_mad24 */, "I=III", lanes<multiplyAdd24<false>>, checkWord},
    {169 /* s_mul24 */, "I=II", lanes<multiply24<true>>, checkWord},
    {170 /* u_mul24 */, "I=II", lanes<multiply24<false>>, checkWord},
    {201 /* u_abs */, "I=I", lanes<exact1<kAbsolute, false>>},
    {202 /* u_abs_diff */, "I=II", lanes<exact2<kAbsoluteDifference, false>>},
    {203 /* u_mul_hi */, "I=II", lanes<kUMulHi>},
    {204 /* u_mad_hi */, "I=III", lanes<kUMadHi>},
};

} // namespace

std::span<const Rule> openclIntegerRules() {
    return kRules;
}

} // namespace halyard::interp::ops
