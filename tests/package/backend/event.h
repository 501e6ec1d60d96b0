// An event: a place in a stream, and the time when the stream got there.
#pragma once

#include "stream.h"

namespace vendor {

// Thread-safe.
class Event {
public:
    // What the event stood for at the time of asking. `timeNs` is 0 until the stream gets there, and when it dropped
    // the work.
    struct Recording {
        std::shared_ptr<Stream> stream;
        uint64_t number = 0;
        std::atomic<uint64_t> timeNs{0};
    };

    Event(std::shared_ptr<Device> device, bool timing) : device_(std::move(device)), timing_(timing) {}

    const HyHostServices* host() const { return device_->host(); }
    bool timing() const { return timing_; }
    HyResult record(const std::shared_ptr<Stream>& stream);
    // Null when the event was never recorded.
    std::shared_ptr<Recording> recording() const;

private:
    const std::shared_ptr<Device> device_;
    const bool timing_;
    mutable std::mutex mutex_;
    std::shared_ptr<Recording> recording_;
};

} // namespace vendor
