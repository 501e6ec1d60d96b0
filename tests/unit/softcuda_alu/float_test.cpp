// f32 and f64 arithmetic in all rounding modes against 128-bit floats.
#include "oracle.h"
#include "warp.h"

#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

struct Format {
    const char* name;
    Layout layout;
    uint64_t nan;
};
constexpr Format kFormats[] = {{"f32", kF32, 0x7fffffff}, {"f64", kF64, 0xfff8000000000000}};

// Zeros, subnormal numbers, both ends of the range, neighbours of one, and numbers near enough to one another for their
// sums to be exact in 128 bits.
std::vector<uint64_t> finiteValues(const Format& format, uint32_t count) {
    std::mt19937_64 random(11);
    const int mantissa = format.layout.mantissaBits;
    const uint64_t one = ((uint64_t{1} << (format.layout.exponentBits - 1)) - 1) << mantissa;
    const uint64_t infinity = ((uint64_t{1} << format.layout.exponentBits) - 1) << mantissa;
    const uint64_t sign = uint64_t{1} << (mantissa + format.layout.exponentBits);
    std::vector<uint64_t> values = {0,   1,       2,       (uint64_t{1} << mantissa) - 1,   uint64_t{1} << mantissa,
                                    one, one - 1, one + 1, one + (uint64_t{1} << mantissa), infinity - 1};
    while (values.size() < count / 2) {
        const uint64_t exponent = one + ((random() % 21) << mantissa) - (uint64_t{10} << mantissa);
        values.push_back(exponent + (random() & ((uint64_t{1} << mantissa) - 1)));
        values.push_back(random() % infinity);
    }
    const size_t positive = values.size();
    for (size_t i = 0; i < positive; ++i)
        values.push_back(values[i] | sign);
    return values;
}

bool negative(const Format& format, uint64_t bits) {
    return (bits >> (format.layout.exponentBits + format.layout.mantissaBits) & 1) != 0;
}

TEST(Float, SumsAndProductsAreRoundedOnce) {
    for (const Format& format : kFormats) {
        const std::vector<uint64_t> values = finiteValues(format, 96);
        std::vector<std::vector<uint64_t>> pairs;
        for (const uint64_t a : values)
            for (const uint64_t b : values)
                pairs.push_back({a, b});
        for (const Mode mode : kModes)
            for (const char* const op : {"add", "sub", "mul"}) {
                const std::string form = std::string(op) + "." + modeName(mode) + "." + format.name;
                const auto results = runAll(form, pairs);
                for (size_t i = 0; i < pairs.size(); ++i) {
                    const Quad a = decode(format.layout, pairs[i][0]);
                    Quad b = decode(format.layout, pairs[i][1]);
                    bool minus = negative(format, pairs[i][0]), minusB = negative(format, pairs[i][1]);
                    Quad exact;
                    if (*op == 'm') {
                        exact = a * b;
                        minus ^= minusB;
                    } else {
                        if (*op == 's') {
                            b = -b;
                            minusB = !minusB;
                        }
                        exact = a + b;
                        if (exact - a != b || exact - b != a)
                            continue; // not exact in 128 bits
                        minus = minus == minusB ? minus : mode == Mode::Down;
                    }
                    ASSERT_EQ(results[i][0], encode(format.layout, exact, mode, minus))
                        << form << std::hex << " " << pairs[i][0] << " " << pairs[i][1];
                }
            }
    }
}

TEST(Float, QuotientsAndReciprocalsAreRoundedOnce) {
    for (const Format& format : kFormats) {
        const std::vector<uint64_t> values = finiteValues(format, 96);
        std::vector<std::vector<uint64_t>> pairs, singles;
        for (const uint64_t b : values) {
            if (decode(format.layout, b) == 0)
                continue;
            singles.push_back({b});
            for (const uint64_t a : values)
                pairs.push_back({a, b});
        }
        for (const Mode mode : kModes) {
            const std::string suffix = std::string(".") + modeName(mode) + "." + format.name;
            const auto quotients = runAll("div" + suffix, pairs);
            for (size_t i = 0; i < pairs.size(); ++i) {
                const Quad exact = decode(format.layout, pairs[i][0]) / decode(format.layout, pairs[i][1]);
                const bool minus = negative(format, pairs[i][0]) != negative(format, pairs[i][1]);
                ASSERT_EQ(quotients[i][0], encode(format.layout, exact, mode, minus))
                    << suffix << std::hex << " " << pairs[i][0] << " " << pairs[i][1];
            }
            const auto reciprocals = runAll("rcp" + suffix, singles);
            for (size_t i = 0; i < singles.size(); ++i)
                ASSERT_EQ(reciprocals[i][0], encode(format.layout, 1 / decode(format.layout, singles[i][0]), mode));
        }
    }
}

// The root lies between two numbers of the format, or on one: squares tell which, exactly.
TEST(Float, RootsAreRoundedOnce) {
    for (const Format& format : kFormats)
        for (const uint64_t bits : finiteValues(format, 200)) {
            if (negative(format, bits) || bits == 0)
                continue;
            const Quad a = decode(format.layout, bits);
            const std::string suffix = std::string(".") + format.name;
            const uint64_t down = run("sqrt.rm" + suffix, {bits}), up = run("sqrt.rp" + suffix, {bits});
            const Quad low = decode(format.layout, down), high = decode(format.layout, up);
            ASSERT_LE(low * low, a);
            ASSERT_GE(high * high, a);
            ASSERT_EQ(up, low * low == a ? down : down + 1);
            const Quad middle = (low + high) / 2;
            ASSERT_EQ(run("sqrt.rn" + suffix, {bits}), middle * middle < a ? up : down) << std::hex << bits;
            ASSERT_EQ(run("sqrt.rz" + suffix, {bits}), down);
        }
}

TEST(Float, FmaIsRoundedOnce) {
    for (const Format& format : kFormats) {
        std::mt19937_64 random(12);
        const int mantissa = format.layout.mantissaBits;
        const uint64_t one = ((uint64_t{1} << (format.layout.exponentBits - 1)) - 1) << mantissa;
        const uint64_t sign = uint64_t{1} << (mantissa + format.layout.exponentBits);
        const auto number = [&] { // in [1, 16), with few bits half of the time so that ties occur
            const uint64_t fraction = random() & ((uint64_t{1} << mantissa) - 1);
            const uint64_t kept = random() % 2 == 0 ? fraction : fraction >> (mantissa - 3) << (mantissa - 3);
            return (one + ((random() % 4) << mantissa) + kept) | (random() % 2 == 0 ? sign : 0);
        };
        std::vector<std::vector<uint64_t>> triples;
        for (int i = 0; i < 4096; ++i)
            triples.push_back({number(), number(), number()});
        for (const Mode mode : kModes)
            for (const char* const op : {"fma.", "mad."}) {
                const auto results = runAll(std::string(op) + modeName(mode) + "." + format.name, triples);
                for (size_t i = 0; i < triples.size(); ++i) {
                    const Quad exact = decode(format.layout, triples[i][0]) * decode(format.layout, triples[i][1]) +
                                       decode(format.layout, triples[i][2]);
                    ASSERT_EQ(results[i][0], encode(format.layout, exact, mode, mode == Mode::Down))
                        << op << modeName(mode) << i;
                }
            }
    }
}

TEST(Float, NaNsAreThoseOfTheProcessor) {
    for (const char* const form :
         {"add.rn.f32", "mul.rz.f32", "sub.f32", "div.rn.f32", "div.approx.f32", "min.NaN.f32"})
        for (const uint64_t nan : {0x7fc00000U, 0xffc00001U, 0x7f800001U}) {
            EXPECT_EQ(run(form, {nan, 0x3f800000}), 0x7fffffffU) << form;
            EXPECT_EQ(run(form, {0x3f800000, nan}), 0x7fffffffU) << form;
        }
    EXPECT_EQ(run("sub.rn.f32", {0x7f800000, 0x7f800000}), 0x7fffffffU);
    EXPECT_EQ(run("sqrt.rn.f32", {0xbf800000}), 0x7fffffffU);
    EXPECT_EQ(run("rcp.rn.f32", {0x80000000}), 0xff800000U);
    EXPECT_EQ(run("fma.rn.f32", {0x7f800000, 0, 0x3f800000}), 0x7fffffffU);
    EXPECT_EQ(run("add.rn.f64", {0x7ff0000000000001, 0x7ff8000000000002}), 0x7ff8000000000001U);
    EXPECT_EQ(run("add.rn.f64", {0x3ff0000000000000, 0xfff8000000000002}), 0xfff8000000000002U);
    EXPECT_EQ(run("mul.rn.f64", {0x7ff0000000000000, 0}), 0xfff8000000000000U);
}

TEST(Float, FlushingAndSaturation) {
    EXPECT_EQ(run("add.rn.f32", {0x00000001, 0x00000001}), 2U);
    EXPECT_EQ(run("add.rn.ftz.f32", {0x00000001, 0x00000001}), 0U);
    EXPECT_EQ(run("add.ftz.f32", {0x80000001, 0x80000001}), 0x80000000U);
    EXPECT_EQ(run("mul.ftz.f32", {0x00800000, 0x3f000000}), 0U);          // a subnormal result
    EXPECT_EQ(run("mul.ftz.f32", {0x80800000, 0x3f000000}), 0x80000000U); // with its sign
    EXPECT_EQ(run("mul.f32", {0x00800000, 0x3f000000}), 0x00400000U);
    EXPECT_EQ(run("add.sat.f32", {0x3f800000, 0x3f800000}), 0x3f800000U);
    EXPECT_EQ(run("add.sat.f32", {0xbf800000, 0x3f000000}), 0U);
    EXPECT_EQ(run("add.sat.f32", {0x7fc00000, 0x3f000000}), 0U);
    EXPECT_EQ(run("fma.rn.sat.f32", {0x3f000000, 0x3f000000, 0x3e800000}), 0x3f000000U);
    EXPECT_EQ(run("abs.ftz.f32", {0x80000001}), 0U);
    EXPECT_EQ(run("neg.ftz.f32", {0x00000001}), 0x80000000U);
    EXPECT_EQ(run("neg.f32", {0x00000001}), 0x80000001U);
    EXPECT_EQ(run("add.rn.f32x2", {0x3f80000040000000, 0x400000003f800000}), 0x4040000040400000U);
}

TEST(Float, MinimumAndMaximum) {
    EXPECT_EQ(run("min.f32", {0x80000000, 0}), 0x80000000U);
    EXPECT_EQ(run("min.f32", {0, 0x80000000}), 0x80000000U);
    EXPECT_EQ(run("max.f32", {0x80000000, 0}), 0U);
    EXPECT_EQ(run("max.f32", {0, 0x80000000}), 0U);
    EXPECT_EQ(run("min.f32", {0x7fc00000, 0x40000000}), 0x40000000U);
    EXPECT_EQ(run("max.f32", {0x40000000, 0x7fc00000}), 0x40000000U);
    EXPECT_EQ(run("max.f32", {0xffc00000, 0x7fc00000}), 0x7fffffffU);
    EXPECT_EQ(run("max.NaN.f32", {0x40000000, 0x7fc00000}), 0x7fffffffU);
    EXPECT_EQ(run("max.xorsign.abs.f32", {0xc0400000, 0x40000000}), 0xc0400000U); // |-3|, 2, signs differ
    EXPECT_EQ(run("min.xorsign.abs.f32", {0xc0400000, 0xc0000000}), 0x40000000U);
    EXPECT_EQ(run("min.f64", {0x8000000000000000, 0}), 0x8000000000000000U);
    EXPECT_EQ(run("max.f64", {0x7ff8000000000000, 0x3ff0000000000000}), 0x3ff0000000000000U);
    EXPECT_EQ(run("max.f64", {0x4000000000000000, 0x3ff0000000000000}), 0x4000000000000000U);
}

TEST(Float, SignsAndTests) {
    EXPECT_EQ(run("copysign.f32", {0x80000000, 0x3f800000}), 0xbf800000U); // the sign of the first
    EXPECT_EQ(run("copysign.f64", {0, 0xbff0000000000000}), 0x3ff0000000000000U);
    const uint64_t values[] = {0x3f800000, 0, 1, 0xff800000, 0x7fc00000};
    const std::pair<const char*, const char*> expected[] = {{"finite", "11100"}, {"infinite", "00010"},
                                                            {"number", "11110"}, {"notanumber", "00001"},
                                                            {"normal", "11000"}, {"subnormal", "00100"}};
    for (const auto& [test, answers] : expected)
        for (size_t i = 0; i < 5; ++i)
            EXPECT_EQ(run(std::string("testp.") + test + ".f32", {values[i]}), answers[i] == '1' ? 1U : 0U)
                << test << i;
}

TEST(Float, ApproximationsAtExactPoints) {
    EXPECT_EQ(run("ex2.approx.f32", {0x40400000}), 0x41000000U); // 2^3
    EXPECT_EQ(run("ex2.approx.ftz.f32", {0xff800000}), 0U);      // 2^-inf
    EXPECT_EQ(run("lg2.approx.f32", {0x41000000}), 0x40400000U); // log2 8
    EXPECT_EQ(run("lg2.approx.f32", {0x80000000}), 0xff800000U);
    EXPECT_EQ(run("lg2.approx.f32", {0xbf800000}), 0x7fffffffU);
    EXPECT_EQ(run("lg2.approx.ftz.f32", {1}), 0xff800000U); // log2 of what is flushed to zero
    EXPECT_EQ(run("sin.approx.f32", {0x80000000}), 0x80000000U);
    EXPECT_EQ(run("cos.approx.f32", {0}), 0x3f800000U);
    EXPECT_EQ(run("sin.approx.f32", {0x7f800000}), 0x7fffffffU);
    EXPECT_EQ(run("sin.approx.f32", {0x3f800000}), 0x3f576aa4U); // 0.84147098...
    EXPECT_EQ(run("tanh.approx.f32", {0x7f800000}), 0x3f800000U);
    EXPECT_EQ(run("rsqrt.approx.f32", {0x40800000}), 0x3f000000U);
    EXPECT_EQ(run("rsqrt.approx.f32", {0x80000000}), 0xff800000U);
    EXPECT_EQ(run("rcp.approx.f32", {0x40800000}), 0x3e800000U);
    EXPECT_EQ(run("rcp.approx.ftz.f32", {0x00000001}), 0x7f800000U);
    EXPECT_EQ(run("sqrt.approx.f32", {0x40800000}), 0x40000000U);
    EXPECT_EQ(run("div.full.f32", {0x40c00000, 0x40000000}), 0x40400000U);
    EXPECT_EQ(run("div.approx.f32", {0x7f000000, 0x7f000000}), 0U); // 2^127: the divisor's reciprocal is zero
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
