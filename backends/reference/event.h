// An event: a place in a stream's work, and the time when the device got there.
#pragma once

#include "stream.h"

namespace halyard::reference {

// Thread-safe. Shared by its handle and by the commands that will stamp it.
class Event : public std::enable_shared_from_this<Event> {
public:
    Event(std::shared_ptr<Device> device, bool timing) : device_(std::move(device)), timing_(timing) {}

    // What the event stood for at the time of asking; no stream when it was never recorded.
    struct Recording {
        std::shared_ptr<Stream> stream;
        uint64_t number = 0; // of the command that the event waits for
        uint64_t timeNs = 0; // 0: not reached, or skipped
    };

    Device& device() const { return *device_; }
    bool timing() const { return timing_; }
    HyResult record(const std::shared_ptr<Stream>& stream);
    Recording recording() const;

private:
    void stamp(uint64_t serial, uint64_t timeNs);

    const std::shared_ptr<Device> device_;
    const bool timing_;
    mutable std::mutex mutex_;
    Recording recording_;
    uint64_t serial_ = 0; // of the recording: a later one makes an older one's time void
};

} // namespace halyard::reference
