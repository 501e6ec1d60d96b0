// Where a device's activities go while a tool asks for them.
#pragma once

#include "status.h"

#include <atomic>
#include <functional>

namespace halyard::reference {

// What a command is. Without a kind it does no work, and no tool hears of it.
struct WorkInfo {
    HyActivityKind kind = HY_ACTIVITY_OTHER;
    uint64_t bytes = 0;
    const char* name = "";
};

// Thread-safe. The user pointer of the runtime is the same for every sink of a device, so that a thread which reads an
// older pair calls nothing that is gone.
class Profiler {
public:
    using Work = std::function<Status()>;

    bool on() const { return sink_.load(std::memory_order_relaxed) != nullptr; }
    void set(HyActivitySink sink, void* user);
    // `work` that tells the sink when it ran.
    Work timed(Work work, const WorkInfo& info, uint64_t timeline, uint64_t correlation) const;

private:
    void deliver(const WorkInfo& info, uint64_t timeline, uint64_t correlation, uint64_t startNs) const;

    std::atomic<HyActivitySink> sink_{nullptr};
    std::atomic<void*> user_{nullptr};
};

} // namespace halyard::reference
