// Random reducible control flow, and what running it looks like.
#pragma once

#include "jit/targets/spirv/flow_graph.h"

#include <cstdint>
#include <random>
#include <vector>

namespace halyard::jit::spirv::test {

// A graph of up to `blocks` blocks in which every block is reached, and reaches an end. Reducible: edges that would
// enter a loop elsewhere than at its header are drawn again.
FlowGraph randomGraph(std::mt19937& engine, uint32_t blocks);

// What every block decides: a function of the block, how many blocks ran before, and the lane.
bool decides(uint32_t block, uint32_t step, uint32_t lane);

// The blocks that a lane passes, at most `limit`.
std::vector<uint32_t> trace(const FlowGraph& graph, uint32_t lane, size_t limit);

} // namespace halyard::jit::spirv::test
