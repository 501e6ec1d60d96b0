// Integer dot products, of vectors or of four bytes packed into a word: the sum is exact before it is cut or saturated.
// And the one of halves that adds to a float.
#include "interp/ops/lane.h"

#include <bit>

namespace halyard::interp::ops {
namespace {

constexpr uint32_t kPackedLanes = 4;
constexpr uint32_t kPackedBits = 8;

template <bool Signed> __int128 extend(uint64_t bits, uint32_t width) {
    return Signed ? static_cast<__int128>(signExtend(bits, width)) : static_cast<__int128>(truncate(bits, width));
}

template <bool SignedA, bool SignedB> __int128 exactDot(const Operation& op, Operands in) {
    const bool packed = op.types[0]->kind == Kind::Int;
    const uint32_t width = packed ? kPackedBits : op.types[0]->scalar().bits;
    unsigned __int128 sum = 0; // wraps: only what fits the result's width is defined
    for (uint32_t lane = 0; lane < (packed ? kPackedLanes : op.types[0]->cells); ++lane) {
        const uint64_t a = packed ? in[0][0].bits >> lane * kPackedBits : in[0][lane].bits;
        const uint64_t b = packed ? in[1][0].bits >> lane * kPackedBits : in[1][lane].bits;
        sum += static_cast<unsigned __int128>(extend<SignedA>(a, width)) *
               static_cast<unsigned __int128>(extend<SignedB>(b, width));
    }
    return static_cast<__int128>(sum);
}

template <bool SignedA, bool SignedB> void dot(const Operation& op, Operands in, Cell* out) {
    out[0] = {truncate(static_cast<uint64_t>(exactDot<SignedA, SignedB>(op, in)), op.resultType->bits), false};
}
template <bool SignedA, bool SignedB> void dotSaturated(const Operation& op, Operands in, Cell* out) {
    constexpr bool kSigned = SignedA || SignedB;
    const uint32_t width = op.resultType->bits;
    const __int128 lowest = kSigned ? minSigned(width) : 0;
    const __int128 highest = kSigned ? static_cast<__int128>(maxSigned(width)) : maxUnsigned(width);
    const __int128 product = exactDot<SignedA, SignedB>(op, in);
    // A 64-bit dot product may leave even 127 bits: undefined, so any result will do, but no overflow of ours.
    const __int128 sum = std::clamp(product, lowest * 2 - 1, highest * 2 + 1) + extend<kSigned>(in[2][0].bits, width);
    out[0] = {truncate(static_cast<uint64_t>(std::clamp(sum, lowest, highest)), width), false};
}

bool checkDot(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    const Type& b = *binding.operation.types[1];
    const Type& result = *binding.resultType();
    const bool packed = a.kind == Kind::Int;
    if (result.kind != Kind::Int || !sameShape(a, b) || a.scalar().kind != Kind::Int ||
        (!packed && a.kind != Kind::Vector) || result.bits < (packed ? kPackedBits : a.scalar().bits))
        return binding.invalid("must multiply two integer vectors of one shape");
    const uint32_t values = static_cast<uint32_t>(binding.operation.types.size());
    if (!packed)
        return binding.operandCount() == values || binding.invalid("has a packed format for a vector");
    if (a.bits != kPackedLanes * kPackedBits || binding.operandCount() != values + 1 || binding.word(values) != 0)
        return binding.invalid("must name the packed vector format of 4 x 8 bits");
    return true;
}
bool checkDotSaturated(Binding& binding) {
    return (sameShape(*binding.operation.types[2], *binding.resultType()) && checkDot(binding)) ||
           binding.invalid("has an accumulator of another type than its result");
}

// The product of two halves is exact as a float, so each sum rounds once.
void mixedDot(const Operation& op, Operands in, Cell* out) {
    const Type& half = op.types[0]->scalar();
    float sum = std::bit_cast<float>(static_cast<uint32_t>(in[2][0].bits));
    for (uint32_t lane = 0; lane < op.types[0]->cells; ++lane) {
        const uint64_t a = convertFloat(in[0][lane].bits, half, *op.resultType, 0);
        const uint64_t b = convertFloat(in[1][lane].bits, half, *op.resultType, 0);
        sum += std::bit_cast<float>(static_cast<uint32_t>(a)) * std::bit_cast<float>(static_cast<uint32_t>(b));
    }
    out[0] = {std::bit_cast<uint32_t>(sum), false};
}
bool checkMixedDot(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    const Type& result = *binding.resultType();
    const bool halves = a.kind == Kind::Vector && a.cells == 2 && a.element->kind == Kind::Float &&
                        a.element->bits == 16 && a.element->format == FloatFormat::Ieee;
    return (halves && sameShape(a, *binding.operation.types[1]) && result.kind == Kind::Float && result.bits == 32 &&
            sameShape(*binding.operation.types[2], result)) ||
           binding.invalid("must multiply two vectors of two halves and add a float");
}

constexpr Rule kRules[] = {
    {4450 /* OpSDot */, ".=vv*", whole<dot<true, true>>, checkDot},
    {4451 /* OpUDot */, ".=vv*", whole<dot<false, false>>, checkDot},
    {4452 /* OpSUDot */, ".=vv*", whole<dot<true, false>>, checkDot},
    {4453 /* OpSDotAccSat */, ".=vvv*", whole<dotSaturated<true, true>>, checkDotSaturated},
    {4454 /* OpUDotAccSat */, ".=vvv*", whole<dotSaturated<false, false>>, checkDotSaturated},
    {4455 /* OpSUDotAccSat */, ".=vvv*", whole<dotSaturated<true, false>>, checkDotSaturated},
    {6916 /* OpFDot2MixAcc32VALVE */, ".=vvv", whole<mixedDot>, checkMixedDot},
};

} // namespace

std::span<const Rule> dotRules() {
    return kRules;
}

} // namespace halyard::interp::ops
