// Logic, shifts, and counting, finding, extracting and permuting bits.
#include "alu_table.h"
#include "integer_types.h"

#include <algorithm>
#include <bit>

namespace halyard::softcuda::ptx {

namespace {

template <class T> constexpr uint32_t kWidth = sizeof(T) * 8;
constexpr uint32_t kNone = 0xffffffff;

template <class T> T bitAnd(T a, T b) {
    return static_cast<T>(a & b);
}
template <class T> T bitOr(T a, T b) {
    return static_cast<T>(a | b);
}
template <class T> T bitXor(T a, T b) {
    return static_cast<T>(a ^ b);
}
template <class T> T bitNot(T a) {
    return static_cast<T>(~a);
}
template <> bool bitNot(bool a) {
    return !a;
}
template <class T> T logicalNot(T a) {
    return a == 0 ? 1 : 0;
}

// Amounts above the width count as the width.
template <class T> T shiftLeft(T a, uint32_t amount) {
    return amount >= kWidth<T> ? T{0} : static_cast<T>(static_cast<Modular<T>>(a) << amount);
}
template <class T> T shiftRight(T a, uint32_t amount) {
    if constexpr (std::is_signed_v<T>)
        return static_cast<T>(a >> (amount >= kWidth<T> ? kWidth<T> - 1 : amount));
    else
        return amount >= kWidth<T> ? T{0} : static_cast<T>(a >> amount);
}

template <bool Left, bool Clamp> uint32_t funnel(uint32_t low, uint32_t high, uint32_t amount) {
    const uint32_t by = Clamp ? std::min(amount, 32U) : amount & 31;
    const uint64_t both = uint64_t{high} << 32 | low;
    return static_cast<uint32_t>(Left ? (both << by) >> 32 : both >> by);
}

template <class T> uint32_t countOnes(T a) {
    return static_cast<uint32_t>(std::popcount(a));
}
template <class T> uint32_t leadingZeros(T a) {
    return static_cast<uint32_t>(std::countl_zero(a));
}

template <class T> T reverse(T a) {
    T result = 0;
    for (uint32_t i = 0; i < kWidth<T>; ++i)
        result = static_cast<T>(result << 1 | (a >> i & 1));
    return result;
}

// The highest bit that is no sign.
template <class T> uint32_t highest(T a) {
    const auto bits = static_cast<UnsignedFor<T>>(std::is_signed_v<T> && a < 0 ? ~a : a);
    return bits == 0 ? kNone : kWidth<T> - 1 - leadingZeros(bits);
}
template <class T> uint32_t shiftToHighest(T a) {
    const uint32_t position = highest(a);
    return position == kNone ? kNone : kWidth<T> - 1 - position;
}

template <class T> T extractField(T a, uint32_t b, uint32_t c) {
    constexpr uint32_t top = kWidth<T> - 1;
    const uint32_t position = b & 0xff, length = c & 0xff;
    if (length == 0)
        return 0;
    // Above the field and above the register is the sign: the field's top bit, or the register's if that comes first.
    const T shifted = position > top ? shiftRight<T>(a, top + 1) : shiftRight<T>(a, position);
    if (position > top || length > top - position)
        return shifted;
    const uint32_t unused = top + 1 - length;
    return shiftRight<T>(shiftLeft<T>(shifted, unused), unused);
}
template <class T> T insertField(T a, T b, uint32_t c, uint32_t d) {
    const uint32_t position = c & 0xff, length = d & 0xff;
    const T ones = length >= kWidth<T> ? static_cast<T>(~T{0}) : static_cast<T>((T{1} << length) - 1);
    const T mask = shiftLeft<T>(ones, position);
    return static_cast<T>((b & ~mask) | (shiftLeft<T>(a, position) & mask));
}

uint32_t findNthSet(uint32_t bits, uint32_t base, int32_t offset) {
    if (base > 31)
        return kNone;
    if (offset == 0)
        return (bits >> base & 1) != 0 ? base : kNone;
    const int32_t step = offset > 0 ? 1 : -1;
    int64_t left = offset > 0 ? int64_t{offset} : -int64_t{offset};
    for (auto position = static_cast<int32_t>(base); position >= 0 && position < 32; position += step)
        if ((bits >> position & 1) != 0 && --left == 0)
            return static_cast<uint32_t>(position);
    return kNone;
}

template <bool Clamp, class T> T extendBits(T a, uint32_t b) {
    if (Clamp && b >= 32)
        return a;
    const uint32_t length = b & 31;
    if (length == 0)
        return 0;
    return shiftRight<T>(shiftLeft<T>(a, 32 - length), 32 - length);
}
template <bool Clamp> uint32_t maskOf(uint32_t a, uint32_t b) {
    if (Clamp && a >= 32)
        return 0;
    const uint32_t position = a & 31, length = Clamp ? std::min(b, 32U) : b & 31;
    return static_cast<uint32_t>(((uint64_t{1} << length) - 1) << position);
}

// Each nibble of the selection takes a byte of b:a, or its sign eight times.
uint32_t permute(uint32_t a, uint32_t b, uint32_t selection) {
    const uint64_t both = uint64_t{b} << 32 | a;
    uint32_t result = 0;
    for (uint32_t i = 0; i < 4; ++i) {
        const uint32_t nibble = selection >> (4 * i) & 0xf;
        const auto byte = static_cast<uint8_t>(both >> (8 * (nibble & 7)));
        const uint8_t chosen = (nibble & 8) == 0 ? byte : (byte & 0x80) != 0 ? 0xff : 0;
        result |= static_cast<uint32_t>(chosen) << (8 * i);
    }
    return result;
}
// The other modes: the selection's low two bits pick one of four permutations, written as nibbles of 16 bits.
template <uint64_t Choices> uint32_t permuteMode(uint32_t a, uint32_t b, uint32_t selection) {
    return permute(a, b, static_cast<uint32_t>(Choices >> (16 * (selection & 3)) & 0xffff));
}

uint32_t lookup3(uint32_t a, uint32_t b, uint32_t c, uint32_t table) {
    uint32_t result = 0;
    for (uint32_t i = 0; i < 8; ++i) {
        const uint32_t minterm = ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
        result |= (table >> i & 1) != 0 ? minterm : 0;
    }
    return result;
}
template <bool Or> Two<uint32_t, bool> lookup3Predicate(uint32_t a, uint32_t b, uint32_t c, uint32_t table, bool q) {
    const uint32_t result = lookup3(a, b, c, table);
    return {result, Or ? result != 0 || q : result != 0 && q};
}

template <class T> void addLogic(AluTable& table, const std::string& type) {
    table.add("and." + type, perLane<bitAnd<T>>());
    table.add("or." + type, perLane<bitOr<T>>());
    table.add("xor." + type, perLane<bitXor<T>>());
    table.add("not." + type, perLane<bitNot<T>>());
}

template <bool Clamp> void addBitFields(AluTable& table, const std::string& mode) {
    table.add("shf.l." + mode + ".b32", perLane<funnel<true, Clamp>>());
    table.add("shf.r." + mode + ".b32", perLane<funnel<false, Clamp>>());
    table.add("szext." + mode + ".u32", perLane<extendBits<Clamp, uint32_t>>());
    table.add("szext." + mode + ".s32", perLane<extendBits<Clamp, int32_t>>());
    table.add("bmsk." + mode + ".b32", perLane<maskOf<Clamp>>());
}

} // namespace

void addBits(AluTable& table) {
    addLogic<bool>(table, "pred");
    forTypes<uint16_t, uint32_t, uint64_t>([&]<class T>() {
        const std::string type = "b" + std::to_string(kWidth<T>);
        addLogic<T>(table, type);
        table.add("cnot." + type, perLane<logicalNot<T>>());
        table.add("shl." + type, perLane<shiftLeft<T>>());
        table.add("shr." + type, perLane<shiftRight<T>>());
    });
    forTypes<uint16_t, uint32_t, uint64_t, int16_t, int32_t, int64_t>(
        [&]<class T>() { table.add("shr." + integerName<T>(), perLane<shiftRight<T>>()); });
    forTypes<uint32_t, uint64_t>([&]<class T>() {
        const std::string type = "b" + std::to_string(kWidth<T>);
        table.add("popc." + type, perLane<countOnes<T>>());
        table.add("clz." + type, perLane<leadingZeros<T>>());
        table.add("brev." + type, perLane<reverse<T>>());
        table.add("bfi." + type, perLane<insertField<T>>());
    });
    forTypes<uint32_t, uint64_t, int32_t, int64_t>([&]<class T>() {
        table.add("bfe." + integerName<T>(), perLane<extractField<T>>());
        table.add("bfind." + integerName<T>(), perLane<highest<T>>());
        table.add("bfind.shiftamt." + integerName<T>(), perLane<shiftToHighest<T>>());
    });
    addBitFields<true>(table, "clamp");
    addBitFields<false>(table, "wrap");
    table.add("fns.b32", perLane<findNthSet>());

    table.add("prmt.b32", perLane<permute>());
    table.add("prmt.b32.f4e", perLane<permuteMode<0x6543'5432'4321'3210>>());
    table.add("prmt.b32.b4e", perLane<permuteMode<0x0123'7012'6701'5670>>());
    table.add("prmt.b32.rc8", perLane<permuteMode<0x3333'2222'1111'0000>>());
    table.add("prmt.b32.ecl", perLane<permuteMode<0x3333'3222'3211'3210>>());
    table.add("prmt.b32.ecr", perLane<permuteMode<0x3210'2210'1110'0000>>());
    table.add("prmt.b32.rc16", perLane<permuteMode<0x3232'1010'3232'1010>>());

    table.add("lop3.b32", perLane<lookup3>());
    table.add("lop3.or.b32", perLane<lookup3Predicate<true>>());
    table.add("lop3.and.b32", perLane<lookup3Predicate<false>>());
}

} // namespace halyard::softcuda::ptx
