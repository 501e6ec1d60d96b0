// The control flow of one function, apart from what its blocks do. No LLVM, no SPIR-V.
#pragma once

#include <cstdint>
#include <vector>

namespace halyard::jit::spirv {

struct FlowGraph {
    // Block 0 is the entry. Two successors: a conditional branch, first for true. None: the function ends there.
    struct Block {
        std::vector<uint32_t> successors;
        bool unreachable = false; // of a block without successors: it does not return either
    };
    std::vector<Block> blocks;
};

} // namespace halyard::jit::spirv
