// Launching a graph by stream calls, for backends without graphs: independent branches on internal streams where
// streams can overlap, else the nodes in order on the one stream. Needs the tables of ABI 1.1 alone.
#pragma once

#include "graph/definition.h"

namespace halyard::graph {

// A backend stream of a replay. The stream that launched the graph shares it, because its failure is that one's.
class Lane {
public:
    static HyResult create(Device& device, std::shared_ptr<Lane>& outLane);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    HyBackendStream stream() const { return stream_; }
    // The sticky error with its words, else whether work is left (HY_NOT_READY) or not.
    HyResult query() const;

private:
    Lane(Device& device, HyBackendStream stream) : device_(device), stream_(stream) {}

    Device& device_;
    const HyBackendStream stream_;
};

// An event of the backend, without a handle.
class Mark {
public:
    Mark() = default;
    HyResult create(Device& device);
    Mark(Mark&& other) noexcept : device_(other.device_), event_(std::exchange(other.event_, nullptr)) {}
    ~Mark();

    HyResult record(HyBackendStream stream) const;
    HyResult wait(HyBackendStream stream) const;

private:
    Device* device_ = nullptr;
    HyBackendEvent event_ = nullptr;
};

class Replay {
public:
    static HyResult create(Device& device, const FlatGraph& flat, std::unique_ptr<Replay>& outReplay);
    // REQUIRES: launches are ordered by the caller, and `flat` has the nodes and the order that it had in create().
    HyResult launch(Stream& stream, const FlatGraph& flat);

private:
    static constexpr uint32_t kMaxLanes = 4; // the stream of the launch is the first
    static constexpr uint32_t kNone = UINT32_MAX;
    static constexpr size_t kMaxSets = 4;

    struct Step {
        uint32_t lane = 0;
        uint32_t mark = kNone;       // recorded behind the node, for nodes of other lanes
        std::vector<uint32_t> waits; // marks
    };

    // The lanes behind the first for launches on one stream: on lanes shared with another one, its failures would be
    // this one's.
    struct LaneSet {
        uint64_t stream = 0; // handle
        std::vector<std::shared_ptr<Lane>> lanes;
    };

    explicit Replay(Device& device) : device_(device) {}
    void assignLanes(const std::vector<Node>& nodes, uint32_t laneLimit);
    // The set of a stream, without failed lanes.
    HyResult findLanes(const Stream& stream, LaneSet*& outSet);
    HyResult submitAll(Stream& stream, const LaneSet* set, const FlatGraph& flat);

    Device& device_;
    std::vector<Step> steps_; // one for each node
    uint32_t markCount_ = 0;
    uint32_t laneCount_ = 0;    // the first included
    std::vector<LaneSet> sets_; // the newest last
    std::vector<Mark> marks_;   // behind those of the steps: the start, and the ends of the other lanes
};

} // namespace halyard::graph
