// Graphs: nodes with snapshots of what they do, and the executable copies of them.
#pragma once

#include "launch.h"
#include "status.h"
#include "stream.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard::softcuda {

// CUgraphNodeType.
enum class NodeKind { Kernel = 0, Copy = 1, Fill = 2, Host = 3, Child = 4, Empty = 5 };

struct Work {
    Command run;
    bool kernel = false;
    std::shared_ptr<const KernelCall> call; // of a kernel
};

std::shared_ptr<const Work> workOf(std::shared_ptr<const KernelCall> call);

struct GraphNode {
    NodeKind kind = NodeKind::Empty;
    uint64_t handle = 0;
    uint64_t graph = 0;
    std::vector<uint64_t> dependencies; // handles
    std::shared_ptr<const Work> work;
};

struct Graph {
    uint64_t handle = 0;
    std::mutex mutex;
    std::vector<std::shared_ptr<GraphNode>> nodes; // as added
    // What lives as long as the graph and what was made of it.
    std::vector<std::shared_ptr<void>> kept;
};

struct GraphExec {
    struct Item {
        uint64_t node = 0; // of the graph it came from
        NodeKind kind = NodeKind::Empty;
        std::vector<size_t> dependencies;
        std::shared_ptr<const Work> work;
    };

    std::shared_ptr<Context> context;
    std::mutex mutex;
    std::vector<Item> items; // as the graph's nodes
    std::vector<size_t> order;
    std::vector<std::shared_ptr<void>> kept;
};

uint64_t createGraph();
// Its nodes' handles go with it; executable graphs stay.
Status destroyGraph(const void* handle);
// InvalidValue when a dependency is of another graph or given twice.
Status addNode(const void* graph, NodeKind kind, const void* const* dependencies, size_t count,
               std::shared_ptr<const Work> work, uint64_t* handle);
// The nodes before `node` are taken in addition to those it has; no cycle may come of it.
Status addDependency(const void* graph, const void* from, const void* to);
// A kernel node's attributes, which later changes of its parameters leave as they are.
Status setAttributes(const void* node, const std::array<uint32_t, 3>* cluster, const bool* cooperative);
// Together with its handles, the graph's nodes.
Status removeNode(const void* node);

Status instantiate(const std::shared_ptr<Context>& context, const void* graph, uint64_t* handle);
// Replaces what the node does in later launches.
Status setWork(const void* exec, const void* node, NodeKind kind, std::shared_ptr<const Work> work);

// CUgraphExecUpdateResult.
enum class UpdateResult { Success = 0, Error = 1, TopologyChanged = 2, NodeTypeChanged = 3 };
// All or nothing. `*node`: the node of `graph` that does not fit, or 0.
Status updateExec(const void* exec, const void* graph, UpdateResult* result, uint64_t* node);
// One command; nodes that no dependency orders run in the opposite order of their making, so that a dependency that is
// missing is noticed.
Status launchGraph(const void* exec, const std::shared_ptr<Stream>& stream);

} // namespace halyard::softcuda
