#include "graph/attention.h"

#include "graph/replay.h"

#include <algorithm>

namespace halyard::graph {

void shareFailures(Stream& stream, const std::vector<std::shared_ptr<Lane>>& lanes) {
    const std::lock_guard lock(stream.lanesMutex);
    auto& shared = stream.lanes;
    // A lane that nobody else holds gets no more work.
    std::erase_if(
        shared, [](const std::shared_ptr<Lane>& lane) { return lane.use_count() == 1 && lane->query() == HY_SUCCESS; });
    for (const std::shared_ptr<Lane>& lane : lanes) {
        if (std::find(shared.begin(), shared.end(), lane) == shared.end())
            shared.push_back(lane);
    }
    stream.attention.fetch_or(kReplayed, std::memory_order_release);
}

namespace {

template <typename Waitable> HyResult queryLanes(const Waitable& object) {
    const std::lock_guard lock(object.lanesMutex);
    for (const std::shared_ptr<Lane>& lane : object.lanes) {
        if (const HyResult result = lane->query(); result < 0)
            return result;
    }
    return HY_SUCCESS;
}

} // namespace

HyResult checkLanes(const Stream& stream) {
    return queryLanes(stream);
}

HyResult checkLanes(const Event& event) {
    return queryLanes(event);
}

} // namespace halyard::graph
