// The functions of OpenCL.std that choose or change bits of floats.
#include "interp/ops/float_functions.h"

#include <cmath>

namespace halyard::interp::ops {
namespace {

constexpr auto kCopySign = [](Format f, const uint64_t* v) { return (v[0] & ~f.signBit()) | (v[1] & f.signBit()); };
uint64_t magnitude(Format format, uint64_t bits) {
    return bits & ~format.signBit();
}
template <bool Maximum> uint64_t byMagnitude(Format f, const uint64_t* v) {
    if (!isNan(v[0], f) && !isNan(v[1], f) && magnitude(f, v[0]) != magnitude(f, v[1]))
        return (magnitude(f, v[0]) > magnitude(f, v[1])) == Maximum ? v[0] : v[1];
    return extreme(f, v[0], v[1], Maximum);
}
constexpr auto kMaxMag = [](Format f, const uint64_t* v) { return byMagnitude<true>(f, v); };
constexpr auto kMinMag = [](Format f, const uint64_t* v) { return byMagnitude<false>(f, v); };

constexpr auto kNextAfter = [](Format f, const uint64_t* v) {
    if (isNan(v[0], f) || isNan(v[1], f))
        return f.quietNan();
    const double x = decode(v[0], f);
    const double y = decode(v[1], f);
    if (x == y)
        return v[1];
    if (x == 0)
        return (v[1] & f.signBit()) | 1;
    // The magnitude grows when the way leads away from zero.
    return (x < y) == (x > 0) ? v[0] + 1 : v[0] - 1;
};

// ---- Other shapes

constexpr auto kNan = [](const LaneContext& c, const uint64_t* v) {
    const Format format = formatOf(c.result);
    return Cell{format.quietNan() | (v[0] & ((uint64_t{1} << format.mantissaBits) - 1)), false};
};
constexpr auto kIlogb = [](const LaneContext& c, const uint64_t* v) {
    const double x = modeOf(c.operation, c.operand).value(v[0]);
    // FP_ILOGB0 and FP_ILOGBNAN as clang's OpenCL headers define them.
    if (x == 0)
        return integer(c, static_cast<uint64_t>(int64_t{INT32_MIN}));
    return integer(c, std::isfinite(x) ? static_cast<uint64_t>(int64_t{std::ilogb(x)}) : INT32_MAX);
};

bool checkSameWidth(Binding& binding) {
    return binding.operation.types[0]->scalar().bits == binding.resultType()->scalar().bits ||
           binding.invalid("takes an integer of another width than its result");
}

constexpr Rule kRules[] = {
    {13 /* copysign */, "F=FF", lanes<choice<kCopySign>>},
    {23 /* fabs */, "F=F", lanes<choice<kClearSign>>},
    {27 /* fmax */, "F=FF", lanes<choice<kMaxNumber>>},
    {28 /* fmin */, "F=FF", lanes<choice<kMinNumber>>},
    {33 /* ilogb */, "I=f", lanes<kIlogb>},
    {34 /* ldexp */, "F=Fi", lanes<kScaleByPower>},
    {43 /* maxmag */, "F=FF", lanes<choice<kMaxMag>>},
    {44 /* minmag */, "F=FF", lanes<choice<kMinMag>>},
    {46 /* nan */, "F=i", lanes<kNan>, checkSameWidth},
    {47 /* nextafter */, "F=FF", lanes<choice<kNextAfter>>},
    {95 /* fclamp */, "F=FFF", lanes<choice<kClampNumber>>},
    {97 /* fmax_common */, "F=FF", lanes<choice<kMaxCommon>>},
    {98 /* fmin_common */, "F=FF", lanes<choice<kMinCommon>>},
};

} // namespace

std::span<const Rule> openclFloatRules() {
    return kRules;
}

} // namespace halyard::interp::ops
