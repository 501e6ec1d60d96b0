// What rounding an exact number to a format gives, worked out with 128-bit floats: another way than the code under
// test.
#pragma once

#include <cstdint>

namespace halyard::softcuda::ptx::testing {

using Quad = __float128;

enum class Mode { Nearest, Zero, Down, Up };
constexpr Mode kModes[] = {Mode::Nearest, Mode::Zero, Mode::Down, Mode::Up};
inline const char* modeName(Mode mode) {
    constexpr const char* names[] = {"rn", "rz", "rm", "rp"};
    return names[static_cast<int>(mode)];
}

struct Layout {
    int exponentBits, mantissaBits;
};
constexpr Layout kF16{5, 10}, kBF16{8, 7}, kF32{8, 23}, kF64{11, 52}, kTF32Layout{8, 10};

Quad powerOfTwo(int exponent);
// Of a finite number or an infinity.
Quad decode(Layout layout, uint64_t bits);
bool isNanBits(Layout layout, uint64_t bits);
bool isInfinity(Layout layout, uint64_t bits);
// `exact` is neither NaN nor infinite; a zero's sign is `negativeZero`'s.
uint64_t encode(Layout layout, Quad exact, Mode mode, bool negativeZero = false);
// To an integer.
Quad whole(Quad exact, Mode mode);

} // namespace halyard::softcuda::ptx::testing
