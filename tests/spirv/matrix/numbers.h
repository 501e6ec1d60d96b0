// Numbers of every SPIR-V scalar type as 64-bit patterns, and exact arithmetic on them on the host. Floating-point
// values go through __float128, which holds every half, float, double and 64-bit integer exactly; +, -, *, / and sqrt
// of them rounded once more are rounded correctly, since 113 bits are more than twice 53 and two.
#pragma once

#include "builder/spirv.h"

#include <cstdint>

namespace halyard::spirvtest {

using Quad = __float128;

enum class Scalar : uint8_t { Bool, I8, I16, I32, I64, F16, F32, F64 };

bool isFloat(Scalar scalar);
bool isInt(Scalar scalar);
uint32_t bitsOf(Scalar scalar); // 1 for a boolean
const char* scalarName(Scalar scalar);

// All ones below bit `bits`, which is 1 to 64.
uint64_t maskOf(uint32_t bits);
inline uint64_t maskOf(Scalar scalar) {
    return maskOf(bitsOf(scalar));
}
// The low bits as a signed number.
int64_t signedOf(Scalar scalar, uint64_t bits);

// Parts of a floating-point format.
struct Format {
    int precision;                // with the implicit bit
    int minExponent, maxExponent; // of the smallest normal and the largest number, as ilogb gives them
};
Format formatOf(Scalar scalar);
bool isNan(Scalar scalar, uint64_t bits);
bool isInf(Scalar scalar, uint64_t bits);
bool isZero(Scalar scalar, uint64_t bits);
bool isSubnormal(Scalar scalar, uint64_t bits);
bool signBit(Scalar scalar, uint64_t bits);
uint64_t infinity(Scalar scalar, bool negative);
uint64_t quietNan(Scalar scalar);
uint64_t largest(Scalar scalar); // finite

// The exact value. Infinities and NaN stay what they are.
Quad toQuad(Scalar scalar, uint64_t bits);
// Rounded to the type, subnormal numbers and overflow as IEEE 754 has them.
uint64_t fromQuad(Scalar scalar, Quad value, Rounding rounding = Rounding::ToNearestEven);
// Rounded to an integral value.
Quad integral(Quad value, Rounding rounding);

// How far `got` is from `want`, in units in the last place of `want`; a huge number for a NaN, infinity or sign where
// another was due, and 0 for two NaNs.
double ulpDistance(Scalar scalar, uint64_t got, uint64_t want);

} // namespace halyard::spirvtest
