#include "oracle.h"

#include <algorithm>
#include <cmath>

namespace halyard::softcuda::ptx::testing {

Quad powerOfTwo(int exponent) {
    return static_cast<Quad>(std::ldexp(1.0L, exponent));
}

bool isNanBits(Layout layout, uint64_t bits) {
    const uint64_t magnitude = bits & ((uint64_t{1} << (layout.exponentBits + layout.mantissaBits)) - 1);
    return magnitude > ((uint64_t{1} << layout.exponentBits) - 1) << layout.mantissaBits;
}
bool isInfinity(Layout layout, uint64_t bits) {
    const uint64_t magnitude = bits & ((uint64_t{1} << (layout.exponentBits + layout.mantissaBits)) - 1);
    return magnitude == ((uint64_t{1} << layout.exponentBits) - 1) << layout.mantissaBits;
}

Quad decode(Layout layout, uint64_t bits) {
    const int bias = (1 << (layout.exponentBits - 1)) - 1;
    const auto fraction = bits & ((uint64_t{1} << layout.mantissaBits) - 1);
    const auto exponent = static_cast<int>(bits >> layout.mantissaBits & ((uint64_t{1} << layout.exponentBits) - 1));
    const bool negative = (bits >> (layout.exponentBits + layout.mantissaBits) & 1) != 0;
    Quad value = exponent == 0 ? static_cast<Quad>(fraction) * powerOfTwo(1 - bias - layout.mantissaBits)
                               : static_cast<Quad>(fraction + (uint64_t{1} << layout.mantissaBits)) *
                                     powerOfTwo(exponent - bias - layout.mantissaBits);
    if (isInfinity(layout, bits))
        value = powerOfTwo(16383) * 2;
    return negative ? -value : value;
}

Quad whole(Quad exact, Mode mode) {
    const Quad magnitude = exact < 0 ? -exact : exact;
    if (magnitude >= powerOfTwo(112))
        return exact;
    const auto cut = static_cast<__int128>(magnitude);
    const Quad rest = magnitude - static_cast<Quad>(cut);
    const bool up = mode == Mode::Nearest ? rest > Quad{0.5} || (rest == Quad{0.5} && (cut & 1) != 0)
                    : mode == Mode::Up    ? exact > 0 && rest > 0
                    : mode == Mode::Down  ? exact < 0 && rest > 0
                                          : false;
    const Quad result = static_cast<Quad>(cut + (up ? 1 : 0));
    return exact < 0 ? -result : result;
}

uint64_t encode(Layout layout, Quad exact, Mode mode, bool negativeZero) {
    const int bias = (1 << (layout.exponentBits - 1)) - 1;
    const uint64_t sign = uint64_t{1} << (layout.exponentBits + layout.mantissaBits);
    const uint64_t infinity = ((uint64_t{1} << layout.exponentBits) - 1) << layout.mantissaBits;
    if (exact == 0)
        return negativeZero ? sign : 0;
    const Quad magnitude = exact < 0 ? -exact : exact;
    const uint64_t signOf = exact < 0 ? sign : 0;
    // The estimate may be one too high when the cast rounds up.
    int exponent = std::ilogb(static_cast<long double>(magnitude));
    if (powerOfTwo(exponent) > magnitude)
        --exponent;
    exponent = std::max(exponent, 1 - bias);
    const Quad power = powerOfTwo(exponent);
    const Quad quantum = power / powerOfTwo(layout.mantissaBits);
    const Quad units = exponent > bias ? 0 : whole((exact < 0 ? -magnitude : magnitude) / quantum, mode);
    auto count = static_cast<uint64_t>(units < 0 ? -units : units);
    if (count == uint64_t{2} << layout.mantissaBits) {
        count >>= 1;
        ++exponent;
    }
    if (exponent > bias) {
        const bool away = mode == Mode::Nearest || (mode == Mode::Up && exact > 0) || (mode == Mode::Down && exact < 0);
        return signOf | (away ? infinity : infinity - 1);
    }
    if (count < uint64_t{1} << layout.mantissaBits)
        return signOf | count;
    return signOf | static_cast<uint64_t>(exponent + bias) << layout.mantissaBits |
           (count - (uint64_t{1} << layout.mantissaBits));
}

} // namespace halyard::softcuda::ptx::testing
