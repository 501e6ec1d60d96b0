// In which order divergent work-items pass the cuts, so that they meet again where a programmer expects it.
//
// Lowest first: what waits at a cut runs only when no work-item can reach a lower one. So the numbers follow the
// control flow, a loop's cuts have numbers without a gap, and the back edge, where an iteration ends, has the last of
// them. What an invocation does between leaving a loop and the loop's end belongs to the loop: hy.region.begin and
// hy.region.end say where that is, as the control flow alone does not. Irreducible control flow gets some order; then
// the results of single invocations are right, and who meets is unspecified.
#pragma once

#include <vector>

namespace llvm {
class BasicBlock;
class CallInst;
class Function;
} // namespace llvm

namespace halyard::jit::host {

// Keeps the optimiser from unrolling loops that invocations leave to do something together before the loop's end: that
// is behind the loop for LLVM, and would not be copied for each iteration. Returns whether there is any.
bool keepRegions(llvm::Function& kernel);

// Gives the back edges of all loops that have one of `calls` inside a block each; returns the blocks. The block holds
// only a branch, and so does the block behind it, in front of the header.
std::vector<llvm::BasicBlock*> cutBackEdges(llvm::Function& kernel, const std::vector<llvm::CallInst*>& calls);

// All blocks of `kernel` in the order described above; `backEdges` are those of cutBackEdges.
std::vector<llvm::BasicBlock*> reconvergenceOrder(llvm::Function& kernel,
                                                  const std::vector<llvm::BasicBlock*>& backEdges);

// Removes the region markers, once nothing needs them.
void dropRegions(llvm::Function& kernel);

} // namespace halyard::jit::host
