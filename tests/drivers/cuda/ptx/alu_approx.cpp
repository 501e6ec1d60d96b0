// The approximate functions (.approx, .full). Processors differ in their last bits; here each is computed as a double
// by the host's library and rounded once to the result's type, so that it is nearly always the nearest value.
#include "alu_table.h"
#include "float_ops.h"

#include <cmath>

namespace halyard::softcuda::ptx {

namespace {

double inverse(double a) {
    return 1.0 / a;
}
double root(double a) {
    return std::sqrt(a);
}
double inverseRoot(double a) {
    return 1.0 / std::sqrt(a);
}
double power2(double a) {
    return std::exp2(a);
}
double logarithm2(double a) {
    return std::log2(a);
}
double sine(double a) {
    return std::sin(a);
}
double cosine(double a) {
    return std::cos(a);
}
double hyperbolicTangent(double a) {
    return std::tanh(a);
}

template <double (*Function)(double), bool Ftz> float approximate(float a) {
    return flush<Ftz>(canonical(static_cast<float>(Function(double{flush<Ftz>(a)}))));
}

template <bool Ftz> float quotient(float a, float b) {
    return flush<Ftz>(canonical(static_cast<float>(double{flush<Ftz>(a)} / double{flush<Ftz>(b)})));
}
// Divisors above 2^126 have a reciprocal that is flushed to zero: so says the PTX ISA of div.approx.
template <bool Ftz> float quotientByReciprocal(float a, float b) {
    const float magnitude = std::fabs(b);
    if (magnitude > 0x1p126F && magnitude < INFINITY)
        return canonical(flush<Ftz>(a) * std::copysign(0.0F, b));
    return quotient<Ftz>(a, b);
}

// The f64 forms with .ftz read and write the upper half of the number only.
template <double (*Function)(double)> uint64_t approximateUpper(uint64_t a) {
    constexpr uint64_t upper = 0xffffffff'00000000, sign = 0x80000000'00000000, exponent = 0x7ff00000'00000000;
    const auto flushed = [](uint64_t bits) { return (bits & exponent) == 0 ? bits & sign : bits & upper; };
    const double value = std::bit_cast<double>(flushed(a));
    if (isNan(std::bit_cast<double>(a)))
        return 0x7fffffff'00000000;
    const double result = Function(value);
    return isNan(result) ? uint64_t{0x7fffffff'00000000} : flushed(std::bit_cast<uint64_t>(result));
}
double inverseRoot64(double a) {
    return keepNan(inverseRoot(a), a);
}

template <double (*Function)(double)> void addFunction(AluTable& table, const std::string& name) {
    table.add(name + ".approx.f32", perLane<approximate<Function, false>>());
    table.add(name + ".approx.ftz.f32", perLane<approximate<Function, true>>());
}

} // namespace

void addApproximations(AluTable& table) {
    addFunction<inverse>(table, "rcp");
    addFunction<root>(table, "sqrt");
    addFunction<inverseRoot>(table, "rsqrt");
    addFunction<power2>(table, "ex2");
    addFunction<logarithm2>(table, "lg2");
    addFunction<sine>(table, "sin");
    addFunction<cosine>(table, "cos");
    table.add("tanh.approx.f32", perLane<approximate<hyperbolicTangent, false>>());

    table.add("div.approx.f32", perLane<quotientByReciprocal<false>>());
    table.add("div.approx.ftz.f32", perLane<quotientByReciprocal<true>>());
    table.add("div.full.f32", perLane<quotient<false>>());
    table.add("div.full.ftz.f32", perLane<quotient<true>>());

    table.add("rcp.approx.ftz.f64", perLane<approximateUpper<inverse>>());
    table.add("rsqrt.approx.ftz.f64", perLane<approximateUpper<inverseRoot>>());
    table.add("rsqrt.approx.f64", perLane<inverseRoot64>());
}

} // namespace halyard::softcuda::ptx
