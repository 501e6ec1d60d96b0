// What the integer instructions share.
#pragma once

#include "lanes.h"

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

namespace halyard::softcuda::ptx {

using Signed128 = __int128;
using Unsigned128 = unsigned __int128;

// "u32" for uint32_t.
template <class T> std::string integerName() {
    return (std::is_signed_v<T> ? "s" : "u") + std::to_string(sizeof(T) * 8);
}

template <class T> using UnsignedFor = std::make_unsigned_t<T>;

// The type of twice the width and the same signedness.
template <class T>
using Wide =
    std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>,
                       std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                                          std::conditional_t<std::is_signed_v<T>, Signed128, Unsigned128>>>;

// Products and sums of 16 bits would become int, whose overflow is undefined: computed in at least 32 unsigned bits.
template <class T> using Modular = std::conditional_t<sizeof(T) < 4, uint32_t, UnsignedFor<T>>;

template <class T> T wrapAdd(T a, T b) {
    return static_cast<T>(static_cast<Modular<T>>(a) + static_cast<Modular<T>>(b));
}
template <class T> T wrapSub(T a, T b) {
    return static_cast<T>(static_cast<Modular<T>>(a) - static_cast<Modular<T>>(b));
}
template <class T> T mulLow(T a, T b) {
    return static_cast<T>(static_cast<Modular<T>>(a) * static_cast<Modular<T>>(b));
}
template <class T> T mulHigh(T a, T b) {
    return static_cast<T>((static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b)) >> (sizeof(T) * 8));
}
template <class T> Wide<T> mulWide(T a, T b) {
    return static_cast<Wide<T>>(a) * static_cast<Wide<T>>(b);
}

inline int32_t saturate32(int64_t value) {
    constexpr int64_t low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
    return static_cast<int32_t>(value < low ? low : value > high ? high : value);
}

// Calls visit.operator()<T>() for each type.
template <class... T, class Visit> void forTypes(Visit&& visit) {
    (visit.template operator()<T>(), ...);
}

} // namespace halyard::softcuda::ptx
