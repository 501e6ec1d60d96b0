// Operands: special values, and seeded random ones.
#pragma once

#include "matrix/case.h"

namespace halyard::spirvtest {

// Zeros, ones, ends of the range, subnormal numbers, infinities, NaN, halfway cases, powers of two and their
// neighbours.
const std::vector<uint64_t>& specials(Scalar scalar);

// Special values, any bits, and (floating point) numbers of moderate size, in turn. NaNs are quiet.
uint64_t anyValue(Random& random, Scalar scalar);
// As anyValue without NaN and infinities.
uint64_t finiteValue(Random& random, Scalar scalar);
// Finite, and small enough that sums and products of sixteen of them neither overflow nor lose all to rounding.
uint64_t moderateValue(Random& random, Scalar scalar);
// Below `limit`, as an unsigned number.
Generator below(uint64_t limit);

// The operands of `count` invocations. The same case gets the same rows every time. The first rows of a case with one
// operand walk through the special values.
std::vector<Row> rowsOf(const Case& item, size_t count);

} // namespace halyard::spirvtest
