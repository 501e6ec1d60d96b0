// What processes know of each other's recordings of one event.
#pragma once

#include "common/shared_recordings.h"
#include "shared_counters.h"

namespace halyard::cpu {

// Thread-safe. Shared by the event and the commands that end its recordings.
class SharedEvent final : public RefCounted<SharedEvent>, public common::SharedRecordings {
public:
    explicit SharedEvent(Ref<SharedCounters> counters)
        : common::SharedRecordings(counters->counters()), counters_(std::move(counters)) {}

    SharedCounters& counters() const { return *counters_; }

private:
    const Ref<SharedCounters> counters_;
};

} // namespace halyard::cpu
