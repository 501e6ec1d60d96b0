// What processes know of each other's recordings of one event. A recording takes a lane of the page and counts there:
// lanes are for recordings on different streams, which end in any order.
#pragma once

#include "common/shared_counters.h"

#include <array>

namespace halyard::common {

// Thread-safe. Of an event and the commands that end its recordings.
class SharedRecordings {
public:
    // Borrowed.
    explicit SharedRecordings(SharedCounters& counters) : counters_(counters) {}

    // One recording, of whatever process.
    struct Place {
        uint32_t lane = 0;
        uint64_t number = 0; // 0: none
        bool operator==(const Place& other) const { return lane == other.lane && number == other.number; }
    };

    // A place for a recording on the stream of that number, one call at a time, in the order in which the recordings
    // end. False: no lane is free.
    bool claim(uint64_t stream, Place& outPlace);
    // Gives the last place that was claimed back; it was not announced.
    void abandon(const Place& place);
    // From here on it is the latest recording for everybody.
    void announce(const Place& place) const;
    // The work is over: it is done, or it failed or was dropped.
    void finish(const Place& place, bool failed) const;

    Place latest() const;
    bool reached(const Place& place) const { return counters_.value(place.lane) >= place.number; }
    // REQUIRES: reached.
    bool failed(const Place& place) const;

private:
    SharedCounters& counters_;
    // Which stream had each lane last, through this object, and its number there.
    struct Owner {
        uint64_t stream = 0;
        uint64_t number = 0;
    };
    std::array<Owner, kSharedLanes> owners_;
};

} // namespace halyard::common
