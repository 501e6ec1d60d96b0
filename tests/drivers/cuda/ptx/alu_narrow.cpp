// cvt to and from packed narrow types: f16x2, bf16x2, the two floats of 8 bits, tf32 and small integers.
#include "alu_table.h"
#include "convert.h"

namespace halyard::softcuda::ptx {

namespace {

// Of two sources, the first goes to the upper half.
template <class T, Rounding R>
void packFloats(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const ConvertFlags flags = *static_cast<const ConvertFlags*>(data);
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        result[lane] = toLane(toFloat<T, R>(fromLane<float>(sources[1][lane]), flags)) |
                       toLane(toFloat<T, R>(fromLane<float>(sources[0][lane]), flags)) << 16;
    storeLanes(destinations[0], result, mask);
}

// tf32 is an f32 whose last 13 bits are zero.
template <Rounding R>
void toTF32(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const ConvertFlags flags = *static_cast<const ConvertFlags*>(data);
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const float a = fromLane<float>(sources[0][lane]);
        uint32_t bits = isNan(a) ? kNan32 : roundTo<kTF32>(a, R) << 13;
        if (flags.satFinite && (bits & 0x7fffffff) == 0x7f800000)
            bits -= 1U << 13;
        if (flags.relu && !isNan(a) && bits >> 31 != 0)
            bits = 0;
        result[lane] = bits;
    }
    storeLanes(destinations[0], result, mask);
}

// The 8-bit floats. E4M3 has no infinities: 0x7f is its NaN and 0x7e (448) its largest number.
struct E4M3 {
    static constexpr Format kFormat{4, 3};
    static constexpr uint8_t kLargest = 0x7e;
    static constexpr const char* kName = "e4m3x2";
};
struct E5M2 {
    static constexpr Format kFormat{5, 2};
    static constexpr uint8_t kLargest = 0x7b;
    static constexpr const char* kName = "e5m2x2";
};
constexpr uint8_t kNan8 = 0x7f;

template <class F> uint8_t toEight(double value, bool relu) {
    if (isNan(value))
        return kNan8;
    if (relu && !(value > 0))
        return 0;
    const uint8_t sign = std::signbit(value) ? 0x80 : 0;
    if (std::isinf(value))
        return sign | F::kLargest;
    const uint64_t magnitude = roundMagnitude<F::kFormat>(value, Rounding::NearestEven);
    return static_cast<uint8_t>(sign | (magnitude > F::kLargest ? F::kLargest : magnitude));
}
template <class F> double fromEight(uint8_t bits) {
    if constexpr (F::kLargest == 0x7e) {
        // All exponents are of numbers: read with one bit more of exponent, the values are the same but for the bias.
        if ((bits & 0x7f) == kNan8)
            return std::bit_cast<double>(uint64_t{0x7ff80000'00000000});
        constexpr Format wider{5, 3};
        const uint32_t magnitude = bits & 0x7f;
        const double value = valueOf<wider>(magnitude) * 0x1p8;
        return (bits & 0x80) != 0 ? -value : value;
    } else {
        return valueOf<F::kFormat>(bits);
    }
}

template <class F, bool Relu> uint16_t packEight(float a, float b) {
    return static_cast<uint16_t>(toEight<F>(a, Relu) << 8 | toEight<F>(b, Relu));
}
template <class F, bool Relu> uint16_t packEightOfHalves(uint32_t a) {
    return static_cast<uint16_t>(toEight<F>(valueOf<kHalf>(a >> 16), Relu) << 8 |
                                 toEight<F>(valueOf<kHalf>(a & 0xffff), Relu));
}
template <class F, bool Relu> uint32_t unpackEight(uint16_t a) {
    const auto half = [](uint32_t bits) {
        const Half value = roundedTo<Half>(fromEight<F>(static_cast<uint8_t>(bits)), Rounding::NearestEven);
        return Relu && (value.bits & 0x8000) != 0 ? 0U : uint32_t{value.bits};
    };
    return half(a >> 8) << 16 | half(a & 0xff);
}

template <uint32_t Bits, bool Signed> uint32_t clampSmall(int32_t a) {
    constexpr int32_t low = Signed ? -(1 << (Bits - 1)) : 0;
    constexpr int32_t high = Signed ? (1 << (Bits - 1)) - 1 : (1 << Bits) - 1;
    return static_cast<uint32_t>(a < low ? low : a > high ? high : a) & ((1U << Bits) - 1);
}
template <uint32_t Bits, bool Signed> uint32_t packIntegers(int32_t a, int32_t b) {
    return clampSmall<Bits, Signed>(a) << Bits | clampSmall<Bits, Signed>(b);
}
// The pair pushes c upwards.
template <uint32_t Bits, bool Signed> uint32_t pushIntegers(int32_t a, int32_t b, uint32_t c) {
    return packIntegers<Bits, Signed>(a, b) | c << (2 * Bits);
}

Alu packing(AluFunction run, uint8_t sources, uint32_t flags) {
    Alu alu;
    alu.run = run;
    alu.data = convertFlags(flags);
    alu.destinations = 1;
    alu.sources = sources;
    return alu;
}

template <class T, Rounding R> void addPairs(AluTable& table, uint32_t flags) {
    table.add(std::string("cvt") + roundingName(R) + flagNames(flags) + "." + T::kName + "x2.f32",
              packing(packFloats<T, R>, 2, flags));
}
template <Rounding R> void addTF32(AluTable& table, uint32_t flags) {
    table.add(std::string("cvt") + roundingName(R) + flagNames(flags) + ".tf32.f32", packing(toTF32<R>, 1, flags));
}
template <class F> void addEight(AluTable& table) {
    const std::string type = F::kName;
    table.add("cvt.rn.satfinite." + type + ".f32", perLane<packEight<F, false>>());
    table.add("cvt.rn.satfinite.relu." + type + ".f32", perLane<packEight<F, true>>());
    table.add("cvt.rn.satfinite." + type + ".f16x2", perLane<packEightOfHalves<F, false>>());
    table.add("cvt.rn.satfinite.relu." + type + ".f16x2", perLane<packEightOfHalves<F, true>>());
    table.add("cvt.rn.f16x2." + type, perLane<unpackEight<F, false>>());
    table.add("cvt.rn.relu.f16x2." + type, perLane<unpackEight<F, true>>());
}
template <uint32_t Bits> void addPushes(AluTable& table) {
    const std::string bits = std::to_string(Bits) + ".s32.b32";
    table.add("cvt.pack.sat.u" + bits, perLane<pushIntegers<Bits, false>>());
    table.add("cvt.pack.sat.s" + bits, perLane<pushIntegers<Bits, true>>());
}

} // namespace

void addNarrowConversions(AluTable& table) {
    for (const uint32_t flags : {0U, kRelu, kSatFinite, kRelu | kSatFinite}) {
        addPairs<Half, Rounding::NearestEven>(table, flags);
        addPairs<Half, Rounding::Zero>(table, flags);
        addPairs<BFloat, Rounding::NearestEven>(table, flags);
        addPairs<BFloat, Rounding::Zero>(table, flags);
        addTF32<Rounding::NearestEven>(table, flags);
        addTF32<Rounding::Zero>(table, flags);
    }
    addTF32<Rounding::NearestAway>(table, 0);
    addTF32<Rounding::NearestAway>(table, kSatFinite);
    addEight<E4M3>(table);
    addEight<E5M2>(table);
    addPushes<8>(table);
    addPushes<4>(table);
    addPushes<2>(table);
    table.add("cvt.pack.sat.u16.s32", perLane<packIntegers<16, false>>());
    table.add("cvt.pack.sat.s16.s32", perLane<packIntegers<16, true>>());
}

} // namespace halyard::softcuda::ptx
