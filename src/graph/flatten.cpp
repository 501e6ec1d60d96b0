// Order, cycles, and children.
#include "graph/definition.h"

#include <algorithm>
#include <queue>

namespace halyard::graph {
namespace {

// REQUIRES: some nodes were not reached, so among these every one has a dependency that was not reached either.
HyResult failCycle(const Definition& definition, const std::vector<uint32_t>& waiting) {
    constexpr size_t kNodesNamed = 8;
    uint32_t at = 0;
    while (waiting[at] == 0)
        ++at;
    std::vector<uint32_t> path;
    std::vector<bool> seen(definition.nodes.size());
    while (!seen[at]) {
        seen[at] = true;
        path.push_back(at);
        const std::vector<uint32_t>& before = definition.nodes[at].dependencies;
        at = *std::find_if(before.begin(), before.end(), [&](uint32_t node) { return waiting[node] != 0; });
    }
    // Backwards along dependencies, so turned around it is the order in which they would run.
    std::vector<uint32_t> cycle(std::find(path.begin(), path.end(), at), path.end());
    std::reverse(cycle.begin(), cycle.end());
    std::string text;
    for (size_t i = 0; i < std::min(cycle.size(), kNodesNamed); ++i)
        text += describe(definition.nodes[cycle[i]], cycle[i]) + ", then ";
    if (cycle.size() > kNodesNamed)
        text += fmt::format("{} more, then ", cycle.size() - kNodesNamed);
    text += describe(definition.nodes[cycle[0]], cycle[0]) + " again";
    return fail(HY_ERROR_INVALID_STATE, "graph", "remove one of the dependencies", "the graph has a cycle: {}", text);
}

HyResult sortNodes(const Definition& definition, std::vector<uint32_t>& outOrder) {
    const size_t count = definition.nodes.size();
    std::vector<uint32_t> waiting(count);
    std::vector<std::vector<uint32_t>> after(count);
    for (uint32_t i = 0; i < count; ++i) {
        waiting[i] = static_cast<uint32_t>(definition.nodes[i].dependencies.size());
        for (const uint32_t before : definition.nodes[i].dependencies)
            after[before].push_back(i);
    }
    // The oldest node first: what was captured keeps the order of its calls.
    std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
    for (uint32_t i = 0; i < count; ++i) {
        if (waiting[i] == 0)
            ready.push(i);
    }
    while (!ready.empty()) {
        const uint32_t node = ready.top();
        ready.pop();
        outOrder.push_back(node);
        for (const uint32_t next : after[node]) {
            if (--waiting[next] == 0)
                ready.push(next);
        }
    }
    return outOrder.size() == count ? HY_SUCCESS : failCycle(definition, waiting);
}

// Adds a child's nodes; returns what dependents of the child wait for.
uint32_t insertChild(const Node& node, uint32_t index, std::vector<uint32_t> before, FlatGraph& flat) {
    std::vector<Node>& out = flat.definition.nodes;
    const std::vector<Node>& inner = std::get<ChildWork>(node.work).graph->nodes;
    const auto roots = std::count_if(inner.begin(), inner.end(), [](const Node& n) { return n.dependencies.empty(); });
    // Joining both sides in one node keeps the number of edges small.
    if (before.size() > 1 && roots > 1) {
        out.push_back({node.name, std::move(before), EmptyWork{}});
        flat.origins.push_back(index);
        before = {static_cast<uint32_t>(out.size() - 1)};
    }
    const auto base = static_cast<uint32_t>(out.size());
    std::vector<bool> isLeaf(inner.size(), true);
    for (const Node& original : inner) {
        Node copy = original;
        copy.name = fmt::format("{}/{}", node.name, original.name);
        for (uint32_t& dependency : copy.dependencies) {
            isLeaf[dependency] = false;
            dependency += base;
        }
        if (copy.dependencies.empty())
            copy.dependencies = before;
        flat.origins.push_back(static_cast<uint32_t>(out.size()) - base);
        out.push_back(std::move(copy));
    }
    Node exit{node.name, {}, EmptyWork{}};
    for (uint32_t i = 0; i < inner.size(); ++i) {
        if (isLeaf[i])
            exit.dependencies.push_back(base + i);
    }
    if (inner.empty())
        exit.dependencies = std::move(before);
    out.push_back(std::move(exit));
    flat.origins.push_back(index);
    return static_cast<uint32_t>(out.size() - 1);
}

} // namespace

HyResult flatten(const Definition& definition, FlatGraph& out) {
    std::vector<uint32_t> order;
    if (const HyResult result = sortNodes(definition, order); result < 0)
        return result;
    out.sources.resize(definition.nodes.size());
    std::vector<Node>& nodes = out.definition.nodes;
    nodes.reserve(definition.flatCount);
    for (const uint32_t index : order) {
        const Node& node = definition.nodes[index];
        std::vector<uint32_t> before;
        for (const uint32_t dependency : node.dependencies)
            before.push_back(out.sources[dependency]);
        if (std::holds_alternative<ChildWork>(node.work)) {
            out.sources[index] = insertChild(node, index, std::move(before), out);
        } else {
            out.sources[index] = static_cast<uint32_t>(nodes.size());
            nodes.push_back({node.name, std::move(before), node.work});
            out.origins.push_back(index);
        }
    }
    out.definition.flatCount = static_cast<uint32_t>(nodes.size());
    return HY_SUCCESS;
}

} // namespace halyard::graph
