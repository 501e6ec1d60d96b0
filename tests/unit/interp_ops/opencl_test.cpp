// OpenCL.std: special values as OpenCL C 3.0, section 7.5 gives them, identities, and the memory functions.
#include "bench.h"

#include <cmath>
#include <random>

using namespace halyard::interp::test;
using halyard::interp::Cell;

namespace {

constexpr float kInf = INFINITY;
constexpr float kNan = NAN;

struct Special {
    const char* function;
    std::vector<float> operands;
    float expected;
};

void expectFloat(uint64_t bits, float expected, const std::string& what) {
    if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(asFloat(bits))) << what;
    } else {
        EXPECT_EQ(bits, f32(expected)) << what << ": " << asFloat(bits) << " instead of " << expected;
    }
}

const Special kSpecials[] = {
    {"acospi", {1}, 0},
    {"acospi", {-1}, 1},
    {"acospi", {1.1F}, kNan},
    {"asinpi", {-0.0F}, -0.0F},
    {"asinpi", {1}, 0.5F},
    {"atanpi", {kInf}, 0.5F},
    {"atan2pi", {0, -1}, 1},
    {"atan2pi", {-0.0F, -1}, -1},
    {"atan2pi", {1, 0}, 0.5F},
    {"atan2pi", {-1, kInf}, -0.0F},
    {"atan2pi", {kInf, -kInf}, 0.75F},
    {"sinpi", {0}, 0},
    {"sinpi", {-0.0F}, -0.0F},
    {"sinpi", {3}, 0},
    {"sinpi", {-3}, -0.0F},
    {"sinpi", {0.5F}, 1},
    {"sinpi", {1.5F}, -1},
    {"sinpi", {-2.5F}, -1},
    {"sinpi", {kInf}, kNan},
    {"sinpi", {0x1p100F}, 0},
    {"cospi", {0}, 1},
    {"cospi", {-0.5F}, 0},
    {"cospi", {2.5F}, 0},
    {"cospi", {1}, -1},
    {"cospi", {kInf}, kNan},
    {"tanpi", {1}, -0.0F},
    {"tanpi", {2}, 0},
    {"tanpi", {-1}, 0},
    {"tanpi", {0.5F}, kInf},
    {"tanpi", {1.5F}, -kInf},
    {"tanpi", {-0.5F}, -kInf},
    {"tanpi", {0.25F}, 1},
    {"tanpi", {-0.75F}, 1},
    {"pow", {0, -1}, kInf},
    {"pow", {kNan, 0}, 1},
    {"pow", {1, kNan}, 1},
    {"powr", {0, 0}, kNan},
    {"powr", {1, kInf}, kNan},
    {"powr", {-1, 2}, kNan},
    {"powr", {-0.0F, -1}, kInf},
    {"powr", {-0.0F, 2}, 0},
    {"powr", {kNan, 0}, kNan},
    {"powr", {kInf, 0}, kNan},
    {"powr", {2, 0}, 1},
    {"fdim", {3, 5}, 0},
    {"fdim", {5, 3}, 2},
    {"fdim", {kNan, 1}, kNan},
    {"fmin", {kNan, 1}, 1},
    {"fmax", {1, kNan}, 1},
    {"fmax", {kNan, kNan}, kNan},
    {"maxmag", {-3, 2}, -3},
    {"minmag", {-3, 2}, 2},
    {"maxmag", {-2, 2}, 2},
    {"maxmag", {kNan, 2}, 2},
    {"logb", {0}, -kInf},
    {"logb", {-kInf}, kInf},
    {"logb", {10}, 3},
    {"logb", {0x1p-149F}, -149},
    {"rsqrt", {0}, kInf},
    {"rsqrt", {4}, 0.5F},
    {"rsqrt", {-0.0F}, -kInf},
    {"cbrt", {-27}, -3},
    {"exp10", {3}, 1000},
    {"exp10", {-kInf}, 0},
    {"tgamma", {5}, 24},
    {"tgamma", {-0.0F}, -kInf},
    {"lgamma", {1}, 0},
    {"hypot", {kInf, kNan}, kInf},
    {"hypot", {3, -4}, 5},
    {"nextafter", {1, 2}, 1 + 0x1p-23F},
    {"nextafter", {0, -1}, -0x1p-149F},
    {"nextafter", {-1, 0}, -1 + 0x1p-24F},
    {"round", {0.5F}, 1},
    {"round", {-2.5F}, -3},
    {"rint", {2.5F}, 2},
    {"rint", {-0.4F}, -0.0F},
    {"sign", {kNan}, 0},
    {"sign", {-0.0F}, -0.0F},
    {"sign", {-7}, -1},
    {"step", {2, 1}, 0},
    {"step", {2, 2}, 1},
    {"smoothstep", {0, 1, 0.5F}, 0.5F},
    {"mix", {1, 3, 0.5F}, 2},
    {"degrees", {3.14159274F}, 180},
    {"remainder", {5, 3}, -1},
    {"fmod", {-5, 3}, -2},
    {"erf", {kInf}, 1},
    {"erfc", {kInf}, 0},
    {"expm1", {-0.0F}, -0.0F},
    {"log1p", {-1}, -kInf},
    {"native_recip", {4}, 0.25F},
    {"half_divide", {1, 4}, 0.25F},
    {"native_exp2", {5}, 32},
    {"mad", {2, 3, 4}, 10},
    {"fclamp", {5, 0, 1}, 1},
    {"copysign", {3, -0.0F}, -3},
};

} // namespace

TEST(InterpOpenCl, SpecialValues) {
    for (const Special& special : kSpecials) {
        Bench bench(std::string("cl ") + special.function, "f32",
                    std::vector<std::string>(special.operands.size(), "f32"));
        std::vector<uint64_t> operands;
        for (const float operand : special.operands)
            operands.push_back(f32(operand));
        expectFloat(bench.scalar(operands).bits, special.expected,
                    std::string(special.function) + "(" + std::to_string(special.operands[0]) + "...)");
    }
}

TEST(InterpOpenCl, FunctionsWithAnInteger) {
    Bench pown("cl pown", "f32", {"f32", "u32"});
    Bench rootn("cl rootn", "f32", {"f32", "u32"});
    Bench ldexp("cl ldexp", "f32", {"f32", "u32"});
    const auto with = [](Bench& bench, float x, int n) {
        return bench.scalar({f32(x), static_cast<uint32_t>(n)}).bits;
    };
    expectFloat(with(pown, kNan, 0), 1, "pown");
    expectFloat(with(pown, -0.0F, -3), -kInf, "pown");
    expectFloat(with(pown, -2, 5), -32, "pown");
    expectFloat(with(pown, 1 + 0x1p-23F, INT32_MAX), static_cast<float>(std::pow(1 + 0x1p-23, INT32_MAX)), "pown");
    expectFloat(with(rootn, -8, 3), -2, "rootn");
    expectFloat(with(rootn, 8, -3), 0.5F, "rootn");
    expectFloat(with(rootn, -8, 2), kNan, "rootn");
    expectFloat(with(rootn, 1, 0), kNan, "rootn");
    expectFloat(with(rootn, -0.0F, -3), -kInf, "rootn");
    expectFloat(with(rootn, -0.0F, -2), kInf, "rootn");
    expectFloat(with(rootn, -0.0F, 3), -0.0F, "rootn");
    expectFloat(with(rootn, -0.0F, 2), 0, "rootn");
    expectFloat(with(ldexp, 3, INT32_MAX), kInf, "ldexp");
    expectFloat(with(ldexp, -3, INT32_MIN), -0.0F, "ldexp");
    expectFloat(with(ldexp, 0x1p127F, -276), 0x1p-149F, "ldexp");
    // 1.5 * 2^-149 is a tie between the two smallest numbers: one rounding gives the even one.
    expectFloat(with(ldexp, 1.5F, -149), 0x1p-148F, "ldexp");
    Bench ilogb("cl ilogb", "u32", {"f32"});
    EXPECT_EQ(ilogb.scalar({0}).bits, 0x80000000U);
    EXPECT_EQ(ilogb.scalar({f32(kInf)}).bits, 0x7fffffffU);
    EXPECT_EQ(ilogb.scalar({f32(0x1p-140F)}).bits, static_cast<uint32_t>(-140));
    EXPECT_EQ(Bench("cl nan", "f32", {"u32"}).scalar({0x123}).bits, 0x7fc00123U);
}

// Every elementary function of a half and of a single against long double, which has 64 bits: what is rounded from it
// is the nearest but for values that lie within 2^-40 of a tie, of which these have none.
TEST(InterpOpenCl, HalvesAreTheNearest) {
    const struct {
        const char* name;
        long double (*function)(long double);
    } kFunctions[] = {{"sin", sinl},     {"cos", cosl},     {"tan", tanl},     {"exp", expl},     {"exp2", exp2l},
                      {"log", logl},     {"log2", log2l},   {"log10", log10l}, {"asin", asinl},   {"acos", acosl},
                      {"atan", atanl},   {"sinh", sinhl},   {"cosh", coshl},   {"tanh", tanhl},   {"asinh", asinhl},
                      {"acosh", acoshl}, {"atanh", atanhl}, {"cbrt", cbrtl},   {"erf", erfl},     {"expm1", expm1l},
                      {"log1p", log1pl}, {"floor", floorl}, {"rint", rintl},   {"round", roundl}, {"trunc", truncl}};
    for (const auto& f : kFunctions) {
        Bench bench(std::string("cl ") + f.name, "f16", {"f16"});
        for (uint64_t bits = 0; bits <= 0xffff; bits += 3) {
            const uint64_t expected = nearestHalf(f.function(halfValue(bits)));
            const uint64_t actual = bench.scalar({bits}).bits;
            if ((expected & 0x7fff) > 0x7c00) {
                ASSERT_GT(actual & 0x7fff, 0x7c00U) << f.name << " " << halfValue(bits);
            } else {
                ASSERT_EQ(actual, expected) << f.name << " " << halfValue(bits);
            }
        }
    }
}

TEST(InterpOpenCl, SinglesAreTheNearest) {
    const struct {
        const char* name;
        long double (*function)(long double);
    } kUnary[] = {{"sin", sinl},     {"cos", cosl},     {"tan", tanl},     {"exp", expl},       {"exp2", exp2l},
                  {"exp10", exp10l}, {"log", logl},     {"log2", log2l},   {"log10", log10l},   {"asin", asinl},
                  {"acos", acosl},   {"atan", atanl},   {"sinh", sinhl},   {"cosh", coshl},     {"tanh", tanhl},
                  {"asinh", asinhl}, {"acosh", acoshl}, {"atanh", atanhl}, {"cbrt", cbrtl},     {"erf", erfl},
                  {"erfc", erfcl},   {"expm1", expm1l}, {"log1p", log1pl}, {"tgamma", tgammal}, {"lgamma", lgammal}};
    const struct {
        const char* name;
        long double (*function)(long double, long double);
    } kBinary[] = {{"pow", powl}, {"atan2", atan2l}, {"hypot", hypotl}, {"fmod", fmodl}, {"remainder", remainderl}};
    std::mt19937 random(11);
    // Magnitudes from 2^-20 to 2^20, either sign.
    const auto next = [&] {
        const auto exponent = static_cast<int>(random() % 40) - 20;
        const float size = std::ldexp(1 + static_cast<float>(random() % (1 << 23)) * 0x1p-23F, exponent);
        return random() % 2 != 0 ? -size : size;
    };
    for (const auto& f : kUnary) {
        Bench bench(std::string("cl ") + f.name, "f32", {"f32"});
        for (int i = 0; i < 2000; ++i) {
            const float x = next();
            expectFloat(bench.scalar({f32(x)}).bits, static_cast<float>(f.function(x)),
                        std::string(f.name) + " " + std::to_string(x));
        }
    }
    for (const auto& f : kBinary) {
        Bench bench(std::string("cl ") + f.name, "f32", {"f32", "f32"});
        for (int i = 0; i < 2000; ++i) {
            const float x = next();
            const float y = next();
            expectFloat(bench.scalar({f32(x), f32(y)}).bits, static_cast<float>(f.function(x, y)),
                        std::string(f.name) + " " + std::to_string(x) + " " + std::to_string(y));
        }
    }
}

TEST(InterpOpenCl, DoublesAreTheNearest) {
    Bench sine("cl sin", "f64", {"f64"});
    Bench exponential("cl exp", "f64", {"f64"});
    Bench logarithm("cl log", "f64", {"f64"});
    // To 25 digits, computed with an arbitrary-precision library.
    EXPECT_EQ(sine.scalar({f64(1e22)}).bits, f64(-0.8522008497671888017727059));
    EXPECT_EQ(sine.scalar({f64(3.141592653589793)}).bits, f64(1.224646799147353177226066e-16));
    EXPECT_EQ(exponential.scalar({f64(1)}).bits, f64(2.718281828459045235360287));
    EXPECT_EQ(exponential.scalar({f64(709)}).bits, f64(8.218407461554972189241372e307));
    EXPECT_EQ(logarithm.scalar({f64(2)}).bits, f64(0.6931471805599453094172321));
    EXPECT_EQ(Bench("cl cospi", "f64", {"f64"}).scalar({f64(1.0 / 3)}).bits, f64(0.5000000000000000503));
    EXPECT_EQ(Bench("cl tgamma", "f64", {"f64"}).scalar({f64(0.5)}).bits, f64(1.772453850905516027298167));
    EXPECT_EQ(Bench("cl hypot", "f64", {"f64", "f64"}).scalar({f64(0x3p900), f64(0x4p900)}).bits, f64(0x5p900));
}

TEST(InterpOpenCl, Vectors) {
    const auto v = [](std::initializer_list<float> values) {
        std::vector<uint64_t> row;
        for (const float value : values)
            row.push_back(f32(value));
        return row;
    };
    EXPECT_EQ(Bench("cl length", "f32", {"f32x2"}).bits({v({3e30F, 4e30F})}), v({5e30F}));
    EXPECT_EQ(Bench("cl length", "f32", {"f32"}).bits({v({-2})}), v({2}));
    EXPECT_EQ(Bench("cl distance", "f32", {"f32x2", "f32x2"}).bits({v({1, 1}), v({4, 5})}), v({5}));
    EXPECT_EQ(Bench("cl normalize", "f32x2", {"f32x2"}).bits({v({0, 0})}), v({0, 0}));
    EXPECT_EQ(Bench("cl normalize", "f32x2", {"f32x2"}).bits({v({kInf, 7})}), v({1, 0}));
    EXPECT_EQ(Bench("cl normalize", "f32x2", {"f32x2"}).bits({v({0x1p-149F, 0})}), v({1, 0}));
    EXPECT_EQ(Bench("cl cross", "f32x4", {"f32x4", "f32x4"}).bits({v({1, 0, 0, 9}), v({0, 1, 0, 9})}), v({0, 0, 1, 0}));
}

TEST(InterpOpenCl, LoadsAndStores) {
    Bench store("cl vstoren", "void", {"u16x4", "u64", "ptr16"});
    store.run({{{1, false}, {2, false}, {0, true}, {4, false}}, {{3, false}}, {{0x1000, false}}});
    EXPECT_EQ(store.memory.bytes.size(), 8U);
    EXPECT_EQ(store.memory.bytes.at(0x1000 + 3 * 8 + 2).bits, 2U);
    EXPECT_TRUE(store.memory.bytes.at(0x1000 + 3 * 8 + 4).undefined);
    Bench load("cl vloadn", "u16x4", {"u64", "ptr16"}, "4");
    load.memory = store.memory;
    const auto loaded = load.run({{{3, false}}, {{0x1000, false}}});
    EXPECT_EQ(loaded[3].bits, 4U);
    EXPECT_TRUE(loaded[2].undefined);
    // 3 components lie 3 apart, but 4 apart in the aligned variants.
    Bench half("cl vstore_halfn", "void", {"f32x3", "u64", "ptr16"});
    Bench aligned("cl vstorea_halfn", "void", {"f32x3", "u64", "ptr16"});
    const std::vector<std::vector<Cell>> data = {
        {{f32(1), false}, {f32(2), false}, {f32(65520), false}}, {{1, false}}, {{0x1000, false}}};
    half.run(data);
    aligned.run(data);
    EXPECT_EQ(half.memory.bytes.begin()->first, 0x1006U);
    EXPECT_EQ(aligned.memory.bytes.begin()->first, 0x1008U);
    EXPECT_EQ(half.memory.bytes.at(0x1006 + 5).bits, 0x7cU);
    Bench down("cl vstore_half_r", "void", {"f32", "u64", "ptr16"}, "RTZ");
    down.run({{{f32(65535), false}}, {{0, false}}, {{0x1000, false}}});
    EXPECT_EQ(down.memory.bytes.at(0x1001).bits, 0x7bU);
    EXPECT_EQ(down.memory.bytes.at(0x1000).bits, 0xffU);
    Bench back("cl vloada_halfn", "f32x3", {"u64", "ptr16"}, "3");
    back.memory = aligned.memory;
    EXPECT_EQ(back.bits({{1}, {0x1000}}), (std::vector<uint64_t>{f32(1), f32(2), f32(kInf)}));
}

TEST(InterpOpenCl, SecondResultsBehindPointers) {
    const auto at = [](const Memory& memory, uint64_t address) {
        Cell cell;
        Memory copy = memory;
        copy.read(address, 4, cell);
        return cell;
    };
    const struct {
        const char* name;
        const char* pointer;
        float x, result;
        uint64_t second;
    } kCases[] = {{"fract", "ptr32", -0x1p-30F, 1 - 0x1p-24F, f32(-1)},
                  {"fract", "ptr32", 2.75F, 0.75F, f32(2)},
                  {"fract", "ptr32", -kInf, -0.0F, f32(-kInf)},
                  {"modf", "ptr32", -2.75F, -0.75F, f32(-2)},
                  {"modf", "ptr32", kInf, 0, f32(kInf)},
                  {"frexp", "ptri", -6, -0.75F, 3},
                  {"frexp", "ptri", 0x1p-149F, 0.5F, static_cast<uint32_t>(-148)},
                  {"frexp", "ptri", 0, 0, 0},
                  {"lgamma_r", "ptri", -0.5F, 1.26551212F, 0xffffffff},
                  {"lgamma_r", "ptri", 3, 0.693147181F, 1},
                  {"lgamma_r", "ptri", -2, kInf, 0},
                  {"sincos", "ptr32", 0.5F, 0.479425539F, f32(0.877582562F)}};
    for (const auto& c : kCases) {
        Bench bench(std::string("cl ") + c.name, "f32", {"f32", c.pointer});
        expectFloat(bench.scalar({f32(c.x), 0x1000}).bits, c.result, c.name);
        EXPECT_EQ(at(bench.memory, 0x1000).bits, c.second) << c.name << " " << c.x;
    }
    Bench remquo("cl remquo", "f32", {"f32", "f32", "ptri"});
    EXPECT_EQ(remquo.scalar({f32(-1000), f32(7), 0x1000}).bits, f32(1));
    EXPECT_EQ(at(remquo.memory, 0x1000).bits, static_cast<uint32_t>(-(143 % 128)));
    Bench vector("cl frexp", "f32x2", {"f32x2", "ptri"});
    EXPECT_EQ(vector.bits({{f32(1), f32(4)}, {0x1000}}), (std::vector<uint64_t>{f32(0.5F), f32(0.5F)}));
    EXPECT_EQ(at(vector.memory, 0x1004).bits, 3U);
}

TEST(InterpOpenCl, AFailedAccessEndsTheOperation) {
    Bench load("cl vloadn", "u16x4", {"u64", "ptr16"}, "4");
    load.memory.refuse = true;
    load.run({{{0, false}}, {{0x1000, false}}});
    EXPECT_EQ(load.memory.accesses, 1U);
    Bench modf("cl modf", "f32", {"f32", "ptr32"});
    modf.memory.refuse = true;
    modf.run({{{f32(1), false}}, {{0x1000, false}}});
    EXPECT_EQ(modf.memory.accesses, 1U);
}
