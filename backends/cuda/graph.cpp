// Graphs as the driver's own: one submission a launch.
#include "device.h"
#include "graph_parts.h"
#include "handles.h"
#include "stream_profile.h"
#include "tables.h"

#include <algorithm>

namespace halyard::cuda {
namespace {

// A graph of the driver and what was made of it, from the works of all nodes.
struct Native {
    CUgraph graph = nullptr;
    CUgraphExec exec = nullptr;
    std::vector<std::vector<CUgraphNode>> nodes; // of each node's parts
};

void* toPointer(uint64_t number) {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(number)); // NOLINT(performance-no-int-to-ptr)
}

// Adds a part, or changes one in an executable graph, in the driver's words.
class PartCall {
public:
    PartCall(const Device& device, CUgraph graph, CUgraphExec exec, CUgraphNode& node,
             const std::vector<CUgraphNode>& after)
        : cu_(device.cu()), context_(device.context()), graph_(graph), exec_(exec), node_(node), after_(after) {}

    CUresult operator()(const EmptyPart& /*part*/) const {
        return exec_ != nullptr ? CUDA_SUCCESS : cu_.cuGraphAddEmptyNode(&node_, graph_, after_.data(), after_.size());
    }
    CUresult operator()(const KernelPart& part) const {
        std::vector<void*> pointers;
        pointers.reserve(part.offsets.size());
        for (const uint32_t offset : part.offsets)
            pointers.push_back(const_cast<uint64_t*>(part.values.data() + offset)); // the driver reads it
        const CUDA_KERNEL_NODE_PARAMS_v1 params{
            part.function,        part.workgroups.x,    part.workgroups.y, part.workgroups.z, part.workgroupSize.x,
            part.workgroupSize.y, part.workgroupSize.z, part.sharedBytes,  pointers.data(),   nullptr};
        if (exec_ != nullptr)
            return cu_.cuGraphExecKernelNodeSetParams(exec_, node_, &params);
        CUresult code = cu_.cuGraphAddKernelNode(&node_, graph_, after_.data(), after_.size(), &params);
        if (code == CUDA_SUCCESS && part.cooperative) {
            CUlaunchAttributeValue value{};
            value.cooperative = 1;
            code = cu_.cuGraphKernelNodeSetAttribute(node_, CU_LAUNCH_ATTRIBUTE_COOPERATIVE, &value);
        }
        const HyDim3 cluster = part.clusterSize;
        if (code == CUDA_SUCCESS && (cluster.x > 1 || cluster.y > 1 || cluster.z > 1)) {
            CUlaunchAttributeValue value{};
            value.clusterDim = {cluster.x, cluster.y, cluster.z};
            code = cu_.cuGraphKernelNodeSetAttribute(node_, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, &value);
        }
        return code;
    }
    CUresult operator()(const CUDA_MEMCPY3D& part) const {
        return exec_ != nullptr
                   ? cu_.cuGraphExecMemcpyNodeSetParams(exec_, node_, &part, context_)
                   : cu_.cuGraphAddMemcpyNode(&node_, graph_, after_.data(), after_.size(), &part, context_);
    }
    CUresult operator()(const CUDA_MEMSET_NODE_PARAMS& part) const {
        return exec_ != nullptr
                   ? cu_.cuGraphExecMemsetNodeSetParams(exec_, node_, &part, context_)
                   : cu_.cuGraphAddMemsetNode(&node_, graph_, after_.data(), after_.size(), &part, context_);
    }
    CUresult operator()(const HostPart& part) const {
        const CUDA_HOST_NODE_PARAMS params{HostCalls::callTurn, toPointer(part.turns)};
        return exec_ != nullptr ? cu_.cuGraphExecHostNodeSetParams(exec_, node_, &params)
                                : cu_.cuGraphAddHostNode(&node_, graph_, after_.data(), after_.size(), &params);
    }

private:
    const Symbols& cu_;
    const CUcontext context_;
    const CUgraph graph_;
    const CUgraphExec exec_;
    CUgraphNode& node_;
    const std::vector<CUgraphNode>& after_;
};

using Works = std::vector<std::shared_ptr<NodeWork>>;

// Kernels of a graph for the words of a failure; the quotes around it are the stream's.
std::string describeKernels(const Works& works) {
    constexpr size_t kMost = 32;
    std::string text;
    size_t count = 0;
    for (const std::shared_ptr<NodeWork>& work : works) {
        if (work->kernel() == nullptr)
            continue;
        if (++count > kMost)
            return text + "', 'others of the graph";
        if (!text.empty())
            text += "', '";
        text += work->kernel()->name();
        if (!work->name().empty())
            text += "' of node '" + work->name();
    }
    return text;
}

} // namespace

// Thread-safe. Launches of one graph follow each other, by the runtime's order and that of streams.
class Graph {
public:
    explicit Graph(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    ~Graph() { retire(native_); }
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    Device& device() const { return *device_; }

    HyResult build(const HyBackendGraphNode* const* nodes, uint32_t count) {
        dependencies_.reserve(count);
        for (uint32_t i = 0; i < count; ++i) {
            const HyBackendGraphNode& node = *nodes[i];
            dependencies_.emplace_back(node.dependencies, node.dependencies + node.dependencyCount);
        }
        if (const HyResult result = makeWorks(nodes, count, works_); result != HY_SUCCESS)
            return result;
        suspects_ = device_->intern(describeKernels(works_));
        if (const HyResult result = makeNative(works_, native_); result != HY_SUCCESS)
            return result;
        for (uint32_t i = 0; i < count; ++i)
            works_[i]->own(nodes[i]->hostRelease);
        return HY_SUCCESS;
    }

    HyResult update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count) {
        const std::scoped_lock lock(mutex_);
        Works changed;
        if (const HyResult result = makeWorks(nodes, count, changed); result != HY_SUCCESS)
            return result;
        Works all = works_;
        bool sameShape = true;
        for (uint32_t i = 0; i < count; ++i) {
            sameShape &= works_[indices[i]]->sameShape(*changed[i]);
            all[indices[i]] = changed[i];
        }
        const char* suspects = device_->intern(describeKernels(all));
        if (!sameShape || !change(indices, changed)) {
            Native native;
            if (const HyResult result = makeNative(all, native); result != HY_SUCCESS)
                return result;
            retire(std::exchange(native_, std::move(native)));
            intact_ = true;
        }
        works_.swap(all);
        suspects_ = suspects;
        for (uint32_t i = 0; i < count; ++i)
            changed[i]->own(nodes[i]->hostRelease);
        return HY_SUCCESS;
    }

    HyResult launch(Stream& stream) {
        if (const HyResult result = stream.usable(); result != HY_SUCCESS)
            return result;
        const std::scoped_lock lock(mutex_);
        const Current current = enterContext(*device_);
        if (!intact_)
            return device_->host().fail({HY_ERROR_INVALID_STATE,
                                         "an update of the graph failed, and the driver could not go back", "exec",
                                         "instantiate the graph again"});
        std::vector<std::pair<uint64_t, uint64_t>> expected;
        HyResult result = expectCalls(stream, expected);
        if (result == HY_SUCCESS) {
            if (*suspects_ != '\0')
                stream.note(suspects_);
            result = device_->check(device_->cu().cuGraphLaunch(native_.exec, stream.handle()), "launch a graph");
        }
        if (result == HY_SUCCESS || expected.empty())
            return result;
        return device_->hostCalls().withdrawTurns(expected) == HY_SUCCESS ? result : HY_SUCCESS;
    }

private:
    HyResult makeWorks(const HyBackendGraphNode* const* nodes, uint32_t count, Works& out) {
        out.resize(count);
        for (uint32_t i = 0; i < count; ++i) {
            if (const HyResult result = NodeWork::make(device_, *nodes[i], out[i]); result != HY_SUCCESS)
                return result;
        }
        return HY_SUCCESS;
    }

    HyResult expectCalls(Stream& stream, std::vector<std::pair<uint64_t, uint64_t>>& expected) {
        const std::weak_ptr<Stream> weak = stream.weak_from_this();
        for (const std::shared_ptr<NodeWork>& work : works_) {
            for (const Part& part : work->parts()) {
                const auto* host = std::get_if<HostPart>(&part.what);
                if (host == nullptr)
                    continue;
                expected.reserve(expected.size() + 1);
                uint64_t number = 0;
                auto call = [weak, call = host->call](HyResult status) { call(Stream::statusAfter(weak, status)); };
                if (const HyResult result = device_->hostCalls().expectTurn(host->turns, std::move(call), number);
                    result != HY_SUCCESS)
                    return result;
                expected.emplace_back(host->turns, number);
            }
        }
        return HY_SUCCESS;
    }

    HyResult makeNative(const Works& works, Native& out) {
        const Symbols& cu = device_->cu();
        const Current current = enterContext(*device_);
        CUresult code = cu.cuGraphCreate(&out.graph, 0);
        if (code != CUDA_SUCCESS)
            return device_->fail(code, "make a graph");
        HyResult result = HY_SUCCESS;
        try {
            result = addNodes(works, out);
        } catch (const std::bad_alloc&) {
            result = device_->host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left for a graph"});
        }
        if (result == HY_SUCCESS)
            result = device_->check(cu.cuGraphInstantiateWithFlags(&out.exec, out.graph, 0), "instantiate a graph");
        if (result != HY_SUCCESS)
            cu.cuGraphDestroy(out.graph);
        return result;
    }

    HyResult addNodes(const Works& works, Native& out) {
        out.nodes.resize(works.size());
        for (size_t i = 0; i < works.size(); ++i) {
            for (const Part& part : works[i]->parts()) {
                std::vector<CUgraphNode> after;
                for (const uint32_t before : part.after)
                    after.push_back(out.nodes[i][before]);
                if (part.after.empty()) {
                    for (const uint32_t before : dependencies_[i])
                        after.push_back(out.nodes[before].back());
                }
                CUgraphNode node = nullptr;
                const CUresult code = std::visit(PartCall(*device_, out.graph, nullptr, node, after), part.what);
                if (code != CUDA_SUCCESS)
                    return device_->fail(code, ("put " + works[i]->describe() + " into a graph").c_str());
                out.nodes[i].push_back(node);
            }
        }
        return HY_SUCCESS;
    }

    CUresult setParts(uint32_t index, const NodeWork& work) {
        for (size_t i = 0; i < work.parts().size(); ++i) {
            const CUresult code = std::visit(PartCall(*device_, nullptr, native_.exec, native_.nodes[index][i], {}),
                                             work.parts()[i].what);
            if (code != CUDA_SUCCESS)
                return code;
        }
        return CUDA_SUCCESS;
    }

    // Gives the executable graph the new parameters. False: the driver does not want to, and nothing changed.
    bool change(const uint32_t* indices, const Works& changed) {
        const Current current = enterContext(*device_);
        for (size_t i = 0; i < changed.size(); ++i) {
            if (setParts(indices[i], *changed[i]) == CUDA_SUCCESS)
                continue;
            for (size_t back = 0; back <= i; ++back)
                intact_ &= setParts(indices[back], *works_[indices[back]]) == CUDA_SUCCESS;
            return false;
        }
        return true;
    }

    void retire(const Native& native) noexcept {
        if (native.graph == nullptr)
            return;
        Device* const device = device_.get();
        device->leftovers().keep([device, graph = native.graph, exec = native.exec] {
            if (exec != nullptr)
                device->cu().cuGraphExecDestroy(exec);
            device->cu().cuGraphDestroy(graph);
        });
    }

    const std::shared_ptr<Device> device_;
    std::mutex mutex_;
    std::vector<std::vector<uint32_t>> dependencies_;
    Works works_;
    Native native_;
    const char* suspects_ = "";
    bool intact_ = true;
};

namespace {

HyResult buildGraph(HyBackendDevice handle, const HyBackendGraphNode* const* nodes, uint32_t count,
                    HyBackendGraph* outGraph) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        auto graph = std::make_shared<Graph>(device);
        // Made before the graph owns what the runtime would release after a failure.
        const HyBackendGraph made = toHandle<HyBackendGraph>(graph);
        HyResult result = HY_SUCCESS;
        try {
            result = graph->build(nodes, count);
        } catch (...) {
            destroyHandle(made);
            throw;
        }
        if (result == HY_SUCCESS)
            *outGraph = made;
        else
            destroyHandle(made);
        return result;
    });
}

HyResult updateGraph(HyBackendGraph handle, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                     uint32_t count) {
    const std::shared_ptr<Graph> graph = fromHandle(handle);
    return guarded(graph->device().host(), [&] { return graph->update(indices, nodes, count); });
}

HyResult launchGraph(HyBackendStream stream, HyBackendGraph handle) {
    Graph& graph = *fromHandle(handle);
    return guarded(graph.device().host(), [&] {
        return profiled(*fromHandle(stream), {HY_ACTIVITY_GRAPH}, [&] { return graph.launch(*fromHandle(stream)); });
    });
}

HyResult destroyGraph(HyBackendGraph handle) {
    destroyHandle(handle);
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

} // namespace halyard::cuda
