// SPV_INTEL_shader_integer_functions2.
#include "interp/ops/integer_functions.h"

namespace halyard::interp::ops {
namespace {

constexpr auto kTimes = [](Int128 a, Int128 b) { return a * b; };

// The 32 x 16-bit product reads the low half of its second operand.
template <bool Signed> Cell multiply32x16(const LaneContext& c, const uint64_t* v) {
    constexpr uint32_t kLow = 16;
    const uint64_t low = truncate(v[1], kLow);
    return wrapped(c, kTimes(number<Signed>(v[0], c.operand.bits), number<Signed>(low, kLow)));
}
bool checkWord(Binding& binding) {
    return binding.resultType()->scalar().bits == 32 || binding.invalid("multiplies 32-bit integers");
}

constexpr Rule kRules[] = {
    {5585 /* OpUCountLeadingZerosINTEL */, "I=I", lanes<kLeadingZeros>},
    {5586 /* OpUCountTrailingZerosINTEL */, "I=I", lanes<kTrailingZeros>},
    {5587 /* OpAbsISubINTEL */, "I=II", lanes<exact2<kAbsoluteDifference, true>>},
    {5588 /* OpAbsUSubINTEL */, "I=II", lanes<exact2<kAbsoluteDifference, false>>},
    {5589 /* OpIAddSatINTEL */, "I=II", lanes<saturated2<kPlus, true>>},
    {5590 /* OpUAddSatINTEL */, "I=II", lanes<saturated2<kPlus, false>>},
    {5591 /* OpIAverageINTEL */, "I=II", lanes<exact2<kHalfSum, true>>},
    {5592 /* OpUAverageINTEL */, "I=II", lanes<exact2<kHalfSum, false>>},
    {5593 /* OpIAverageRoundedINTEL */, "I=II", lanes<exact2<kHalfSumRounded, true>>},
    {5594 /* OpUAverageRoundedINTEL */, "I=II", lanes<exact2<kHalfSumRounded, false>>},
    {5595 /* OpISubSatINTEL */, "I=II", lanes<saturated2<kMinus, true>>},
    {5596 /* OpUSubSatINTEL */, "I=II", lanes<saturated2<kMinus, false>>},
    {5597 /* OpIMul32x16INTEL */, "I=II", lanes<multiply32x16<true>>, checkWord},
    {5598 /* OpUMul32x16INTEL */, "I=II", lanes<multiply32x16<false>>, checkWord},
};

} // namespace

std::span<const Rule> vendorRules() {
    return kRules;
}

} // namespace halyard::interp::ops
