// bfloat16, which is converted, moved, and nothing else (docs/kir.md, rule 8).
#pragma once

#include <cstdint>

#include <llvm/IR/IRBuilder.h>

namespace llvm {
class Function;
}

namespace halyard::jit::nvptx {

// Rewrites every conversion to and from bfloat16: up with integers, down with the processor's instruction from sm_80 on
// and with integers before. Rounds to the nearest, ties to even, once. REQUIRES: called before the optimiser, which
// would otherwise move arithmetic onto bfloat16.
void lowerBfloat(llvm::Function& kernel, uint32_t sm);

// `value`, a floating-point number or a vector of them, as `to`. Conversions of bfloat16 are left to lowerBfloat().
llvm::Value* convertFloats(llvm::IRBuilder<>& at, llvm::Value* value, llvm::Type* to);

} // namespace halyard::jit::nvptx
