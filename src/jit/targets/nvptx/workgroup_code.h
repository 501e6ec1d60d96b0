// The code of one operation of the whole workgroup: within the warps first, then among them through shared memory.
#pragma once

#include "jit/passes/collective.h"
#include "jit/targets/nvptx/warp.h"

#include <array>

namespace halyard::jit::nvptx {

// What the operation `call`, which is `what`, gives; emitted before it, whose block is split. Has barriers: all
// invocations of the workgroup come here together. `mask`: those of the warp that exist. All operations of a module
// share one variable in shared memory, 256 bytes.
//
// Additions and multiplications of floating-point numbers without leave to reassociate go through all invocations one
// by one, warp after warp: they take as many barriers as there are warps.
llvm::Value* emitWorkgroup(const Collective& what, llvm::CallInst& call, const WarpMask& mask,
                           const std::array<uint32_t, 3>& workgroupSize, uint32_t sm);

} // namespace halyard::jit::nvptx
