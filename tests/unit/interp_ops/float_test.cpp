// Arithmetic against the host's in all four rounding modes, and halves against a search among all of them.
#include "bench.h"

#include <cfenv>
#include <cmath>
#include <functional>

using namespace halyard::interp::test;
using halyard::interp::Cell;
using halyard::interp::FloatControls;

namespace {

constexpr int kHostModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD}; // in FPRoundingMode's order
constexpr const char* kModeNames[] = {"RTE", "RTZ", "RTP", "RTN"};

class HostRounding {
public:
    explicit HostRounding(int mode) { std::fesetround(mode); }
    ~HostRounding() { std::fesetround(FE_TONEAREST); }
};

template <typename T> std::vector<T> interesting() {
    const T tiny = std::numeric_limits<T>::denorm_min();
    const T normal = std::numeric_limits<T>::min();
    const T huge = std::numeric_limits<T>::max();
    const T ulp = std::numeric_limits<T>::epsilon();
    std::vector<T> all = {0,
                          tiny,
                          3 * tiny,
                          normal,
                          normal - tiny,
                          normal * T(1.5),
                          ulp,
                          1,
                          1 + ulp,
                          1 - ulp / 2,
                          3,
                          T(1) / 3,
                          7 * ulp,
                          huge,
                          huge / 3,
                          T(123.456),
                          std::numeric_limits<T>::infinity()};
    const size_t count = all.size();
    for (size_t i = 0; i < count; ++i)
        all.push_back(-all[i]);
    return all;
}

template <typename T> uint64_t bitsOf(T value) {
    if (std::isnan(value))
        return sizeof(T) == 4 ? 0x7fc00000 : 0x7ff8000000000000;
    if constexpr (sizeof(T) == 4)
        return f32(value);
    else
        return f64(value);
}

// volatile: computed at run time, in the mode that is set.
template <typename T> T compute(const std::string& opcode, T x, T y) {
    volatile T a = x;
    volatile T b = y;
    if (opcode == "OpFAdd")
        return a + b;
    if (opcode == "OpFSub")
        return a - b;
    if (opcode == "OpFMul")
        return a * b;
    return a / b;
}

template <typename T> void checkAgainstHost(const std::string& type) {
    for (const std::string opcode : {"OpFAdd", "OpFSub", "OpFMul", "OpFDiv"}) {
        for (int mode = 0; mode < 4; ++mode) {
            Bench bench(opcode, type, {type, type}, "", std::string("FPRoundingMode ") + kModeNames[mode]);
            for (const T a : interesting<T>()) {
                for (const T b : interesting<T>()) {
                    uint64_t expected = 0;
                    {
                        const HostRounding rounding(kHostModes[mode]);
                        expected = bitsOf(compute<T>(opcode, a, b));
                    }
                    ASSERT_EQ(bench.scalar({bitsOf(a), bitsOf(b)}).bits, expected)
                        << opcode << " " << kModeNames[mode] << " " << a << " " << b;
                }
            }
        }
    }
}

std::vector<uint64_t> someHalves() {
    std::vector<uint64_t> all = {0,      1,      2,      0x3ff,  0x400,  0x401,  0x3bff, 0x3c00,
                                 0x3c01, 0x4248, 0x7bff, 0x7c00, 0x7e00, 0x5555, 0x6a09, 0x1234};
    const size_t count = all.size();
    for (size_t i = 0; i < count; ++i)
        all.push_back(all[i] | 0x8000);
    return all;
}

void expectHalf(uint64_t actual, uint64_t expected, const std::string& what) {
    // Only a NaN's being one is fixed.
    if ((expected & 0x7fff) > 0x7c00) {
        ASSERT_GT(actual & 0x7fff, 0x7c00U) << what;
    } else {
        ASSERT_EQ(actual, expected) << what;
    }
}

} // namespace

TEST(InterpFloat, SinglesRoundAsTheHostDoesInEveryMode) {
    checkAgainstHost<float>("f32");
}

TEST(InterpFloat, DoublesRoundAsTheHostDoesInEveryMode) {
    checkAgainstHost<double>("f64");
}

TEST(InterpFloat, EveryHalfWithSomeOthers) {
    Bench add("OpFAdd", "f16", {"f16", "f16"});
    Bench mul("OpFMul", "f16", {"f16", "f16"});
    Bench div("OpFDiv", "f16", {"f16", "f16"});
    for (const uint64_t b : someHalves()) {
        for (uint64_t a = 0; a <= 0xffff; a += b == 0x3c01 ? 1 : 7) {
            const double x = halfValue(a);
            const double y = halfValue(b);
            const std::string what = std::to_string(a) + " " + std::to_string(b);
            // Sums and products of halves are exact in a double; quotients need 64 bits to tell a tie from a near one.
            expectHalf(add.scalar({a, b}).bits, nearestHalf(x + y), "add " + what);
            expectHalf(mul.scalar({a, b}).bits, nearestHalf(x * y), "mul " + what);
            expectHalf(div.scalar({a, b}).bits, nearestHalf(static_cast<long double>(x) / y), "div " + what);
        }
    }
}

TEST(InterpFloat, FusedMultiplyAddRoundsOnce) {
    Bench single("cl fma", "f32", {"f32", "f32", "f32"});
    Bench twofold("glsl Fma", "f64", {"f64", "f64", "f64"});
    Bench half("cl fma", "f16", {"f16", "f16", "f16"});
    const float e = 0x1p-12F;
    // (1 + e)^2 - 1 - 2e = e^2, which two roundings lose.
    EXPECT_EQ(single.scalar({f32(1 + e), f32(1 + e), f32(-1 - 2 * e)}).bits, f32(e * e));
    EXPECT_EQ(twofold.scalar({f64(1 + 0x1p-30), f64(1 + 0x1p-30), f64(-1 - 0x1p-29)}).bits, f64(0x1p-60));
    // 1 + 2^-11 is a tie between 1 and its successor; what lies below it decides.
    const uint64_t one = 0x3c00, halfUlp = 0x1000 /* 2^-11 */;
    EXPECT_EQ(half.scalar({one, one, halfUlp}).bits, 0x3c00U);
    // 2^-5 (1 + 2^-10) * 2^-6 = 2^-11 + 2^-21
    EXPECT_EQ(half.scalar({0x2801, 0x2400, one}).bits, 0x3c01U);
    // 2048 * 2048 + 2^-24: an exact sum of 47 bits.
    EXPECT_EQ(half.scalar({0x6800, 0x0001, 0x0001}).bits, nearestHalf(2048 * std::pow(2.0, -24) + std::pow(2.0, -24)));
}

TEST(InterpFloat, SquareRootOfEveryHalfAndOfEdges) {
    Bench half("cl sqrt", "f16", {"f16"});
    for (uint64_t a = 0; a <= 0xffff; ++a)
        expectHalf(half.scalar({a}).bits, nearestHalf(std::sqrt(static_cast<long double>(halfValue(a)))),
                   std::to_string(a));
    Bench single("glsl Sqrt", "f32", {"f32"});
    EXPECT_EQ(single.scalar({f32(2)}).bits, f32(std::sqrt(2.0F)));
    EXPECT_EQ(single.scalar({f32(-0.0F)}).bits, f32(-0.0F));
    EXPECT_EQ(single.scalar({f32(-1)}).bits, kNan32);
}

TEST(InterpFloat, Remainders) {
    Bench rem("OpFRem", "f32", {"f32", "f32"});
    Bench mod("OpFMod", "f32", {"f32", "f32"});
    const float cases[][4] = {// x, y, rem, mod
                              {5, 3, 2, 2},        {-5, 3, -2, 1},
                              {5, -3, 2, -1},      {-5, -3, -2, -2},
                              {6, 3, 0, 0},        {5.5F, 0.25F, 0, 0},
                              {1, INFINITY, 1, 1}, {1e30F, 7, std::fmod(1e30F, 7.0F), std::fmod(1e30F, 7.0F)}};
    for (const auto& c : cases) {
        EXPECT_EQ(rem.scalar({f32(c[0]), f32(c[1])}).bits, f32(c[2])) << c[0] << " " << c[1];
        EXPECT_EQ(mod.scalar({f32(c[0]), f32(c[1])}).bits, f32(c[3])) << c[0] << " " << c[1];
    }
    EXPECT_EQ(rem.scalar({f32(1), f32(0)}).bits, kNan32);
}

TEST(InterpFloat, FloatControlsFlushAndTruncate) {
    FloatControls flush;
    flush.flushDenorms32 = true;
    const uint64_t denormal = 0x00000001;
    EXPECT_EQ(Bench("OpFAdd", "f32", {"f32", "f32"}).scalar({denormal, 0}).bits, denormal);
    EXPECT_EQ(Bench("OpFAdd", "f32", {"f32", "f32"}, "", "", flush).scalar({denormal, 0}).bits, 0U);
    EXPECT_EQ(Bench("OpFMul", "f32", {"f32", "f32"}, "", "", flush).scalar({f32(-0x1p-100F), f32(0x1p-40F)}).bits,
              f32(-0.0F));
    FloatControls truncate;
    truncate.towardsZero16 = true;
    EXPECT_EQ(Bench("OpFAdd", "f16", {"f16", "f16"}, "", "", truncate).scalar({0x3c00, 0x1001}).bits, 0x3c00U);
    EXPECT_EQ(Bench("OpFAdd", "f16", {"f16", "f16"}).scalar({0x3c00, 0x1001}).bits, 0x3c01U);
}

TEST(InterpFloat, ComparisonsWithNan) {
    struct Case {
        const char* opcode;
        bool less, equal, greater, unordered;
    };
    constexpr Case kCases[] = {{"OpFOrdEqual", false, true, false, false},
                               {"OpFUnordEqual", false, true, false, true},
                               {"OpFOrdNotEqual", true, false, true, false},
                               {"OpFUnordNotEqual", true, false, true, true},
                               {"OpFOrdLessThan", true, false, false, false},
                               {"OpFUnordLessThan", true, false, false, true},
                               {"OpFOrdGreaterThan", false, false, true, false},
                               {"OpFUnordGreaterThan", false, false, true, true},
                               {"OpFOrdLessThanEqual", true, true, false, false},
                               {"OpFUnordLessThanEqual", true, true, false, true},
                               {"OpFOrdGreaterThanEqual", false, true, true, false},
                               {"OpFUnordGreaterThanEqual", false, true, true, true},
                               {"OpLessOrGreater", true, false, true, false},
                               {"OpOrdered", true, true, true, false},
                               {"OpUnordered", false, false, false, true}};
    for (const Case& c : kCases) {
        Bench bench(c.opcode, "bool", {"f16", "f16"});
        EXPECT_EQ(bench.scalar({0x3c00, 0x4000}).bits, c.less) << c.opcode;
        EXPECT_EQ(bench.scalar({0x8000, 0x0000}).bits, c.equal) << c.opcode;
        EXPECT_EQ(bench.scalar({0x4000, 0xc000}).bits, c.greater) << c.opcode;
        EXPECT_EQ(bench.scalar({kHalfNan, 0x3c00}).bits, c.unordered) << c.opcode;
        EXPECT_EQ(bench.scalar({0x3c00, kHalfNan}).bits, c.unordered) << c.opcode;
    }
}

TEST(InterpFloat, ClassesOfEveryHalf) {
    Bench nan("OpIsNan", "bool", {"f16"});
    Bench inf("OpIsInf", "bool", {"f16"});
    Bench finite("OpIsFinite", "bool", {"f16"});
    Bench normal("OpIsNormal", "bool", {"f16"});
    Bench sign("OpSignBitSet", "bool", {"f16"});
    for (uint64_t bits = 0; bits <= 0xffff; ++bits) {
        const double x = halfValue(bits);
        ASSERT_EQ(nan.scalar({bits}).bits, std::isnan(x));
        ASSERT_EQ(inf.scalar({bits}).bits, std::isinf(x));
        ASSERT_EQ(finite.scalar({bits}).bits, std::isfinite(x));
        ASSERT_EQ(normal.scalar({bits}).bits, std::isfinite(x) && std::fabs(x) >= std::pow(2.0, -14));
        ASSERT_EQ(sign.scalar({bits}).bits, bits >> 15);
    }
}
