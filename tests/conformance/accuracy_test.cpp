// What the functions of OpenCL C and the arithmetic operators compute: errors against the same function in double
// precision, bounded as OpenCL 3.0 C section 7.4 bounds them for the full profile, and special values.
#include "fixture.h"

#include "accuracy_cl.spv.h"
#include "contraction_comp.spv.h"
#include "integers_cl.spv.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <ostream>
#include <random>

using namespace halyard::conformance;

namespace {

constexpr size_t kValues = 4096;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// The distance in units in the last place of the float nearest to the right value.
double errorInUlps(float found, double right) {
    if (std::isnan(right))
        return std::isnan(found) ? 0 : kInfinity;
    const auto rounded = static_cast<float>(right);
    if (std::isinf(rounded) || std::isinf(found))
        return found == rounded ? 0 : kInfinity;
    int exponent = 0;
    std::frexp(right, &exponent);
    return std::abs(found - right) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

struct Function {
    const char* kernel;
    double ulps; // the bound
    float low, high;
    double (*one)(double);
    double (*two)(double, double);
    float secondLow, secondHigh;

    friend std::ostream& operator<<(std::ostream& out, const Function& function) { return out << function.kernel; }
};

class Accuracy : public DeviceTest {
protected:
    std::vector<float> evaluate(const char* name, const std::vector<float>& in, size_t perResult) {
        const HyModule module = loadModule(accuracy_cl_spv, accuracy_cl_spv_size);
        const HyKernel kernel = makeKernel(module, name);
        const auto count = static_cast<uint32_t>(in.size() / perResult);
        const HyDevicePtr src = upload(in);
        const HyDevicePtr dst = upload(std::vector<float>(count, -12345));
        const void* args[] = {&dst, &src};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {count, 1, 1}, {1, 1, 1}, 0, args, 2));
        return download<float>(dst, count);
    }
};

class AccuracyOf : public Accuracy, public ::testing::WithParamInterface<Function> {};

TEST_P(AccuracyOf, StaysInItsBound) {
    const Function& function = GetParam();
    std::mt19937 random(7);
    std::uniform_real_distribution<float> first(function.low, function.high);
    std::uniform_real_distribution<float> second(function.secondLow, function.secondHigh);
    const size_t operands = function.one != nullptr ? 1 : 2;
    std::vector<float> in;
    while (in.size() < kValues * operands) {
        in.push_back(first(random));
        if (operands == 2)
            in.push_back(second(random));
    }
    const std::vector<float> out = evaluate(function.kernel, in, operands);
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < out.size(); ++i) {
        const double right = operands == 1 ? function.one(in[i]) : function.two(in[2 * i], in[2 * i + 1]);
        if (const double error = errorInUlps(out[i], right); !(error <= worst)) {
            worst = error;
            at = i;
        }
    }
    EXPECT_LE(worst, function.ulps) << "of operand " << in[at * operands] << ", which gave " << out[at];
}

constexpr Function unary(const char* kernel, double ulps, float low, float high, double (*one)(double)) {
    return {kernel, ulps, low, high, one, nullptr, 0, 1};
}

INSTANTIATE_TEST_SUITE_P(
    Functions, AccuracyOf,
    ::testing::Values(unary("exp_of", 3, -80, 80, std::exp), unary("exp2_of", 3, -120, 120, std::exp2),
                      unary("exp10_of", 3, -35, 35, [](double x) { return std::pow(10.0, x); }),
                      unary("expm1_of", 3, -5, 20, std::expm1), unary("log_of", 3, 1e-3f, 1e6f, std::log),
                      unary("log2_of", 3, 1e-3f, 1e6f, std::log2), unary("log10_of", 3, 1e-3f, 1e6f, std::log10),
                      unary("log1p_of", 2, -0.9f, 10, std::log1p), unary("sin_of", 4, -100, 100, std::sin),
                      unary("cos_of", 4, -100, 100, std::cos), unary("tan_of", 5, -100, 100, std::tan),
                      unary("asin_of", 4, -1, 1, std::asin), unary("acos_of", 4, -1, 1, std::acos),
                      unary("atan_of", 5, -50, 50, std::atan), unary("sinh_of", 4, -20, 20, std::sinh),
                      unary("cosh_of", 4, -20, 20, std::cosh), unary("tanh_of", 5, -10, 10, std::tanh),
                      unary("sqrt_of", 3, 0, 1e10f, std::sqrt),
                      unary("rsqrt_of", 2, 1e-6f, 1e10f, [](double x) { return 1 / std::sqrt(x); }),
                      unary("cbrt_of", 2, -1e6f, 1e6f, std::cbrt),
                      Function{"pow_of", 16, 0.01f, 50, nullptr, std::pow, -20, 20},
                      Function{"atan2_of", 6, -50, 50, nullptr, std::atan2, -50, 50},
                      Function{"hypot_of", 4, -1e6f, 1e6f, nullptr, std::hypot, -1e6f, 1e6f},
                      Function{"fmod_of", 0, -1e4f, 1e4f, nullptr, std::fmod, 0.1f, 100},
                      Function{"divide_of", 2.5, -1e6f, 1e6f, nullptr, [](double a, double b) { return a / b; }, 0.1f,
                               1e4f}),
    [](const auto& info) {
        const std::string name = info.param.kernel;
        return name.substr(0, name.find('_'));
    });

TEST_F(Accuracy, SpecialValues) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(evaluate("exp_of", {kInfinity, -kInfinity, 0, -0.0f, 200}, 1),
              (std::vector<float>{kInfinity, 0, 1, 1, kInfinity}));
    EXPECT_EQ(evaluate("log_of", {kInfinity, 0, -0.0f, 1}, 1),
              (std::vector<float>{kInfinity, -kInfinity, -kInfinity, 0}));
    EXPECT_EQ(evaluate("sqrt_of", {kInfinity, 0, 4}, 1), (std::vector<float>{kInfinity, 0, 2}));
    EXPECT_EQ(evaluate("pow_of", {nan, 0, 1, nan, 0, -1, 2, 10}, 2), (std::vector<float>{1, 1, kInfinity, 1024}));
    for (const char* name : {"exp_of", "log_of", "sin_of", "sqrt_of", "cbrt_of"})
        EXPECT_TRUE(std::isnan(evaluate(name, {nan}, 1)[0])) << name;
    for (const char* name : {"log_of", "sqrt_of", "asin_of"})
        EXPECT_TRUE(std::isnan(evaluate(name, {-2}, 1)[0])) << name;
    for (const char* name : {"sin_of", "tan_of", "sqrt_of", "atan_of"})
        EXPECT_TRUE(std::signbit(evaluate(name, {-0.0f}, 1)[0])) << name;
}

// (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, of which a product alone loses the end.
constexpr float kFactor = 1 + 0x1p-12f;
constexpr float kMinus = -(1 + 0x1p-11f);

TEST_F(Accuracy, FmaRoundsOnce) {
    EXPECT_EQ(evaluate("fma_of", {kFactor, kFactor, kMinus}, 3)[0], 0x1p-24f);
}

TEST_F(Accuracy, PreciseIsNotContracted) {
    const HyKernel kernel = makeKernel(loadModule(contraction_comp_spv, contraction_comp_spv_size), "main");
    const HyDevicePtr values = upload(std::vector<float>{kFactor, kFactor, kMinus, 5});
    const void* args[] = {&values};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 1));
    EXPECT_EQ(download<float>(values, 4)[3], 0.0f);
}

using Integers = DeviceTest;

TEST_F(Integers, SignedAndUnsignedDiffer) {
    constexpr uint32_t kCount = 1000;
    std::mt19937 random(11);
    std::vector<int32_t> in;
    while (in.size() < 2 * kCount) {
        in.push_back(static_cast<int32_t>(random()));
        const auto divisor = static_cast<int32_t>(random()) >> (random() % 31);
        in.push_back(divisor == 0 || divisor == -1 ? 3 : divisor);
    }
    const HyDevicePtr src = upload(in);
    const HyDevicePtr dst = upload(std::vector<int32_t>(8 * kCount, 77));
    const HyKernel kernel = makeKernel(loadModule(integers_cl_spv, integers_cl_spv_size), "integers");
    const void* args[] = {&dst, &src};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kCount, 1, 1}, {1, 1, 1}, 0, args, 2));
    const std::vector<int32_t> out = download<int32_t>(dst, 8 * kCount);
    for (uint32_t i = 0; i < kCount; ++i) {
        const int32_t a = in[2 * i], b = in[2 * i + 1];
        const auto c = static_cast<uint32_t>(a), d = static_cast<uint32_t>(b);
        const int32_t expected[] = {a / b,
                                    static_cast<int32_t>(c / d),
                                    a >> (b & 31),
                                    static_cast<int32_t>(c >> (d & 31)),
                                    a < b,
                                    c < d,
                                    static_cast<int32_t>(a < b ? c + 1 : d - 1),
                                    a % b};
        for (uint32_t j = 0; j < 8; ++j)
            ASSERT_EQ(out[8 * i + j], expected[j]) << "result " << j << " of " << a << " and " << b;
    }
}

} // namespace
