// Where a device's activities go while a tool asks for them.
#pragma once

#include "halyard/backend.h"

#include <atomic>

namespace halyard::vulkan {

// What a command is. Without a kind it does no work, and no tool hears of it. The name is borrowed.
struct Work {
    HyActivityKind kind = HY_ACTIVITY_OTHER;
    uint64_t bytes = 0;
    const char* name = "";
};

// Thread-safe. The user pointer of the runtime is the same for every sink of a device, so that a thread which reads an
// older pair calls nothing that is gone.
class Profiler {
public:
    bool on() const { return sink_.load(std::memory_order_relaxed) != nullptr; }
    void set(HyActivitySink sink, void* user) {
        user_.store(user, std::memory_order_relaxed);
        sink_.store(sink, std::memory_order_release);
    }
    void deliver(const HyActivity& activity) const {
        if (const HyActivitySink sink = sink_.load(std::memory_order_acquire); sink != nullptr)
            sink(user_.load(std::memory_order_relaxed), &activity);
    }

private:
    std::atomic<HyActivitySink> sink_{nullptr};
    std::atomic<void*> user_{nullptr};
};

} // namespace halyard::vulkan
