// Operations in place of missing instructions, against those of the C library: equal bits.
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

extern "C" {
float hy_soft_fma_f32(float, float, float);
double hy_soft_fma_f64(double, double, double);
#define DECLARE(name)                                                                                                  \
    float hy_soft_##name##_f32(float);                                                                                 \
    double hy_soft_##name##_f64(double);
DECLARE(rint)
DECLARE(floor)
DECLARE(ceil)
DECLARE(trunc)
DECLARE(round)
#undef DECLARE
#define DECLARE(name)                                                                                                  \
    float hy_soft_##name##_f32(float, float);                                                                          \
    double hy_soft_##name##_f64(double, double);
DECLARE(fmin)
DECLARE(fmax)
#undef DECLARE
}

namespace {

template <typename T> struct Bits;
template <> struct Bits<float> {
    using Type = uint32_t;
    static constexpr int kMantissa = 23;
};
template <> struct Bits<double> {
    using Type = uint64_t;
    static constexpr int kMantissa = 52;
};

template <typename T> typename Bits<T>::Type bitsOf(T x) {
    typename Bits<T>::Type bits = 0;
    std::memcpy(&bits, &x, sizeof x);
    return bits;
}

template <typename T> T fromBits(typename Bits<T>::Type bits) {
    T x = 0;
    std::memcpy(&x, &bits, sizeof x);
    return x;
}

template <typename T> bool same(T a, T b) {
    return (std::isnan(a) && std::isnan(b)) || bitsOf(a) == bitsOf(b);
}

// Any number, numbers of similar size, subnormal ones, short ones, special ones, quarters.
template <typename T> class Numbers {
public:
    T next() {
        using U = typename Bits<T>::Type;
        const auto x = static_cast<U>(random_());
        const U sign = x & ~(~U{0} >> 1);
        const U fraction = x & ((U{1} << Bits<T>::kMantissa) - 1);
        const U one =
            bitsOf(T{1}) + (static_cast<U>(random_() % 40) << Bits<T>::kMantissa) - (U{20} << Bits<T>::kMantissa);
        switch (random_() % 6) {
        case 0:
            return fromBits<T>(x);
        case 1:
            return fromBits<T>(sign | (one + fraction));
        case 2:
            return fromBits<T>(sign | fraction);
        case 3:
            return fromBits<T>(sign | (one + (fraction & 3)));
        case 4:
            return special_[random_() % special_.size()];
        default:
            return static_cast<T>(static_cast<int>(random_() % 20001) - 10000) / 4;
        }
    }
    uint64_t word() { return random_(); }

private:
    using Limits = std::numeric_limits<T>;
    std::mt19937_64 random_{20240817};
    const std::array<T, 10> special_{T{0},
                                     -T{0},
                                     Limits::infinity(),
                                     -Limits::infinity(),
                                     Limits::quiet_NaN(),
                                     Limits::max(),
                                     Limits::min(),
                                     Limits::denorm_min(),
                                     T{1},
                                     T{-1}};
};

template <typename T, typename Soft> void compareFma(Soft soft) {
    Numbers<T> numbers;
    for (int i = 0; i < 500000; ++i) {
        const T a = numbers.next();
        T b = numbers.next();
        T c = numbers.next();
        switch (numbers.word() % 6) {
        case 0:
            c = -a * b; // what is left is the rounding error of the product
            break;
        case 1:
            c = fromBits<T>(bitsOf(-a * b) ^ static_cast<typename Bits<T>::Type>(numbers.word() % 8));
            break;
        case 2:
            b = std::ldexp(b, -static_cast<int>(numbers.word() % 200)); // near and below the least number
            break;
        default:
            break;
        }
        ASSERT_TRUE(same(soft(a, b, c), std::fma(a, b, c))) << std::hexfloat << a << " * " << b << " + " << c << " = "
                                                            << std::fma(a, b, c) << ", not " << soft(a, b, c);
    }
}

template <typename T, typename Soft, typename Reference> void compare(Soft soft, Reference reference) {
    Numbers<T> numbers;
    for (int i = 0; i < 200000; ++i) {
        const T x = numbers.next();
        ASSERT_TRUE(same(soft(x), reference(x)))
            << std::hexfloat << x << " gives " << soft(x) << ", not " << reference(x);
    }
}

// Zeros of either sign are the same to fmin and fmax.
template <typename T, typename Soft, typename Reference> void compareExtreme(Soft soft, Reference reference) {
    Numbers<T> numbers;
    for (int i = 0; i < 200000; ++i) {
        // A signalling NaN may win.
        const auto quiet = [](T value) { return std::isnan(value) ? std::numeric_limits<T>::quiet_NaN() : value; };
        const T x = quiet(numbers.next());
        const T y = numbers.word() % 4 == 0 ? x : quiet(numbers.next());
        const T got = soft(x, y), want = reference(x, y);
        ASSERT_TRUE(same(got, want) || (got == 0 && want == 0))
            << std::hexfloat << x << ", " << y << " give " << got << ", not " << want;
    }
}

TEST(Soft, Fma) {
    compareFma<float>(hy_soft_fma_f32);
    compareFma<double>(hy_soft_fma_f64);
}

TEST(Soft, MinimumAndMaximum) {
    compareExtreme<float>(hy_soft_fmin_f32, [](float x, float y) { return std::fmin(x, y); });
    compareExtreme<double>(hy_soft_fmin_f64, [](double x, double y) { return std::fmin(x, y); });
    compareExtreme<float>(hy_soft_fmax_f32, [](float x, float y) { return std::fmax(x, y); });
    compareExtreme<double>(hy_soft_fmax_f64, [](double x, double y) { return std::fmax(x, y); });
}

TEST(Soft, Rounding) {
#define COMPARE(name)                                                                                                  \
    compare<float>(hy_soft_##name##_f32, [](float x) { return std::name(x); });                                        \
    compare<double>(hy_soft_##name##_f64, [](double x) { return std::name(x); });
    COMPARE(rint)
    COMPARE(floor)
    COMPARE(ceil)
    COMPARE(trunc)
    COMPARE(round)
#undef COMPARE
}

} // namespace
