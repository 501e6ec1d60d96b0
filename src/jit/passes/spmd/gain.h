// Whether a vectorised kernel is likely to be faster than the scalar one.
#pragma once

#include "jit/passes/spmd/levels.h"
#include "jit/passes/spmd/shapes.h"

namespace llvm {
class LoopInfo;
class TargetTransformInfo;
} // namespace llvm

namespace halyard::jit::spmd {

bool gains(const llvm::Function& function, const llvm::LoopInfo& loops, const Levels& levels, const Shapes& shapes,
           unsigned lanes, const llvm::TargetTransformInfo& costs);

} // namespace halyard::jit::spmd
