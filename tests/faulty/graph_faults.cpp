// Graphs that run in the wrong order, or what they were before an update.
#include "books.h"
#include "target.h"

namespace halyard::faulty {
namespace {

void updateIgnored(Tables& tables) {
    tables.graph.update = [](HyBackendGraph, const uint32_t*, const HyBackendGraphNode* const*, uint32_t) -> HyResult {
        return HY_SUCCESS;
    };
}

// An update of several nodes changes the first alone.
void updateOfOneOnly(Tables& tables) {
    tables.graph.update = [](HyBackendGraph graph, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                             uint32_t count) {
        return real().graph.update(graph, indices, nodes, count > 1 ? 1 : count);
    };
}

struct Sizes;

// The last node first, and none waits for another.
void dependenciesIgnored(Tables& tables) {
    tables.graph.build = [](HyBackendDevice device, const HyBackendGraphNode* const* nodes, uint32_t count,
                            HyBackendGraph* outGraph) {
        std::vector<HyBackendGraphNode> own;
        std::vector<const HyBackendGraphNode*> pointers;
        for (uint32_t i = 0; i < count; ++i) {
            own.push_back(*nodes[count - 1 - i]);
            own.back().dependencyCount = 0;
        }
        for (const HyBackendGraphNode& node : own)
            pointers.push_back(&node);
        const HyResult result = real().graph.build(device, pointers.data(), count, outGraph);
        if (result == HY_SUCCESS)
            books<Sizes, HyBackendGraph, uint32_t>().put(*outGraph, count);
        return result;
    };
    tables.graph.update = [](HyBackendGraph graph, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                             uint32_t count) {
        const uint32_t size = books<Sizes, HyBackendGraph, uint32_t>().find(graph).value_or(0);
        std::vector<uint32_t> own;
        for (uint32_t i = 0; i < count; ++i)
            own.push_back(size - 1 - indices[i]);
        return real().graph.update(graph, own.data(), nodes, count);
    };
}

struct Launched;

void launchedOnce(Tables& tables) {
    tables.graph.launch = [](HyBackendStream stream, HyBackendGraph graph) {
        auto& launched = books<Launched, HyBackendGraph, bool>();
        if (launched.find(graph))
            return HY_SUCCESS;
        launched.put(graph, true);
        return real().graph.launch(stream, graph);
    };
    tables.graph.destroy = [](HyBackendGraph graph) {
        books<Launched, HyBackendGraph, bool>().take(graph);
        return real().graph.destroy(graph);
    };
}

void outOfStreamOrder(Tables& tables) {
    tables.graph.launch = [](HyBackendStream stream, HyBackendGraph graph) {
        HyBackendStreamDesc desc{};
        desc.structSize = sizeof desc;
        desc.label = "a stream beside the graph's";
        HyBackendStream other = nullptr;
        HyResult result = real().stream.create(deviceOf(stream), &desc, &other);
        if (result == HY_SUCCESS) {
            result = real().graph.launch(other, graph);
            real().stream.destroy(other);
        }
        return result;
    };
}

// A claim of HY_CAP_GRAPHS with nothing behind it.
void stubs(Tables& tables) {
    tables.graph.build = [](HyBackendDevice, const HyBackendGraphNode* const*, uint32_t,
                            HyBackendGraph* outGraph) -> HyResult {
        static int nothing = 0;
        *outGraph = reinterpret_cast<HyBackendGraph>(&nothing);
        return HY_SUCCESS;
    };
    tables.graph.update = [](HyBackendGraph, const uint32_t*, const HyBackendGraphNode* const*, uint32_t) -> HyResult {
        return HY_SUCCESS;
    };
    tables.graph.launch = [](HyBackendStream, HyBackendGraph) -> HyResult { return HY_SUCCESS; };
    tables.graph.destroy = [](HyBackendGraph) -> HyResult { return HY_SUCCESS; };
}

constexpr Fault kFaults[] = {
    {"graph-update-ignored", "an update is a success and changes nothing", "*Graphs.Up*", updateIgnored},
    {"graph-update-of-one-only", "an update of several nodes changes the first", "*Graphs.Up*", updateOfOneOnly},
    {"graph-dependencies-ignored", "nodes do not wait for each other", "*Graphs.*", dependenciesIgnored},
    {"graph-launched-once", "later launches of a graph do nothing", "*Graphs.*", launchedOnce},
    {"graph-out-of-stream-order", "a graph does not wait for earlier work of its stream", "*Graphs.*",
     outOfStreamOrder},
    {"graph-stubs", "HY_CAP_GRAPHS with slots that do nothing", "*Graphs.*", stubs},
};

} // namespace

std::span<const Fault> graphFaults() {
    return kFaults;
}

} // namespace halyard::faulty
