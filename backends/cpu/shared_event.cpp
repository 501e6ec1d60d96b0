#include "shared_event.h"

namespace halyard::cpu {

namespace {

// The latest place in one word: the lane above, the number below.
constexpr uint32_t kNumberBits = 58;
constexpr uint64_t kMostNumbers = (1ull << kNumberBits) - 1;
static_assert(kSharedLanes <= 1u << (64 - kNumberBits));

} // namespace

bool SharedEvent::claim(const Place& before, Place& outPlace) const {
    SharedLane* const lanes = counters_->words().lanes;
    // Behind the stream's own recording, which ends first: done or not, if nobody else has taken the lane since.
    if (before.number != 0 && before.number < kMostNumbers) {
        uint64_t issued = before.number;
        if (lanes[before.lane].issued.compare_exchange_strong(issued, issued + 1)) {
            outPlace = {before.lane, issued + 1};
            return true;
        }
    }
    for (uint32_t lane = 0; lane < kSharedLanes; ++lane) {
        uint64_t issued = lanes[lane].issued.load();
        if (issued < kMostNumbers && counters_->value(lane) == issued &&
            lanes[lane].issued.compare_exchange_strong(issued, issued + 1)) {
            outPlace = {lane, issued + 1};
            return true;
        }
    }
    return false;
}

void SharedEvent::abandon(const Place& place) const {
    // Nobody else moves it while it is ahead of the lane's value.
    uint64_t issued = place.number;
    counters_->words().lanes[place.lane].issued.compare_exchange_strong(issued, issued - 1);
}

void SharedEvent::announce(const Place& place) const {
    counters_->words().latest.store(uint64_t{place.lane} << kNumberBits | place.number);
}

void SharedEvent::finish(const Place& place, bool failed) const {
    if (failed) {
        counters_->words().lanes[place.lane].failed.store(place.number);
    }
    uint64_t ignored = 0;
    counters_->raise(place.lane, place.number, ignored);
}

SharedEvent::Place SharedEvent::latest() const {
    const uint64_t word = counters_->words().latest.load();
    const Place place{static_cast<uint32_t>(word >> kNumberBits) % kSharedLanes, word & kMostNumbers};
    return place.number != 0 ? place : Place{};
}

// A later failure in the lane counts as well: better an error too many than one that is lost.
bool SharedEvent::failed(const Place& place) const {
    return counters_->words().lanes[place.lane].failed.load() >= place.number;
}

} // namespace halyard::cpu
