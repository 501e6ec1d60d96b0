// Structured control flow from any reducible graph: a tree of sequences, ifs, loops and blocks that can be left early,
// from which SPIR-V's merge instructions follow by construction.
//
// After "Beyond Relooper" (N. Ramsey, ICFP 2022): the children of a block in the dominator tree that have several
// predecessors stand behind a Block each, which the jumps to them leave; the others nest where they are reached. One
// rule is added: what comes after a loop stands behind it and never inside, so that invocations that leave a loop in
// different rounds are together again before they go on, and a barrier there is reached by all.
#pragma once

#include "jit/targets/spirv/flow_graph.h"

#include <memory>
#include <optional>
#include <string>

namespace halyard::jit::spirv {

// A node of the level graph: a block, or the inner loop of a header.
using Label = uint32_t; // block index, or block count + header for a loop

struct Tree {
    enum class Kind : uint8_t {
        Code,        // what `block` does, without its end
        Sequence,    // the children in order; a child that does not fall through ends it
        If,          // what `block` does, then children[0] if its condition holds, else children[1]
        IfExit,      // children[0] if the loop of `block` was left by its exit number `index`, else children[1]
        Leavable,    // children[0]; a Jump to `label` inside goes behind it
        Jump,        // to behind the Leavable of `label`
        Loop,        // children[0] for ever; `exits` are the blocks that it is left for
        Continue,    // the next round of the innermost loop
        Exit,        // leaves the innermost loop by exit number `index`
        Return,      //
        Unreachable, //
    };
    Kind kind = Kind::Code;
    uint32_t block = 0;
    uint32_t index = 0;
    Label label = 0;
    uint32_t exits = 0; // of a Loop: how many
    std::vector<std::unique_ptr<Tree>> children;
};

// The tree of `graph`; null, with the reason in `*why`, for an irreducible graph or one of more than kMostBlocks.
// Unreachable blocks are left out.
inline constexpr uint32_t kMostBlocks = 20000;
std::unique_ptr<Tree> structure(const FlowGraph& graph, std::string* why);

} // namespace halyard::jit::spirv
