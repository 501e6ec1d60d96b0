// Places that invocations are led through to vote on who goes on to a block.
#pragma once

#include <vector>

namespace llvm {
class BasicBlock;
class Function;
class Instruction;
class Value;
} // namespace llvm

namespace halyard::jit::nvptx {

// One way from block to block, and the blocks that a vote is held for on it, in order. The last may be `to` itself:
// then the invocations that take the way come to it.
struct VotedEdge {
    llvm::BasicBlock* from;
    llvm::BasicBlock* to;
    std::vector<llvm::BasicBlock*> votes;
};
struct Vote {
    llvm::BasicBlock* block;
    llvm::Value* mask;         // i32: among whom
    llvm::Instruction* result; // i32, in `block`: replaced by the mask of those that come
};

// Leads all of `edges` through one block for each of their votes, which holds the vote: whoever takes part executes the
// same instruction. No two edges are the same. All values but constants may be others afterwards, but for operands of
// calls.
void leadThroughVotes(llvm::Function& kernel, const std::vector<VotedEdge>& edges, const std::vector<Vote>& votes);

} // namespace halyard::jit::nvptx
