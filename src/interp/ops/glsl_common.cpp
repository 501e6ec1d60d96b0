// The functions of GLSL.std.450 on integers, on whole vectors, and those that choose.
#include "interp/ops/float_functions.h"
#include "interp/ops/geometry.h"
#include "interp/ops/integer_functions.h"

#include <cmath>

namespace halyard::interp::ops {
namespace {

constexpr auto kSignum = [](Int128 a) { return a < 0 ? Int128{-1} : a > 0 ? Int128{1} : Int128{0}; };
constexpr auto kClampCommon = [](Format f, const uint64_t* v) {
    const uint64_t raised = decode(v[0], f) < decode(v[1], f) ? v[1] : v[0];
    return decode(v[2], f) < decode(raised, f) ? v[2] : raised;
};
template <bool Signed> Cell clamp(const LaneContext& c, const uint64_t* v) {
    if (number<Signed>(v[1], c.result.bits) > number<Signed>(v[2], c.result.bits))
        return kUndefinedCell;
    return exact3<kClampInteger, Signed>(c, v);
}

// Bit numbers; -1 when there is no such bit.
constexpr auto kLowestBit = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, v[0] == 0 ? ~uint64_t{0} : trailingZeros(v[0], c.operand.bits));
};
constexpr auto kHighestBit = [](const LaneContext& c, const uint64_t* v) {
    return integer(c, uint64_t{c.operand.bits} - 1 - leadingZeros(v[0], c.operand.bits));
};
// Of a negative number: the highest bit that is 0.
constexpr auto kHighestBitSigned = [](const LaneContext& c, const uint64_t* v) {
    const bool negative = signExtend(v[0], c.operand.bits) < 0;
    const uint64_t bits = negative ? truncate(~v[0], c.operand.bits) : v[0];
    return integer(c, uint64_t{c.operand.bits} - 1 - leadingZeros(bits, c.operand.bits));
};

// ---- Two results: behind a pointer, or as a structure

void split(const FloatMode& mode, const Cell& x, Cell& fraction, Cell& whole) {
    fraction = whole = kUndefinedCell;
    if (x.undefined)
        return;
    double integral = 0;
    fraction = {mode.result(std::modf(mode.value(x.bits), &integral)), false};
    whole = {mode.result(integral), false};
}
void splitExponent(const FloatMode& mode, const Cell& x, uint32_t width, Cell& significand, Cell& exponent) {
    significand = exponent = kUndefinedCell;
    if (x.undefined)
        return;
    const double value = mode.value(x.bits);
    int power = 0;
    significand = {mode.result(std::frexp(value, &power)), false};
    exponent = {std::isfinite(value) ? truncate(static_cast<uint64_t>(int64_t{power}), width) : 0, false};
}

// `literals[0]` is the width in bits of a lane behind the pointer.
template <bool Exponent> void splitThroughPointer(const Operation& op, Operands in, Cell* out, MemoryPort& port) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const uint32_t bytes = op.literals[0] / 8;
    const uint64_t address = in[1][0].undefined ? kNowhere : in[1][0].bits;
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        Cell second;
        if (Exponent)
            splitExponent(mode, in[0][lane], op.literals[0], out[lane], second);
        else
            split(mode, in[0][lane], out[lane], second);
        if (!port.write(address + uint64_t{lane} * bytes, bytes, second))
            return;
    }
}
template <bool Exponent> void splitToStruct(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const FloatMode mode = modeOf(op, op.types[0]->scalar());
    const uint32_t count = op.types[0]->cells;
    for (uint32_t lane = 0; lane < count; ++lane) {
        if (Exponent)
            splitExponent(mode, in[0][lane], op.resultType->members[1]->scalar().bits, out[lane], out[count + lane]);
        else
            split(mode, in[0][lane], out[lane], out[count + lane]);
    }
}

bool checkModfPointer(Binding& binding) {
    const Type* pointee = binding.operation.types[1]->element;
    binding.operation.literals = {binding.resultType()->scalar().bits};
    return pointee == nullptr || sameShape(*pointee, *binding.resultType()) ||
           binding.invalid("must point to what its result is");
}
bool checkFrexpPointer(Binding& binding) {
    const Type* pointee = binding.operation.types[1]->element;
    if (pointee == nullptr || lanesOf(*pointee) != lanesOf(*binding.resultType()) ||
        pointee->scalar().kind != Kind::Int)
        return binding.invalid("must point to integers");
    binding.operation.literals = {pointee->scalar().bits};
    return true;
}
template <bool Exponent> bool checkStruct(Binding& binding) {
    const Type& result = *binding.resultType();
    const Type& x = *binding.operation.types[0];
    const bool fits = lanesOf(x) != 0 && x.scalar().kind == Kind::Float && result.kind == Kind::Struct &&
                      result.members.size() == 2 && sameShape(*result.members[0], x) &&
                      lanesOf(*result.members[1]) == lanesOf(x) &&
                      (Exponent ? result.members[1]->scalar().kind == Kind::Int : sameShape(*result.members[1], x));
    return fits || binding.invalid("must give a structure of its two results");
}

bool checkCross(Binding& binding) {
    return checkVectors(binding) &&
           (binding.resultType()->cells == 3 || binding.invalid("takes vectors of 3 components"));
}
bool checkRefract(Binding& binding) {
    return checkVectors(binding) &&
           (binding.operation.types[2]->kind == Kind::Float || binding.invalid("takes a scalar ratio of indices"));
}

constexpr Rule kRules[] = {
    {4 /* FAbs */, "F=F", lanes<choice<kClearSign>>},
    {5 /* SAbs */, "I=I", lanes<exact1<kAbsolute, true>>},
    {7 /* SSign */, "I=I", lanes<exact1<kSignum, true>>},
    {35 /* Modf */, "F=Fp", splitThroughPointer<false>, checkModfPointer},
    {36 /* ModfStruct */, ".=v", splitToStruct<false>, checkStruct<false>},
    {37 /* FMin */, "F=FF", lanes<choice<kMinCommon>>},
    {38 /* UMin */, "I=II", lanes<exact2<kMinimum, false>>},
    {39 /* SMin */, "I=II", lanes<exact2<kMinimum, true>>},
    {40 /* FMax */, "F=FF", lanes<choice<kMaxCommon>>},
    {41 /* UMax */, "I=II", lanes<exact2<kMaximum, false>>},
    {42 /* SMax */, "I=II", lanes<exact2<kMaximum, true>>},
    {43 /* FClamp */, "F=FFF", lanes<choice<kClampCommon>>},
    {44 /* UClamp */, "I=III", lanes<clamp<false>>},
    {45 /* SClamp */, "I=III", lanes<clamp<true>>},
    {51 /* Frexp */, "F=Fp", splitThroughPointer<true>, checkFrexpPointer},
    {52 /* FrexpStruct */, ".=v", splitToStruct<true>, checkStruct<true>},
    {53 /* Ldexp */, "F=Fi", lanes<kScaleByPower>},
    {66 /* Length */, "W=W", whole<evaluateLength>, checkVectors},
    {67 /* Distance */, "W=WW", whole<evaluateDistance>, checkVectors},
    {68 /* Cross */, "F=FF", whole<evaluateCross>, checkCross},
    {69 /* Normalize */, "F=F", whole<normalizeGlsl>, checkVectors},
    {70 /* FaceForward */, "F=FFF", whole<evaluateFaceForward>, checkVectors},
    {71 /* Reflect */, "F=FF", whole<evaluateReflect>, checkVectors},
    {72 /* Refract */, "F=FFv", whole<evaluateRefract>, checkRefract},
    {73 /* FindILsb */, "I=i", lanes<kLowestBit>},
    {74 /* FindSMsb */, "I=i", lanes<kHighestBitSigned>},
    {75 /* FindUMsb */, "I=i", lanes<kHighestBit>},
    {79 /* NMin */, "F=FF", lanes<choice<kMinNumber>>},
    {80 /* NMax */, "F=FF", lanes<choice<kMaxNumber>>},
    {81 /* NClamp */, "F=FFF", lanes<choice<kClampNumber>>},
};

} // namespace

std::span<const Rule> glslCommonRules() {
    return kRules;
}

} // namespace halyard::interp::ops
