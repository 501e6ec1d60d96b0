// Graphs: runs of nodes between those that the host has a part in are command buffers, recorded once.
#include "handles.h"
#include "recording.h"
#include "tables.h"

#include <algorithm>

namespace halyard::vulkan {
namespace {

// Recordings that a run keeps while launches with other arguments are in flight.
constexpr size_t kMostOthers = 3;

} // namespace

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
        std::vector<std::shared_ptr<Recording>> others; // that differ in their arguments alone
    };

    // What update() does with a run.
    struct Change {
        Run* run = nullptr;
        std::shared_ptr<Recording> recording; // from now on
        bool rewrite = false;                 // its arguments are old
        bool sameShape = false;
    };

    void split();
    std::shared_ptr<Recording> record(const Run& run, const Nodes& nodes) const;
    bool sameShape(const Run& run, const Nodes& nodes) const;
    std::shared_ptr<Recording> idleOf(const Run& run) const;
    static void apply(Change& change, const Nodes& nodes);

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
            runs_.push_back({i, i + 1, nullptr, {}});
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

bool Graph::sameShape(const Run& run, const Nodes& nodes) const {
    for (size_t i = run.first; i < run.end; ++i)
        if (nodes[i] != nodes_[i] && !nodes[i]->differsInArguments(*nodes_[i]))
            return false;
    return true;
}

// A recording that no batch has: batches let go of theirs under the device's lock.
std::shared_ptr<Recording> Graph::idleOf(const Run& run) const {
    const std::scoped_lock lock(device_->mutex());
    if (run.recording.use_count() == 1)
        return run.recording;
    for (const std::shared_ptr<Recording>& other : run.others)
        if (other.use_count() == 1)
            return other;
    return nullptr;
}

void Graph::update(const uint32_t* indices, const HyBackendGraphNode* const* nodes, uint32_t count) {
    const std::scoped_lock lock(mutex_);
    Nodes all = nodes_;
    for (uint32_t i = 0; i < count; ++i)
        all[indices[i]] = std::make_shared<GraphNode>(*nodes[i]);
    std::vector<Change> changes;
    for (Run& run : runs_) {
        const auto at = [&](const Nodes& of, size_t index) { return of.begin() + static_cast<ptrdiff_t>(index); };
        if (run.recording == nullptr || std::equal(at(all, run.first), at(all, run.end), at(nodes_, run.first)))
            continue;
        Change change{&run, nullptr, false, sameShape(run, all)};
        if (change.sameShape)
            change.recording = idleOf(run);
        change.rewrite = change.recording != nullptr;
        if (!change.rewrite)
            change.recording = record(run, all);
        run.others.reserve(kMostOthers);
        changes.push_back(std::move(change));
    }
    // Nothing below fails.
    for (Change& change : changes)
        apply(change, all);
    nodes_.swap(all);
    for (uint32_t i = 0; i < count; ++i)
        if (nodes_[indices[i]]->host != nullptr)
            nodes_[indices[i]]->host->release = nodes[i]->hostRelease;
}

void Graph::apply(Change& change, const Nodes& nodes) {
    Run& run = *change.run;
    if (change.rewrite)
        for (size_t i = run.first; i < run.end; ++i)
            change.recording->setArguments(i - run.first, nodes[i]->launch.deviceBlock());
    if (change.recording == run.recording)
        return;
    if (!change.sameShape)
        run.others.clear();
    std::erase(run.others, change.recording);
    if (change.sameShape && run.others.size() < kMostOthers)
        run.others.push_back(std::move(run.recording));
    run.recording = std::move(change.recording);
}

void Graph::launch(const std::shared_ptr<Stream>& stream) {
    const std::scoped_lock lock(mutex_);
    for (const Run& run : runs_) {
        if (run.recording == nullptr) {
            nodes_[run.first]->submit(*stream);
            continue;
        }
        stream->record(0, {HY_ACTIVITY_GRAPH}, [&](Batch& batch) {
            const Commands commands = batch.commands();
            const VkCommandBuffer recorded = run.recording->commands();
            commands.functions.vkCmdExecuteCommands(commands.buffer, 1, &recorded);
            *commands.bound = {}; // a secondary command buffer leaves behind nothing that is defined
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
