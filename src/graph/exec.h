// A graph that was instantiated: lowered by the backend where it can, else replayed.
#pragma once

#include "graph/replay.h"

namespace halyard {

struct GraphExec : Object {
    static constexpr ObjectType kType = ObjectType::GraphExec;
    explicit GraphExec(Device* owner) : Object(kType, owner->instance, owner) {}
    ~GraphExec() override;

    std::mutex mutex;
    graph::FlatGraph flat;
    uint64_t serials[2] = {}; // of the graphs whose nodes name those of `flat`
    HyBackendGraph native = nullptr;
    std::unique_ptr<graph::Replay> replay; // exactly one of the two, unless there are no nodes
    graph::Mark done;                      // of the newest launch
    uint64_t lastStream = 0;               // the handle of its stream
};

namespace graph {

// Checks and lowers the graph. `flags`: HY_GRAPH_INSTANTIATE_*.
HyResult instantiate(Device& device, const Definition& definition, uint64_t serial, uint32_t flags,
                     std::unique_ptr<GraphExec>& outExec);
// The caller holds exec.mutex in what follows.
HyResult launch(GraphExec& exec, Stream& stream);
// Replaces the work of some nodes, of the same kinds, all or none. `changes`: indices into flat.definition.nodes.
using Changes = std::vector<std::pair<uint32_t, Work>>;
HyResult update(GraphExec& exec, Changes changes);
// Takes over the work of a graph with the same nodes and order.
HyResult updateAll(GraphExec& exec, const Definition& definition, uint64_t serial);

} // namespace graph
} // namespace halyard
