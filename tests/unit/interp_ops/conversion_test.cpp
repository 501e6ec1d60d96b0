// Conversions against the host's and against the definition of each format.
#include "bench.h"

#include <cfenv>
#include <cmath>

using namespace halyard::interp::test;
using halyard::interp::Cell;
using halyard::interp::convertFloat;
using halyard::interp::FloatFormat;
using halyard::interp::Kind;
using halyard::interp::Type;

namespace {

constexpr int kHostModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD};
constexpr const char* kModeNames[] = {"RTE", "RTZ", "RTP", "RTN"};

Type floatType(uint8_t bits, FloatFormat format = FloatFormat::Ieee) {
    Type type;
    type.kind = Kind::Float;
    type.bits = bits;
    type.format = format;
    type.cells = 1;
    return type;
}

} // namespace

TEST(InterpConversion, EveryHalfToSingleAndBack) {
    Bench widen("OpFConvert", "f32", {"f16"});
    Bench narrow("OpFConvert", "f16", {"f32"});
    Bench toDouble("OpFConvert", "f64", {"f16"});
    for (uint64_t bits = 0; bits <= 0xffff; ++bits) {
        const double x = halfValue(bits);
        const uint64_t wide = widen.scalar({bits}).bits;
        if (std::isnan(x)) {
            ASSERT_TRUE(std::isnan(asFloat(wide)));
            continue;
        }
        ASSERT_EQ(wide, f32(static_cast<float>(x)));
        ASSERT_EQ(toDouble.scalar({bits}).bits, f64(x));
        ASSERT_EQ(narrow.scalar({wide}).bits, bits);
    }
}

TEST(InterpConversion, SingleToHalfAtEveryTieAndBesideIt) {
    Bench narrow("OpFConvert", "f16", {"f32"});
    Bench down("OpFConvert", "f16", {"f32"}, "", "FPRoundingMode RTN");
    Bench up("OpFConvert", "f16", {"f32"}, "", "FPRoundingMode RTP");
    Bench cut("OpFConvert", "f16", {"f32"}, "", "FPRoundingMode RTZ");
    for (uint64_t bits = 0; bits < 0x7c00; ++bits) {
        const double next = bits == 0x7bff ? 65536 : halfValue(bits + 1);
        const auto tie = static_cast<float>((halfValue(bits) + next) / 2);
        for (const float x : {tie, std::nextafter(tie, 0.0F), std::nextafter(tie, INFINITY)}) {
            ASSERT_EQ(narrow.scalar({f32(x)}).bits, nearestHalf(x)) << x;
            ASSERT_EQ(narrow.scalar({f32(-x)}).bits, nearestHalf(-x)) << x;
            ASSERT_EQ(down.scalar({f32(x)}).bits, bits);
            ASSERT_EQ(cut.scalar({f32(-x)}).bits, bits | 0x8000);
            ASSERT_EQ(up.scalar({f32(x)}).bits, bits + 1); // 0x7c00, infinity, follows the largest
            ASSERT_EQ(up.scalar({f32(-x)}).bits, bits | 0x8000);
        }
    }
    EXPECT_EQ(cut.scalar({f32(1e30F)}).bits, 0x7bffU);
    EXPECT_EQ(down.scalar({f32(-1e30F)}).bits, 0xfc00U);
    EXPECT_EQ(up.scalar({f32(1e-30F)}).bits, 1U);
    EXPECT_EQ(narrow.scalar({f32(INFINITY)}).bits, 0x7c00U);
}

TEST(InterpConversion, DoubleToHalfIsRoundedOnce) {
    Bench narrow("OpFConvert", "f16", {"f64"});
    // Through a single this is rounded to a tie and then to the even half below.
    EXPECT_EQ(narrow.scalar({f64(1 + 0x1p-11 + 0x1p-40)}).bits, 0x3c01U);
    EXPECT_EQ(narrow.scalar({f64(0x1p-25)}).bits, 0U);
    EXPECT_EQ(narrow.scalar({f64(std::nextafter(0x1p-25, 1))}).bits, 1U);
}

TEST(InterpConversion, DoubleToSingleInEveryModeAsTheHost) {
    for (int mode = 0; mode < 4; ++mode) {
        Bench narrow("OpFConvert", "f32", {"f64"}, "", std::string("FPRoundingMode ") + kModeNames[mode]);
        for (const double x :
             {1.0 / 3, -1.0 / 3, 1e-45, -1e-46, 1e39, -1e39, 3.4028235677973366e38, 1e-40, 0.1, 5e-324}) {
            volatile double source = x;
            std::fesetround(kHostModes[mode]);
            volatile auto expected = static_cast<float>(source);
            std::fesetround(FE_TONEAREST);
            EXPECT_EQ(narrow.scalar({f64(x)}).bits, f32(expected)) << x << " " << kModeNames[mode];
        }
    }
}

TEST(InterpConversion, BFloat16) {
    const Type single = floatType(32);
    const Type brain = floatType(16, FloatFormat::BFloat16);
    const Type half = floatType(16);
    for (uint64_t bits = 0; bits <= 0xffff; ++bits) {
        const float x = asFloat(bits << 16);
        if (!std::isnan(x)) {
            ASSERT_EQ(convertFloat(bits, brain, single, 0), bits << 16);
            ASSERT_EQ(convertFloat(bits << 16, single, brain, 0), bits);
        }
    }
    EXPECT_EQ(convertFloat(0x3f808000, single, brain, 0), 0x3f80U); // tie to even
    EXPECT_EQ(convertFloat(0x3f818000, single, brain, 0), 0x3f82U);
    EXPECT_EQ(convertFloat(0x3f808001, single, brain, 0), 0x3f81U);
    EXPECT_EQ(convertFloat(0x3f80ffff, single, brain, 1), 0x3f80U);
    EXPECT_EQ(convertFloat(0x4780, brain, half, 0), 0x7c00U); // 65536
    EXPECT_EQ(convertFloat(0x7f7fffff, single, brain, 0), 0x7f80U);
}

TEST(InterpConversion, IntegersToFloatsInEveryModeAsTheHost) {
    const int64_t numbers[] = {0,
                               1,
                               -1,
                               16777217,
                               -16777217,
                               33554435,
                               INT64_MAX,
                               INT64_MIN,
                               0x7fffff4000000001,
                               9007199254740993,
                               -9007199254740995,
                               0x8000008000001};
    for (int mode = 0; mode < 4; ++mode) {
        const std::string decoration = std::string("FPRoundingMode ") + kModeNames[mode];
        Bench toSingle("OpConvertSToF", "f32", {"u64"}, "", decoration);
        Bench toDouble("OpConvertSToF", "f64", {"u64"}, "", decoration);
        Bench unsignedToSingle("OpConvertUToF", "f32", {"u64"}, "", decoration);
        for (const int64_t number : numbers) {
            volatile int64_t source = number;
            volatile auto positive = static_cast<uint64_t>(number);
            std::fesetround(kHostModes[mode]);
            volatile auto single = static_cast<float>(source);
            volatile auto twofold = static_cast<double>(source);
            std::fesetround(FE_TONEAREST);
            const auto bits = static_cast<uint64_t>(number);
            EXPECT_EQ(toSingle.scalar({bits}).bits, f32(single)) << number << " " << kModeNames[mode];
            EXPECT_EQ(toDouble.scalar({bits}).bits, f64(twofold)) << number << " " << kModeNames[mode];
            // The host may convert unsigned numbers in two steps; only nearest is sure to be exact.
            if (mode == 0) {
                EXPECT_EQ(unsignedToSingle.scalar({bits}).bits, f32(static_cast<float>(positive))) << number;
            }
        }
    }
    Bench toHalf("OpConvertUToF", "f16", {"u32"});
    for (uint64_t n = 0; n < 70000; n += 3)
        ASSERT_EQ(toHalf.scalar({n}).bits, nearestHalf(static_cast<long double>(n)));
}

TEST(InterpConversion, FloatsToIntegersCutRoundAndSaturate) {
    Bench plain("OpConvertFToS", "u32", {"f32"});
    EXPECT_EQ(plain.scalar({f32(-1.9F)}).bits, 0xffffffffU);
    EXPECT_EQ(plain.scalar({f32(-2147483648.0F)}).bits, 0x80000000U);
    EXPECT_TRUE(plain.scalar({f32(2147483648.0F)}).undefined);
    EXPECT_TRUE(plain.scalar({f32(NAN)}).undefined);
    Bench positive("OpConvertFToU", "u8", {"f32"});
    EXPECT_EQ(positive.scalar({f32(-0.9F)}).bits, 0U);
    EXPECT_EQ(positive.scalar({f32(255.9F)}).bits, 255U);
    EXPECT_TRUE(positive.scalar({f32(-1.0F)}).undefined);
    EXPECT_TRUE(positive.scalar({f32(256.0F)}).undefined);
    Bench saturated("OpConvertFToS", "u8", {"f64"}, "", "SaturatedConversion");
    EXPECT_EQ(saturated.scalar({f64(1e300)}).bits, 0x7fU);
    EXPECT_EQ(saturated.scalar({f64(-1e300)}).bits, 0x80U);
    EXPECT_EQ(saturated.scalar({f64(NAN)}).bits, 0U);
    const struct {
        const char* mode;
        double in[4];
        int64_t out[4];
    } kRounded[] = {{"RTE", {0.5, 1.5, -2.5, 2.6}, {0, 2, -2, 3}},
                    {"RTP", {0.1, 1.0, -2.9, 2.6}, {1, 1, -2, 3}},
                    {"RTN", {0.9, 1.0, -2.1, 2.6}, {0, 1, -3, 2}},
                    {"RTZ", {0.9, 1.0, -2.9, 2.6}, {0, 1, -2, 2}}};
    for (const auto& c : kRounded) {
        Bench bench("OpConvertFToS", "u64", {"f64"}, "", std::string("FPRoundingMode ") + c.mode);
        for (int i = 0; i < 4; ++i)
            EXPECT_EQ(static_cast<int64_t>(bench.scalar({f64(c.in[i])}).bits), c.out[i]) << c.mode << " " << c.in[i];
    }
    EXPECT_EQ(Bench("OpConvertFToU", "u64", {"f64"}).scalar({f64(0x1.fffffffffffffp63)}).bits, 0xfffffffffffff800U);
}

TEST(InterpConversion, IntegersToIntegers) {
    EXPECT_EQ(Bench("OpSConvert", "u32", {"u8"}).scalar({0x80}).bits, 0xffffff80U);
    EXPECT_EQ(Bench("OpUConvert", "u32", {"u8"}).scalar({0x80}).bits, 0x80U);
    EXPECT_EQ(Bench("OpUConvert", "u8", {"u32"}).scalar({0x1ff}).bits, 0xffU);
    EXPECT_EQ(Bench("OpSConvert", "u8", {"u32"}, "", "SaturatedConversion").scalar({300}).bits, 0x7fU);
    EXPECT_EQ(Bench("OpSConvert", "u8", {"u32"}, "", "SaturatedConversion").scalar({0xfffffe00}).bits, 0x80U);
    EXPECT_EQ(Bench("OpUConvert", "u8", {"u32"}, "", "SaturatedConversion").scalar({300}).bits, 0xffU);
    EXPECT_EQ(Bench("OpSatConvertSToU", "u8", {"u32"}).scalar({0xffffffff}).bits, 0U);
    EXPECT_EQ(Bench("OpSatConvertSToU", "u8", {"u32"}).scalar({300}).bits, 255U);
    EXPECT_EQ(Bench("OpSatConvertUToS", "u8", {"u32"}).scalar({300}).bits, 127U);
    EXPECT_EQ(Bench("OpSatConvertUToS", "u32", {"u32"}).scalar({0xffffffff}).bits, 0x7fffffffU);
}

TEST(InterpConversion, QuantizeToHalfFlushesDenormals) {
    Bench bench("OpQuantizeToF16", "f32", {"f32"});
    EXPECT_EQ(bench.scalar({f32(1.0001F)}).bits, f32(1.0F));
    EXPECT_EQ(bench.scalar({f32(-1e-6F)}).bits, f32(-0.0F));
    EXPECT_EQ(bench.scalar({f32(1e6F)}).bits, f32(INFINITY));
}

TEST(InterpConversion, BitcastBetweenShapes) {
    EXPECT_EQ(Bench("OpBitcast", "u64", {"u32x2"}).bits({{0x11111111, 0x22222222}})[0], 0x2222222211111111U);
    EXPECT_EQ(Bench("OpBitcast", "u16x4", {"u64"}).bits({{0x4444333322221111}}),
              (std::vector<uint64_t>{0x1111, 0x2222, 0x3333, 0x4444}));
    EXPECT_EQ(Bench("OpBitcast", "u8x8", {"f32x2"}).bits({{f32(1), f32(-2)}}),
              (std::vector<uint64_t>{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}));
    EXPECT_EQ(Bench("OpBitcast", "u64", {"ptr32"}).bits({{0x123456789abc}})[0], 0x123456789abcU);
    // One undefined half makes the word undefined, and an undefined word all of its parts.
    const Cell undefined{0, true};
    EXPECT_TRUE(Bench("OpBitcast", "u64", {"u32x2"}).run({{undefined, {1, false}}})[0].undefined);
    const auto parts = Bench("OpBitcast", "u32x2", {"u16x4"}).run({{undefined, {1, false}, {2, false}, {3, false}}});
    EXPECT_TRUE(parts[0].undefined);
    EXPECT_EQ(parts[1].bits, 0x30002U);
}
