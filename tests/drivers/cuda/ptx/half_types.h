// The two floating-point types of 16 bits.
#pragma once

#include "float_formats.h"
#include "float_ops.h"

#include <cstdint>

namespace halyard::softcuda::ptx {

struct Half {
    uint16_t bits;
    static constexpr Format kFormat = kHalf;
    static constexpr const char* kName = "f16";
};
struct BFloat {
    uint16_t bits;
    static constexpr Format kFormat = kBFloat;
    static constexpr const char* kName = "bf16";
};

// The NaN that every instruction on either type makes.
constexpr uint16_t kNan16 = 0x7fff;

// Exact values.
inline double numberOf(Half a) {
    return valueOf<kHalf>(a.bits);
}
inline double numberOf(BFloat a) {
    return std::bit_cast<float>(static_cast<uint32_t>(a.bits) << 16);
}
inline float numberOf(float a) {
    return a;
}
inline double numberOf(double a) {
    return a;
}

// `value` rounded once; a NaN becomes canonical.
template <class T> T roundedTo(double value, Rounding rounding) {
    return isNan(value) ? T{kNan16} : T{static_cast<uint16_t>(roundTo<T::kFormat>(value, rounding))};
}

// .ftz: of f32 and f16; the others keep their subnormal numbers.
template <bool Ftz> float flushed(float a) {
    return flush<Ftz>(a);
}
template <bool Ftz> double flushed(double a) {
    return a;
}
template <bool Ftz> BFloat flushed(BFloat a) {
    return a;
}
template <bool Ftz> Half flushed(Half a) {
    return Ftz && (a.bits & 0x7c00) == 0 ? Half{static_cast<uint16_t>(a.bits & 0x8000)} : a;
}

} // namespace halyard::softcuda::ptx
