// setp and set: a comparison of each lane, combined with a predicate where asked, as predicates or as numbers.
#include "alu_table.h"
#include "half_types.h"
#include "integer_types.h"

#include <array>
#include <string>

namespace halyard::softcuda::ptx {

namespace {

enum class Combine : uint8_t { None, And, Or, Xor };
enum class Result : uint8_t { Predicates, Predicate, Ones, Ones16, OneF32, OneF16, OneBF16 };
struct Finish {
    Combine combine = Combine::None;
    Result result = Result::Predicates;
};
// For Alu::data: combination, then result.
constexpr auto kFinishes = [] {
    std::array<std::array<Finish, 7>, 4> all{};
    for (uint8_t combine = 0; combine < 4; ++combine)
        for (uint8_t result = 0; result < 7; ++result)
            all[combine][result] = {static_cast<Combine>(combine), static_cast<Result>(result)};
    return all;
}();
constexpr const char* kCombineNames[4] = {"", ".and", ".or", ".xor"};

uint64_t trueOf(Result result) {
    switch (result) {
    case Result::OneF32:
        return 0x3f800000;
    case Result::OneF16:
        return 0x3c00;
    case Result::OneBF16:
        return 0x3f80;
    case Result::Ones:
        return 0xffffffff;
    case Result::Ones16:
        return 0xffff;
    case Result::Predicates:
    case Result::Predicate:
        break;
    }
    return 1;
}

uint64_t combined(uint64_t value, uint64_t with, Combine how) {
    switch (how) {
    case Combine::And:
        return value & with;
    case Combine::Or:
        return value | with;
    case Combine::Xor:
        return value ^ with;
    case Combine::None:
        break;
    }
    return value;
}

// `second` is what the second predicate is made of: the contrary, or for pairs the upper half.
void finish(const Finish& how, Lanes& first, Lanes& second, const uint64_t* with, uint64_t* const* destinations,
            uint32_t mask) {
    if (how.combine != Combine::None)
        for (uint32_t lane = 0; lane < kWarp; ++lane) {
            first[lane] = combined(first[lane], with[lane] & 1, how.combine);
            second[lane] = combined(second[lane], with[lane] & 1, how.combine);
        }
    if (how.result != Result::Predicates) {
        const uint64_t one = trueOf(how.result);
        for (uint64_t& value : first)
            value = value != 0 ? one : 0;
    }
    storeLanes(destinations[0], first, mask);
    if (how.result == Result::Predicates)
        storeLanes(destinations[1], second, mask);
}

template <class T, bool (*Compare)(T, T)>
void compare(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const Finish& how = *static_cast<const Finish*>(data);
    const uint64_t *const a = sources[0], *const b = sources[1];
    Lanes first, second;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        first[lane] = Compare(fromLane<T>(a[lane]), fromLane<T>(b[lane])) ? 1 : 0;
        second[lane] = first[lane] ^ 1;
    }
    finish(how, first, second, how.combine == Combine::None ? nullptr : sources[2], destinations, mask);
}

// Two numbers of 16 bits in a register. As predicates: one for each; as numbers: both in one register.
template <class T, bool (*Compare)(T, T)>
void comparePairs(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const Finish& how = *static_cast<const Finish*>(data);
    Lanes first, second;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint64_t a = sources[0][lane], b = sources[1][lane];
        first[lane] = Compare(fromLane<T>(a), fromLane<T>(b)) ? 1 : 0;
        second[lane] = Compare(fromLane<T>(a >> 16), fromLane<T>(b >> 16)) ? 1 : 0;
    }
    if (how.result == Result::Predicates) {
        finish(how, first, second, how.combine == Combine::None ? nullptr : sources[2], destinations, mask);
        return;
    }
    const uint64_t one = trueOf(how.result);
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint64_t with = how.combine == Combine::None ? 0 : sources[2][lane] & 1;
        first[lane] = (combined(first[lane], with, how.combine) != 0 ? one : 0) |
                      (combined(second[lane], with, how.combine) != 0 ? one << 16 : 0);
    }
    storeLanes(destinations[0], first, mask);
}

template <class T> bool equal(T a, T b) {
    return a == b;
}
template <class T> bool notEqual(T a, T b) {
    return a != b;
}
template <class T> bool less(T a, T b) {
    return a < b;
}
template <class T> bool lessEqual(T a, T b) {
    return a <= b;
}
template <class T> bool greater(T a, T b) {
    return a > b;
}
template <class T> bool greaterEqual(T a, T b) {
    return a >= b;
}

// Of floats: `notEqual` above is true for NaNs, and PTX's plain `ne` is not.
enum class FloatTest { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan };
template <class T, FloatTest Test, bool Ftz> bool floatTest(T left, T right) {
    const auto a = numberOf(flushed<Ftz>(left)), b = numberOf(flushed<Ftz>(right));
    const bool unordered = isNan(a) || isNan(b);
    switch (Test) {
    case FloatTest::Eq:
        return a == b;
    case FloatTest::Ne:
        return !unordered && a != b;
    case FloatTest::Lt:
        return a < b;
    case FloatTest::Le:
        return a <= b;
    case FloatTest::Gt:
        return a > b;
    case FloatTest::Ge:
        return a >= b;
    case FloatTest::Equ:
        return unordered || a == b;
    case FloatTest::Neu:
        return unordered || a != b;
    case FloatTest::Ltu:
        return unordered || a < b;
    case FloatTest::Leu:
        return unordered || a <= b;
    case FloatTest::Gtu:
        return unordered || a > b;
    case FloatTest::Geu:
        return unordered || a >= b;
    case FloatTest::Num:
        return !unordered;
    case FloatTest::Nan:
        return unordered;
    }
    return false;
}

// Names of comparison and operand type, and how `set` may write the result.
struct Operands {
    std::string test, flush, type;
    Result predicates = Result::Predicates;
    std::vector<std::pair<const char*, Result>> numbers;
};

void addForms(AluTable& table, AluFunction run, const Operands& operands) {
    for (uint32_t combine = 0; combine < 4; ++combine) {
        Alu alu;
        alu.run = run;
        alu.sources = combine == 0 ? 2 : 3;
        alu.data = &kFinishes[combine][static_cast<uint32_t>(operands.predicates)];
        alu.destinations = operands.predicates == Result::Predicates ? 2 : 1;
        alu.optionalDestinations = alu.destinations - 1;
        const std::string middle = "." + operands.test + kCombineNames[combine] + operands.flush;
        table.add("setp" + middle + "." + operands.type, alu);
        alu.destinations = 1;
        alu.optionalDestinations = 0;
        for (const auto& [type, result] : operands.numbers) {
            alu.data = &kFinishes[combine][static_cast<uint32_t>(result)];
            table.add("set" + middle + "." + type + "." + operands.type, alu);
        }
    }
}

const std::vector<std::pair<const char*, Result>> kWordResults = {
    {"u32", Result::Ones}, {"s32", Result::Ones}, {"f32", Result::OneF32}};

template <class T> void addInteger(AluTable& table, const std::string& type, bool ordered) {
    const auto add = [&](const char* test, AluFunction run) {
        addForms(table, run, {test, "", type, Result::Predicates, kWordResults});
    };
    add("eq", compare<T, equal<T>>);
    add("ne", compare<T, notEqual<T>>);
    if (!ordered)
        return;
    add("lt", compare<T, less<T>>);
    add("le", compare<T, lessEqual<T>>);
    add("gt", compare<T, greater<T>>);
    add("ge", compare<T, greaterEqual<T>>);
    if constexpr (std::is_unsigned_v<T>) {
        add("lo", compare<T, less<T>>);
        add("ls", compare<T, lessEqual<T>>);
        add("hi", compare<T, greater<T>>);
        add("hs", compare<T, greaterEqual<T>>);
    }
}

template <class T, FloatTest Test, bool Ftz, bool Pairs> constexpr AluFunction floatCompare() {
    if constexpr (Pairs)
        return comparePairs<T, floatTest<T, Test, Ftz>>;
    else
        return compare<T, floatTest<T, Test, Ftz>>;
}

template <class T, bool Ftz, bool Pairs = false> void addFloat(AluTable& table, Operands operands) {
    const auto add = [&](const char* test, AluFunction run) {
        operands.test = test;
        operands.flush = Ftz ? ".ftz" : "";
        addForms(table, run, operands);
    };
    add("eq", floatCompare<T, FloatTest::Eq, Ftz, Pairs>());
    add("ne", floatCompare<T, FloatTest::Ne, Ftz, Pairs>());
    add("lt", floatCompare<T, FloatTest::Lt, Ftz, Pairs>());
    add("le", floatCompare<T, FloatTest::Le, Ftz, Pairs>());
    add("gt", floatCompare<T, FloatTest::Gt, Ftz, Pairs>());
    add("ge", floatCompare<T, FloatTest::Ge, Ftz, Pairs>());
    add("equ", floatCompare<T, FloatTest::Equ, Ftz, Pairs>());
    add("neu", floatCompare<T, FloatTest::Neu, Ftz, Pairs>());
    add("ltu", floatCompare<T, FloatTest::Ltu, Ftz, Pairs>());
    add("leu", floatCompare<T, FloatTest::Leu, Ftz, Pairs>());
    add("gtu", floatCompare<T, FloatTest::Gtu, Ftz, Pairs>());
    add("geu", floatCompare<T, FloatTest::Geu, Ftz, Pairs>());
    add("num", floatCompare<T, FloatTest::Num, Ftz, Pairs>());
    add("nan", floatCompare<T, FloatTest::Nan, Ftz, Pairs>());
}

template <class T> void addHalf(AluTable& table) {
    constexpr Result one = std::is_same_v<T, Half> ? Result::OneF16 : Result::OneBF16;
    const std::string type = T::kName;
    // A single f16 or bf16 has no second predicate.
    const Operands single{.type = type,
                          .predicates = Result::Predicate,
                          .numbers = {{T::kName, one},
                                      {"u16", Result::Ones16},
                                      {"s16", Result::Ones16},
                                      {"u32", Result::Ones},
                                      {"s32", Result::Ones}}};
    const std::string pair = type + "x2";
    const Operands both{.type = pair,
                        .numbers = {{pair.c_str(), one}, {"u32", Result::Ones16}, {"s32", Result::Ones16}}};
    addFloat<T, false>(table, single);
    addFloat<T, false, true>(table, both);
    if constexpr (std::is_same_v<T, Half>) {
        addFloat<T, true>(table, single);
        addFloat<T, true, true>(table, both);
    }
}

} // namespace

void addComparisons(AluTable& table) {
    addInteger<uint16_t>(table, "b16", false);
    addInteger<uint32_t>(table, "b32", false);
    addInteger<uint64_t>(table, "b64", false);
    forTypes<uint16_t, uint32_t, uint64_t, int16_t, int32_t, int64_t>(
        [&]<class T>() { addInteger<T>(table, integerName<T>(), true); });
    addFloat<float, false>(table, {.type = "f32", .numbers = kWordResults});
    addFloat<float, true>(table, {.type = "f32", .numbers = kWordResults});
    addFloat<double, false>(table, {.type = "f64", .numbers = kWordResults});

    addHalf<Half>(table);
    addHalf<BFloat>(table);
}

} // namespace halyard::softcuda::ptx
