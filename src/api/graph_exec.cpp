// Executables: making, launching, changing.
#include "api/check.h"
#include "api/core.h"
#include "graph/attention.h"
#include "graph/exec.h"
#include "graph/requests.h"

namespace halyard {
namespace {

using graph::Node;
using graph::Work;

HyResult findNode(const GraphExec& exec, HyGraphNode id, HyGraphNodeKind kind, uint32_t& outIndex) {
    const uint64_t serial = Graph::serialOf(id);
    uint32_t index = 0;
    if ((serial != exec.serials[0] && serial != exec.serials[1]) ||
        !Graph::findIndex(id, exec.flat.sources.size(), index)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "node", "pass a node of the graph that was instantiated",
                    "node ({:#x}) is no node of the graph that this executable was made from", id);
    }
    outIndex = exec.flat.sources[index];
    const Node& node = exec.flat.definition.nodes[outIndex];
    if (node.kind() != kind) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "node", "use the function for nodes of that kind",
                    "{} is of another kind than this function changes", graph::describe(node, index));
    }
    return HY_SUCCESS;
}

// Replaces one node's work by what `make(device, node, work)` makes.
template <typename Make>
HyResult updateNode(const char* call, HyGraphExec handle, HyGraphNode id, HyGraphNodeKind kind, Make&& make) {
    return onObject<GraphExec>(call, handle, "exec", [&](GraphExec& exec) {
        const std::lock_guard lock(exec.mutex);
        uint32_t index = 0;
        HY_TRY(findNode(exec, id, kind, index));
        Node changed{exec.flat.definition.nodes[index].name, {}, {}};
        HY_TRY(make(*exec.device, exec.flat.definition.nodes[index], changed.work));
        HY_TRY(graph::validateNode(*exec.device, changed, exec.flat.origins[index]));
        graph::Changes changes;
        changes.emplace_back(index, std::move(changed.work));
        return graph::update(exec, std::move(changes));
    });
}

HyResult instantiate(Graph& graph, uint32_t flags, HyGraphExec* outExec) {
    HY_TRY(graph::requireFlags(flags, HY_GRAPH_INSTANTIATE_REPLAY));
    HY_TRY(requirePointer(outExec, "outExec"));
    std::unique_ptr<GraphExec> exec;
    {
        const std::lock_guard lock(graph.mutex);
        HY_TRY(graph::instantiate(*graph.device, graph.definition, graph.serial, flags, exec));
    }
    return publish(std::move(exec), outExec);
}

HyResult launch(GraphExec& exec, HyStream handle) {
    HyResult result = HY_SUCCESS;
    auto* stream = resolve<Stream>(handle, "stream", result);
    if (stream == nullptr)
        return result;
    if (stream->device != exec.device) {
        return fail(HY_ERROR_UNSUPPORTED, "stream", "instantiate a graph of the stream's device",
                    "the executable belongs to {}, the stream to {}", exec.device->properties.selector,
                    stream->device->properties.selector);
    }
    const std::lock_guard lock(exec.mutex);
    if (graph::needsAttention(*stream)) {
        if (const auto taken = graph::takeGraph(*stream, exec))
            return *taken;
    }
    return graph::launch(exec, *stream);
}

HyResult updateAll(GraphExec& exec, HyGraph handle) {
    HyResult result = HY_SUCCESS;
    auto* graph = resolve<Graph>(handle, "graph", result);
    if (graph == nullptr)
        return result;
    if (graph->device != exec.device) {
        return fail(HY_ERROR_UNSUPPORTED, "graph", "instantiate the graph instead",
                    "the executable belongs to {}, the graph to {}", exec.device->properties.selector,
                    graph->device->properties.selector);
    }
    graph::Definition definition;
    {
        const std::lock_guard lock(graph->mutex);
        definition = graph->definition;
    }
    const std::lock_guard lock(exec.mutex);
    return graph::updateAll(exec, definition, graph->serial);
}

} // namespace

namespace core {

HyResult hyGraphInstantiate(HyGraph graph, uint32_t flags, HyGraphExec* outExec) {
    return onObject<Graph>("hyGraphInstantiate", graph, "graph",
                           [&](Graph& object) { return instantiate(object, flags, outExec); });
}

HyResult hyGraphExecDestroy(HyGraphExec exec) {
    return destroyObject<GraphExec>("hyGraphExecDestroy", exec, "exec");
}

HyResult hyGraphLaunch(HyGraphExec exec, HyStream stream) {
    return onObject<GraphExec>("hyGraphLaunch", exec, "exec",
                               [&](GraphExec& object) { return launch(object, stream); });
}

HyResult hyGraphExecUpdateKernelNode(HyGraphExec exec, HyGraphNode node, const HyLaunchDesc* desc) {
    return updateNode("hyGraphExecUpdateKernelNode", exec, node, HY_GRAPH_NODE_KERNEL,
                      [&](const Device& device, const Node& now, Work& out) {
                          Kernel* own = std::get<graph::KernelWork>(now.work).kernel.get();
                          return graph::readKernel(device, desc, own, out);
                      });
}

HyResult hyGraphExecUpdateCopyNode(HyGraphExec exec, HyGraphNode node, HyDevicePtr dst, HyDevicePtr src,
                                   uint64_t bytes) {
    return updateNode(
        "hyGraphExecUpdateCopyNode", exec, node, HY_GRAPH_NODE_COPY,
        [&](const Device& device, const Node&, Work& out) { return graph::readCopy(device, dst, src, bytes, out); });
}

HyResult hyGraphExecUpdateCopy3DNode(HyGraphExec exec, HyGraphNode node, const HyCopy3D* copy) {
    return updateNode(
        "hyGraphExecUpdateCopy3DNode", exec, node, HY_GRAPH_NODE_COPY,
        [&](const Device& device, const Node&, Work& out) { return graph::readCopyBox(device, copy, out); });
}

HyResult hyGraphExecUpdateFillNode(HyGraphExec exec, HyGraphNode node, HyDevicePtr dst, const void* pattern,
                                   uint32_t patternBytes, uint64_t count) {
    return updateNode("hyGraphExecUpdateFillNode", exec, node, HY_GRAPH_NODE_FILL,
                      [&](const Device& device, const Node&, Work& out) {
                          return graph::readFill(device, dst, pattern, patternBytes, count, out);
                      });
}

HyResult hyGraphExecUpdateFill3DNode(HyGraphExec exec, HyGraphNode node, const HyFill3D* fill) {
    return updateNode(
        "hyGraphExecUpdateFill3DNode", exec, node, HY_GRAPH_NODE_FILL,
        [&](const Device& device, const Node&, Work& out) { return graph::readFillBox(device, fill, out); });
}

HyResult hyGraphExecUpdate(HyGraphExec exec, HyGraph graph) {
    return onObject<GraphExec>("hyGraphExecUpdate", exec, "exec",
                               [&](GraphExec& object) { return updateAll(object, graph); });
}

} // namespace core
} // namespace halyard
