#include "graph/replay.h"

#include "api/check.h"
#include "api/host_function.h"
#include "api/launch_check.h"
#include "graph/attention.h"

#include <algorithm>

namespace halyard::graph {
namespace {

HyResult submitKernel(const BackendTables& tables, HyBackendStream stream, const KernelWork& work) {
    HyBackendLaunch launch = work.launch;
    launch.packedArgs = work.arguments.data();
    std::vector<uint64_t> lengths(work.kernel->lengthParameters.size());
    findLengths(*work.kernel, launch, lengths.data());
    launch.bufferLengths = lengths.empty() ? nullptr : lengths.data();
    return tables.stream.launch(stream, work.kernel->impl, &launch);
}

HyResult submitCopy(const Device& device, HyBackendStream stream, const CopyWork& work) {
    uint32_t mask = 0;
    HY_TRY(checkCopyWork(device, work, mask));
    if (work.linear)
        return device.tables->stream.copy(stream, work.box.dst, work.box.src, work.box.widthBytes, mask);
    return device.tables->stream.copy3D(stream, &work.box, mask);
}

HyResult submitFill(const BackendTables& tables, HyBackendStream stream, const FillWork& work) {
    const HyFill3D& box = work.box;
    if (box.height == 1 && box.depth == 1)
        return tables.stream.fill(stream, box.dst, work.pattern, box.patternBytes, box.width);
    HyFill3D whole = box;
    whole.pattern = work.pattern;
    return tables.stream.fill3D(stream, &whole);
}

HyResult submitHostFunction(const Device& device, HyBackendStream stream, const HostWork& work) {
    HyHostFunction function = nullptr;
    void* record = nullptr;
    HY_TRY(wrapHostFunction(*device.instance, work.function, work.user, function, record));
    const HyResult result = device.tables->stream.hostFunction(stream, function, record);
    if (result < 0)
        dropHostFunction(record);
    return result;
}

HyResult submitNode(const Device& device, HyBackendStream stream, const Node& node) {
    const BackendTables& tables = *device.tables;
    if (const auto* kernel = std::get_if<KernelWork>(&node.work))
        return submitKernel(tables, stream, *kernel);
    if (const auto* copy = std::get_if<CopyWork>(&node.work))
        return submitCopy(device, stream, *copy);
    if (const auto* fill = std::get_if<FillWork>(&node.work))
        return submitFill(tables, stream, *fill);
    if (const auto* host = std::get_if<HostWork>(&node.work))
        return submitHostFunction(device, stream, *host);
    return HY_SUCCESS; // order alone
}

} // namespace

HyResult Lane::create(Device& device, std::shared_ptr<Lane>& outLane) {
    const HyBackendStreamDesc desc = {
        .structSize = sizeof desc, .flags = 0, .next = nullptr, .priority = 0, .reserved = 0};
    HyBackendStream stream = nullptr;
    HY_TRY(blameBackend(device.backend->name, device.tables->stream.create(device.impl, &desc, &stream)));
    std::unique_ptr<Lane> lane;
    try {
        lane.reset(new Lane(device, stream));
    } catch (...) {
        device.tables->stream.destroy(stream);
        throw;
    }
    outLane = std::move(lane);
    return HY_SUCCESS;
}

Lane::~Lane() {
    device_.tables->stream.destroy(stream_);
}

HyResult Lane::query() const {
    return blameBackend(device_.backend->name, device_.tables->stream.query(stream_));
}

HyResult Mark::create(Device& device) {
    device_ = &device;
    return blameBackend(device.backend->name, device.tables->event.create(device.impl, 0, &event_));
}

Mark::~Mark() {
    if (event_ != nullptr)
        device_->tables->event.destroy(event_);
}

HyResult Mark::record(HyBackendStream stream) const {
    return blameBackend(device_->backend->name, device_->tables->event.record(event_, stream));
}

HyResult Mark::wait(HyBackendStream stream) const {
    return blameBackend(device_->backend->name, device_->tables->stream.waitEvent(stream, event_));
}

void Replay::assignLanes(const std::vector<Node>& nodes, uint32_t laneLimit) {
    std::vector<uint32_t> last; // the newest node of each lane
    steps_.resize(nodes.size());
    for (uint32_t i = 0; i < nodes.size(); ++i) {
        const std::vector<uint32_t>& before = nodes[i].dependencies;
        // Behind a node that it waits for anyway; else on a lane of its own; else on the one that was used longest ago.
        auto lane = std::find_if(last.begin(), last.end(), [&](uint32_t newest) {
            return std::find(before.begin(), before.end(), newest) != before.end();
        });
        if (lane == last.end() && last.size() < laneLimit)
            lane = last.insert(last.end(), i);
        else if (lane == last.end())
            lane = std::min_element(last.begin(), last.end());
        *lane = i;
        steps_[i].lane = static_cast<uint32_t>(lane - last.begin());
        for (const uint32_t node : before) {
            if (steps_[node].lane == steps_[i].lane)
                continue;
            if (steps_[node].mark == kNone)
                steps_[node].mark = markCount_++;
            steps_[i].waits.push_back(steps_[node].mark);
        }
    }
    laneCount_ = static_cast<uint32_t>(last.size());
}

HyResult Replay::create(Device& device, const FlatGraph& flat, std::unique_ptr<Replay>& outReplay) {
    std::unique_ptr<Replay> replay(new Replay(device));
    const bool overlap = (device.properties.capabilities & HY_CAP_CONCURRENT_STREAMS) != 0;
    replay->assignLanes(flat.definition.nodes, overlap ? kMaxLanes : 1);
    const size_t laneMarks = replay->laneCount_ > 1 ? replay->laneCount_ : 0;
    for (size_t i = 0; i < replay->markCount_ + laneMarks; ++i) {
        Mark mark;
        HY_TRY(mark.create(device));
        replay->marks_.push_back(std::move(mark));
    }
    outReplay = std::move(replay);
    return HY_SUCCESS;
}

HyResult Replay::findLanes(const Stream& stream, LaneSet*& outSet) {
    auto found =
        std::find_if(sets_.begin(), sets_.end(), [&](const LaneSet& set) { return set.stream == stream.handle; });
    LaneSet set{.stream = stream.handle};
    if (found != sets_.end()) {
        set = std::move(*found);
        sets_.erase(found);
    } else if (sets_.size() == kMaxSets) {
        sets_.erase(sets_.begin());
    }
    set.lanes.resize(laneCount_ - 1);
    for (std::shared_ptr<Lane>& lane : set.lanes) {
        // The failure of an earlier launch is told by the stream that has it.
        const bool usable = lane != nullptr && [&] {
            const PreservedError preserved;
            return lane->query() >= 0;
        }();
        if (!usable)
            HY_TRY(Lane::create(device_, lane));
    }
    outSet = &sets_.emplace_back(std::move(set));
    return HY_SUCCESS;
}

HyResult Replay::submitAll(Stream& stream, const LaneSet* set, const FlatGraph& flat) {
    const std::vector<Node>& nodes = flat.definition.nodes;
    for (size_t i = 0; i < steps_.size(); ++i) {
        const Step& step = steps_[i];
        HyBackendStream lane = step.lane == 0 ? stream.impl : set->lanes[step.lane - 1]->stream();
        for (const uint32_t mark : step.waits)
            HY_TRY(marks_[mark].wait(lane));
        const HyResult result = submitNode(device_, lane, nodes[i]);
        if (result < 0)
            return blameNode(nodes[i], flat.origins[i], blameBackend(device_.backend->name, result));
        if (step.mark != kNone)
            HY_TRY(marks_[step.mark].record(lane));
    }
    return HY_SUCCESS;
}

HyResult Replay::launch(Stream& stream, const FlatGraph& flat) {
    if (laneCount_ == 1)
        return submitAll(stream, nullptr, flat);
    LaneSet* set = nullptr;
    HY_TRY(findLanes(stream, set));
    shareFailures(stream, set->lanes);
    const Mark& start = marks_[markCount_];
    HY_TRY(start.record(stream.impl));
    for (const std::shared_ptr<Lane>& lane : set->lanes)
        HY_TRY(start.wait(lane->stream()));
    HyResult result = submitAll(stream, set, flat);
    // Also after a failure: what was submitted must not run on behind the stream's back.
    std::optional<PreservedError> preserved;
    if (result < 0)
        preserved.emplace();
    for (size_t i = 0; i < set->lanes.size(); ++i) {
        const Mark& end = marks_[markCount_ + 1 + i];
        HyResult joined = end.record(set->lanes[i]->stream());
        if (joined >= 0)
            joined = end.wait(stream.impl);
        result = result < 0 ? result : joined;
    }
    return result;
}

} // namespace halyard::graph
