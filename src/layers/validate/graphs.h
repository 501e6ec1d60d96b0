// What the nodes of graphs use: taken down when a node is added or captured, looked at when the graph runs.
#pragma once

#include "layers/common/kernels.h"
#include "layers/validate/memory.h"
#include "layers/validate/transfer.h"

#include <cstring>

namespace halyard::layers {

// Memory that a node reads or writes.
struct NodeUse {
    HyDevicePtr begin = 0;
    uint64_t bytes = 0; // 0: up to the end of the allocation, for all that is known
    bool write = false;
    bool exact = false; // all of it is used
    std::string what;   // "a copy", "argument 0 (data) of kernel 'saxpy'"
};

struct NodeUses {
    const KernelDescription* kernel = nullptr; // of a kernel node
    std::vector<NodeUse> uses;                 // of a child graph: those of all its nodes
};
using GraphUses = std::vector<NodeUses>; // by the node's index

// "argument 0 (data) of kernel 'saxpy'".
std::string argumentText(const KernelDescription& kernel, size_t index);

NodeUses usesOf(const char* what, const Transfer& transfer);
// `kernel` null: not known, so nothing is.
NodeUses usesOf(const KernelDescription* kernel, const LaunchView& launch);

// Calls `visit(index, address)` for each pointer among the arguments that is not null.
template <typename Visit>
void forEachPointer(const KernelDescription& kernel, const LaunchView& launch, Visit&& visit) {
    for (size_t i = 0; i < kernel.parameters.size(); ++i) {
        const void* value =
            kernel.parameters[i].kind == HY_PARAMETER_GLOBAL_POINTER ? launch.argument(kernel, i) : nullptr;
        if (value == nullptr)
            continue;
        HyDevicePtr address = 0;
        std::memcpy(&address, value, sizeof address);
        if (address != 0)
            visit(i, address);
    }
}

// Not thread-safe: the layer's lock is held. Each of these is told after the call that it is named after succeeded.
class Graphs {
public:
    Graphs(Findings& findings, Order& order, Memory& memory) : findings_(findings), order_(order), memory_(memory) {}

    void add(const HyLayerLink* next, HyGraph graph, HyGraphNode node, NodeUses uses);
    void addChild(const HyLayerLink* next, HyGraph graph, HyGraphNode node, HyGraph child) {
        add(next, graph, node, all(graphs_[child]));
    }
    // A call on `stream`, part of the capture that began on `origin`, was recorded.
    void capture(const HyLayerLink* next, HyStream origin, HyStream stream, NodeUses uses);
    void captureLaunch(const HyLayerLink* next, HyStream origin, HyStream stream, HyGraphExec exec) {
        capture(next, origin, stream, all(execs_[exec].nodes));
    }
    void endCapture(HyStream origin, HyGraph graph);
    void dropCapture(HyStream origin) { captures_.erase(origin); }
    void clone(HyGraph graph, HyGraph made) { graphs_[made] = graphs_[graph]; }
    void destroy(HyGraph graph) { graphs_.erase(graph); }
    void instantiate(const HyLayerLink* next, HyGraph graph, HyGraphExec exec);
    void update(HyGraphExec exec, HyGraphNode node, NodeUses uses);
    void update(const HyLayerLink* next, HyGraphExec exec, HyGraph graph);
    void destroy(HyGraphExec exec) { execs_.erase(exec); }
    void launch(HyGraphExec exec, StreamOrder& stream);

    // The kernel that a node of an executable runs, or null.
    const KernelDescription* kernelOf(HyGraphExec exec, HyGraphNode node) const;
    // Reports what uses memory that was freed, or reaches beyond its allocation. The first of it, or "".
    std::string check(const char* call, HyGraph graph) { return check(call, graphs_[graph]); }
    std::string check(const char* call, HyGraphExec exec) { return check(call, execs_[exec].nodes); }

private:
    struct Executable {
        GraphUses nodes;
        std::map<HyGraphNode, uint32_t> index; // of the nodes of all graphs that name them
        Clock after;                           // what the next launch comes after: the one before
    };

    static NodeUses all(const GraphUses& nodes);
    static void set(GraphUses& nodes, uint32_t index, NodeUses uses);
    static void nameNodes(const HyLayerLink* next, HyGraph graph, Executable& exec);
    std::string check(const char* call, const GraphUses& nodes);

    Findings& findings_;
    Order& order_;
    Memory& memory_;
    std::map<HyGraph, GraphUses> graphs_;
    std::map<HyGraphExec, Executable> execs_;
    std::map<HyStream, GraphUses> captures_; // by the stream where it began
};

} // namespace halyard::layers
