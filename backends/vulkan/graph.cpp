// Graphs: runs of nodes between those that the host has a part in are command buffers, recorded once.
#include "handles.h"
#include "recording.h"
#include "tables.h"

#include <algorithm>

namespace halyard::vulkan {

// Thread-safe.
class Graph {
public:
    // Throws Failure.
    Graph(std::shared_ptr<Device> device, const HyBackendGraphNode* const* nodes, uint32_t count);

    Device& device() const { return *device_; }
    // nodes[i] replaces node indices[i]; all or none of them. Throws Failure.
    void update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count);
    // Throws Failure.
    void launch(const std::shared_ptr<Stream>& stream);

private:
    using Nodes = std::vector<std::shared_ptr<const GraphNode>>;

    // Nodes from `first` to before `end`; without a recording, one that the host has a part in.
    struct Run {
        size_t first = 0, end = 0;
        std::shared_ptr<Recording> recording;
    };

    void split();
    std::shared_ptr<Recording> record(const Run& run, const Nodes& nodes) const;
    bool canRewrite(const Run& run, const Nodes& nodes) const;

    const std::shared_ptr<Device> device_;
    std::mutex mutex_;
    Nodes nodes_;
    std::vector<std::vector<uint32_t>> dependencies_;
    std::vector<Run> runs_; // in order
};

Graph::Graph(std::shared_ptr<Device> device, const HyBackendGraphNode* const* nodes, uint32_t count)
    : device_(std::move(device)) {
    for (uint32_t i = 0; i < count; ++i) {
        const HyBackendGraphNode& node = *nodes[i];
        nodes_.push_back(std::make_shared<GraphNode>(node));
        dependencies_.emplace_back(node.dependencies, node.dependencies + node.dependencyCount);
    }
    split();
    for (Run& run : runs_)
        if (nodes_[run.first]->isRecordable())
            run.recording = record(run, nodes_);
    for (uint32_t i = 0; i < count; ++i)
        if (nodes_[i]->host != nullptr)
            nodes_[i]->host->release = nodes[i]->hostRelease;
}

void Graph::split() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i]->isRecordable() && !runs_.empty() && nodes_[runs_.back().first]->isRecordable())
            runs_.back().end = i + 1;
        else
            runs_.push_back({i, i + 1, nullptr});
    }
}

// One barrier orders all before it, so a node needs its own only when something it follows came after the last one.
std::shared_ptr<Recording> Graph::record(const Run& run, const Nodes& nodes) const {
    std::vector<RecordedNode> entries;
    size_t ordered = run.first;
    for (size_t i = run.first; i < run.end; ++i) {
        const std::vector<uint32_t>& after = dependencies_[i];
        const bool waits = std::any_of(after.begin(), after.end(), [&](uint32_t node) { return node >= ordered; });
        if (waits)
            ordered = i;
        entries.push_back({nodes[i], waits});
    }
    return std::make_shared<Recording>(device_, entries);
}

bool Graph::canRewrite(const Run& run, const Nodes& nodes) const {
    for (size_t i = run.first; i < run.end; ++i)
        if (nodes[i] != nodes_[i] && !nodes[i]->differsInArguments(*nodes_[i]))
            return false;
    const std::scoped_lock lock(device_->mutex()); // batches let go of it under this lock
    return run.recording.use_count() == 1;
}

void Graph::update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count) {
    const std::scoped_lock lock(mutex_);
    Nodes all = nodes_;
    for (uint32_t i = 0; i < count; ++i)
        all[indices[i]] = std::make_shared<GraphNode>(*nodes[i]);
    std::vector<Run> runs;
    std::vector<size_t> rewritten;
    for (const Run& run : runs_) {
        runs.push_back({run.first, run.end, nullptr});
        const bool changed =
            !std::equal(all.begin() + static_cast<ptrdiff_t>(run.first), all.begin() + static_cast<ptrdiff_t>(run.end),
                        nodes_.begin() + static_cast<ptrdiff_t>(run.first));
        if (run.recording == nullptr || !changed)
            continue;
        if (canRewrite(run, all))
            rewritten.push_back(runs.size() - 1);
        else
            runs.back().recording = record(run, all);
    }
    // Nothing below fails.
    for (const size_t index : rewritten)
        for (size_t i = runs[index].first; i < runs[index].end; ++i)
            if (all[i] != nodes_[i])
                runs_[index].recording->setArguments(i - runs[index].first, all[i]->launch.block);
    for (size_t i = 0; i < runs.size(); ++i)
        if (runs[i].recording != nullptr)
            runs_[i].recording.swap(runs[i].recording);
    nodes_.swap(all);
    for (uint32_t i = 0; i < count; ++i)
        if (nodes_[indices[i]]->host != nullptr)
            nodes_[indices[i]]->host->release = nodes[i]->hostRelease;
}

void Graph::launch(const std::shared_ptr<Stream>& stream) {
    const std::scoped_lock lock(mutex_);
    for (const Run& run : runs_) {
        if (run.recording == nullptr) {
            nodes_[run.first]->submit(*stream);
            continue;
        }
        stream->record(0, [&](Batch& batch) {
            const Commands commands = batch.commands();
            const VkCommandBuffer recorded = run.recording->commands();
            commands.functions.vkCmdExecuteCommands(commands.buffer, 1, &recorded);
            batch.keep(run.recording);
            if (!run.recording->suspects().empty())
                batch.setName(run.recording->suspects());
        });
    }
}

namespace {

HyResult buildGraph(HyBackendDevice handle, const HyBackendGraphNode* const* nodes, uint32_t count,
                    HyBackendGraph* outGraph) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        // The handle is made first: a graph that was built owns what the runtime would release after a failure.
        const HyBackendGraph made = toHandle<HyBackendGraph>(nullptr);
        try {
            fromHandle(made) = std::make_shared<Graph>(device, nodes, count);
        } catch (...) {
            destroyHandle(made);
            throw;
        }
        *outGraph = made;
        return HY_SUCCESS;
    });
}

HyResult updateGraph(HyBackendGraph handle, const uint32_t* indices, const HyBackendGraphNode* const* nodes,
                     uint32_t count) {
    Graph& graph = *fromHandle(handle);
    return guarded(graph.device().host(), [&] {
        graph.update(indices, nodes, count);
        return HY_SUCCESS;
    });
}

HyResult launchGraph(HyBackendStream stream, HyBackendGraph handle) {
    Graph& graph = *fromHandle(handle);
    return guarded(graph.device().host(), [&] {
        graph.launch(fromHandle(stream));
        return HY_SUCCESS;
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

} // namespace halyard::vulkan
