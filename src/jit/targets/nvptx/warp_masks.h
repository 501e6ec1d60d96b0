// Which invocations of a warp reach a place together, so that a subgroup operation there can name them.
//
// Since sm_70 the threads of a warp run on their own, and come together again only where something makes them.
// activemask tells who happens to be here now, which may be fewer than the program means; so it is never asked. The
// mask is computed instead, and an instruction that names a mask waits for all of it:
//
//   - Where the whole workgroup runs a block (Uniformity), the mask is that of the invocations that exist: a
//     constant, or a vote at the start of the kernel.
//   - Where a branch sends some this way and some that way, they vote before it, within the mask there; that is the
//     mask of a block which only this branch leads to.
//   - A block that all invocations come to again, whatever way they took from its anchor (the block that dominates it
//     immediately; the preheader of a loop for what comes behind the loop), has the anchor's mask.
//   - Any other block that only some of them come to has a vote among the anchor's mask in front of it, through which
//     the ways of all of them lead: of those that come, and of those that pass it by (meeting_points.h).
//   - The mask of a loop's header is that of the preheader, or that of the invocations that take the back edge.
//
// Every invocation passes the blocks in one order, a numbering of the dominator tree that follows the control flow, and
// votes in that order, so that no two wait for each other at different votes, and votes of one mask cannot be mixed up.
// What runs between leaving a loop and the end that hy.region.end marks belongs to the iteration, as in
// targets/host/reconvergence.h. Nothing here depends on what the optimiser or ptxas does with the control flow later,
// as long as they keep the order of convergent calls that one invocation runs.
#pragma once

#include "jit/targets/nvptx/warp.h"
#include "spv/status.h"

#include <array>
#include <vector>

#include <llvm/ADT/DenseMap.h>

namespace llvm {
class CallInst;
class Function;
} // namespace llvm

namespace halyard::jit::nvptx {

// Brings the control flow into the form that computeWarpMasks() wants, when some of `calls` may not be run by the whole
// workgroup: without switches and unreachable blocks, and with one way into a loop and one back. Deletes calls that
// cannot be reached.
void prepareForWarpMasks(llvm::Function& kernel, const std::vector<llvm::CallInst*>& calls);

// Computes the mask for each of `calls`, and adds the code for that to `kernel`, whose blocks may be split.
// `workgroupSize`: zero when unknown. REQUIRES: prepareForWarpMasks() was called for them, values that branches depend
// on are in SSA form as far as they can be, and ids and sizes are still KIR's builtins. Errors:
// HY_ERROR_UNSUPPORTED_SPIRV for control flow without an order.
spv::Result<llvm::DenseMap<llvm::CallInst*, WarpMask>> computeWarpMasks(llvm::Function& kernel,
                                                                        const std::vector<llvm::CallInst*>& calls,
                                                                        const std::array<uint32_t, 3>& workgroupSize);

// i32: the linear id of the invocation in its workgroup, and the size of that.
llvm::Value* localLinearId(llvm::IRBuilder<>& at, const std::array<uint32_t, 3>& workgroupSize);
llvm::Value* workgroupItems(llvm::IRBuilder<>& at, const std::array<uint32_t, 3>& workgroupSize);

} // namespace halyard::jit::nvptx
