#include "random_graph.h"

#include <algorithm>
#include <set>

namespace halyard::jit::spirv::test {
namespace {

bool isReducible(const FlowGraph& graph) {
    // T1 and T2 of Hecht and Ullman: drop self loops, merge a node into its only predecessor.
    std::vector<std::set<uint32_t>> successors(graph.blocks.size());
    std::vector<std::set<uint32_t>> predecessors(graph.blocks.size());
    std::set<uint32_t> alive;
    for (uint32_t i = 0; i < graph.blocks.size(); ++i) {
        alive.insert(i);
        for (const uint32_t successor : graph.blocks[i].successors) {
            if (successor != i) {
                successors[i].insert(successor);
                predecessors[successor].insert(i);
            }
        }
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (const uint32_t node : std::vector<uint32_t>(alive.begin(), alive.end())) {
            if (node == 0 || predecessors[node].size() != 1) {
                continue;
            }
            const uint32_t into = *predecessors[node].begin();
            successors[into].erase(node);
            for (const uint32_t successor : successors[node]) {
                predecessors[successor].erase(node);
                if (successor != into) {
                    successors[into].insert(successor);
                    predecessors[successor].insert(into);
                }
            }
            alive.erase(node);
            changed = true;
        }
    }
    return alive.size() == 1;
}

bool endsEverywhere(const FlowGraph& graph) {
    std::set<uint32_t> reached{0};
    for (std::vector<uint32_t> pending{0}; !pending.empty();) {
        const uint32_t block = pending.back();
        pending.pop_back();
        for (const uint32_t successor : graph.blocks[block].successors) {
            if (reached.insert(successor).second) {
                pending.push_back(successor);
            }
        }
    }
    std::set<uint32_t> ends;
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < graph.blocks.size(); ++i) {
            const auto& successors = graph.blocks[i].successors;
            const bool end = successors.empty() || std::any_of(successors.begin(), successors.end(),
                                                               [&](uint32_t next) { return ends.contains(next); });
            changed = (end && ends.insert(i).second) || changed;
        }
    }
    return reached.size() == graph.blocks.size() && ends.size() == graph.blocks.size();
}

} // namespace

FlowGraph randomGraph(std::mt19937& engine, uint32_t blocks) {
    const auto pick = [&](uint32_t below) { return static_cast<uint32_t>(engine() % below); };
    for (;;) {
        FlowGraph graph;
        graph.blocks.resize(blocks);
        for (uint32_t i = 0; i < blocks; ++i) {
            const auto target = [&] {
                // Mostly a little forward, sometimes anywhere: loops, shared tails, early ways out.
                return pick(4) != 0 ? std::min(blocks - 1, i + 1 + pick(3)) : 1 + pick(blocks - 1);
            };
            const uint32_t kind = i + 1 == blocks ? 0 : pick(16);
            if (kind == 0) {
                continue; // an end
            }
            graph.blocks[i].successors.push_back(target());
            if (kind > 4) {
                graph.blocks[i].successors.push_back(target());
            }
        }
        if (endsEverywhere(graph) && isReducible(graph)) {
            return graph;
        }
        if (pick(8) == 0) {
            blocks = std::max(3u, blocks - 1); // large graphs are seldom reducible
        }
    }
}

bool decides(uint32_t block, uint32_t step, uint32_t lane) {
    uint32_t hash = (step * 0x9E3779B1u + block * 0x85EBCA6Bu) ^ (lane * 0xC2B2AE35u);
    hash = (hash ^ (hash >> 15)) * 0x27D4EB2Fu;
    return ((hash >> 16) & 1) != 0;
}

std::vector<uint32_t> trace(const FlowGraph& graph, uint32_t lane, size_t limit) {
    std::vector<uint32_t> blocks;
    for (uint32_t block = 0; blocks.size() < limit;) {
        const auto& successors = graph.blocks[block].successors;
        const auto step = static_cast<uint32_t>(blocks.size());
        blocks.push_back(block);
        if (successors.empty()) {
            break;
        }
        block = successors.size() == 1 || decides(block, step, lane) ? successors[0] : successors[1];
    }
    return blocks;
}

} // namespace halyard::jit::spirv::test
