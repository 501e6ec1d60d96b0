// f32 and f64 arithmetic that IEEE 754 defines: rounded by the host's unit in the mode that the instruction names. A
// result counts as subnormal (.ftz) after rounding.
#include "alu_table.h"
#include "float_ops.h"

#include <cmath>
#include <string>

namespace halyard::softcuda::ptx {

namespace {

template <class T> T plus(T a, T b) {
    return a + b;
}
template <class T> T minus(T a, T b) {
    return a - b;
}
template <class T> T times(T a, T b) {
    return a * b;
}
template <class T> T over(T a, T b) {
    return a / b;
}
template <class T> T fused(T a, T b, T c) {
    return std::fma(a, b, c);
}
template <class T> T reciprocal(T a) {
    return T{1} / a;
}
template <class T> T root(T a) {
    return std::sqrt(a);
}

template <auto Op, bool Ftz, bool Sat> struct Single;
template <class... A, float (*Op)(A...), bool Ftz, bool Sat> struct Single<Op, Ftz, Sat> {
    static float compute(A... a) { return saturate<Sat>(flush<Ftz>(canonical(Op(flush<Ftz>(a)...)))); }
};
template <auto Op> struct Double;
template <class... A, double (*Op)(A...)> struct Double<Op> {
    static double compute(A... a) { return keepNan(Op(a...), a...); }
};

// Two floats in a register of 64 bits.
template <auto Op> struct Pair;
template <class... A, float (*Op)(A...)> struct Pair<Op> {
    template <class> using Word = uint64_t;
    static uint64_t compute(Word<A>... a) {
        return toLane(Op(fromLane<float>(a)...)) | toLane(Op(fromLane<float>(a >> 32)...)) << 32;
    }
};

template <int Mode> constexpr const char* kModeName = "";
template <> constexpr const char* kModeName<FE_TONEAREST> = ".rn";
template <> constexpr const char* kModeName<FE_TOWARDZERO> = ".rz";
template <> constexpr const char* kModeName<FE_DOWNWARD> = ".rm";
template <> constexpr const char* kModeName<FE_UPWARD> = ".rp";

template <int... Mode, class Visit> void forModes(Visit&& visit) {
    (visit.template operator()<Mode>(), ...);
}
template <class Visit> void forAllModes(Visit&& visit) {
    forModes<FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD>(visit);
}

// `name` includes the rounding modifier, or nothing for the default.
template <auto Op, int Mode> void addSingle(AluTable& table, const std::string& name) {
    table.add(name + ".f32", perLaneRounded<Single<Op, false, false>::compute, Mode>());
    table.add(name + ".ftz.f32", perLaneRounded<Single<Op, true, false>::compute, Mode>());
}
template <auto Op, int Mode> void addSaturated(AluTable& table, const std::string& name) {
    addSingle<Op, Mode>(table, name);
    table.add(name + ".sat.f32", perLaneRounded<Single<Op, false, true>::compute, Mode>());
    table.add(name + ".ftz.sat.f32", perLaneRounded<Single<Op, true, true>::compute, Mode>());
}
template <auto Op, int Mode> void addDouble(AluTable& table, const std::string& name) {
    table.add(name + ".f64", perLaneRounded<Double<Op>::compute, Mode>());
}
template <auto Op, int Mode> void addPair(AluTable& table, const std::string& name) {
    table.add(name + ".f32x2", perLaneRounded<Pair<Single<Op, false, false>::compute>::compute, Mode>());
    table.add(name + ".ftz.f32x2", perLaneRounded<Pair<Single<Op, true, false>::compute>::compute, Mode>());
}

// Without a rounding modifier: to nearest even. (A compiler may then contract mul and add to fma; none does here.)
template <auto Op32, auto Op64> void addArithmetic(AluTable& table, const std::string& name) {
    addSaturated<Op32, FE_TONEAREST>(table, name);
    addDouble<Op64, FE_TONEAREST>(table, name);
    addPair<Op32, FE_TONEAREST>(table, name);
    forAllModes([&]<int Mode>() {
        const std::string rounded = name + kModeName<Mode>;
        addSaturated<Op32, Mode>(table, rounded);
        addDouble<Op64, Mode>(table, rounded);
        addPair<Op32, Mode>(table, rounded);
    });
}

// A NaN loses against a number, unless Nan; -0 is smaller than +0.
template <class T> bool below(T a, T b) {
    return a < b || (a == b && std::signbit(a));
}
template <class T, bool Max> T extreme(T a, T b) {
    if (isNan(a))
        return b;
    if (isNan(b))
        return a;
    return below(a, b) != Max ? a : b;
}
template <bool Max, bool Ftz, bool Nan, bool XorSign> float extreme32(float a, float b) {
    a = flush<Ftz>(a);
    b = flush<Ftz>(b);
    const uint32_t sign = (std::bit_cast<uint32_t>(a) ^ std::bit_cast<uint32_t>(b)) & 0x80000000;
    if constexpr (XorSign) {
        a = std::fabs(a);
        b = std::fabs(b);
    }
    const bool anyNan = isNan(a) || isNan(b), bothNan = isNan(a) && isNan(b);
    if (Nan ? anyNan : bothNan)
        return std::bit_cast<float>(kNan32);
    const float result = extreme<float, Max>(a, b);
    return XorSign ? std::bit_cast<float>(std::bit_cast<uint32_t>(result) | sign) : result;
}
template <bool Max> double extreme64(double a, double b) {
    if (isNan(a) && isNan(b))
        return quiet(a);
    return extreme<double, Max>(a, b);
}

template <bool Max> void addExtreme(AluTable& table, const std::string& name) {
    table.add(name + ".f32", perLane<extreme32<Max, false, false, false>>());
    table.add(name + ".ftz.f32", perLane<extreme32<Max, true, false, false>>());
    table.add(name + ".NaN.f32", perLane<extreme32<Max, false, true, false>>());
    table.add(name + ".ftz.NaN.f32", perLane<extreme32<Max, true, true, false>>());
    table.add(name + ".xorsign.abs.f32", perLane<extreme32<Max, false, false, true>>());
    table.add(name + ".ftz.xorsign.abs.f32", perLane<extreme32<Max, true, false, true>>());
    table.add(name + ".NaN.xorsign.abs.f32", perLane<extreme32<Max, false, true, true>>());
    table.add(name + ".ftz.NaN.xorsign.abs.f32", perLane<extreme32<Max, true, true, true>>());
    table.add(name + ".f64", perLane<extreme64<Max>>());
}

// The sign alone changes; a NaN keeps its payload (PTX says "an unspecified NaN").
template <bool Ftz> float absolute32(float a) {
    return std::fabs(flush<Ftz>(a));
}
template <bool Ftz> float negative32(float a) {
    return std::bit_cast<float>(std::bit_cast<uint32_t>(flush<Ftz>(a)) ^ 0x80000000);
}
double absolute64(double a) {
    return std::fabs(a);
}
double negative64(double a) {
    return std::bit_cast<double>(std::bit_cast<uint64_t>(a) ^ 0x80000000'00000000);
}

// The sign of a with the magnitude of b.
uint32_t copySign32(uint32_t a, uint32_t b) {
    return (a & 0x80000000) | (b & 0x7fffffff);
}
uint64_t copySign64(uint64_t a, uint64_t b) {
    return (a & 0x80000000'00000000) | (b & 0x7fffffff'ffffffff);
}

template <class T, bool (*Test)(int)> bool classify(T a) {
    return Test(std::fpclassify(a));
}
bool finite(int kind) {
    return kind != FP_NAN && kind != FP_INFINITE;
}
bool infinite(int kind) {
    return kind == FP_INFINITE;
}
bool number(int kind) {
    return kind != FP_NAN;
}
bool notNumber(int kind) {
    return kind == FP_NAN;
}
bool normal(int kind) {
    return kind == FP_NORMAL || kind == FP_ZERO;
} // PTX counts zero as normal
bool subnormal(int kind) {
    return kind == FP_SUBNORMAL;
}

template <class T> void addTests(AluTable& table, const std::string& type) {
    table.add("testp.finite" + type, perLane<classify<T, finite>>());
    table.add("testp.infinite" + type, perLane<classify<T, infinite>>());
    table.add("testp.number" + type, perLane<classify<T, number>>());
    table.add("testp.notanumber" + type, perLane<classify<T, notNumber>>());
    table.add("testp.normal" + type, perLane<classify<T, normal>>());
    table.add("testp.subnormal" + type, perLane<classify<T, subnormal>>());
}

} // namespace

void addFloats(AluTable& table) {
    addArithmetic<plus<float>, plus<double>>(table, "add");
    addArithmetic<minus<float>, minus<double>>(table, "sub");
    addArithmetic<times<float>, times<double>>(table, "mul");
    forAllModes([&]<int Mode>() {
        const std::string mode = kModeName<Mode>;
        addSaturated<fused<float>, Mode>(table, "fma" + mode);
        addDouble<fused<double>, Mode>(table, "fma" + mode);
        addPair<fused<float>, Mode>(table, "fma" + mode);
        addSaturated<fused<float>, Mode>(table, "mad" + mode);
        addDouble<fused<double>, Mode>(table, "mad" + mode);
        addSingle<over<float>, Mode>(table, "div" + mode);
        addDouble<over<double>, Mode>(table, "div" + mode);
        addSingle<reciprocal<float>, Mode>(table, "rcp" + mode);
        addDouble<reciprocal<double>, Mode>(table, "rcp" + mode);
        addSingle<root<float>, Mode>(table, "sqrt" + mode);
        addDouble<root<double>, Mode>(table, "sqrt" + mode);
    });
    addExtreme<false>(table, "min");
    addExtreme<true>(table, "max");

    table.add("abs.f32", perLane<absolute32<false>>());
    table.add("abs.ftz.f32", perLane<absolute32<true>>());
    table.add("abs.f64", perLane<absolute64>());
    table.add("neg.f32", perLane<negative32<false>>());
    table.add("neg.ftz.f32", perLane<negative32<true>>());
    table.add("neg.f64", perLane<negative64>());
    table.add("copysign.f32", perLane<copySign32>());
    table.add("copysign.f64", perLane<copySign64>());
    addTests<float>(table, ".f32");
    addTests<double>(table, ".f64");
}

} // namespace halyard::softcuda::ptx
