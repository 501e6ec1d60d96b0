#include "common/shared_recordings.h"

namespace halyard::common {

namespace {

// The latest place in one word: the lane above, the number below.
constexpr uint32_t kNumberBits = 58;
constexpr uint64_t kMostNumbers = (1ull << kNumberBits) - 1;
static_assert(kSharedLanes <= 1u << (64 - kNumberBits));

} // namespace

bool SharedRecordings::claim(uint64_t stream, Place& outPlace) {
    SharedLane* const lanes = counters_.words().lanes;
    const auto take = [&](uint32_t lane, uint64_t issued) {
        if (issued >= kMostNumbers || !lanes[lane].issued.compare_exchange_strong(issued, issued + 1)) {
            return false;
        }
        owners_[lane] = {stream, issued + 1};
        outPlace = {lane, issued + 1};
        return true;
    };
    // Behind the stream's own recording, which ends first: done or not, if nobody else has taken the lane since.
    for (uint32_t lane = 0; lane < kSharedLanes; ++lane) {
        if (owners_[lane].stream == stream && take(lane, owners_[lane].number)) {
            return true;
        }
    }
    for (uint32_t lane = 0; lane < kSharedLanes; ++lane) {
        const uint64_t issued = lanes[lane].issued.load();
        if (counters_.value(lane) == issued && take(lane, issued)) {
            return true;
        }
    }
    return false;
}

void SharedRecordings::abandon(const Place& place) {
    // Nobody else moves it while it is ahead of the lane's value.
    uint64_t issued = place.number;
    counters_.words().lanes[place.lane].issued.compare_exchange_strong(issued, issued - 1);
    --owners_[place.lane].number;
}

void SharedRecordings::announce(const Place& place) const {
    counters_.words().latest.store(uint64_t{place.lane} << kNumberBits | place.number);
}

void SharedRecordings::finish(const Place& place, bool failed) const {
    if (failed) {
        counters_.words().lanes[place.lane].failed.store(place.number);
    }
    uint64_t ignored = 0;
    counters_.raise(place.lane, place.number, ignored);
}

SharedRecordings::Place SharedRecordings::latest() const {
    const uint64_t word = counters_.words().latest.load();
    const Place place{static_cast<uint32_t>(word >> kNumberBits) % kSharedLanes, word & kMostNumbers};
    return place.number != 0 ? place : Place{};
}

// A later failure in the lane counts as well: better an error too many than one that is lost.
bool SharedRecordings::failed(const Place& place) const {
    return counters_.words().lanes[place.lane].failed.load() >= place.number;
}

} // namespace halyard::common
