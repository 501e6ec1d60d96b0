// The SPMD vectoriser: makes of a kernel for one work-item one for W work-items in a row of dimension 0.
//
// Uniform values and control flow stay scalar, divergent control flow becomes masks (levels.h), accesses to memory are
// as wide as the shapes of their addresses allow (widen.h). What cannot be vectorised is refused in words, and the
// caller keeps the scalar kernel.
#pragma once

#include "jit/passes/spmd/shapes.h"

#include <string>

namespace llvm {
class Function;
class TargetMachine;
} // namespace llvm

namespace halyard::jit::spmd {

// The vector form of `kernel`, in its module, with the same parameters; or null, and in `why` what it has that
// cannot be vectorised or would not gain. In the new function hy.global_id(0), hy.local_id(0) and the linear ids are
// those of lane 0. It is right for global ids below 2^31. `kernel` is not changed.
// REQUIRES: everything is inlined; lanes.count divides lanes.workgroupSize[0]; `weigh`: the processor to weigh
// the gain for; null: do it in any case.
llvm::Function* vectorise(llvm::Function& kernel, const Lanes& lanes, const llvm::TargetMachine* weigh,
                          std::string& why);

// How many lanes suit the processor and the workgroup; 1: none. For operations of the subgroup: the subgroup.
unsigned chooseLanes(const llvm::Function& kernel, const llvm::TargetMachine& machine,
                     const std::array<uint32_t, 3>& workgroupSize, uint32_t subgroupSize);

MaskedMemory maskedMemory(const llvm::TargetMachine& machine);

} // namespace halyard::jit::spmd
