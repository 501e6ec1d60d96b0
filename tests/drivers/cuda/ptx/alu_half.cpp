// f16, bf16 and pairs of them. Computed as doubles: sums and products of two are exact or have more than twice the
// bits, so that rounding once more changes nothing; fma rounds its sum to odd first.
#include "alu_table.h"
#include "half_types.h"

#include <cmath>

namespace halyard::softcuda::ptx {

namespace {

double plus(double a, double b) {
    return a + b;
}
double minus(double a, double b) {
    return a - b;
}
double times(double a, double b) {
    return a * b;
}
double fused(double a, double b, double c) {
    return addToOdd(a * b, c);
}
double power2(double a) {
    return std::exp2(a);
}
double hyperbolicTangent(double a) {
    return std::tanh(a);
}

enum class After { Nothing, Sat, Relu };
// Into [0, 1], NaN to 0; or negative numbers to 0, NaN staying one.
template <class T, After What> T limited(T a) {
    const double value = numberOf(a);
    if constexpr (What == After::Sat)
        return value > 0 ? (value < 1 ? a : roundedTo<T>(1, Rounding::Zero)) : T{0};
    if constexpr (What == After::Relu)
        return isNan(value) || value > 0 ? a : T{0};
    return a;
}

// .ftz of bf16 exists for ex2 alone and is about the result; its operand makes no difference.
template <bool Ftz, class T> T flushedResult(T a) {
    constexpr uint16_t exponent = T::kFormat.infinity();
    return Ftz && (a.bits & exponent) == 0 ? T{static_cast<uint16_t>(a.bits & 0x8000)} : a;
}

template <auto Op, class T, bool Ftz, After What> struct One;
template <class... A, double (*Op)(A...), class T, bool Ftz, After What> struct One<Op, T, Ftz, What> {
    template <class> using Operand = T;
    static T compute(Operand<A>... a) {
        const double value = Op(numberOf(flushed<Ftz>(a))...);
        return limited<T, What>(flushedResult<Ftz>(roundedTo<T>(value, Rounding::NearestEven)));
    }
};

template <class T, bool Max, bool Ftz, bool Nan, bool XorSign> T extreme(T left, T right) {
    T a = flushed<Ftz>(left), b = flushed<Ftz>(right);
    const uint16_t sign = XorSign ? (a.bits ^ b.bits) & 0x8000 : 0;
    if constexpr (XorSign) {
        a.bits &= 0x7fff;
        b.bits &= 0x7fff;
    }
    const double x = numberOf(a), y = numberOf(b);
    if (Nan ? isNan(x) || isNan(y) : isNan(x) && isNan(y))
        return T{kNan16};
    // -0 is smaller than +0.
    const bool below = x < y || (x == y && (a.bits & 0x8000) != 0);
    const T result = isNan(x) ? b : isNan(y) ? a : below != Max ? a : b;
    return T{static_cast<uint16_t>(result.bits | sign)};
}

// The sign alone changes, that of a NaN too (PTX: "an unspecified NaN").
template <class T, bool Ftz> T absolute(T a) {
    return T{static_cast<uint16_t>(flushed<Ftz>(a).bits & 0x7fff)};
}
template <class T, bool Ftz> T negative(T a) {
    return T{static_cast<uint16_t>(flushed<Ftz>(a).bits ^ 0x8000)};
}

// Two in a register of 32 bits.
template <auto Op> struct Pair;
template <class T, class... A, T (*Op)(A...)> struct Pair<Op> {
    template <class> using Word = uint32_t;
    static uint32_t compute(Word<A>... a) {
        return static_cast<uint32_t>(toLane(Op(fromLane<A>(a)...)) | toLane(Op(fromLane<A>(a >> 16)...)) << 16);
    }
};

template <auto Op, class T> void addBoth(AluTable& table, const std::string& name) {
    table.add(name + "." + T::kName, perLane<Op>());
    table.add(name + "." + T::kName + "x2", perLane<Pair<Op>::compute>());
}

// `.ftz` and `.sat` are of f16 alone.
template <auto Op, class T> void addArithmetic(AluTable& table, const std::string& name) {
    addBoth<One<Op, T, false, After::Nothing>::compute, T>(table, name);
    if constexpr (std::is_same_v<T, Half>) {
        addBoth<One<Op, T, true, After::Nothing>::compute, T>(table, name + ".ftz");
        addBoth<One<Op, T, false, After::Sat>::compute, T>(table, name + ".sat");
        addBoth<One<Op, T, true, After::Sat>::compute, T>(table, name + ".ftz.sat");
    }
}

template <class T, bool Max, bool Ftz> void addExtreme(AluTable& table, const std::string& name) {
    addBoth<extreme<T, Max, Ftz, false, false>, T>(table, name);
    addBoth<extreme<T, Max, Ftz, true, false>, T>(table, name + ".NaN");
    addBoth<extreme<T, Max, Ftz, false, true>, T>(table, name + ".xorsign.abs");
    addBoth<extreme<T, Max, Ftz, true, true>, T>(table, name + ".NaN.xorsign.abs");
}

template <class T> void addType(AluTable& table) {
    for (const char* const rounding : {"", ".rn"}) {
        addArithmetic<plus, T>(table, std::string("add") + rounding);
        addArithmetic<minus, T>(table, std::string("sub") + rounding);
        addArithmetic<times, T>(table, std::string("mul") + rounding);
    }
    addArithmetic<fused, T>(table, "fma.rn");
    addBoth<One<fused, T, false, After::Relu>::compute, T>(table, "fma.rn.relu");
    addExtreme<T, false, false>(table, "min");
    addExtreme<T, true, false>(table, "max");
    addBoth<absolute<T, false>, T>(table, "abs");
    addBoth<negative<T, false>, T>(table, "neg");
    addBoth<One<hyperbolicTangent, T, false, After::Nothing>::compute, T>(table, "tanh.approx");
}

} // namespace

void addHalves(AluTable& table) {
    addType<Half>(table);
    addType<BFloat>(table);
    addBoth<One<fused, Half, true, After::Relu>::compute, Half>(table, "fma.rn.ftz.relu");
    addExtreme<Half, false, true>(table, "min.ftz");
    addExtreme<Half, true, true>(table, "max.ftz");
    addBoth<absolute<Half, true>, Half>(table, "abs.ftz");
    addBoth<negative<Half, true>, Half>(table, "neg.ftz");
    addBoth<One<power2, Half, false, After::Nothing>::compute, Half>(table, "ex2.approx");
    addBoth<One<power2, BFloat, true, After::Nothing>::compute, BFloat>(table, "ex2.approx.ftz");
}

} // namespace halyard::softcuda::ptx
