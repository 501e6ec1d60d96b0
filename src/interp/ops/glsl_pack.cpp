// The packing functions of GLSL.std.450.
#include "interp/ops/lane.h"

#include <cmath>

namespace halyard::interp::ops {
namespace {

constexpr uint32_t kWordBits = 32;

// ---- Normalised integers: `Bits` each, component 0 lowest

template <uint32_t Bits, bool Signed> constexpr double kScale = (1U << (Bits - (Signed ? 1 : 0))) - 1;

template <uint32_t Bits, bool Signed> void packNormalized(const Operation& op, Operands in, Cell* out) {
    uint64_t packed = 0;
    for (uint32_t lane = 0; lane < op.types[0]->cells; ++lane) {
        const double x = decode(in[0][lane].bits, kSingle);
        const double clamped = x > (Signed ? -1 : 0) ? std::fmin(x, 1) : (Signed ? -1 : 0);
        // A NaN has no place among them: 0.
        const double scaled = std::isnan(x) ? 0 : std::nearbyint(clamped * kScale<Bits, Signed>);
        packed |= truncate(static_cast<uint64_t>(static_cast<int64_t>(scaled)), Bits) << lane * Bits;
    }
    out[0] = {packed, false};
}
template <uint32_t Bits, bool Signed> void unpackNormalized(const Operation& op, Operands in, Cell* out) {
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const uint64_t field = truncate(in[0][0].bits >> lane * Bits, Bits);
        const auto number = Signed ? static_cast<double>(signExtend(field, Bits)) : static_cast<double>(field);
        const Quad value = divideOdd(number, kScale<Bits, Signed>);
        out[lane] = {encode(value < -1 ? Quad{-1} : value, kSingle), false};
    }
}

// ---- Parts of a word as they are

void packHalf(const Operation&, Operands in, Cell* out) {
    const uint64_t low = encode(decode(in[0][0].bits, kSingle), kHalf);
    const uint64_t high = encode(decode(in[0][1].bits, kSingle), kHalf);
    out[0] = {low | high << kHalf.bits(), false};
}
void unpackHalf(const Operation& op, Operands in, Cell* out) {
    for (uint32_t lane = 0; lane < op.resultType->cells; ++lane) {
        const uint64_t half = truncate(in[0][0].bits >> lane * kHalf.bits(), kHalf.bits());
        out[lane] = {encode(decode(half, kHalf), kSingle), false};
    }
}
void packDouble(const Operation&, Operands in, Cell* out) {
    out[0] = {in[0][0].bits | in[0][1].bits << kWordBits, false};
}
void unpackDouble(const Operation&, Operands in, Cell* out) {
    out[0] = {truncate(in[0][0].bits, kWordBits), false};
    out[1] = {in[0][0].bits >> kWordBits, false};
}

// ---- Shapes: one word on one side, `Lanes` components of another kind on the other

bool isVector(const Type& type, Kind kind, uint32_t bits, uint32_t lanes) {
    return type.kind == Kind::Vector && type.scalar().kind == kind && type.scalar().bits == bits &&
           type.scalar().format == FloatFormat::Ieee && type.cells == lanes;
}
bool isScalar(const Type& type, Kind kind, uint32_t bits) {
    return type.kind == kind && type.bits == bits;
}
template <uint32_t Lanes> bool checkPack(Binding& binding) {
    return (isVector(*binding.operation.types[0], Kind::Float, kWordBits, Lanes) &&
            isScalar(*binding.resultType(), Kind::Int, kWordBits)) ||
           binding.invalid("must pack 32-bit floats into a 32-bit integer");
}
template <uint32_t Lanes> bool checkUnpack(Binding& binding) {
    return (isScalar(*binding.operation.types[0], Kind::Int, kWordBits) &&
            isVector(*binding.resultType(), Kind::Float, kWordBits, Lanes)) ||
           binding.invalid("must unpack a 32-bit integer into 32-bit floats");
}
bool checkPackDouble(Binding& binding) {
    return (isVector(*binding.operation.types[0], Kind::Int, kWordBits, 2) &&
            isScalar(*binding.resultType(), Kind::Float, 2 * kWordBits)) ||
           binding.invalid("must pack two 32-bit integers into a 64-bit float");
}
bool checkUnpackDouble(Binding& binding) {
    return (isScalar(*binding.operation.types[0], Kind::Float, 2 * kWordBits) &&
            isVector(*binding.resultType(), Kind::Int, kWordBits, 2)) ||
           binding.invalid("must unpack a 64-bit float into two 32-bit integers");
}

constexpr Rule kRules[] = {
    {54 /* PackSnorm4x8 */, ".=v", whole<packNormalized<8, true>>, checkPack<4>},
    {55 /* PackUnorm4x8 */, ".=v", whole<packNormalized<8, false>>, checkPack<4>},
    {56 /* PackSnorm2x16 */, ".=v", whole<packNormalized<16, true>>, checkPack<2>},
    {57 /* PackUnorm2x16 */, ".=v", whole<packNormalized<16, false>>, checkPack<2>},
    {58 /* PackHalf2x16 */, ".=v", whole<packHalf>, checkPack<2>},
    {59 /* PackDouble2x32 */, ".=v", whole<packDouble>, checkPackDouble},
    {60 /* UnpackSnorm2x16 */, ".=v", whole<unpackNormalized<16, true>>, checkUnpack<2>},
    {61 /* UnpackUnorm2x16 */, ".=v", whole<unpackNormalized<16, false>>, checkUnpack<2>},
    {62 /* UnpackHalf2x16 */, ".=v", whole<unpackHalf>, checkUnpack<2>},
    {63 /* UnpackSnorm4x8 */, ".=v", whole<unpackNormalized<8, true>>, checkUnpack<4>},
    {64 /* UnpackUnorm4x8 */, ".=v", whole<unpackNormalized<8, false>>, checkUnpack<4>},
    {65 /* UnpackDouble2x32 */, ".=v", whole<unpackDouble>, checkUnpackDouble},
};

} // namespace

std::span<const Rule> glslPackRules() {
    return kRules;
}

} // namespace halyard::interp::ops
