// Subgroup and workgroup operations (docs/kir.md, rule 6) on warps.
#pragma once

#include "spv/reflect.h"
#include "spv/status.h"

#include <array>
#include <cstdint>

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace halyard::jit::nvptx {

// Replaces every hy.subgroup.* and hy.workgroup.* call of `kernel`, hy.matrix.* and the products of matrices with them,
// and hy.barrier with the execution scope of a subgroup, by instructions of warps of 32; drops the region markers.
// `sm`: the compute capability, such as 75 (at least 70); `ptx`: the version of PTX, such as 65. `workgroupSize`: zero
// when unknown.
//
// REQUIRES: everything is inlined into the kernel; host::keepRegions() came before whatever unrolls loops; ids and
// sizes are still KIR's builtins, since this asks which of them differ between invocations; local variables are in
// registers as far as they can be, or branches on them are taken for divergent, which is slower; the optimiser has not
// run, and runs afterwards. A fence with the scope and semantics of a subgroup barrier that reaches further than the
// subgroup is left as hy.fence.
//
// Errors: HY_ERROR_UNSUPPORTED_SPIRV for an unknown operation, control flow without an order (warp_masks.h), matrices
// in workgroups that are no multiple of 32, or that are too large for code without matrix instructions;
// HY_ERROR_INTERNAL when builtins are no longer KIR's.
spv::Status lowerCollectives(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info,
                             const std::array<uint32_t, 3>& workgroupSize, uint32_t sm, uint32_t ptx);

} // namespace halyard::jit::nvptx
