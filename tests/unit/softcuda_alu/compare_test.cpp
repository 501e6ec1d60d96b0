// setp, set, selp and slct.
#include "warp.h"

#include <bit>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::testing {
namespace {

// -1, 0 or 1; 2 when unordered.
bool holds(const std::string& test, int order) {
    if (order == 2)
        return test == "nan" || (test.size() == 3 && test[2] == 'u');
    if (test == "num" || test == "nan")
        return test == "num";
    const std::string plain = test.substr(0, 2);
    return plain == "eq"                    ? order == 0
           : plain == "ne"                  ? order != 0
           : plain == "lt" || plain == "lo" ? order < 0
           : plain == "le" || plain == "ls" ? order <= 0
           : plain == "gt" || plain == "hi" ? order > 0
                                            : order >= 0;
}

// Two different numbers, in ascending order, and a NaN where the type has one.
struct Sample {
    const char* type;
    uint64_t low, high, nan;
};
constexpr Sample kSamples[] = {
    {"u16", 1, 0xffff, 0},
    {"s16", 0xffff, 1, 0},
    {"u32", 1, 0xffffffff, 0},
    {"s32", 0xffffffff, 1, 0},
    {"u64", 1, ~uint64_t{0}, 0},
    {"s64", ~uint64_t{0}, 1, 0},
    {"f32", 0xbf800000, 0x3f800000, 0x7fc00000},
    {"f64", 0xbff0000000000000, 0x3ff0000000000000, 0x7ff8000000000000},
    {"f16", 0xbc00, 0x3c00, 0x7e00},
    {"bf16", 0xbf80, 0x3f80, 0x7fc0},
};

void check(const std::string& test, const Sample& sample, uint64_t a, uint64_t b, int order) {
    const bool expected = holds(test, order);
    const std::string type = sample.type;
    const bool small = type == "f16" || type == "bf16";
    const auto plain = runAll("setp." + test + "." + type, {{a, b}})[0];
    EXPECT_EQ(plain[0], expected ? 1U : 0U) << test << "." << type << " order " << order;
    ASSERT_EQ(plain.size(), small ? 1U : 2U);
    if (!small) {
        EXPECT_EQ(plain[1], expected ? 0U : 1U);
    }
    EXPECT_EQ(run("set." + test + ".u32." + type, {a, b}), expected ? 0xffffffffU : 0U);
    for (const bool c : {false, true})
        for (const char* const combine : {"and", "or", "xor"}) {
            const auto apply = [&](bool value) {
                return *combine == 'a' ? value && c : *combine == 'o' ? value || c : value != c;
            };
            const auto both = runAll("setp." + test + "." + combine + "." + type, {{a, b, c}})[0];
            EXPECT_EQ(both[0], apply(expected) ? 1U : 0U) << test << combine << type;
            if (!small) {
                EXPECT_EQ(both[1], apply(!expected) ? 1U : 0U);
            }
            EXPECT_EQ(run("set." + test + "." + combine + ".s32." + type, {a, b, c}),
                      apply(expected) ? 0xffffffffU : 0U);
        }
}

TEST(Compare, EveryTestOfEveryType) {
    for (const Sample& sample : kSamples) {
        std::vector<std::string> tests = {"eq", "ne", "lt", "le", "gt", "ge"};
        if (sample.type[0] == 'u')
            tests.insert(tests.end(), {"lo", "ls", "hi", "hs"});
        if (sample.nan != 0)
            tests.insert(tests.end(), {"equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"});
        for (const std::string& test : tests) {
            check(test, sample, sample.low, sample.high, -1);
            check(test, sample, sample.high, sample.low, 1);
            check(test, sample, sample.low, sample.low, 0);
            if (sample.nan != 0) {
                check(test, sample, sample.nan, sample.high, 2);
                check(test, sample, sample.low, sample.nan, 2);
            }
        }
    }
    for (const char* const type : {"b16", "b32", "b64"}) {
        EXPECT_EQ(run(std::string("setp.eq.") + type, {5, 5}), 1U);
        EXPECT_EQ(run(std::string("setp.ne.") + type, {5, 5}), 0U);
    }
}

TEST(Compare, ZerosAndFlushing) {
    EXPECT_EQ(run("setp.eq.f32", {0x80000000, 0}), 1U);
    EXPECT_EQ(run("setp.lt.f32", {0, 1}), 1U);
    EXPECT_EQ(run("setp.lt.ftz.f32", {0, 1}), 0U);
    EXPECT_EQ(run("setp.lt.ftz.f16", {0, 1}), 0U);
    EXPECT_EQ(run("setp.lt.bf16", {0, 1}), 1U);
    EXPECT_EQ(run("set.lt.f32.s32", {0xffffffff, 0}), 0x3f800000U);
    EXPECT_EQ(run("set.lt.f16.f16", {0, 0x3c00}), 0x3c00U);
    EXPECT_EQ(run("set.lt.u16.f16", {0, 0x3c00}), 0xffffU);
    EXPECT_EQ(run("set.lt.bf16.bf16", {0, 0x3f80}), 0x3f80U);
}

// One result for each half.
TEST(Compare, Pairs) {
    EXPECT_EQ(runAll("setp.lt.f16x2", {{0x3c000000, 0x00003c00}})[0], (std::vector<uint64_t>{1, 0}));
    EXPECT_EQ(runAll("setp.lt.or.bf16x2", {{0x00003f80, 0x3f800000, 0}})[0], (std::vector<uint64_t>{0, 1}));
    EXPECT_EQ(runAll("setp.lt.and.f16x2", {{0x00003c00, 0x3c000000, 0}})[0], (std::vector<uint64_t>{0, 0}));
    EXPECT_EQ(run("set.gt.f16x2.f16x2", {0x3c000000, 0x00003c00}), 0x3c000000U);
    EXPECT_EQ(run("set.gt.u32.f16x2", {0x3c000000, 0x00003c00}), 0xffff0000U);
    EXPECT_EQ(run("set.gt.xor.bf16x2.bf16x2", {0x3f800000, 0x00003f80, 1}), 0x00003f80U);
}

TEST(Compare, Selection) {
    EXPECT_EQ(run("selp.b32", {1, 2, 1}), 1U);
    EXPECT_EQ(run("selp.f64", {1, 2, 0}), 2U);
    EXPECT_EQ(run("slct.u32.s32", {1, 2, 0xffffffff}), 2U);
    EXPECT_EQ(run("slct.u32.s32", {1, 2, 0}), 1U);
    EXPECT_EQ(run("slct.f32.f32", {1, 2, 0x80000000}), 1U); // -0 is not negative
    EXPECT_EQ(run("slct.f32.f32", {1, 2, 0x80000001}), 2U);
    EXPECT_EQ(run("slct.ftz.f32.f32", {1, 2, 0x80000001}), 1U);
    EXPECT_EQ(run("slct.f32.f32", {1, 2, 0x7fc00000}), 2U);
    EXPECT_EQ(run("mov.b16", {0x12345}), 0x2345U);
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
