// cvt between the types that instructions compute with. The forms are those that NVIDIA's assembler takes.
#include "alu_table.h"
#include "convert.h"

namespace halyard::softcuda::ptx {

namespace {

template <class D, class S> D widen(S a) {
    return static_cast<D>(a);
}
template <class D, class S> D clampInteger(S a) {
    constexpr Signed128 low = std::numeric_limits<D>::min(), high = std::numeric_limits<D>::max();
    const Signed128 value = a;
    return static_cast<D>(value < low ? low : value > high ? high : value);
}

template <class D, class S, Rounding R>
void floatToInteger(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const bool ftz = static_cast<const ConvertFlags*>(data)->ftz;
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const S a = fromLane<S>(sources[0][lane]);
        const double value = numberOf(ftz ? flushed<true>(a) : a);
        const double whole = R == Rounding::Zero ? value : integral<R>(value); // clampTo cuts fractions off
        result[lane] = toLane(isNan(value) ? nanAsInteger<D, S>() : clampTo<D>(whole));
    }
    storeLanes(destinations[0], result, mask);
}

template <class D, class S, Rounding R, bool Integral>
void floatToFloat(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const ConvertFlags flags = *static_cast<const ConvertFlags*>(data);
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const S a = fromLane<S>(sources[0][lane]);
        // Half knows no .ftz here: it is about f32 alone.
        double value;
        if constexpr (std::is_same_v<S, float>)
            value = flags.ftz ? flush<true>(a) : a;
        else
            value = numberOf(a);
        if constexpr (Integral)
            value = integral<R>(value);
        result[lane] = toLane(toFloat<D, R>(value, flags));
    }
    storeLanes(destinations[0], result, mask);
}

template <class D, class S, Rounding R>
void integerToFloat(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const ConvertFlags flags = *static_cast<const ConvertFlags*>(data);
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const S a = fromLane<S>(sources[0][lane]);
        double value;
        if constexpr (std::is_same_v<D, double>)
            value = integerToDouble<R>(a);
        else
            value = integerToOdd(a);
        result[lane] = toLane(toFloat<D, R>(value, flags));
    }
    storeLanes(destinations[0], result, mask);
}

Alu conversion(AluFunction run, uint32_t flags = 0) {
    Alu alu;
    alu.run = run;
    alu.data = convertFlags(flags);
    alu.destinations = alu.sources = 1;
    return alu;
}
// With the sign above the result, in a wider register.
template <class D> Alu toInteger(Alu alu) {
    if constexpr (std::is_signed_v<D>)
        alu.signedBits = sizeof(D) * 8;
    return alu;
}

template <Rounding... R, class Visit> void forRoundings(Visit&& visit) {
    (visit.template operator()<R>(), ...);
}
template <class Visit> void forAllRoundings(Visit&& visit) {
    forRoundings<Rounding::NearestEven, Rounding::Zero, Rounding::Down, Rounding::Up>(visit);
}
template <class Visit> void forIntegers(Visit&& visit) {
    forTypes<uint8_t, uint16_t, uint32_t, uint64_t, int8_t, int16_t, int32_t, int64_t>(visit);
}

template <class D, class S> std::string types() {
    return "." + typeName<D>() + "." + typeName<S>();
}

template <class D, class S> void addIntegerToInteger(AluTable& table) {
    table.add("cvt" + types<D, S>(), toInteger<D>(perLane<widen<D, S>>()));
    // .sat stands only where something can be out of range.
    constexpr bool fits = std::numeric_limits<S>::digits <= std::numeric_limits<D>::digits &&
                          (std::is_signed_v<D> || !std::is_signed_v<S>);
    if constexpr (!fits)
        table.add("cvt.sat" + types<D, S>(), toInteger<D>(perLane<clampInteger<D, S>>()));
}

template <class Float> uint32_t allowed(uint32_t flags) {
    return (std::is_same_v<Float, float> ? flags : flags & ~kFtz) & (std::is_same_v<Float, BFloat> ? ~kSat : ~0U);
}
// Adds `name` with each subset of `flags`.
void addFlags(AluTable& table, const std::string& prefix, const std::string& suffix, uint32_t flags, const Alu& alu) {
    for (uint32_t chosen = 0; chosen < 16; ++chosen) {
        if ((chosen & ~flags) != 0)
            continue;
        Alu one = alu;
        one.data = convertFlags(chosen);
        table.add(prefix + flagNames(chosen) + suffix, one);
    }
}

template <class Float, class Integer> void addBetween(AluTable& table) {
    if constexpr (std::is_same_v<Float, BFloat> && sizeof(Integer) == 1)
        return;
    forAllRoundings([&]<Rounding R>() {
        const std::string mode = std::string("cvt") + roundingName(R);
        const uint32_t flags = allowed<Float>(kFtz | kSat);
        addFlags(table, mode, types<Float, Integer>(), flags, conversion(integerToFloat<Float, Integer, R>));
        addFlags(table, mode + "i", types<Integer, Float>(), flags,
                 toInteger<Integer>(conversion(floatToInteger<Integer, Float, R>)));
    });
}

template <class F> void addWithin(AluTable& table) {
    const uint32_t flags = allowed<F>(kFtz | kSat);
    addFlags(table, "cvt", types<F, F>(), flags, conversion(floatToFloat<F, F, Rounding::NearestEven, false>));
    forAllRoundings([&]<Rounding R>() {
        addFlags(table, std::string("cvt") + roundingName(R) + "i", types<F, F>(), flags,
                 conversion(floatToFloat<F, F, R, true>));
    });
}

// To a type with all values of the source.
template <class D, class S> void addExact(AluTable& table, uint32_t flags) {
    addFlags(table, "cvt", types<D, S>(), flags, conversion(floatToFloat<D, S, Rounding::NearestEven, false>));
}
template <class D, class S> void addRounded(AluTable& table, uint32_t flags) {
    forAllRoundings([&]<Rounding R>() {
        addFlags(table, std::string("cvt") + roundingName(R), types<D, S>(), flags,
                 conversion(floatToFloat<D, S, R, false>));
    });
}
// .relu and .satfinite, which need a rounding that does not depend on the sign.
template <class D> void addClamped(AluTable& table) {
    forRoundings<Rounding::NearestEven, Rounding::Zero>([&]<Rounding R>() {
        for (const uint32_t flags : {kRelu, kSatFinite, kRelu | kSatFinite})
            table.add(std::string("cvt") + roundingName(R) + flagNames(flags) + types<D, float>(),
                      conversion(floatToFloat<D, float, R, false>, flags));
    });
}

} // namespace

void addConversions(AluTable& table) {
    forIntegers([&]<class D>() {
        forIntegers([&]<class S>() { addIntegerToInteger<D, S>(table); });
        addBetween<float, D>(table);
        addBetween<double, D>(table);
        addBetween<Half, D>(table);
        addBetween<BFloat, D>(table);
    });
    addWithin<float>(table);
    addWithin<double>(table);
    addWithin<Half>(table);
    addWithin<BFloat>(table);

    addExact<double, float>(table, kFtz | kSat);
    addExact<double, Half>(table, kSat);
    addExact<float, Half>(table, kFtz | kSat);
    addExact<double, BFloat>(table, 0);
    addRounded<double, BFloat>(table, 0);
    addExact<float, BFloat>(table, kFtz);
    addRounded<float, BFloat>(table, kFtz);

    addRounded<float, double>(table, kFtz | kSat);
    addRounded<Half, double>(table, kSat);
    addRounded<BFloat, double>(table, 0);
    addRounded<Half, float>(table, kFtz | kSat);
    addRounded<BFloat, float>(table, kFtz);
    addRounded<Half, BFloat>(table, 0);
    addRounded<BFloat, Half>(table, 0);
    addClamped<Half>(table);
    addClamped<BFloat>(table);
}

} // namespace halyard::softcuda::ptx
