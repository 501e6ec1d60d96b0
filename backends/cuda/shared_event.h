// An event that several processes have: their recordings in shared memory, and for each of its lanes a timeline that
// streams of this process wait for.
#pragma once

#include "common/shared_recordings.h"
#include "device.h"
#include "timeline.h"

#include <array>

namespace halyard::cuda {

// Thread-safe. Kept by the event, by the host functions that end its recordings, and by who waits.
class SharedEvent : public std::enable_shared_from_this<SharedEvent> {
public:
    using Place = common::SharedRecordings::Place;

    // Throw std::bad_alloc. A failure has the record set.
    static HyResult create(const Host& host, std::shared_ptr<SharedEvent>& out);
    static HyResult adopt(const Host& host, FileDescriptor file, std::shared_ptr<SharedEvent>& out);

    common::SharedRecordings& recordings() { return *recordings_; }
    int descriptor() const { return counters_->descriptor(); }
    bool waitFor(const Place& place, uint64_t deadline) {
        return counters_->waitFor(place.lane, place.number, deadline, 0);
    }
    // Later work of the stream waits. A failure has the record set. Throws std::bad_alloc.
    HyResult holdUp(Stream& stream, const Place& place);

private:
    common::SharedCounters::Growth mirror();
    void adoptCounters();

    std::array<Timeline, common::kSharedLanes> timelines_;
    std::unique_ptr<common::SharedCounters> counters_; // its thread raises the timelines
    std::unique_ptr<common::SharedRecordings> recordings_;
};

} // namespace halyard::cuda
