#include "layers/validate/graphs.h"

#include <fmt/format.h>

namespace halyard::layers {

NodeUses usesOf(const char* what, const Transfer& transfer) {
    NodeUses out;
    if (transfer.src.bytes != 0)
        out.uses.push_back({transfer.src.begin, transfer.src.bytes, false, transfer.dense, what});
    if (transfer.dst.bytes != 0)
        out.uses.push_back({transfer.dst.begin, transfer.dst.bytes, true, transfer.dense, what});
    return out;
}

std::string argumentText(const KernelDescription& kernel, size_t index) {
    const std::string& name = kernel.parameters[index].name;
    return fmt::format("argument {}{} of kernel '{}'", index, name.empty() ? name : " (" + name + ")", kernel.name);
}

NodeUses usesOf(const KernelDescription* kernel, const LaunchView& launch) {
    NodeUses out;
    out.kernel = kernel;
    if (kernel == nullptr)
        return out;
    forEachPointer(*kernel, launch, [&](size_t index, HyDevicePtr address) {
        const KernelParameter& parameter = kernel->parameters[index];
        out.uses.push_back({address, 0, !parameter.readOnly, false, argumentText(*kernel, index)});
    });
    return out;
}

NodeUses Graphs::all(const GraphUses& nodes) {
    NodeUses out;
    for (const NodeUses& node : nodes)
        out.uses.insert(out.uses.end(), node.uses.begin(), node.uses.end());
    return out;
}

void Graphs::set(GraphUses& nodes, uint32_t index, NodeUses uses) {
    if (index >= nodes.size())
        nodes.resize(index + 1);
    nodes[index] = std::move(uses);
}

void Graphs::add(const HyLayerLink* next, HyGraph graph, HyGraphNode node, NodeUses uses) {
    HyGraphNodeInfo info{};
    info.structSize = sizeof info;
    if (next->table->hyGraphGetNodeInfo(next, graph, node, &info) == HY_SUCCESS)
        set(graphs_[graph], info.index, std::move(uses));
}

void Graphs::capture(const HyLayerLink* next, HyStream origin, HyStream stream, NodeUses uses) {
    HyCaptureInfo info{};
    info.structSize = sizeof info;
    // Calls with nothing to do, such as a copy of no bytes, use nothing and become no node.
    if (!uses.uses.empty() && next->table->hyStreamGetCaptureInfo(next, stream, &info) == HY_SUCCESS &&
        info.nodeCount != 0)
        set(captures_[origin], info.nodeCount - 1, std::move(uses));
}

void Graphs::endCapture(HyStream origin, HyGraph graph) {
    graphs_[graph] = std::move(captures_[origin]);
    captures_.erase(origin);
}

void Graphs::nameNodes(const HyLayerLink* next, HyGraph graph, Executable& exec) {
    uint32_t count = 0;
    if (next->table->hyGraphGetNodeCount(next, graph, &count) != HY_SUCCESS)
        return;
    for (uint32_t i = 0; i < count; ++i) {
        HyGraphNode node = HY_GRAPH_NODE_NONE;
        if (next->table->hyGraphGetNode(next, graph, i, &node) == HY_SUCCESS)
            exec.index[node] = i;
    }
}

void Graphs::instantiate(const HyLayerLink* next, HyGraph graph, HyGraphExec exec) {
    Executable& made = execs_[exec];
    made = {graphs_[graph], {}, {}};
    nameNodes(next, graph, made);
}

void Graphs::update(HyGraphExec exec, HyGraphNode node, NodeUses uses) {
    Executable& changed = execs_[exec];
    if (const auto known = changed.index.find(node); known != changed.index.end())
        set(changed.nodes, known->second, std::move(uses));
}

void Graphs::update(const HyLayerLink* next, HyGraphExec exec, HyGraph graph) {
    Executable& changed = execs_[exec];
    changed.nodes = graphs_[graph];
    nameNodes(next, graph, changed);
}

const KernelDescription* Graphs::kernelOf(HyGraphExec exec, HyGraphNode node) const {
    const auto known = execs_.find(exec);
    if (known == execs_.end())
        return nullptr;
    const auto index = known->second.index.find(node);
    return index != known->second.index.end() && index->second < known->second.nodes.size()
               ? known->second.nodes[index->second].kernel
               : nullptr;
}

std::string Graphs::check(const char* call, const GraphUses& nodes) {
    std::string first;
    const auto found = [&](const char* kind, uint64_t base, const std::string& words, const char* advice) {
        const Site now = Site::here();
        findings_.report(HY_LOG_ERROR, kind, now.key() ^ base,
                         fmt::format("{} at {}: {}. {}", call, now.text(), words, advice));
        if (first.empty())
            first = words;
    };
    for (size_t i = 0; i < nodes.size(); ++i) {
        for (const NodeUse& use : nodes[i].uses) {
            const Allocation* allocation = memory_.find(use.begin);
            if (allocation == nullptr) {
                if (const Allocation* gone = memory_.findGone(use.begin); gone != nullptr)
                    found("use-after-free", gone->base,
                          fmt::format("node {} of the graph, {}, uses {}", i, use.what, gone->text()),
                          "Free it after the last launch of the graph, or update the node first");
            } else if (use.begin != allocation->end() && use.bytes > allocation->end() - use.begin) {
                found("out-of-range", allocation->base,
                      fmt::format("node {} of the graph, {}, reaches from {:#x} over {} bytes, beyond {}", i, use.what,
                                  use.begin, use.bytes, allocation->text()),
                      "The memory is another one than when the node was made: update the node");
            }
        }
    }
    return first;
}

void Graphs::launch(HyGraphExec exec, StreamOrder& stream) {
    Executable& executable = execs_[exec];
    order_.join(stream, executable.after);
    const Epoch epoch = order_.submit(stream);
    const Site now = Site::here();
    for (size_t i = 0; i < executable.nodes.size(); ++i) {
        for (const NodeUse& use : executable.nodes[i].uses) {
            Allocation* allocation = memory_.find(use.begin);
            if (allocation == nullptr || use.begin == allocation->end())
                continue;
            const uint64_t end = use.bytes != 0 ? use.begin + use.bytes : allocation->end();
            memory_.use(*allocation, stream,
                        {epoch, use.begin, end, use.write, use.exact, false,
                         fmt::format("node {} of a graph, {}, on stream {}", i, use.what, stream.number), now});
        }
    }
    executable.after = order_.snapshot(stream);
}

} // namespace halyard::layers
