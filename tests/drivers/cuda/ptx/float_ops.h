// What the floating-point instructions share: NaNs, subnormal numbers, saturation and rounding modes.
#pragma once

#include "lanes.h"

#include <bit>
#include <cfenv>
#include <cstdint>

namespace halyard::softcuda::ptx {

constexpr uint32_t kNan32 = 0x7fffffff;

// Comparisons by bits: a compiler may then not assume anything about NaNs.
inline bool isNan(float a) {
    return (std::bit_cast<uint32_t>(a) & 0x7fffffff) > 0x7f800000;
}
inline bool isNan(double a) {
    return (std::bit_cast<uint64_t>(a) & 0x7fffffff'ffffffff) > 0x7ff00000'00000000;
}

// Every f32 instruction that makes a NaN makes this one.
inline float canonical(float a) {
    return isNan(a) ? std::bit_cast<float>(kNan32) : a;
}

// Subnormal numbers become zeros of the same sign.
template <bool Ftz> float flush(float a) {
    const auto bits = std::bit_cast<uint32_t>(a);
    return Ftz && (bits & 0x7f800000) == 0 ? std::bit_cast<float>(bits & 0x80000000) : a;
}

// .sat: into [0, 1]; NaN and -0 become +0.
template <bool Sat> float saturate(float a) {
    if constexpr (!Sat)
        return a;
    return a > 0.0F ? (a < 1.0F ? a : 1.0F) : 0.0F;
}

// Doubles keep payloads, as the processors do: the result is the first operand that is a NaN, made quiet. An invalid
// operation on numbers makes 0xfff8000000000000, which CUDA's headers have for a NaN as well.
inline double quiet(double a) {
    return std::bit_cast<double>(std::bit_cast<uint64_t>(a) | 0x00080000'00000000);
}
inline double keepNan(double result) {
    return isNan(result) ? std::bit_cast<double>(uint64_t{0xfff80000'00000000}) : result;
}
template <class... Rest> double keepNan(double result, double a, Rest... rest) {
    return isNan(a) ? quiet(a) : keepNan(result, rest...);
}

// The host's rounding mode for one run.
class RoundingScope {
public:
    explicit RoundingScope(int mode) { std::fesetround(mode); }
    ~RoundingScope() { std::fesetround(FE_TONEAREST); }
    RoundingScope(const RoundingScope&) = delete;
    RoundingScope& operator=(const RoundingScope&) = delete;
};

// An instruction under a rounding mode. Operands come from memory and results go there, which fesetround() may read and
// write as far as a compiler knows: nothing is computed outside the scope. Op itself must have no constant expressions
// that round (the files are compiled with -frounding-math).
template <auto Op, int Mode>
void runRounded(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void* data) {
    const RoundingScope scope(Mode);
    PerLane<Op>::run(destinations, sources, mask, data);
}
template <auto Op, int Mode> constexpr Alu perLaneRounded() {
    Alu alu = perLane<Op>();
    if constexpr (Mode != FE_TONEAREST)
        alu.run = &runRounded<Op, Mode>;
    return alu;
}

} // namespace halyard::softcuda::ptx
