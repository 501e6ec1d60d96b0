// f16 and bf16 arithmetic against 128-bit floats: all values where there is one operand, samples where there are more.
#include "oracle.h"
#include "warp.h"

#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

struct Kind {
    const char* name;
    Layout layout;
};
constexpr Kind kKinds[] = {{"f16", kF16}, {"bf16", kBF16}};

bool finite(const Kind& kind, uint64_t bits) {
    return !isNanBits(kind.layout, bits) && !isInfinity(kind.layout, bits);
}

TEST(Half, ArithmeticIsRoundedOnce) {
    std::mt19937_64 random(31);
    for (const Kind& kind : kKinds) {
        std::vector<std::vector<uint64_t>> pairs;
        while (pairs.size() < 20000) {
            const uint64_t a = random() & 0xffff;
            // Every other one near the first, so that sums cancel and tie.
            const uint64_t b = pairs.size() % 2 == 0 ? random() & 0xffff : (a ^ 0x8000) + random() % 0x1000;
            if (finite(kind, a) && finite(kind, b & 0xffff))
                pairs.push_back({a, b & 0xffff});
        }
        for (const char* const op : {"add", "sub", "mul"}) {
            const std::string form = std::string(op) + ".rn." + kind.name;
            const auto results = runAll(form, pairs);
            for (size_t i = 0; i < pairs.size(); ++i) {
                const Quad a = decode(kind.layout, pairs[i][0]), b = decode(kind.layout, pairs[i][1]);
                const bool minusA = pairs[i][0] >> 15 != 0;
                const bool minusB = (pairs[i][1] >> 15 != 0) != (*op == 's');
                const Quad exact = *op == 'a' ? a + b : *op == 's' ? a - b : a * b;
                const bool minus = *op == 'm' ? minusA != minusB : minusA && minusB;
                ASSERT_EQ(results[i][0], encode(kind.layout, exact, Mode::Nearest, minus))
                    << form << std::hex << " " << pairs[i][0] << " " << pairs[i][1];
            }
        }
    }
}

TEST(Half, FmaIsRoundedOnce) {
    std::mt19937_64 random(32);
    for (const Kind& kind : kKinds) {
        std::vector<std::vector<uint64_t>> triples;
        while (triples.size() < 40000) {
            const uint64_t a = random() & 0xffff, b = random() & 0xffff, c = random() & 0xffff;
            if (finite(kind, a) && finite(kind, b) && finite(kind, c))
                triples.push_back({a, b, c});
        }
        const auto results = runAll(std::string("fma.rn.") + kind.name, triples);
        size_t checked = 0;
        for (size_t i = 0; i < triples.size(); ++i) {
            const Quad product = decode(kind.layout, triples[i][0]) * decode(kind.layout, triples[i][1]);
            const Quad c = decode(kind.layout, triples[i][2]), exact = product + c;
            if (exact - product != c || exact - c != product || exact == 0)
                continue; // more than 128 bits hold, or a zero whose sign is another matter
            ++checked;
            ASSERT_EQ(results[i][0], encode(kind.layout, exact, Mode::Nearest)) << std::hex << triples[i][0];
        }
        EXPECT_GT(checked, triples.size() / 4);
    }
    // A tie, and next to it something far smaller than a double would keep: (1 + 2^-4)^2 is 1.12890625, which lies
    // between 1.125 and 1.1328125 of bf16; the last bit of the product makes the tie.
    EXPECT_EQ(run("fma.rn.bf16", {0x3f88, 0x3f88, 0}), 0x3f90U);      // to even
    EXPECT_EQ(run("fma.rn.bf16", {0x3f88, 0x3f88, 0x0001}), 0x3f91U); // above the tie by 2^-133
    EXPECT_EQ(run("fma.rn.bf16", {0x3f88, 0x3f88, 0x8001}), 0x3f90U);
    EXPECT_EQ(run("fma.rn.bf16", {0xbf88, 0x3f88, 0x8001}), 0xbf91U);
}

TEST(Half, OneOperandInAllValues) {
    for (const Kind& kind : kKinds) {
        std::vector<std::vector<uint64_t>> all;
        for (uint64_t bits = 0; bits < 0x10000; ++bits)
            all.push_back({bits});
        const std::string type = std::string(".") + kind.name;
        const auto negated = runAll("neg" + type, all), absolute = runAll("abs" + type, all);
        const auto doubled = runAll("add" + type + "x2", [&] {
            std::vector<std::vector<uint64_t>> pairs;
            for (const auto& value : all)
                pairs.push_back({value[0] | 0x3c000000, value[0] | 0x3c000000});
            return pairs;
        }());
        for (uint64_t bits = 0; bits < 0x10000; ++bits) {
            ASSERT_EQ(negated[bits][0], bits ^ 0x8000);
            ASSERT_EQ(absolute[bits][0], bits & 0x7fff);
            if (isNanBits(kind.layout, bits)) {
                ASSERT_EQ(doubled[bits][0] & 0xffff, 0x7fffU);
            } else if (finite(kind, bits)) {
                ASSERT_EQ(doubled[bits][0] & 0xffff,
                          encode(kind.layout, decode(kind.layout, bits) * 2, Mode::Nearest, bits >> 15 != 0));
            }
            ASSERT_EQ(doubled[bits][0] >> 16, kind.layout.mantissaBits == 10 ? 0x4000U : 0x3c80U);
        }
    }
}

TEST(Half, MinimumMaximumAndFlags) {
    EXPECT_EQ(run("min.f16", {0x8000, 0}), 0x8000U);
    EXPECT_EQ(run("max.f16", {0x8000, 0}), 0U);
    EXPECT_EQ(run("min.f16", {0x7e00, 0x3c00}), 0x3c00U);
    EXPECT_EQ(run("min.NaN.f16", {0x7e00, 0x3c00}), 0x7fffU);
    EXPECT_EQ(run("max.bf16", {0xffc0, 0x7fc0}), 0x7fffU);
    EXPECT_EQ(run("max.xorsign.abs.bf16", {0xc040, 0x4000}), 0xc040U);
    EXPECT_EQ(run("max.bf16x2", {0x3f804000, 0x40003f80}), 0x40004000U);
    EXPECT_EQ(run("add.sat.f16", {0x3c00, 0x3c00}), 0x3c00U);
    EXPECT_EQ(run("add.sat.f16", {0xbc00, 0}), 0U);
    EXPECT_EQ(run("fma.rn.relu.f16", {0xbc00, 0x3c00, 0}), 0U);
    EXPECT_EQ(run("fma.rn.relu.bf16", {0x7fc0, 0x3f80, 0}), 0x7fffU);
    EXPECT_EQ(run("add.ftz.f16", {1, 0x0400}), 0x0400U);
    EXPECT_EQ(run("add.f16", {1, 0x0400}), 0x0401U);
    EXPECT_EQ(run("ex2.approx.f16", {0x4200}), 0x4800U); // 2^3
    EXPECT_EQ(run("ex2.approx.ftz.bf16x2", {0x40403f80}), 0x41004000U);
    EXPECT_EQ(run("tanh.approx.bf16", {0x7f80}), 0x3f80U);
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
