// Measures every function of the device maths library against more precise references, asserts the OpenCL bounds, and
// prints the table of docs/maths.md. HALYARD_DEVLIB_EXHAUSTIVE=1 takes every float and more doubles (about an hour).
#include "half_shim.h"
#include "measure.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#define ONE(name, bound)                                                                                               \
    extern "C" float hy_##name##_f32(float x);                                                                         \
    extern "C" double hy_##name##_f64(double x);
#define TWO(name, bound)                                                                                               \
    extern "C" float hy_##name##_f32(float x, float y);                                                                \
    extern "C" double hy_##name##_f64(double x, double y);
#define POWER(name, bound)                                                                                             \
    extern "C" float hy_##name##_f32(float x, int n);                                                                  \
    extern "C" double hy_##name##_f64(double x, int n);
#include "functions.def"
#undef ONE
#undef TWO
#undef POWER

namespace {

namespace reference = halyard::jit::reference;
using reference::Quad;

bool exhaustive() {
    const char* value = std::getenv("HALYARD_DEVLIB_EXHAUSTIVE");
    return value != nullptr && std::strcmp(value, "0") != 0;
}

template <typename T> T fromBits(uint64_t bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

struct Worst {
    double ulps = 0;
    std::string where = "none";

    template <typename... Arguments> void take(double error, const char* format, Arguments... arguments) {
        if (error > ulps) {
            char text[128];
            std::snprintf(text, sizeof text, format, arguments...);
            ulps = error;
            where = text;
        }
    }
    void merge(const Worst& other) {
        if (other.ulps > ulps) {
            *this = other;
        }
    }
};

struct Row {
    double bound = 0;
    std::map<std::string, Worst> byType;
};
std::map<std::string, Row> table; // filled by the tests, printed by Report

// Zeros, ones, halves, small and large integers, the ends of the range, infinities and NaN.
template <typename T> std::vector<T> specials() {
    using Limits = std::numeric_limits<T>;
    std::vector<T> values;
    for (T x : {T(0),
                T(1),
                T(0.5),
                T(0.25),
                T(0.75),
                T(1.5),
                T(2),
                T(2.5),
                T(3),
                T(4),
                T(5),
                T(10),
                T(41),
                T(171),
                T(1e10),
                T(1) / Limits::epsilon(),
                T(3) / Limits::epsilon(),
                T(1.57079632679489661923),
                T(3.14159265358979323846),
                T(0.70710678118654752),
                T(88.7228394),
                T(709.78271289338397),
                Limits::min(),
                Limits::denorm_min(),
                Limits::max(),
                Limits::infinity(),
                Limits::quiet_NaN(),
                Limits::epsilon(),
                Limits::min() * T(1.5)}) {
        for (T y : {x, std::nextafter(x, T(0)), std::nextafter(x, Limits::infinity())}) {
            values.push_back(y);
            values.push_back(-y);
        }
    }
    return values;
}

// Any bits, or numbers of moderate size, in turn.
template <typename T> T sample(std::mt19937_64& random, uint64_t index) {
    const uint64_t bits = random();
    if (index % 2 == 0) {
        return fromBits<T>(sizeof(T) == 4 ? bits >> 32 : bits);
    }
    const int exponent = static_cast<int>(random() % 24) - 14;
    return static_cast<T>(std::ldexp(static_cast<double>(static_cast<int64_t>(bits)), exponent - 63));
}

// Runs work(thread, threads) on every core and merges the results.
Worst parallel(const std::function<Worst(unsigned, unsigned)>& work) {
    const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, 16u);
    std::vector<Worst> results(threads);
    std::vector<std::thread> pool;
    for (unsigned i = 0; i < threads; ++i) {
        pool.emplace_back([&results, &work, i, threads] { results[i] = work(i, threads); });
    }
    Worst worst;
    for (unsigned i = 0; i < threads; ++i) {
        pool[i].join();
        worst.merge(results[i]);
    }
    return worst;
}

template <typename T, typename R> struct Check {
    bool ignoreZeroSign = false;
    R floor = 0;

    double operator()(T got, R want) const {
        if (ignoreZeroSign && got == 0 && want == 0) {
            return 0;
        }
        return reference::ulps<T, R>(got, want, floor);
    }
};

template <typename T, typename R> Check<T, R> checkFor(const std::string& name) {
    Check<T, R> check;
    check.ignoreZeroSign = name == "maxmag" || name == "minmag";
    check.floor = name == "lgamma" ? R(1) : R(0);
    return check;
}

Worst oneF32(const std::string& name, float (*function)(float), double (*truth)(double)) {
    const auto check = checkFor<float, double>(name);
    const uint64_t stride = exhaustive() ? 1 : 1021;
    Worst worst = parallel([&](unsigned thread, unsigned threads) {
        Worst mine;
        for (uint64_t bits = thread * stride; bits < (uint64_t(1) << 32); bits += threads * stride) {
            const auto x = fromBits<float>(bits);
            mine.take(check(function(x), truth(x)), "%a", double(x));
        }
        return mine;
    });
    for (float x : specials<float>()) {
        worst.take(check(function(x), truth(x)), "%a", double(x));
    }
    return worst;
}

Worst oneF64(const std::string& name, double (*function)(double), Quad (*truth)(Quad)) {
    const auto check = checkFor<double, Quad>(name);
    const uint64_t count = exhaustive() ? 5000000 : 40000;
    Worst worst = parallel([&](unsigned thread, unsigned threads) {
        Worst mine;
        std::mt19937_64 random(thread + 1);
        for (uint64_t i = 0; i < count / threads; ++i) {
            const auto x = sample<double>(random, i);
            mine.take(check(function(x), truth(x)), "%a", x);
        }
        return mine;
    });
    for (double x : specials<double>()) {
        worst.take(check(function(x), truth(x)), "%a", x);
    }
    return worst;
}

template <typename T, typename R>
Worst two(const std::string& name, T (*function)(T, T), R (*truth)(R, R), uint64_t count) {
    const auto check = checkFor<T, R>(name);
    Worst worst = parallel([&](unsigned thread, unsigned threads) {
        Worst mine;
        std::mt19937_64 random(thread + 1);
        for (uint64_t i = 0; i < count / threads; ++i) {
            T x = sample<T>(random, i);
            T y = sample<T>(random, i);
            if (i % 4 == 3) {
                // The hard cases of powers: a base near one, and a result anywhere in the range.
                const double t = static_cast<double>(static_cast<int64_t>(random())) * 0x1p-63;
                x = static_cast<T>(std::exp2(std::fmod(static_cast<double>(x), 0.5)));
                y = static_cast<T>(t * std::numeric_limits<T>::max_exponent / std::log2(static_cast<double>(x)));
            }
            mine.take(check(function(x, y), truth(x, y)), "%a, %a", double(x), double(y));
        }
        return mine;
    });
    for (T x : specials<T>()) {
        for (T y : specials<T>()) {
            worst.take(check(function(x, y), truth(x, y)), "%a, %a", double(x), double(y));
        }
    }
    return worst;
}

template <typename T, typename R>
Worst power(const std::string& name, T (*function)(T, int), R (*truth)(R, int), uint64_t count) {
    const auto check = checkFor<T, R>(name);
    Worst worst = parallel([&](unsigned thread, unsigned threads) {
        Worst mine;
        std::mt19937_64 random(thread + 1);
        for (uint64_t i = 0; i < count / threads; ++i) {
            const T x = sample<T>(random, i);
            const int n = static_cast<int>(static_cast<int64_t>(random()) >> (32 + random() % 31));
            mine.take(check(function(x, n), truth(x, n)), "%a, %d", double(x), n);
        }
        return mine;
    });
    for (T x : specials<T>()) {
        for (int n : {0, 1, -1, 2, -2, 3, -3, 10, -126, -149, 127, 128, 1023, -1074, 2147483647, -2147483647 - 1}) {
            worst.take(check(function(x, n), truth(x, n)), "%a, %d", double(x), n);
        }
    }
    return worst;
}

// An f16 result, by its bits, against a float reference in double.
double halfUlps(const std::string& name, uint16_t got, double want) {
    const double value = hyTestHalfToFloat(got);
    if (name == "fract_value") {
        want = want > 0x1.ffcp-1 ? 0x1.ffcp-1 : want; // the largest f16 below one, not the largest float
    }
    if (std::isnan(want) || std::isnan(value)) {
        return std::isnan(want) == std::isnan(value) ? 0 : reference::kWrong;
    }
    if (value == 0 && want == 0 && name != "maxmag" && name != "minmag") {
        return std::signbit(value) == std::signbit(want) ? 0 : reference::kWrong;
    }
    const double limit = 65536;
    const double target = std::clamp(want, -limit, limit);
    const double clamped = std::clamp(value, -limit, limit);
    const double floor = name == "lgamma" ? 1 : 0x1p-14;
    const double unit = std::ldexp(1.0, std::ilogb(std::max(std::fabs(target), floor)) - 10);
    return std::fabs(clamped - target) / unit;
}

// Half a unit is correct rounding; f32 results that are not exact leave a little more.
double halfBound(double bound) {
    return bound <= 0.5 ? 0.5 : 0.51;
}

uint16_t orderedHalf(uint16_t bits) {
    return (bits & 0x8000) != 0 ? static_cast<uint16_t>(0x8000 - (bits & 0x7fff))
                                : static_cast<uint16_t>(0x8000 + bits);
}

Worst oneF16(const std::string& name, uint16_t (*function)(uint16_t), double (*truth)(double)) {
    Worst worst;
    for (uint32_t i = 0; i < 0x10000; ++i) {
        const auto bits = static_cast<uint16_t>(i);
        const double x = hyTestHalfToFloat(bits);
        worst.take(halfUlps(name, function(bits), truth(x)), "%a", x);
    }
    return worst;
}

Worst twoF16(const std::string& name, uint16_t (*function)(uint16_t, uint16_t), double (*truth)(double, double)) {
    Worst worst;
    std::mt19937_64 random(1);
    for (int i = 0; i < 300000; ++i) {
        const uint64_t bits = random();
        const auto a = static_cast<uint16_t>(bits), b = static_cast<uint16_t>(bits >> 16);
        const double x = hyTestHalfToFloat(a), y = hyTestHalfToFloat(b);
        const uint16_t got = function(a, b);
        if (name == "nextafter") {
            const int step = y > x ? 1 : -1;
            const bool exact = std::isnan(x) || std::isnan(y) ? std::isnan(hyTestHalfToFloat(got))
                               : x == y                       ? hyTestHalfToFloat(got) == y
                                        : orderedHalf(got) == static_cast<uint16_t>(orderedHalf(a) + step);
            worst.take(exact ? 0 : reference::kWrong, "%a, %a", x, y);
        } else {
            worst.take(halfUlps(name, got, truth(x, y)), "%a, %a", x, y);
        }
    }
    return worst;
}

Worst powerF16(const std::string& name, uint16_t (*function)(uint16_t, int), double (*truth)(double, int)) {
    Worst worst;
    std::mt19937_64 random(1);
    for (int i = 0; i < 300000; ++i) {
        const auto a = static_cast<uint16_t>(random());
        const int n = static_cast<int>(static_cast<int64_t>(random()) >> (32 + random() % 31));
        const double x = hyTestHalfToFloat(a);
        worst.take(halfUlps(name, function(a, n), truth(x, n)), "%a, %d", x, n);
    }
    return worst;
}

void record(const std::string& name, const char* type, double bound, const Worst& worst) {
    table[name].bound = std::max(table[name].bound, bound);
    table[name].byType[type] = worst;
    EXPECT_LE(worst.ulps, bound) << name << "." << type << " at " << worst.where;
}

struct Report : testing::Environment {
    void TearDown() override {
        if (table.empty()) {
            return;
        }
        std::printf("| function | f32 | at | f64 | at | f16 | bound |\n|---|---|---|---|---|---|---|\n");
        for (auto& [name, row] : table) {
            std::printf("| %s | %.2f | %s | %.2f | %s | %.2f | %g |\n", name.c_str(), row.byType["f32"].ulps,
                        row.byType["f32"].where.c_str(), row.byType["f64"].ulps, row.byType["f64"].where.c_str(),
                        row.byType["f16"].ulps, row.bound);
        }
    }
};
[[maybe_unused]] const testing::Environment* const registered = testing::AddGlobalTestEnvironment(new Report);

// The neighbours of a float are not those of a double.
float trueNextafter(float x, float y) {
    return std::nextafter(x, y);
}
double trueNextafter(double x, double y) {
    return std::nextafter(x, y);
}

namespace truth {
using namespace halyard::jit::reference; // NOLINT(google-build-using-namespace): the names below are the library's
double nextafter(double x, double y) {
    return trueNextafter(static_cast<float>(x), static_cast<float>(y));
}
Quad nextafter(Quad x, Quad y) {
    return trueNextafter(static_cast<double>(x), static_cast<double>(y));
}
} // namespace truth

const uint64_t kFloatPairs = exhaustive() ? 400000000 : 2000000;
const uint64_t kDoublePairs = exhaustive() ? 5000000 : 40000;

#define ONE(name, bound)                                                                                               \
    TEST(Accuracy, name) {                                                                                             \
        record(#name, "f32", bound, oneF32(#name, hy_##name##_f32, [](double x) { return truth::name(x); }));          \
        record(#name, "f64", bound, oneF64(#name, hy_##name##_f64, [](Quad x) { return truth::name(x); }));            \
        record(#name, "f16", halfBound(bound),                                                                         \
               oneF16(#name, hyTestHalf_##name, [](double x) { return truth::name(x); }));                             \
    }
#define TWO(name, bound)                                                                                               \
    TEST(Accuracy, name) {                                                                                             \
        const auto f32 = [](double x, double y) { return truth::name(x, y); };                                         \
        const auto f64 = [](Quad x, Quad y) { return truth::name(x, y); };                                             \
        record(#name, "f32", bound, two<float, double>(#name, hy_##name##_f32, f32, kFloatPairs));                     \
        record(#name, "f64", bound, two<double, Quad>(#name, hy_##name##_f64, f64, kDoublePairs));                     \
        record(#name, "f16", halfBound(bound), twoF16(#name, hyTestHalf_##name, f32));                                 \
    }
#define POWER(name, bound)                                                                                             \
    TEST(Accuracy, name) {                                                                                             \
        const auto f32 = [](double x, int n) { return truth::name(x, n); };                                            \
        const auto f64 = [](Quad x, int n) { return truth::name(x, n); };                                              \
        record(#name, "f32", bound, power<float, double>(#name, hy_##name##_f32, f32, kFloatPairs));                   \
        record(#name, "f64", bound, power<double, Quad>(#name, hy_##name##_f64, f64, kDoublePairs));                   \
        record(#name, "f16", halfBound(bound), powerF16(#name, hyTestHalf_##name, f32));                               \
    }
#include "functions.def"

} // namespace
