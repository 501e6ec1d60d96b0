// Zeros of both signs, subnormal numbers, infinities, NaN and the ends of the range, through arithmetic, comparisons
// and conversions, in every combination.
#include "fixture.h"

#include "special64_cl.spv.h"
#include "special_cl.spv.h"

#include <bit>
#include <cmath>
#include <limits>
#include <ostream>

using namespace halyard::conformance;

namespace {

template <typename Real> struct BitsOf;
template <> struct BitsOf<float> { using Type = uint32_t; };
template <> struct BitsOf<double> { using Type = uint64_t; };
template <typename Real> using Bits = typename BitsOf<Real>::Type;

template <typename Real> Bits<Real> bits(Real value) {
    return std::bit_cast<Bits<Real>>(value);
}

template <typename Real> std::vector<Real> specials() {
    using Limits = std::numeric_limits<Real>;
    std::vector<Real> all;
    const Real numbers[] = {0,
                            Limits::denorm_min(),
                            Limits::min() - Limits::denorm_min(),
                            Limits::min(),
                            Limits::epsilon(),
                            Real(0.5),
                            1,
                            1 + Limits::epsilon(),
                            Real(1.5),
                            Real(2.5),
                            3,
                            2147483520,
                            Real(2147483648.0),
                            Real(4294967296.0),
                            1 / Limits::epsilon(),
                            Limits::max() / 2,
                            Limits::max(),
                            Limits::infinity(),
                            Limits::quiet_NaN()};
    for (const Real number : numbers) {
        all.push_back(number);
        all.push_back(-number);
    }
    return all;
}

// A subnormal number as a device without them has it.
template <typename Real> Real flushed(Real value) {
    return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(Real(0), value) : value;
}

template <typename Real> struct Operands { Real a, b, c; };

template <typename Real> Bits<Real> saturated(Real value, double least, double most) {
    if (std::isnan(value))
        return 0;
    const double whole = std::trunc(static_cast<double>(value));
    return static_cast<uint32_t>(static_cast<int64_t>(std::fmax(least, std::fmin(most, whole))));
}

struct Operation {
    const char* name;
    uint32_t (*f32)(Operands<float>);
    uint64_t (*f64)(Operands<double>);
    bool isReal;                // the result is a number of the type, else bits
    bool specialsAlone = false; // elsewhere an error of some ULP is allowed: not for here
    bool eitherZero = false;
};
void PrintTo(const Operation& operation, std::ostream* out) {
    *out << operation.name;
}

#define BOTH(expression)                                                                                               \
    [](Operands<float> o) -> uint32_t {                                                                                \
        using Real = float;                                                                                            \
        const auto [a, b, c] = o;                                                                                      \
        static_cast<void>(a + b + c);                                                                                  \
        static_cast<void>(Real());                                                                                     \
        return expression;                                                                                             \
    },                                                                                                                 \
        [](Operands<double> o) -> uint64_t {                                                                           \
            using Real = double;                                                                                       \
            const auto [a, b, c] = o;                                                                                  \
            static_cast<void>(a + b + c);                                                                              \
            static_cast<void>(Real());                                                                                 \
            return expression;                                                                                         \
        }

constexpr Operation kOperations[] = {
    {"add", BOTH(bits(a + b)), true},
    {"subtract", BOTH(bits(a - b)), true},
    {"multiply", BOTH(bits(a* b)), true},
    {"divide", BOTH(bits(a / b)), true, true},
    {"fma", BOTH(bits(std::fma(a, b, c))), true},
    {"negate", BOTH(bits(-a)), true},
    {"absolute", BOTH(bits(std::fabs(a))), true},
    {"copysign", BOTH(bits(std::copysign(a, b))), true},
    {"minimum", BOTH(bits(std::fmin(a, b))), true, false, true},
    {"maximum", BOTH(bits(std::fmax(a, b))), true, false, true},
    {"truncate", BOTH(bits(std::trunc(a))), true},
    {"floor", BOTH(bits(std::floor(a))), true},
    {"ceiling", BOTH(bits(std::ceil(a))), true},
    {"nearest", BOTH(bits(std::nearbyint(a))), true},
    {"away", BOTH(bits(std::round(a))), true},
    {"square_root", BOTH(bits(std::sqrt(a))), true, true},
    {"select", BOTH(bits(b < c ? a : b)), true},
    {"less", BOTH(a < b), false},
    {"less_or_equal", BOTH(a <= b), false},
    {"greater", BOTH(a > b), false},
    {"equal", BOTH(a == b), false},
    {"not_equal", BOTH(a != b), false},
    {"is_nan", BOTH(std::isnan(a)), false},
    {"is_infinite", BOTH(std::isinf(a)), false},
    {"is_finite", BOTH(std::isfinite(a)), false},
    {"sign", BOTH(std::signbit(a)), false},
    {"to_int", BOTH(saturated(a, -2147483648.0, 2147483647.0)), false},
    {"to_uint", BOTH(saturated(a, 0.0, 4294967295.0)), false},
    {"from_int", BOTH(bits(static_cast<Real>(static_cast<int32_t>(static_cast<uint32_t>(bits(a)))))), true},
    {"from_uint", BOTH(bits(static_cast<Real>(static_cast<uint32_t>(bits(a))))), true},
};

bool isConversionOfBits(const Operation& operation) {
    return std::string(operation.name).rfind("from_", 0) == 0;
}

template <typename Real> bool same(const Operation& operation, Bits<Real> got, Bits<Real> want) {
    if (!operation.isReal || got == want)
        return got == want;
    const Real mine = std::bit_cast<Real>(got), right = std::bit_cast<Real>(want);
    return (std::isnan(mine) && std::isnan(right)) || (operation.eitherZero && mine == 0 && right == 0);
}

// Right with subnormal numbers, or with operands or result flushed to zero.
template <typename Real>
bool accepted(const Operation& operation, Bits<Real> (*expected)(Operands<Real>), Operands<Real> o, Bits<Real> got) {
    for (const bool flushOperands : {false, true}) {
        if (flushOperands && isConversionOfBits(operation))
            continue;
        const Operands<Real> taken = flushOperands ? Operands<Real>{flushed(o.a), flushed(o.b), flushed(o.c)} : o;
        const Bits<Real> want = expected(taken);
        if (same<Real>(operation, got, want) ||
            (operation.isReal && same<Real>(operation, got, bits(flushed(std::bit_cast<Real>(want))))))
            return true;
    }
    return false;
}

template <typename Real> bool isSpecial(Real value) {
    return value == 0 || !std::isfinite(value);
}

class SpecialValues : public DeviceTest, public testing::WithParamInterface<Operation> {
protected:
    template <typename Real>
    void check(const HyModule module, const char* prefix, Bits<Real> (*expected)(Operands<Real>)) {
        const Operation& operation = GetParam();
        const std::vector<Real> all = specials<Real>();
        std::vector<Real> as, bs, cs;
        for (size_t i = 0; i < all.size() * all.size() * 4; ++i) {
            as.push_back(all[i % all.size()]);
            bs.push_back(all[i / all.size() % all.size()]);
            // Four thirds for each pair, others for the next.
            cs.push_back(all[(i / all.size() + i / (all.size() * all.size()) * 11) % all.size()]);
        }
        while (as.size() % 64 != 0) {
            as.push_back(1);
            bs.push_back(1);
            cs.push_back(1);
        }
        const HyDevicePtr a = upload(as), b = upload(bs), c = upload(cs), out = allocate(as.size() * sizeof(Real));
        const HyKernel kernel = makeKernel(module, (std::string(prefix) + operation.name).c_str());
        const void* args[] = {&out, &a, &b, &c};
        ASSERT_OK(
            hyLaunchKernel(stream, kernel, {static_cast<uint32_t>(as.size() / 64), 1, 1}, {64, 1, 1}, 0, args, 4));
        const auto got = download<Bits<Real>>(out, as.size());
        int wrong = 0;
        for (size_t i = 0; i < as.size(); ++i) {
            const Operands<Real> o{as[i], bs[i], cs[i]};
            const bool unary = operation.name == std::string("square_root");
            if (operation.specialsAlone &&
                !(isSpecial(o.a) || (!unary && isSpecial(o.b)) || (unary && std::signbit(o.a))))
                continue;
            if (!accepted<Real>(operation, expected, o, got[i]) && wrong++ < 3)
                ADD_FAILURE() << prefix << operation.name << " of " << o.a << ", " << o.b << ", " << o.c << " gave "
                              << std::hex << got[i] << ", not " << expected(o);
        }
        EXPECT_EQ(wrong, 0) << "wrong in all";
    }
};
INSTANTIATE_TEST_SUITE_P(Arithmetic, SpecialValues, testing::ValuesIn(kOperations),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(SpecialValues, OfFloat32) {
    check<float>(loadModule(special_cl_spv, special_cl_spv_size), "f32_", GetParam().f32);
}

TEST_P(SpecialValues, OfFloat64) {
    if ((properties.capabilities & HY_CAP_FLOAT64) == 0)
        GTEST_SKIP() << "the device claims no HY_CAP_FLOAT64";
    check<double>(loadModule(special64_cl_spv, special64_cl_spv_size), "f64_", GetParam().f64);
}

} // namespace
