// cvt in every direction against 128-bit floats, the types of 16 bits with all their values.
#include "oracle.h"
#include "warp.h"

#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

struct FloatType {
    const char* name;
    Layout layout;
    uint64_t nan;
};
constexpr FloatType kFloats[] = {
    {"f16", kF16, 0x7fff}, {"bf16", kBF16, 0x7fff}, {"f32", kF32, 0x7fffffff}, {"f64", kF64, 0}};

int widthOf(const FloatType& type) {
    return 1 + type.layout.exponentBits + type.layout.mantissaBits;
}

// All of 16 bits; of wider types what lies near the edges of the narrower ones and of the integers, and samples.
std::vector<std::vector<uint64_t>> valuesOf(const FloatType& type) {
    std::vector<std::vector<uint64_t>> values;
    if (widthOf(type) == 16) {
        for (uint64_t bits = 0; bits < 0x10000; ++bits)
            values.push_back({bits});
        return values;
    }
    std::mt19937_64 random(21);
    const auto mantissa = static_cast<unsigned>(type.layout.mantissaBits);
    const uint64_t sign = uint64_t{1} << (mantissa + static_cast<unsigned>(type.layout.exponentBits));
    const int bias = (1 << (type.layout.exponentBits - 1)) - 1;
    for (int exponent = -152; exponent <= 129; ++exponent) {
        if (exponent + bias <= 0 || exponent > bias)
            continue;
        const uint64_t power = static_cast<uint64_t>(exponent + bias) << mantissa;
        for (const int kept : {0, 1, 7, 8, 10, 11, 23})
            for (const int64_t off : {-1, 0, 1}) {
                const uint64_t half = kept == 0 ? 0 : uint64_t{1} << (mantissa - static_cast<unsigned>(kept));
                values.push_back({power + half + static_cast<uint64_t>(off)});
                values.push_back({(power + half + static_cast<uint64_t>(off)) | sign});
                values.push_back({power + (random() & ((uint64_t{1} << mantissa) - 1))});
            }
    }
    for (int i = 0; i < 512; ++i)
        values.push_back({random() & (sign * 2 - 1)});
    for (const uint64_t bits : {uint64_t{0}, uint64_t{1}, sign, sign + 1, sign - 1})
        values.push_back({bits});
    values.push_back({((uint64_t{1} << type.layout.exponentBits) - 1) << mantissa});
    values.push_back({values.back()[0] | sign});
    return values;
}

bool negative(const FloatType& type, uint64_t bits) {
    return (bits >> (widthOf(type) - 1) & 1) != 0;
}

Quad unsignedMax(int bits) {
    return powerOfTwo(bits) - 1;
}

TEST(Convert, FloatsToNarrowerFloats) {
    for (const FloatType& from : kFloats) {
        const auto values = valuesOf(from);
        for (const FloatType& to : kFloats) {
            if (widthOf(to) > widthOf(from) || to.name == from.name)
                continue;
            for (const Mode mode : kModes) {
                const std::string form = std::string("cvt.") + modeName(mode) + "." + to.name + "." + from.name;
                const auto results = runAll(form, values);
                for (size_t i = 0; i < values.size(); ++i) {
                    const uint64_t bits = values[i][0];
                    uint64_t expected = to.nan;
                    if (isInfinity(from.layout, bits))
                        expected = (((uint64_t{1} << to.layout.exponentBits) - 1) << to.layout.mantissaBits) |
                                   (negative(from, bits) ? uint64_t{1} << (widthOf(to) - 1) : 0);
                    else if (!isNanBits(from.layout, bits))
                        expected = encode(to.layout, decode(from.layout, bits), mode, negative(from, bits));
                    ASSERT_EQ(results[i][0], expected) << form << std::hex << " " << bits;
                }
            }
        }
    }
}

TEST(Convert, FloatsToWiderFloats) {
    for (const FloatType& from : kFloats)
        for (const FloatType& to : kFloats) {
            if (widthOf(to) <= widthOf(from))
                continue;
            const std::string form = std::string("cvt.") + to.name + "." + from.name;
            const auto values = valuesOf(from);
            const auto results = runAll(form, values);
            for (size_t i = 0; i < values.size(); ++i) {
                const uint64_t bits = values[i][0];
                if (isNanBits(from.layout, bits)) {
                    ASSERT_TRUE(isNanBits(to.layout, results[i][0])) << form;
                } else if (isInfinity(from.layout, bits)) {
                    ASSERT_TRUE(isInfinity(to.layout, results[i][0])) << form;
                } else {
                    ASSERT_EQ(results[i][0],
                              encode(to.layout, decode(from.layout, bits), Mode::Nearest, negative(from, bits)))
                        << form << std::hex << " " << bits;
                }
            }
        }
}

// Whole numbers of the type itself, the sign of zero kept.
TEST(Convert, FloatsToWholeFloats) {
    for (const FloatType& type : kFloats)
        for (const Mode mode : kModes) {
            const std::string form = std::string("cvt.") + modeName(mode) + "i." + type.name + "." + type.name;
            const auto values = valuesOf(type);
            const auto results = runAll(form, values);
            for (size_t i = 0; i < values.size(); ++i) {
                const uint64_t bits = values[i][0];
                if (isNanBits(type.layout, bits) || isInfinity(type.layout, bits))
                    continue;
                ASSERT_EQ(results[i][0],
                          encode(type.layout, whole(decode(type.layout, bits), mode), Mode::Zero, negative(type, bits)))
                    << form << std::hex << " " << bits;
            }
        }
}

TEST(Convert, FloatsToIntegers) {
    for (const FloatType& from : kFloats) {
        const auto values = valuesOf(from);
        for (const int bits : {8, 16, 32, 64})
            for (const bool isSigned : {false, true}) {
                if (from.name == kFloats[1].name && bits == 8)
                    continue;
                const Quad low = isSigned ? -powerOfTwo(bits - 1) : 0;
                const Quad high = isSigned ? powerOfTwo(bits - 1) - 1 : unsignedMax(bits);
                for (const Mode mode : kModes) {
                    const std::string form = std::string("cvt.") + modeName(mode) + "i." + (isSigned ? "s" : "u") +
                                             std::to_string(bits) + "." + from.name;
                    const auto results = runAll(form, values);
                    for (size_t i = 0; i < values.size(); ++i) {
                        const uint64_t a = values[i][0];
                        uint64_t expected = 0;
                        if (isNanBits(from.layout, a)) {
                            if (bits == 64 || from.name == kFloats[3].name)
                                expected = uint64_t{1} << (bits - 1);
                        } else {
                            Quad value = isInfinity(from.layout, a) ? (negative(from, a) ? low : high)
                                                                    : whole(decode(from.layout, a), mode);
                            value = value < low ? low : value > high ? high : value;
                            expected = static_cast<uint64_t>(static_cast<__int128>(value)) &
                                       (bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1);
                        }
                        ASSERT_EQ(results[i][0], expected) << form << std::hex << " " << a;
                    }
                }
            }
    }
}

std::vector<std::vector<uint64_t>> integersOf(int bits) {
    std::vector<std::vector<uint64_t>> values;
    const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    std::mt19937_64 random(22);
    for (int bit = 0; bit < bits; ++bit)
        for (int other = 0; other <= bit; ++other)
            for (const uint64_t off : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
                const uint64_t value = (uint64_t{1} << bit) + (uint64_t{1} << other) + off;
                values.push_back({value & mask});
                values.push_back({(0 - value) & mask});
            }
    for (int i = 0; i < 256; ++i)
        values.push_back({random() & mask});
    values.push_back({0});
    return values;
}

__int128 integerOf(uint64_t bits, int width, bool isSigned) {
    if (isSigned && (bits >> (width - 1) & 1) != 0)
        return static_cast<__int128>(bits) - (static_cast<__int128>(1) << width);
    return bits;
}

TEST(Convert, IntegersToFloats) {
    for (const FloatType& to : kFloats)
        for (const int bits : {8, 16, 32, 64})
            for (const bool isSigned : {false, true}) {
                if (to.name == kFloats[1].name && bits == 8)
                    continue;
                const auto values = integersOf(bits);
                for (const Mode mode : kModes) {
                    const std::string form = std::string("cvt.") + modeName(mode) + "." + to.name + "." +
                                             (isSigned ? "s" : "u") + std::to_string(bits);
                    const auto results = runAll(form, values);
                    for (size_t i = 0; i < values.size(); ++i)
                        ASSERT_EQ(results[i][0],
                                  encode(to.layout, static_cast<Quad>(integerOf(values[i][0], bits, isSigned)), mode))
                            << form << std::hex << " " << values[i][0];
                }
            }
}

TEST(Convert, IntegersToIntegers) {
    for (const int from : {8, 16, 32, 64})
        for (const bool fromSigned : {false, true}) {
            const auto values = integersOf(from);
            for (const int to : {8, 16, 32, 64})
                for (const bool toSigned : {false, true}) {
                    const std::string types = std::string(toSigned ? ".s" : ".u") + std::to_string(to) +
                                              (fromSigned ? ".s" : ".u") + std::to_string(from);
                    const __int128 low = toSigned ? -(static_cast<__int128>(1) << (to - 1)) : 0;
                    const __int128 high = (static_cast<__int128>(1) << (toSigned ? to - 1 : to)) - 1;
                    const uint64_t mask = to == 64 ? ~uint64_t{0} : (uint64_t{1} << to) - 1;
                    const auto plain = runAll("cvt" + types, values);
                    Alu alu;
                    ASSERT_TRUE(find("cvt" + types, alu));
                    EXPECT_EQ(alu.signedBits, toSigned ? to : 0) << types;
                    const bool saturates = find("cvt.sat" + types, alu);
                    EXPECT_EQ(saturates,
                              to < from || (to == from && toSigned != fromSigned) || (fromSigned && !toSigned))
                        << types;
                    const auto clamped = saturates ? runAll("cvt.sat" + types, values) : plain;
                    for (size_t i = 0; i < values.size(); ++i) {
                        const __int128 value = integerOf(values[i][0], from, fromSigned);
                        ASSERT_EQ(plain[i][0], static_cast<uint64_t>(value) & mask) << types;
                        const __int128 inside = value < low ? low : value > high ? high : value;
                        if (saturates) {
                            ASSERT_EQ(clamped[i][0], static_cast<uint64_t>(inside) & mask) << types;
                        }
                    }
                }
        }
}

TEST(Convert, FlagsOfFloats) {
    EXPECT_EQ(run("cvt.rn.sat.f16.f32", {0x40000000}), 0x3c00U);
    EXPECT_EQ(run("cvt.rn.sat.f16.f32", {0xc0000000}), 0U);
    EXPECT_EQ(run("cvt.rn.sat.f16.f32", {0x7fc00000}), 0U);
    EXPECT_EQ(run("cvt.sat.f32.f32", {0x80000000}), 0U);
    EXPECT_EQ(run("cvt.ftz.f64.f32", {0x80000001}), 0x8000000000000000U);
    EXPECT_EQ(run("cvt.rn.ftz.f32.f64", {0x3800000000000000}), 0U); // 2^-127
    EXPECT_EQ(run("cvt.rn.f32.f64", {0x3800000000000000}), 0x00400000U);
    EXPECT_EQ(run("cvt.rpi.s32.f32", {1}), 1U);
    EXPECT_EQ(run("cvt.rpi.ftz.s32.f32", {1}), 0U);
    EXPECT_EQ(run("cvt.rn.relu.f16.f32", {0xbf800000}), 0U);
    EXPECT_EQ(run("cvt.rn.relu.f16.f32", {0xffc00000}), 0x7fffU);
    EXPECT_EQ(run("cvt.rn.satfinite.f16.f32", {0xff800000}), 0xfbffU);
    EXPECT_EQ(run("cvt.rn.satfinite.bf16.f32", {0x7f7fffff}), 0x7f7fU);
}

TEST(Convert, PackedTypes) {
    EXPECT_EQ(run("cvt.rn.f16x2.f32", {0x3f800000, 0x40000000}), 0x3c004000U); // the first goes up
    EXPECT_EQ(run("cvt.rn.bf16x2.f32", {0x3f800000, 0x40000000}), 0x3f804000U);
    EXPECT_EQ(run("cvt.rz.bf16x2.f32", {0x3f80ffff, 0xbf80ffff}), 0x3f80bf80U);
    EXPECT_EQ(run("cvt.rn.relu.bf16x2.f32", {0xbf800000, 0x7fc00000}), 0x00007fffU);
    EXPECT_EQ(run("cvt.pack.sat.u16.s32", {0x00012345, 0xffffffff}), 0xffff0000U);
    EXPECT_EQ(run("cvt.pack.sat.s16.s32", {0x80000000, 5}), 0x80000005U);
    EXPECT_EQ(run("cvt.pack.sat.u8.s32.b32", {300, 7, 0x11223344}), 0x3344ff07U);
    EXPECT_EQ(run("cvt.pack.sat.s4.s32.b32", {0xffffff00, 3, 0xab}), 0xab83U);
    // tf32: ten bits of mantissa, ties away from zero for .rna.
    EXPECT_EQ(run("cvt.rna.tf32.f32", {0x3f801000}), 0x3f802000U);
    EXPECT_EQ(run("cvt.rn.tf32.f32", {0x3f801000}), 0x3f800000U);
    EXPECT_EQ(run("cvt.rz.tf32.f32", {0xbf801fff}), 0xbf800000U);
    EXPECT_EQ(run("cvt.rna.tf32.f32", {0x7fc00000}), 0x7fffffffU);
    EXPECT_EQ(run("cvt.rn.satfinite.tf32.f32", {0x7f7fffff}), 0x7f7fe000U);
    for (uint64_t value = 0; value < 0x20000; ++value) {
        const uint64_t bits = 0x3f800000 + value;
        ASSERT_EQ(run("cvt.rn.tf32.f32", {bits}), encode(kTF32Layout, decode(kF32, bits), Mode::Nearest) << 13);
    }
}

TEST(Convert, FloatsOfEightBits) {
    EXPECT_EQ(run("cvt.rn.satfinite.e4m3x2.f32", {0x43e00000, 0x3f800000}), 0x7e38U); // 448 and 1
    EXPECT_EQ(run("cvt.rn.satfinite.e4m3x2.f32", {0x501502f9, 0xff800000}), 0x7efeU); // beyond: the largest
    EXPECT_EQ(run("cvt.rn.satfinite.e4m3x2.f32", {0x7fc00000, 0x3b000000}), 0x7f01U); // 2^-9 is the smallest
    EXPECT_EQ(run("cvt.rn.satfinite.e5m2x2.f32", {0x47600000, 0x3f800000}), 0x7b3cU); // 57344
    EXPECT_EQ(run("cvt.rn.satfinite.relu.e5m2x2.f32", {0xbf800000, 0x3f800000}), 0x003cU);
    // Every number of e4m3 and e5m2 is one of f16, and comes back.
    for (const char* const type : {"e4m3x2", "e5m2x2"})
        for (uint64_t bits = 0; bits < 0x100; ++bits) {
            const uint64_t half = run(std::string("cvt.rn.f16x2.") + type, {bits}) & 0xffff;
            const bool five = type[1] == '5';
            if ((bits & 0x7f) > (five ? 0x7cU : 0x7eU)) {
                EXPECT_EQ(half, 0x7fffU);
            } else if (five && (bits & 0x7f) == 0x7c) {
                EXPECT_TRUE(isInfinity(kF16, half));
            } else {
                if (!five) {
                    const Quad value = (bits & 0x78) == 0 ? static_cast<Quad>(bits & 7) * powerOfTwo(-9)
                                                          : static_cast<Quad>(8 + (bits & 7)) *
                                                                powerOfTwo(static_cast<int>(bits >> 3 & 15) - 10);
                    EXPECT_TRUE(decode(kF16, half) == ((bits & 0x80) != 0 ? -value : value)) << bits;
                }
                EXPECT_EQ(run(std::string("cvt.rn.satfinite.") + type + ".f16x2", {half}) & 0xff, bits);
            }
        }
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
