// Building graphs and looking at them.
#include "api/check.h"
#include "api/core.h"
#include "api/launch_check.h"
#include "api/transfer_check.h"
#include "graph/definition.h"
#include "graph/dot.h"
#include "graph/requests.h"

#include <algorithm>
#include <cstring>

namespace halyard {

using graph::Node;
using graph::Work;

namespace {

HyResult failNode(const char* argument, HyGraphNode node) {
    return fail(HY_ERROR_INVALID_ARGUMENT, argument, "pass a node that was added to this graph; a clone has its own",
                "{} ({:#x}) is no node of this graph", argument, node);
}

HyResult requireNode(const Graph& graph, HyGraphNode node, const char* argument, uint32_t& outIndex) {
    return graph.findNode(node, outIndex) ? HY_SUCCESS : failNode(argument, node);
}

// REQUIRES: graph.mutex is held.
HyResult readDependencies(const Graph& graph, const HyGraphNode* dependencies, uint32_t count,
                          std::vector<uint32_t>& out) {
    if (count != 0)
        HY_TRY(requirePointer(dependencies, "dependencies"));
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t index = 0;
        HY_TRY(requireNode(graph, dependencies[i], "dependencies", index));
        if (std::find(out.begin(), out.end(), index) == out.end())
            out.push_back(index);
    }
    return HY_SUCCESS;
}

struct Place {
    HyGraph graph;
    const HyGraphNode* dependencies;
    uint32_t dependencyCount;
    const char* name;
    HyGraphNode* outNode;
};

// Adds the node that `make(graph, work)` makes; `check(graph, work)` runs with the graph's lock.
template <typename Make, typename Check>
HyResult addNode(const char* call, const Place& place, Make&& make, Check&& check) {
    return onObject<Graph>(call, place.graph, "graph", [&](Graph& graph) {
        HY_TRY(requirePointer(place.outNode, "outNode"));
        Node node;
        if (place.name != nullptr)
            node.name.assign(place.name, strnlen(place.name, graph::kMaxNameBytes));
        HY_TRY(make(graph, node.work));
        const std::lock_guard lock(graph.mutex);
        HY_TRY(readDependencies(graph, place.dependencies, place.dependencyCount, node.dependencies));
        HY_TRY(check(graph, node.work));
        HY_TRY(graph::append(graph.definition, std::move(node)));
        *place.outNode = graph.nodeId(static_cast<uint32_t>(graph.definition.nodes.size() - 1));
        return HY_SUCCESS;
    });
}

template <typename Make> HyResult addNode(const char* call, const Place& place, Make&& make) {
    return addNode(call, place, std::forward<Make>(make), [](const Graph&, const Work&) { return HY_SUCCESS; });
}

HyResult copyOf(HyGraph handle, const Device& device, Work& out) {
    HyResult result = HY_SUCCESS;
    auto* child = resolve<Graph>(handle, "child", result);
    if (child == nullptr)
        return result;
    if (child->device != &device) {
        return fail(HY_ERROR_UNSUPPORTED, "child", "create both graphs for one device",
                    "the child belongs to {}, the graph to {}", child->device->properties.selector,
                    device.properties.selector);
    }
    graph::FlatGraph flat;
    {
        const std::lock_guard lock(child->mutex);
        HY_TRY(graph::flatten(child->definition, flat));
    }
    out = graph::ChildWork{std::make_shared<const graph::Definition>(std::move(flat.definition))};
    return HY_SUCCESS;
}

HyResult addDependencies(Graph& graph, const HyGraphNode* from, const HyGraphNode* to, uint32_t count) {
    if (count != 0) {
        HY_TRY(requirePointer(from, "from"));
        HY_TRY(requirePointer(to, "to"));
    }
    const std::lock_guard lock(graph.mutex);
    std::vector<std::pair<uint32_t, uint32_t>> edges;
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t before = 0;
        uint32_t after = 0;
        HY_TRY(requireNode(graph, from[i], "from", before));
        HY_TRY(requireNode(graph, to[i], "to", after));
        if (before == after) {
            return fail(HY_ERROR_INVALID_ARGUMENT, "to", "name two different nodes",
                        "from[{}] and to[{}] are the same: a node cannot run after itself", i, i);
        }
        edges.emplace_back(before, after);
    }
    // Room first, so that a failure changes nothing.
    for (const auto& [before, after] : edges) {
        std::vector<uint32_t>& known = graph.definition.nodes[after].dependencies;
        known.reserve(known.size() + count);
    }
    for (const auto& [before, after] : edges) {
        std::vector<uint32_t>& known = graph.definition.nodes[after].dependencies;
        if (std::find(known.begin(), known.end(), before) == known.end())
            known.push_back(before);
    }
    return HY_SUCCESS;
}

HyResult nodeInfo(Graph& graph, HyGraphNode id, HyGraphNodeInfo* outInfo) {
    const std::lock_guard lock(graph.mutex);
    uint32_t index = 0;
    HY_TRY(requireNode(graph, id, "node", index));
    const Node& node = graph.definition.nodes[index];
    HyGraphNodeInfo info = {.structSize = sizeof info,
                            .kind = node.kind(),
                            .index = index,
                            .dependencyCount = static_cast<uint32_t>(node.dependencies.size()),
                            .name = {}};
    static_assert(sizeof info.name == graph::kMaxNameBytes + 1);
    std::memcpy(info.name, node.name.data(), std::min(node.name.size(), graph::kMaxNameBytes));
    return writeOut(outInfo, info, kGraphNodeInfoV1, "outInfo");
}

HyResult exportDot(Graph& graph, uint32_t flags, char* buffer, uint64_t bufferBytes, uint64_t* outBytes) {
    HY_TRY(requirePointer(outBytes, "outBytes"));
    HY_TRY(graph::requireFlags(flags, HY_GRAPH_DOT_DETAILS));
    std::string text;
    {
        const std::lock_guard lock(graph.mutex);
        text = graph::toDot(graph.definition, flags);
    }
    const uint64_t needed = text.size() + 1;
    if (buffer != nullptr && bufferBytes < needed) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "bufferBytes", "ask for the size with a null buffer first",
                    "the text takes {} bytes, the buffer has {}", needed, bufferBytes);
    }
    if (buffer != nullptr)
        std::memcpy(buffer, text.c_str(), needed);
    *outBytes = needed;
    return HY_SUCCESS;
}

} // namespace

namespace core {

HyResult hyGraphCreate(HyDevice device, uint32_t flags, HyGraph* outGraph) {
    return onObject<Device>("hyGraphCreate", device, "device", [&](Device& object) {
        HY_TRY(graph::requireFlags(flags, 0));
        HY_TRY(requirePointer(outGraph, "outGraph"));
        HY_TRY(object.ensureOpen());
        return publish(std::make_unique<Graph>(&object), outGraph);
    });
}

HyResult hyGraphDestroy(HyGraph graph) {
    return destroyObject<Graph>("hyGraphDestroy", graph, "graph");
}

HyResult hyGraphClone(HyGraph graph, HyGraph* outGraph) {
    return onObject<Graph>("hyGraphClone", graph, "graph", [&](Graph& object) {
        HY_TRY(requirePointer(outGraph, "outGraph"));
        auto clone = std::make_unique<Graph>(object.device);
        {
            const std::lock_guard lock(object.mutex);
            clone->definition = object.definition;
        }
        return publish(std::move(clone), outGraph);
    });
}

HyResult hyGraphAddKernelNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                              const char* name, const HyLaunchDesc* desc, HyGraphNode* outNode) {
    return addNode(
        "hyGraphAddKernelNode", {graph, dependencies, dependencyCount, name, outNode},
        [&](const Graph& object, Work& out) { return graph::readKernel(*object.device, desc, nullptr, out); });
}

HyResult hyGraphAddCopyNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount, const char* name,
                            HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, HyGraphNode* outNode) {
    return addNode(
        "hyGraphAddCopyNode", {graph, dependencies, dependencyCount, name, outNode},
        [&](const Graph& object, Work& out) { return graph::readCopy(*object.device, dst, src, bytes, out); });
}

HyResult hyGraphAddCopy3DNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                              const char* name, const HyCopy3D* copy, HyGraphNode* outNode) {
    return addNode("hyGraphAddCopy3DNode", {graph, dependencies, dependencyCount, name, outNode},
                   [&](const Graph& object, Work& out) { return graph::readCopyBox(*object.device, copy, out); });
}

HyResult hyGraphAddFillNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount, const char* name,
                            HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count,
                            HyGraphNode* outNode) {
    return addNode("hyGraphAddFillNode", {graph, dependencies, dependencyCount, name, outNode},
                   [&](const Graph& object, Work& out) {
                       return graph::readFill(*object.device, dst, pattern, patternBytes, count, out);
                   });
}

HyResult hyGraphAddFill3DNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                              const char* name, const HyFill3D* fill, HyGraphNode* outNode) {
    return addNode("hyGraphAddFill3DNode", {graph, dependencies, dependencyCount, name, outNode},
                   [&](const Graph& object, Work& out) { return graph::readFillBox(*object.device, fill, out); });
}

HyResult hyGraphAddHostFunctionNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                    const char* name, HyHostFunction function, void* user, HyGraphNode* outNode) {
    return addNode(
        "hyGraphAddHostFunctionNode", {graph, dependencies, dependencyCount, name, outNode},
        [&](const Graph& object, Work& out) { return graph::readHostFunction(*object.device, function, user, out); });
}

HyResult hyGraphAddEmptyNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount, const char* name,
                             HyGraphNode* outNode) {
    return addNode("hyGraphAddEmptyNode", {graph, dependencies, dependencyCount, name, outNode},
                   [](const Graph&, const Work&) { return HY_SUCCESS; });
}

HyResult hyGraphAddChildGraphNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                  const char* name, HyGraph child, HyGraphNode* outNode) {
    return addNode("hyGraphAddChildGraphNode", {graph, dependencies, dependencyCount, name, outNode},
                   [&](const Graph& object, Work& out) { return copyOf(child, *object.device, out); });
}

HyResult hyGraphAddMemAllocNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                                const char* name, uint64_t bytes, HyDevicePtr* outPtr, HyGraphNode* outNode) {
    HyDevicePtr base = 0;
    const HyResult result = addNode("hyGraphAddMemAllocNode", {graph, dependencies, dependencyCount, name, outNode},
                                    [&](const Graph& object, Work& out) {
                                        HY_TRY(requirePointer(outPtr, "outPtr"));
                                        graph::AllocWork work;
                                        HY_TRY(graph::Memory::allocate(*object.device, bytes, work.memory));
                                        base = work.memory->base();
                                        out = std::move(work);
                                        return HY_SUCCESS;
                                    });
    if (result >= 0)
        *outPtr = base;
    return result;
}

HyResult hyGraphAddMemFreeNode(HyGraph graph, const HyGraphNode* dependencies, uint32_t dependencyCount,
                               const char* name, HyDevicePtr ptr, HyGraphNode* outNode) {
    return addNode(
        "hyGraphAddMemFreeNode", {graph, dependencies, dependencyCount, name, outNode},
        [](const Graph&, const Work&) { return HY_SUCCESS; },
        [&](const Graph& object, Work& out) { return graph::readFree(object.definition, ptr, out); });
}

HyResult hyGraphAddDependencies(HyGraph graph, const HyGraphNode* from, const HyGraphNode* to, uint32_t count) {
    return onObject<Graph>("hyGraphAddDependencies", graph, "graph",
                           [&](Graph& object) { return addDependencies(object, from, to, count); });
}

HyResult hyGraphGetNodeCount(HyGraph graph, uint32_t* outCount) {
    return onObject<Graph>("hyGraphGetNodeCount", graph, "graph", [&](Graph& object) {
        HY_TRY(requirePointer(outCount, "outCount"));
        const std::lock_guard lock(object.mutex);
        *outCount = static_cast<uint32_t>(object.definition.nodes.size());
        return HY_SUCCESS;
    });
}

HyResult hyGraphGetNode(HyGraph graph, uint32_t index, HyGraphNode* outNode) {
    return onObject<Graph>("hyGraphGetNode", graph, "graph", [&](Graph& object) {
        HY_TRY(requirePointer(outNode, "outNode"));
        const std::lock_guard lock(object.mutex);
        if (index >= object.definition.nodes.size()) {
            return fail(HY_ERROR_NOT_FOUND, "index", "ask hyGraphGetNodeCount first",
                        "there is no node {}; the graph has {}", index, object.definition.nodes.size());
        }
        *outNode = object.nodeId(index);
        return HY_SUCCESS;
    });
}

HyResult hyGraphGetNodeInfo(HyGraph graph, HyGraphNode node, HyGraphNodeInfo* outInfo) {
    return onObject<Graph>("hyGraphGetNodeInfo", graph, "graph",
                           [&](Graph& object) { return nodeInfo(object, node, outInfo); });
}

HyResult hyGraphGetDependency(HyGraph graph, HyGraphNode node, uint32_t index, HyGraphNode* outNode) {
    return onObject<Graph>("hyGraphGetDependency", graph, "graph", [&](Graph& object) {
        HY_TRY(requirePointer(outNode, "outNode"));
        const std::lock_guard lock(object.mutex);
        uint32_t at = 0;
        HY_TRY(requireNode(object, node, "node", at));
        const std::vector<uint32_t>& before = object.definition.nodes[at].dependencies;
        if (index >= before.size()) {
            return fail(HY_ERROR_NOT_FOUND, "index", "ask hyGraphGetNodeInfo for dependencyCount",
                        "the node has no dependency {}; it has {}", index, before.size());
        }
        *outNode = object.nodeId(before[index]);
        return HY_SUCCESS;
    });
}

HyResult hyGraphExportDot(HyGraph graph, uint32_t flags, char* buffer, uint64_t bufferBytes, uint64_t* outBytes) {
    return onObject<Graph>("hyGraphExportDot", graph, "graph",
                           [&](Graph& object) { return exportDot(object, flags, buffer, bufferBytes, outBytes); });
}

} // namespace core
} // namespace halyard
