// What execution modes ask of floating-point arithmetic, by the width of the numbers.
#pragma once

#include <cstdint>
#include <unordered_map>

namespace halyard::jit {

struct FloatControls {
    // A mask with the bits 16, 32 and 64: the widths are distinct powers of two.
    uint32_t flushDenorms = 0;
    uint32_t towardsZero = 0;
    bool any() const { return (flushDenorms | towardsZero) != 0; }

    // FPFastMathDefault: the FPFastMathMode of a scalar type's operations without the decoration.
    std::unordered_map<uint32_t, uint32_t> fastMathDefaults;
    bool secondEdition = false; // FloatControls2: FPFastMathMode says all, contraction included
};

} // namespace halyard::jit
