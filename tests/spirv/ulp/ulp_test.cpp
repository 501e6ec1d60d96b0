// The accuracy of every elementary function, measured through the public interface on the cpu device: the importer, the
// optimiser and the code generator are in it, where devlib_accuracy_test has the library alone. Halves are tried
// exhaustively, floats at every exponent and at the hard cases of argument reduction, doubles at samples. Prints the
// table of docs/maths.md.
//   --exhaustive   every float of the functions of one argument (minutes a function)
//   --device=NAME  another device than cpu
#include "builder/kernel.h"
#include "builder/runner.h"
#include "matrix/numbers.h"

#include "measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

namespace halyard::spirvtest {
namespace {

namespace truth = halyard::jit::reference;

bool exhaustive = false;
std::string selector = "cpu";

constexpr uint32_t kWorkgroup = 64;

struct Function {
    std::string name; // "sin" or "Sin"
    Flavour flavour;
    uint32_t instruction;
    double bound;
    const char* vulkan; // the Vulkan specification's own bound, or ""
    // Exactly one is set of each precision.
    double (*one)(double) = nullptr;
    Quad (*oneQuad)(Quad) = nullptr;
    double (*two)(double, double) = nullptr;
    Quad (*twoQuad)(Quad, Quad) = nullptr;
    double (*power)(double, int) = nullptr;
    Quad (*powerQuad)(Quad, int) = nullptr;

    uint32_t operands() const { return one != nullptr ? 1 : 2; }
};

std::vector<Function> functions() {
    std::vector<Function> all;
#define OPENCL(name, bound) Function f{#name, Flavour::Kernel, static_cast<uint32_t>(OpenCl::name), bound, ""};
#define OPENCL_ONE(name, bound)                                                                                        \
    {                                                                                                                  \
        OPENCL(name, bound)                                                                                            \
        f.one = [](double x) { return truth::name(x); };                                                               \
        f.oneQuad = [](Quad x) { return truth::name(x); };                                                             \
        all.push_back(f);                                                                                              \
    }
#define OPENCL_TWO(name, bound)                                                                                        \
    {                                                                                                                  \
        OPENCL(name, bound)                                                                                            \
        f.two = [](double x, double y) { return truth::name(x, y); };                                                  \
        f.twoQuad = [](Quad x, Quad y) { return truth::name(x, y); };                                                  \
        all.push_back(f);                                                                                              \
    }
#define OPENCL_POWER(name, bound)                                                                                      \
    {                                                                                                                  \
        OPENCL(name, bound)                                                                                            \
        f.power = [](double x, int n) { return truth::name(x, n); };                                                   \
        f.powerQuad = [](Quad x, int n) { return truth::name(x, n); };                                                 \
        all.push_back(f);                                                                                              \
    }
#define GLSL_ONE(name, function, bound, vulkan)                                                                        \
    {                                                                                                                  \
        Function f{#name, Flavour::GLCompute, static_cast<uint32_t>(Glsl::name), bound, vulkan};                       \
        f.one = [](double x) { return truth::function(x); };                                                           \
        f.oneQuad = [](Quad x) { return truth::function(x); };                                                         \
        all.push_back(f);                                                                                              \
    }
#define GLSL_TWO(name, function, bound, vulkan)                                                                        \
    {                                                                                                                  \
        Function f{#name, Flavour::GLCompute, static_cast<uint32_t>(Glsl::name), bound, vulkan};                       \
        f.two = [](double x, double y) { return truth::function(x, y); };                                              \
        f.twoQuad = [](Quad x, Quad y) { return truth::function(x, y); };                                              \
        all.push_back(f);                                                                                              \
    }
#include "functions.def"
#undef OPENCL
#undef OPENCL_ONE
#undef OPENCL_TWO
#undef OPENCL_POWER
#undef GLSL_ONE
#undef GLSL_TWO
    return all;
}

Words moduleOf(const Function& function, Scalar scalar) {
    Module module(function.flavour);
    const Id type = module.floatType(bitsOf(scalar)), whole = module.intType(32);
    Ids elements = {type};
    if (function.operands() == 2) {
        elements.push_back(function.power != nullptr ? whole : type);
    }
    elements.push_back(type);
    Kernel kernel(module, "f", elements, {kWorkgroup, 1, 1});
    const Id i = kernel.globalId();
    Words operands;
    for (uint32_t o = 0; o < function.operands(); ++o) {
        operands.push_back(kernel.load(o, i));
    }
    const char* set = function.flavour == Flavour::Kernel ? "OpenCL.std" : "GLSL.std.450";
    kernel.store(function.operands(), i, module.extended(set, function.instruction, type, operands));
    kernel.finish();
    return module.words();
}

struct Worst {
    double ulps = 0;
    std::string where = "";
};

template <typename T> T valueAt(const Bytes& bytes, size_t n) {
    T value;
    std::memcpy(&value, bytes.data() + n * sizeof value, sizeof value);
    return value;
}

double widened(Scalar scalar, const Bytes& bytes, size_t n) {
    return scalar == Scalar::F16   ? static_cast<double>(toQuad(Scalar::F16, valueAt<uint16_t>(bytes, n)))
           : scalar == Scalar::F32 ? static_cast<double>(valueAt<float>(bytes, n))
                                   : valueAt<double>(bytes, n);
}

// The error of a half or float against a double, in units in the last place; lgamma's against max(|lgamma|, 1).
double errorOf(Scalar scalar, double got, double want, double floor) {
    if (std::isnan(want) || std::isnan(got)) {
        return std::isnan(want) == std::isnan(got) ? 0 : truth::kWrong;
    }
    if (got == want) {
        return got == 0 && std::signbit(got) != std::signbit(want) ? truth::kWrong : 0;
    }
    const Format format = formatOf(scalar);
    const double limit = std::ldexp(1.0, format.maxExponent + 1);
    const double target = std::clamp(want, -limit, limit), value = std::clamp(got, -limit, limit);
    const double magnitude = std::max({std::fabs(target), floor, std::ldexp(1.0, format.minExponent)});
    return std::fabs(value - target) / std::ldexp(1.0, std::ilogb(magnitude) - format.precision + 1);
}

double errorAt(const Function& f, Scalar scalar, const std::vector<Argument>& arguments, size_t n) {
    const Bytes& x = arguments[0].bytes;
    const Bytes& result = arguments.back().bytes;
    const double floor = f.name == "lgamma" ? 1 : 0;
    if (scalar == Scalar::F64) {
        const Quad a = valueAt<double>(x, n);
        Quad want = 0;
        if (f.oneQuad != nullptr) {
            want = f.oneQuad(a);
        } else if (f.twoQuad != nullptr) {
            want = f.twoQuad(a, valueAt<double>(arguments[1].bytes, n));
        } else {
            want = f.powerQuad(a, valueAt<int32_t>(arguments[1].bytes, n));
        }
        return truth::ulps<double, Quad>(valueAt<double>(result, n), want, Quad(floor));
    }
    const double a = widened(scalar, x, n);
    double want = 0;
    if (f.one != nullptr) {
        want = f.one(a);
    } else if (f.two != nullptr) {
        want = f.two(a, widened(scalar, arguments[1].bytes, n));
    } else {
        want = f.power(a, valueAt<int32_t>(arguments[1].bytes, n));
    }
    return errorOf(scalar, widened(scalar, result, n), want, floor);
}

// Where GLSL defines no result: Pow with a negative base, atan(0, 0) and infinities of it.
bool undefined(const Function& f, Scalar scalar, const std::vector<Argument>& arguments, size_t n) {
    if (f.name != "Pow" && f.name != "Atan2") {
        return false;
    }
    const double x = widened(scalar, arguments[0].bytes, n), y = widened(scalar, arguments[1].bytes, n);
    if (!std::isfinite(x) || !std::isfinite(y)) {
        return true;
    }
    return f.name == "Pow" ? x <= 0 : x == 0 || y == 0;
}

using Random = std::mt19937_64;

uint64_t bitsOfDouble(Scalar scalar, double value) {
    return fromQuad(scalar, value);
}

// Any bits; numbers of moderate size; numbers near multiples of pi / 4, near one, and near the ends of exp's range: in
// turn.
uint64_t sample(Random& random, Scalar scalar, size_t index) {
    const uint64_t word = random();
    const double unit = static_cast<double>(static_cast<int64_t>(word)) * 0x1p-63;
    switch (index % 8) {
    case 0:
    case 1:
    case 2:
        return word & maskOf(scalar);
    case 3:
    case 4:
        return bitsOfDouble(scalar, std::ldexp(unit, static_cast<int>(random() % 24) - 14));
    case 5: {
        const double multiple = static_cast<double>(random() % (index % 16 == 5 ? 64 : 1u << 24));
        return bitsOfDouble(scalar, multiple * 0.78539816339744830962 * (1 + unit * 0x1p-20));
    }
    case 6:
        return bitsOfDouble(scalar, 1 + std::ldexp(unit, -static_cast<int>(random() % 40)));
    default:
        return bitsOfDouble(scalar, unit * (scalar == Scalar::F64 ? 750 : 130));
    }
}

const double kSpecials[] = {0,
                            1,
                            0.5,
                            0.25,
                            0.75,
                            1.5,
                            2,
                            2.5,
                            3,
                            4,
                            5,
                            10,
                            41,
                            171,
                            1e10,
                            8388608,
                            25165824,
                            1.57079632679489661923,
                            3.14159265358979323846,
                            0.70710678118654752,
                            88.7228394,
                            709.78271289338397,
                            103.97,
                            745.2,
                            1.17549435e-38,
                            1e-45,
                            5e-324,
                            3.4028234e38,
                            1.7976931348623157e308};

std::vector<uint64_t> specialBits(Scalar scalar) {
    std::vector<uint64_t> all = {infinity(scalar, false), infinity(scalar, true), quietNan(scalar), largest(scalar)};
    for (double value : kSpecials) {
        const uint64_t bits = bitsOfDouble(scalar, value), sign = uint64_t(1) << (bitsOf(scalar) - 1);
        for (uint64_t near : {bits, bits + 1, bits == 0 ? bits : bits - 1}) {
            if (!isNan(scalar, near)) {
                all.push_back(near);
                all.push_back(near | sign);
            }
        }
    }
    return all;
}

class Measurement {
public:
    Measurement(TestDevice& device, const Function& function, Scalar scalar)
        : function_(function), scalar_(scalar), size_(bitsOf(scalar) / 8) {
        const Outcome loaded = device.load(moduleOf(function, scalar), &program_);
        EXPECT_TRUE(loaded.ok()) << function.name << ": " << loaded.text();
    }

    // One launch over these operands; their number is padded to whole workgroups.
    void measure(std::vector<uint64_t> xs, std::vector<uint64_t> ys) {
        if (program_ == nullptr) {
            return;
        }
        const size_t count = xs.size(), padded = (count + kWorkgroup - 1) / kWorkgroup * kWorkgroup;
        xs.resize(padded);
        Launch launch{"f", {static_cast<uint32_t>(padded / kWorkgroup), 1, 1}, {kWorkgroup, 1, 1}, {packed(xs, size_)}};
        if (function_.operands() == 2) {
            ys.resize(padded);
            launch.arguments.push_back(packed(ys, function_.power != nullptr ? 4 : size_));
        }
        launch.arguments.push_back(Argument::output(padded * size_));
        const Outcome outcome = program_->run(launch);
        ASSERT_TRUE(outcome.ok()) << function_.name << ": " << outcome.text();
        for (size_t n = 0; n < count; ++n) {
            if (undefined(function_, scalar_, launch.arguments, n)) {
                continue;
            }
            const double error = errorAt(function_, scalar_, launch.arguments, n);
            if (error > worst_.ulps) {
                char text[96];
                std::snprintf(text, sizeof text, "%llx %llx", static_cast<unsigned long long>(xs[n]),
                              static_cast<unsigned long long>(ys.empty() ? 0 : ys[n]));
                worst_ = {error, text};
            }
        }
    }
    const Worst& worst() const { return worst_; }

private:
    static Argument packed(const std::vector<uint64_t>& values, size_t size) {
        Bytes bytes(values.size() * size);
        for (size_t n = 0; n < values.size(); ++n) {
            std::memcpy(bytes.data() + n * size, &values[n], size);
        }
        return Argument::buffer(std::move(bytes));
    }

    const Function& function_;
    Scalar scalar_;
    size_t size_;
    std::unique_ptr<Program> program_;
    Worst worst_;
};

Worst measureOne(TestDevice& device, const Function& function, Scalar scalar) {
    Measurement measurement(device, function, scalar);
    std::vector<uint64_t> xs = specialBits(scalar);
    if (scalar == Scalar::F16) {
        for (uint64_t bits = 0; bits < 0x10000; ++bits) {
            xs.push_back(bits);
        }
    } else if (scalar == Scalar::F32 && exhaustive) {
        for (uint64_t first = 0; first < uint64_t(1) << 32; first += 1 << 22) {
            std::vector<uint64_t> chunk(1 << 22);
            for (size_t i = 0; i < chunk.size(); ++i) {
                chunk[i] = first + i;
            }
            measurement.measure(std::move(chunk), {});
        }
    } else {
        Random random(1);
        const size_t count = scalar == Scalar::F32 ? 300000 : 16000;
        for (size_t i = 0; i < count; ++i) {
            xs.push_back(sample(random, scalar, i));
        }
        for (uint64_t exponent = 0; scalar == Scalar::F32 && exponent < 512; ++exponent) { // with the sign
            for (uint64_t fraction :
                 {uint64_t(0), uint64_t(1), uint64_t(0x400000), uint64_t(0x7fffff), random() & 0x7fffff}) {
                xs.push_back(exponent << 23 | fraction);
            }
        }
    }
    measurement.measure(std::move(xs), {});
    return measurement.worst();
}

Worst measureTwo(TestDevice& device, const Function& function, Scalar scalar) {
    Measurement measurement(device, function, scalar);
    std::vector<uint64_t> xs, ys;
    Random random(1);
    const bool power = function.power != nullptr;
    const auto integer = [&] {
        return uint64_t(static_cast<uint32_t>(static_cast<int64_t>(random()) >> (32 + random() % 31)));
    };
    for (uint64_t x : specialBits(scalar)) {
        if (power) {
            for (int n : {0, 1, -1, 2, -2, 3, -3, 10, -126, -149, 127, 128, 1023, -1074, 2147483647, -2147483647 - 1}) {
                xs.push_back(x);
                ys.push_back(static_cast<uint32_t>(n));
            }
            continue;
        }
        for (uint64_t y : specialBits(scalar)) {
            xs.push_back(x);
            ys.push_back(y);
        }
    }
    const size_t count = scalar == Scalar::F64 ? 16000 : 150000;
    for (size_t i = 0; i < count; ++i) {
        uint64_t x = sample(random, scalar, i), y = power ? integer() : sample(random, scalar, i + i / 8);
        if (i % 4 == 3 && !power) {
            // The hard cases of powers: a base near one, and a result anywhere in the range.
            const double t = static_cast<double>(static_cast<int64_t>(random())) * 0x1p-63;
            const double base = std::exp2(std::fmod(static_cast<double>(toQuad(scalar, x)), 0.5));
            x = bitsOfDouble(scalar, base);
            y = bitsOfDouble(scalar, t * (formatOf(scalar).maxExponent + 1) /
                                         std::log2(static_cast<double>(toQuad(scalar, x))));
        }
        xs.push_back(x);
        ys.push_back(y);
    }
    measurement.measure(std::move(xs), std::move(ys));
    return measurement.worst();
}

TestDevice& deviceUnderTest() {
    static std::string why;
    static const std::unique_ptr<TestDevice> device = TestDevice::open(selector, &why);
    if (device == nullptr) {
        std::fprintf(stderr, "device %s: %s\n", selector.c_str(), why.c_str());
        std::exit(1);
    }
    return *device;
}

// GLSL.std.450 has the elementary functions in 16 and 32 bits, and roots in 64 too.
bool exists(const Function& function, Scalar scalar) {
    return function.flavour == Flavour::Kernel || scalar != Scalar::F64 || function.name == "Sqrt" ||
           function.name == "InverseSqrt";
}

std::vector<std::string>& table() {
    static std::vector<std::string> rows;
    return rows;
}

class Ulp : public testing::TestWithParam<Function> {};
INSTANTIATE_TEST_SUITE_P(Functions, Ulp, testing::ValuesIn(functions()), [](const auto& about) {
    return (about.param.flavour == Flavour::Kernel ? "opencl_" : "glsl_") + about.param.name;
});

TEST_P(Ulp, StaysWithinItsBound) {
    const Function& function = GetParam();
    std::string cells;
    for (Scalar scalar : {Scalar::F32, Scalar::F64, Scalar::F16}) {
        if (!exists(function, scalar)) {
            cells += " – |";
            continue;
        }
        const Worst worst = function.operands() == 1 ? measureOne(deviceUnderTest(), function, scalar)
                                                     : measureTwo(deviceUnderTest(), function, scalar);
        // Half functions are float functions rounded: half a unit, and a little where the float result is not exact.
        const double bound =
            scalar == Scalar::F16 ? std::min(function.bound, function.bound <= 0.5 ? 0.5 : 0.51) : function.bound;
        EXPECT_LE(worst.ulps, bound) << function.name << " in " << scalarName(scalar) << " at " << worst.where;
        char cell[32];
        std::snprintf(cell, sizeof cell, " %.2f |", worst.ulps);
        cells += cell;
    }
    const std::string bound =
        function.bound <= 0.5 ? "correctly rounded" : std::to_string(static_cast<int>(function.bound));
    table().push_back("| " + function.name + " |" + cells + " " + bound + " |" +
                      (function.flavour == Flavour::GLCompute ? std::string(" ") + function.vulkan + " |" : ""));
}

// Printed at the end, as docs/maths.md has it.
struct Print : testing::Environment {
    void TearDown() override {
        for (const std::string& row : table()) {
            std::printf("%s\n", row.c_str());
        }
    }
};
[[maybe_unused]] const testing::Environment* const registered = testing::AddGlobalTestEnvironment(new Print);

} // namespace
} // namespace halyard::spirvtest

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--exhaustive") == 0) {
            halyard::spirvtest::exhaustive = true;
        } else if (std::strncmp(argv[i], "--device=", 9) == 0) {
            halyard::spirvtest::selector = argv[i] + 9;
        } else {
            std::fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    return RUN_ALL_TESTS();
}
