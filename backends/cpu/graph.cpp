// The graph functions of the interface.
#include "device.h"
#include "graph_plan.h"
#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <memory>
#include <mutex>
#include <vector>

namespace halyard::cpu {

// Thread-safe. Launches in flight hold the plan that they run; a change makes another one.
class Graph {
public:
    Graph(Ref<Device> device, Ref<Plan> plan) : device_(std::move(device)), plan_(std::move(plan)) {}

    Device& device() const { return *device_; }

    HyResult update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count) {
        const std::scoped_lock lock(mutex_);
        std::vector<Ref<Slot>> slots(count);
        for (uint32_t i = 0; i < count; ++i) {
            if (plan_->isEmptyNode(indices[i])) {
                continue;
            }
            if (needsAllAtOnce(*nodes[i]) != plan_->isCooperative(indices[i])) {
                return device_->host().fail(
                    {HY_ERROR_UNSUPPORTED,
                     "an update cannot make a launch of a graph cooperative, or the other way round", "desc->flags",
                     "make another graph"});
            }
            if (const HyResult result = Slot::make(*device_, *nodes[i], slots[i]); result != HY_SUCCESS) {
                return result;
            }
        }
        ownPlan();
        plan_->expectChanges(count);
        for (uint32_t i = 0; i < count; ++i) {
            if (!slots[i]) {
                continue;
            }
            if (slots[i]->host() != nullptr) {
                slots[i]->host()->own(nodes[i]->hostRelease);
            }
            plan_->replace(indices[i], std::move(slots[i]));
        }
        return HY_SUCCESS;
    }

    HyResult launch(Stream& stream) {
        const std::scoped_lock lock(mutex_);
        if (plan_->hasNewCode()) {
            ownPlan();
            plan_->takeNewCode();
        }
        return stream.submit<GraphCommand>(CommandKind::Graph, 0, [&](GraphCommand& command, uint64_t /*value*/) {
            plan_->acquire();
            command.plan = plan_.get();
            command.next = 0;
            command.flowing = false;
        });
    }

private:
    // A plan that no launch uses. The lock keeps new ones out; those there are only let go.
    void ownPlan() {
        if (!plan_->exclusive()) {
            plan_ = Ref<Plan>::adopt(new Plan(*plan_));
        }
    }

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
        auto graph = std::make_unique<Graph>(Ref<Device>::share(&device), plan);
        if (const HyResult result = plan->build(device, nodes, count); result != HY_SUCCESS) {
            return result;
        }
        *outGraph = toHandle(graph.release());
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
