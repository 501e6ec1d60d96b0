// Whether a vectorised kernel is likely to be faster than the scalar one.
#pragma once

#include "jit/passes/spmd/shapes.h"

namespace llvm {
class LoopInfo;
}

namespace halyard::jit::spmd {

bool gains(const llvm::Function& function, const llvm::LoopInfo& loops, const Shapes& shapes, unsigned lanes);

} // namespace halyard::jit::spmd
