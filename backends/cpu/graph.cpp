// The graph functions of the interface.
#include "device.h"
#include "graph_plan.h"
#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <mutex>

namespace halyard::cpu {

// Thread-safe. Launches in flight hold the plan that they run; a change makes another one.
class Graph {
public:
    Graph(Ref<Device> device, Ref<Plan> plan) : device_(std::move(device)), plan_(std::move(plan)) {}

    Device& device() const { return *device_; }

    HyResult update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count) {
        const std::scoped_lock lock(mutex_);
        // All or none: a failure leaves the plan that there is.
        auto changed = Ref<Plan>::adopt(new Plan(*plan_));
        for (uint32_t i = 0; i < count; ++i) {
            HyResult result = HY_ERROR_INTERNAL;
            try {
                result = changed->replace(*device_, indices[i], *nodes[i]);
            } catch (...) {
                changed->disownHostCalls(plan_.get());
                throw;
            }
            if (result != HY_SUCCESS) {
                changed->disownHostCalls(plan_.get());
                return result;
            }
        }
        plan_ = std::move(changed);
        return HY_SUCCESS;
    }

    HyResult launch(Stream& stream) {
        const std::scoped_lock lock(mutex_);
        if (plan_->hasNewCode()) {
            auto changed = Ref<Plan>::adopt(new Plan(*plan_));
            changed->takeNewCode();
            plan_ = std::move(changed);
        }
        return stream.submit<GraphCommand>(CommandKind::Graph, 0, [&](GraphCommand& command, uint64_t /*value*/) {
            plan_->acquire();
            command.plan = plan_.get();
            command.next = 0;
        });
    }

private:
    const Ref<Device> device_;
    std::mutex mutex_;
    Ref<Plan> plan_;
};

namespace {

HyResult buildGraph(HyBackendDevice handle, const HyBackendGraphNode* const* nodes, uint32_t count,
                    HyBackendGraph* outGraph) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        auto plan = Ref<Plan>::adopt(new Plan);
        try {
            if (const HyResult result = plan->build(device, nodes, count); result != HY_SUCCESS) {
                plan->disownHostCalls(nullptr);
                return result;
            }
            *outGraph = toHandle(new Graph(Ref<Device>::share(&device), plan));
        } catch (...) {
            plan->disownHostCalls(nullptr);
            throw;
        }
        return HY_SUCCESS;
    });
}

HyResult updateGraph(HyBackendGraph handle, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                     uint32_t count) {
    Graph& graph = fromHandle(handle);
    return guarded(graph.device().host(), [&] { return graph.update(indices, nodes, count); });
}

HyResult launchGraph(HyBackendStream stream, HyBackendGraph handle) {
    Graph& graph = fromHandle(handle);
    return guarded(graph.device().host(), [&] { return graph.launch(fromHandle(stream)); });
}

HyResult destroyGraph(HyBackendGraph handle) {
    delete &fromHandle(handle);
    return HY_SUCCESS;
}

} // namespace

const HyBackendGraphTable kGraphTable{
    .structSize = sizeof(HyBackendGraphTable),
    .build = buildGraph,
    .update = updateGraph,
    .launch = launchGraph,
    .destroy = destroyGraph,
};

} // namespace halyard::cpu
