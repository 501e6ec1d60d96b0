// The five operations of IEEE 754 on bits: one rounding each, as the mode says. Private to the interpreter's
// operations.
#pragma once

#include "interp/ops/format.h"

namespace halyard::interp::ops {

uint64_t add(const FloatMode& mode, uint64_t a, uint64_t b);
uint64_t multiply(const FloatMode& mode, uint64_t a, uint64_t b);
uint64_t divide(const FloatMode& mode, uint64_t a, uint64_t b);
uint64_t squareRoot(const FloatMode& mode, uint64_t a);
uint64_t fusedMultiplyAdd(const FloatMode& mode, uint64_t a, uint64_t b, uint64_t c);

} // namespace halyard::interp::ops
