// An event: a place in a stream's work, and the time when the device got there.
#pragma once

#include "stream.h"

namespace halyard::vulkan {

// Thread-safe. Shared by its handle and by the batches that will stamp it.
class Event : public std::enable_shared_from_this<Event> {
public:
    Event(std::shared_ptr<Device> device, bool timing) : device_(std::move(device)), timing_(timing) {}

    // What the event stood for at the time of asking; no stream when it was never recorded.
    struct Recording {
        std::shared_ptr<Stream> stream;
        uint64_t number = 0;           // of the step that the event waits for
        std::optional<uint64_t> ticks; // of the device's clock, once reached
    };

    Device& device() const { return *device_; }
    bool timing() const { return timing_; }
    // Throws Failure.
    void record(const std::shared_ptr<Stream>& stream);
    Recording recording() const;

private:
    const std::shared_ptr<Device> device_;
    const bool timing_;
    mutable std::mutex mutex_; // taken before the device's lock, never after it
    Recording recording_;
    std::shared_ptr<std::optional<uint64_t>> ticks_; // of the newest recording; guarded by the device's lock
};

} // namespace halyard::vulkan
