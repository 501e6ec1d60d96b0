// Integer arithmetic without carries.
#include "alu_table.h"
#include "integer_types.h"

namespace halyard::softcuda::ptx {

namespace {

// Division by zero has no defined result in PTX; the processors' division routine gives all ones, and the remainder is
// then the dividend. The smallest number over -1 wraps.
template <class T> T divide(T a, T b) {
    if (b == 0)
        return static_cast<T>(~T{0});
    if constexpr (std::is_signed_v<T>)
        if (b == -1)
            return wrapSub<T>(0, a);
    return static_cast<T>(a / b);
}
template <class T> T remainder(T a, T b) {
    if (b == 0)
        return a;
    if constexpr (std::is_signed_v<T>)
        if (b == -1)
            return 0;
    return static_cast<T>(a % b);
}

template <class T> T smaller(T a, T b) {
    return a < b ? a : b;
}
template <class T> T larger(T a, T b) {
    return a > b ? a : b;
}
template <class T> T relu(T a) {
    return a < 0 ? T{0} : a;
}
template <class T> T smallerRelu(T a, T b) {
    return relu(smaller(a, b));
}
template <class T> T largerRelu(T a, T b) {
    return relu(larger(a, b));
}
template <class T> T negative(T a) {
    return wrapSub<T>(0, a);
}
template <class T> T absolute(T a) {
    return a < 0 ? wrapSub<T>(0, a) : a;
}

template <class T> T absoluteDifference(T a, T b, T c) {
    return wrapAdd<T>(c, a < b ? wrapSub<T>(b, a) : wrapSub<T>(a, b));
}
template <class T> T madLow(T a, T b, T c) {
    return wrapAdd<T>(mulLow(a, b), c);
}
template <class T> T madHigh(T a, T b, T c) {
    return wrapAdd<T>(mulHigh(a, b), c);
}
template <class T> Wide<T> madWide(T a, T b, Wide<T> c) {
    return wrapAdd<Wide<T>>(mulWide(a, b), c);
}

int32_t addSaturated(int32_t a, int32_t b) {
    return saturate32(int64_t{a} + b);
}
int32_t subSaturated(int32_t a, int32_t b) {
    return saturate32(int64_t{a} - b);
}
int32_t madHighSaturated(int32_t a, int32_t b, int32_t c) {
    return saturate32(int64_t{mulHigh(a, b)} + c);
}

// The low 24 bits of a register, as a number of that type.
template <class T> int64_t low24(T a) {
    const auto bits = static_cast<uint32_t>(a) << 8;
    if constexpr (std::is_signed_v<T>)
        return static_cast<int32_t>(bits) >> 8;
    else
        return bits >> 8;
}
// Bits 31..0 and 47..16 of the product of 48 bits.
template <class T> T mul24Low(T a, T b) {
    return static_cast<T>(low24(a) * low24(b));
}
template <class T> T mul24High(T a, T b) {
    return static_cast<T>((low24(a) * low24(b)) >> 16);
}
template <class T> T mad24Low(T a, T b, T c) {
    return wrapAdd(mul24Low(a, b), c);
}
template <class T> T mad24High(T a, T b, T c) {
    return wrapAdd(mul24High(a, b), c);
}
int32_t mad24HighSaturated(int32_t a, int32_t b, int32_t c) {
    return saturate32(int64_t{mul24High(a, b)} + c);
}

// Op on each half of a register.
template <class T, T (*Op)(T, T)> uint32_t inHalves(uint32_t a, uint32_t b) {
    const auto half = [&](uint32_t shift) {
        return static_cast<uint32_t>(static_cast<uint16_t>(Op(static_cast<T>(a >> shift), static_cast<T>(b >> shift))))
               << shift;
    };
    return half(0) | half(16);
}

template <class T> void addPairs(AluTable& table) {
    const std::string type = integerName<T>() + "x2";
    table.add("add." + type, perLane<inHalves<T, wrapAdd<T>>>());
    table.add("min." + type, perLane<inHalves<T, smaller<T>>>());
    table.add("max." + type, perLane<inHalves<T, larger<T>>>());
}

} // namespace

void addIntegers(AluTable& table) {
    forTypes<uint16_t, uint32_t, uint64_t, int16_t, int32_t, int64_t>([&]<class T>() {
        const std::string type = integerName<T>();
        table.add("add." + type, perLane<wrapAdd<T>>());
        table.add("sub." + type, perLane<wrapSub<T>>());
        table.add("mul.lo." + type, perLane<mulLow<T>>());
        table.add("mul.hi." + type, perLane<mulHigh<T>>());
        table.add("mad.lo." + type, perLane<madLow<T>>());
        table.add("mad.hi." + type, perLane<madHigh<T>>());
        table.add("sad." + type, perLane<absoluteDifference<T>>());
        table.add("div." + type, perLane<divide<T>>());
        table.add("rem." + type, perLane<remainder<T>>());
        table.add("min." + type, perLane<smaller<T>>());
        table.add("max." + type, perLane<larger<T>>());
    });
    forTypes<uint16_t, uint32_t, int16_t, int32_t>([&]<class T>() {
        table.add("mul.wide." + integerName<T>(), perLane<mulWide<T>>());
        table.add("mad.wide." + integerName<T>(), perLane<madWide<T>>());
    });
    forTypes<int16_t, int32_t, int64_t>([&]<class T>() {
        table.add("neg." + integerName<T>(), perLane<negative<T>>());
        table.add("abs." + integerName<T>(), perLane<absolute<T>>());
    });
    forTypes<uint32_t, int32_t>([&]<class T>() {
        const std::string type = integerName<T>();
        table.add("mul24.lo." + type, perLane<mul24Low<T>>());
        table.add("mul24.hi." + type, perLane<mul24High<T>>());
        table.add("mad24.lo." + type, perLane<mad24Low<T>>());
        table.add("mad24.hi." + type, perLane<mad24High<T>>());
    });
    table.add("add.sat.s32", perLane<addSaturated>());
    table.add("sub.sat.s32", perLane<subSaturated>());
    table.add("mad.hi.sat.s32", perLane<madHighSaturated>());
    table.add("mad24.hi.sat.s32", perLane<mad24HighSaturated>());
    table.add("min.relu.s32", perLane<smallerRelu<int32_t>>());
    table.add("max.relu.s32", perLane<largerRelu<int32_t>>());
    addPairs<uint16_t>(table);
    addPairs<int16_t>(table);
    table.add("min.relu.s16x2", perLane<inHalves<int16_t, smallerRelu<int16_t>>>());
    table.add("max.relu.s16x2", perLane<inHalves<int16_t, largerRelu<int16_t>>>());
}

} // namespace halyard::softcuda::ptx
