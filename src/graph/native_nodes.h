// Nodes as a backend's graph functions take them.
#pragma once

#include "graph/definition.h"

#include <deque>

namespace halyard::graph {

// Points into the nodes that were added, which must live longer.
class NativeNodes {
public:
    // The node's work is `work`, which may not be the one it has now.
    HyResult add(const Device& device, const Node& node, const Work& work);
    // The backend took the nodes: what it calls for host functions is its own to release.
    void handOver();
    const HyBackendGraphNode* const* data() const { return pointers_.data(); }
    uint32_t count() const { return static_cast<uint32_t>(pointers_.size()); }

private:
    struct Entry {
        HyBackendGraphNode node{};
        HyBackendLaunch launch{};
        HyFill3D fill{};
        std::vector<uint64_t> lengths;
    };

    // What a backend calls for a host function, as often as the graph is launched.
    struct HostCall {
        Instance& instance;
        HostWork work;
    };

    static void call(void* record, HyResult status);
    static void release(void* record);
    void describeKernel(const KernelWork& work, Entry& entry);

    std::deque<Entry> entries_;
    std::vector<std::unique_ptr<HostCall>> hostCalls_;
    std::vector<const HyBackendGraphNode*> pointers_;
};

} // namespace halyard::graph
