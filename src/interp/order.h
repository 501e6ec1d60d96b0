// The order in which a function's blocks stand in the code of the interpreter. A subgroup's invocations that wait at
// different places are served from the front, so this order decides where they come together again: topological, the
// blocks of a loop next to each other, what leaves a structured loop early still inside of it.
#pragma once

#include "spv/module.h"

#include <span>
#include <vector>

namespace halyard::interp {

struct BlockNode {
    std::vector<uint32_t> successors; // indices of blocks
    uint32_t merge = ~0u;             // of a structured loop header: the block after the loop
};

struct OrderedItem {
    uint32_t block = 0;
    bool join = false; // not the block, but the place where the loop that `block` heads comes together
};

struct BlockOrder {
    std::vector<OrderedItem> items; // unreachable blocks are absent
    // (block, successor) of each edge that goes back to the header of a loop, sorted.
    std::vector<std::pair<uint32_t, uint32_t>> backEdges;
    bool tooDeep = false; // loops nest deeper than any compiler writes; nothing else is set
    // For each loop header: the blocks of its loop, itself included.
    std::vector<std::pair<uint32_t, std::vector<uint32_t>>> loops;
};

// Block 0 is the entry.
BlockOrder orderBlocks(std::span<const BlockNode> blocks);

} // namespace halyard::interp
