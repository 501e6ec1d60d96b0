// The functions of the device maths library whose results are integers, and the forms with loose bounds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#define REAL(name)                                                                                                     \
    extern "C" float hy_##name##_f32(float x);                                                                         \
    extern "C" double hy_##name##_f64(double x);
#define INTEGER(name)                                                                                                  \
    extern "C" int hy_##name##_f32(float x);                                                                           \
    extern "C" int hy_##name##_f64(double x);
INTEGER(ilogb)
INTEGER(frexp_second)
INTEGER(lgamma_r_second)
REAL(frexp_value)
REAL(native_sin)
REAL(native_cos)
REAL(native_tan)
REAL(native_exp)
REAL(native_exp2)
REAL(native_exp10)
REAL(native_log)
REAL(native_log2)
REAL(native_log10)
REAL(native_recip)
REAL(native_rsqrt)
REAL(native_sqrt)
REAL(half_sin)
REAL(half_cos)
REAL(half_tan)
REAL(half_exp)
REAL(half_log)
extern "C" int hy_remquo_second_f32(float x, float y);
extern "C" int hy_remquo_second_f64(double x, double y);
extern "C" float hy_remainder_f32(float x, float y);
extern "C" double hy_remainder_f64(double x, double y);
extern "C" float hy_native_powr_f32(float x, float y);
extern "C" float hy_half_powr_f32(float x, float y);
extern "C" float hy_native_divide_f32(float x, float y);

namespace {

template <typename T> T anyBits(std::mt19937_64& random) {
    const uint64_t bits = random();
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <typename T, typename Ilogb, typename Value, typename Second>
void checkExponents(Ilogb ilogb, Value frexpValue, Second frexpSecond) {
    using Limits = std::numeric_limits<T>;
    std::mt19937_64 random(1);
    for (int i = 0; i < 200000; ++i) {
        const T x = i == 0   ? Limits::denorm_min()
                    : i == 1 ? Limits::max()
                    : i == 2 ? Limits::min()
                             : anyBits<T>(random);
        if (!std::isfinite(x) || x == 0) {
            continue;
        }
        ASSERT_EQ(ilogb(x), std::ilogb(x)) << x;
        int exponent = 0;
        const T mantissa = std::frexp(x, &exponent);
        ASSERT_EQ(frexpValue(x), mantissa) << x;
        ASSERT_EQ(frexpSecond(x), exponent) << x;
    }
    // OpenCL C 3.0: FP_ILOGB0 and FP_ILOGBNAN; frexp of what has no exponent gives exponent 0.
    EXPECT_EQ(ilogb(T(0)), std::numeric_limits<int>::min());
    EXPECT_EQ(ilogb(Limits::quiet_NaN()), std::numeric_limits<int>::max());
    EXPECT_EQ(ilogb(-Limits::infinity()), std::numeric_limits<int>::max());
    for (T x : {T(0), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
        EXPECT_EQ(frexpSecond(x), 0) << x;
    }
}

TEST(Integer, ExponentsF32) {
    checkExponents<float>(hy_ilogb_f32, hy_frexp_value_f32, hy_frexp_second_f32);
}

TEST(Integer, ExponentsF64) {
    checkExponents<double>(hy_ilogb_f64, hy_frexp_value_f64, hy_frexp_second_f64);
}

// The quotient by which x - q y is the exact remainder, for quotients that a double or long double holds.
template <typename T, typename Wide, typename Second, typename Remainder>
void checkQuotient(Second second, Remainder remainder) {
    std::mt19937_64 random(1);
    int checked = 0;
    for (int i = 0; i < 400000; ++i) {
        const T y = anyBits<T>(random);
        const T x = static_cast<T>(std::ldexp(static_cast<double>(static_cast<int64_t>(random())), -63) *
                                   std::ldexp(1.0, static_cast<int>(random() % 28))) *
                    y;
        if (!std::isnormal(x) || !std::isnormal(y)) {
            continue;
        }
        const Wide q = std::nearbyint((Wide(x) - Wide(remainder(x, y))) / Wide(y));
        const auto magnitude = static_cast<int>(static_cast<int64_t>(std::fabs(q)) & 0x7f);
        ASSERT_EQ(second(x, y), std::signbit(x) != std::signbit(y) ? -magnitude : magnitude) << x << " / " << y;
        ++checked;
    }
    EXPECT_GT(checked, 300000);
    EXPECT_EQ(second(T(5), T(0)), 0);
    EXPECT_EQ(second(std::numeric_limits<T>::infinity(), T(2)), 0);
    EXPECT_EQ(second(T(3), std::numeric_limits<T>::infinity()), 0);
    EXPECT_EQ(second(T(5), T(2)), 2); // 2.5 rounds to even
    EXPECT_EQ(second(T(-7), T(2)), -4);
}

TEST(Integer, QuotientF32) {
    checkQuotient<float, double>(hy_remquo_second_f32, hy_remainder_f32);
}

TEST(Integer, QuotientF64) {
    checkQuotient<double, long double>(hy_remquo_second_f64, hy_remainder_f64);
}

TEST(Integer, SignOfGamma) {
    for (double x : {1e-300, 0.5, 1.0, 7.25, -1.5, -3.5, -101.5}) {
        EXPECT_EQ(hy_lgamma_r_second_f64(x), 1) << x;
    }
    for (double x : {-1e-300, -0.0, -0.5, -2.5, -100.5}) {
        EXPECT_EQ(hy_lgamma_r_second_f64(x), -1) << x;
    }
    EXPECT_EQ(hy_lgamma_r_second_f32(-0.5f), -1);
    EXPECT_EQ(hy_lgamma_r_second_f32(-1.5f), 1);
}

// OpenCL C 3.0 table 39: half_ functions have 8192 units, for sin, cos and tan in -2^16 .. 2^16. We hold native_ to it
// too.
template <typename Function, typename Truth>
void checkLoose(const char* name, Function function, Truth truth, double low, double high) {
    std::mt19937_64 random(1);
    double worst = 0;
    for (int i = 0; i < 200000; ++i) {
        const double t = static_cast<double>(random() >> 11) * 0x1p-53;
        const auto x = static_cast<float>(low + (high - low) * t);
        const double want = truth(static_cast<double>(x));
        const double unit = std::ldexp(1.0, std::max(std::ilogb(want), -126) - 23);
        worst = std::max(worst, std::fabs(static_cast<double>(function(x)) - want) / unit);
    }
    EXPECT_LE(worst, 8192) << name;
    EXPECT_GT(worst, 0) << name << " cannot be exact";
}

TEST(Loose, NativeAndHalf) {
    const double wide = 65536;
    checkLoose(
        "native_sin", hy_native_sin_f32, [](double x) { return std::sin(x); }, -wide, wide);
    checkLoose(
        "native_cos", hy_native_cos_f32, [](double x) { return std::cos(x); }, -wide, wide);
    checkLoose(
        "native_tan", hy_native_tan_f32, [](double x) { return std::tan(x); }, -wide, wide);
    checkLoose(
        "half_sin", hy_half_sin_f32, [](double x) { return std::sin(x); }, -wide, wide);
    checkLoose(
        "half_cos", hy_half_cos_f32, [](double x) { return std::cos(x); }, -wide, wide);
    checkLoose(
        "half_tan", hy_half_tan_f32, [](double x) { return std::tan(x); }, -wide, wide);
    checkLoose(
        "native_exp", hy_native_exp_f32, [](double x) { return std::exp(x); }, -80, 80);
    checkLoose(
        "native_exp2", hy_native_exp2_f32, [](double x) { return std::exp2(x); }, -120, 120);
    checkLoose(
        "native_exp10", hy_native_exp10_f32, [](double x) { return std::pow(10.0, x); }, -37, 38);
    checkLoose(
        "half_exp", hy_half_exp_f32, [](double x) { return std::exp(x); }, -80, 80);
    checkLoose(
        "native_log", hy_native_log_f32, [](double x) { return std::log(x); }, 1e-6, 1e6);
    checkLoose(
        "native_log2", hy_native_log2_f32, [](double x) { return std::log2(x); }, 1e-6, 1e6);
    checkLoose(
        "native_log10", hy_native_log10_f32, [](double x) { return std::log10(x); }, 1e-6, 1e6);
    checkLoose(
        "half_log", hy_half_log_f32, [](double x) { return std::log(x); }, 1e-6, 4);
    checkLoose(
        "native_recip", hy_native_recip_f32, [](double x) { return 1 / x; }, -100, 100);
    checkLoose(
        "native_rsqrt", hy_native_rsqrt_f32, [](double x) { return 1 / std::sqrt(x); }, 1e-6, 1e6);
    checkLoose(
        "native_sqrt", hy_native_sqrt_f32, [](double x) { return std::sqrt(x); }, 1e-6, 1e6);
    checkLoose(
        "native_divide", [](float x) { return hy_native_divide_f32(x, 3); }, [](double x) { return x / 3; }, 0, 9);
    for (float y : {-20.0f, -0.5f, 0.3f, 7.0f, 30.0f}) {
        const auto power = [y](double x) { return std::pow(x, static_cast<double>(y)); };
        checkLoose(
            "native_powr", [y](float x) { return hy_native_powr_f32(x, y); }, power, 0.1, 18);
        checkLoose(
            "half_powr", [y](float x) { return hy_half_powr_f32(x, y); }, power, 0.1, 18);
    }
}

} // namespace
