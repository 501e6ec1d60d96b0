// Arithmetic on scalar constants as SPIR-V defines it, on any host. Private to src/spv.
#pragma once

#include "spv/constants.h"

namespace halyard::spv {

// `bits` cut to `width`, and its value as a two's complement number of that width.
uint64_t truncate(uint64_t bits, uint32_t width);
int64_t signExtend(uint64_t bits, uint32_t width);

// IEEE 754 values of 16, 32 or 64 bits; encoding rounds to nearest even.
double decodeFloat(uint64_t bits, uint32_t width);
uint64_t encodeFloat(double value, uint32_t width);

// The result of an instruction that OpSpecConstantOp may name, for one lane; `arity` operands are read. Empty for
// an opcode that is no arithmetic on scalars. What SPIR-V leaves undefined (division by zero, shifts by the width
// or more, out-of-range conversions) gives some fixed value and no trap.
std::optional<uint64_t> evaluateScalar(::spv::Op op, ScalarType result, ScalarType operand,
                                       std::span<const uint64_t> operands);

} // namespace halyard::spv
