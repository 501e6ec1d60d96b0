// What was destroyed while work in flight may still use it.
#pragma once

#include "driver_types.h"

#include <functional>
#include <mutex>
#include <vector>

namespace halyard::cuda {

class Device;

// Thread-safe.
class Leftovers {
public:
    explicit Leftovers(Device& device) : device_(device) {}

    // Calls `release` once all work that the device's streams have now is done: at the latest when the device closes.
    // It runs with the context current and must not throw.
    void keep(std::function<void()> release) noexcept;
    // Releases what nothing uses any more; nothing while work that a closed device has left still runs. Waits for
    // nothing, but the driver may when it frees memory.
    void sweep() noexcept;
    // Releases everything.
    void releaseAll() noexcept;

private:
    struct Entry {
        std::vector<CUevent> fences;
        std::function<void()> release;
    };
    bool done(Entry& entry) noexcept;

    Device& device_;
    std::mutex mutex_;
    std::vector<Entry> entries_;
};

} // namespace halyard::cuda
