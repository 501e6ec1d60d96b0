#include "graph/exec.h"

#include "api/check.h"
#include "graph/attention.h"
#include "graph/native_nodes.h"

#include <algorithm>

namespace halyard {

GraphExec::~GraphExec() {
    if (native != nullptr)
        device->tables->graph.destroy(native);
}

} // namespace halyard

namespace halyard::graph {
namespace {

HyResult build(GraphExec& exec) {
    const Device& device = *exec.device;
    NativeNodes nodes;
    for (const Node& node : exec.flat.definition.nodes)
        HY_TRY(nodes.add(device, node, node.work));
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->graph.build(device.impl, nodes.data(), nodes.count(), &exec.native)));
    nodes.handOver();
    return HY_SUCCESS;
}

HyResult updateNative(GraphExec& exec, const Changes& changes) {
    if (exec.native == nullptr || changes.empty())
        return HY_SUCCESS;
    const Device& device = *exec.device;
    NativeNodes nodes;
    std::vector<uint32_t> indices;
    for (const auto& [index, work] : changes) {
        indices.push_back(index);
        HY_TRY(nodes.add(device, exec.flat.definition.nodes[index], work));
    }
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->graph.update(exec.native, indices.data(), nodes.data(), nodes.count())));
    nodes.handOver();
    return HY_SUCCESS;
}

HyResult failTopology(const Node& node, uint32_t index, const char* difference) {
    return fail(HY_ERROR_INVALID_STATE, "graph", "instantiate the graph instead (hyGraphInstantiate)",
                "{} {} the executable's", describe(node, index), difference);
}

// Both are flat and sorted by the same rule, so equal graphs are equal node by node.
HyResult compareTopology(const FlatGraph& now, const FlatGraph& next) {
    const std::vector<Node>& old = now.definition.nodes;
    const std::vector<Node>& nodes = next.definition.nodes;
    for (size_t i = 0; i < std::min(old.size(), nodes.size()); ++i) {
        if (old[i].kind() != nodes[i].kind())
            return failTopology(nodes[i], next.origins[i], "is of another kind than");
        if (old[i].dependencies != nodes[i].dependencies)
            return failTopology(nodes[i], next.origins[i], "runs after other nodes than");
    }
    if (old.size() == nodes.size() && now.sources == next.sources)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_STATE, "graph", "instantiate the graph instead (hyGraphInstantiate)",
                "the graph has {} nodes with those of its children, the executable {}, or they were added otherwise",
                nodes.size(), old.size());
}

} // namespace

HyResult instantiate(Device& device, const Definition& definition, uint64_t serial, uint32_t flags,
                     std::unique_ptr<GraphExec>& outExec) {
    auto exec = std::make_unique<GraphExec>(&device);
    HY_TRY(flatten(definition, exec->flat));
    HY_TRY(validate(device, exec->flat));
    HY_TRY(exec->done.create(device));
    exec->serials[0] = exec->serials[1] = serial;
    if (!definition.nodes.empty()) {
        const bool lower = (device.properties.capabilities & HY_CAP_GRAPHS) != 0;
        if (lower && (flags & HY_GRAPH_INSTANTIATE_REPLAY) == 0)
            HY_TRY(build(*exec));
        else
            HY_TRY(Replay::create(device, exec->flat, exec->replay));
    }
    outExec = std::move(exec);
    return HY_SUCCESS;
}

HyResult launch(GraphExec& exec, Stream& stream) {
    // The same stream keeps the order by itself.
    const bool otherStream = exec.lastStream != 0 && exec.lastStream != stream.handle;
    if (otherStream)
        HY_TRY(exec.done.wait(stream.impl));
    HyResult result = HY_SUCCESS;
    if (exec.native != nullptr)
        result = blameBackend(exec.device->backend->name, exec.device->tables->graph.launch(stream.impl, exec.native));
    else if (exec.replay != nullptr)
        result = exec.replay->launch(stream, exec.flat);
    else
        result = blameBackend(exec.device->backend->name, exec.device->tables->stream.query(stream.impl));
    if (result < 0 && exec.replay == nullptr)
        return result;
    exec.lastStream = stream.handle;
    // A replay that failed midway has submitted something, so it counts as a launch.
    if (result < 0) {
        const PreservedError preserved;
        exec.done.record(stream.impl);
        return result;
    }
    HY_TRY(exec.done.record(stream.impl));
    return HY_SUCCESS;
}

HyResult update(GraphExec& exec, Changes changes) {
    HY_TRY(updateNative(exec, changes));
    for (auto& [index, work] : changes)
        exec.flat.definition.nodes[index].work = std::move(work);
    return HY_SUCCESS;
}

HyResult updateAll(GraphExec& exec, const Definition& definition, uint64_t serial) {
    FlatGraph next;
    HY_TRY(flatten(definition, next));
    HY_TRY(compareTopology(exec.flat, next));
    HY_TRY(validate(*exec.device, next));
    Changes changes;
    for (uint32_t i = 0; i < next.definition.nodes.size(); ++i)
        changes.emplace_back(i, next.definition.nodes[i].work);
    HY_TRY(update(exec, std::move(changes)));
    exec.serials[1] = serial;
    return HY_SUCCESS;
}

} // namespace halyard::graph
