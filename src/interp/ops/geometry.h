// Products and lengths of vectors, computed in Quad and rounded once. Private to the interpreter's operations.
#pragma once

#include "interp/ops/lane.h"

namespace halyard::interp::ops {

// Scalars and vectors alone, of no more components than SPIR-V knows. For rules; REQUIRED by every evaluator below.
bool checkVectors(Binding& binding);

// Evaluators. cross: 3 components, or 4 of which the last is 0. `normalizeOpenCl` gives zero for zero and directions of
// infinite vectors; `normalizeGlsl` divides.
void evaluateLength(const Operation& op, Operands in, Cell* out);
void evaluateDistance(const Operation& op, Operands in, Cell* out);
void evaluateCross(const Operation& op, Operands in, Cell* out);
void normalizeOpenCl(const Operation& op, Operands in, Cell* out);
void normalizeGlsl(const Operation& op, Operands in, Cell* out);
void evaluateFaceForward(const Operation& op, Operands in, Cell* out);
void evaluateReflect(const Operation& op, Operands in, Cell* out);
void evaluateRefract(const Operation& op, Operands in, Cell* out);

} // namespace halyard::interp::ops
