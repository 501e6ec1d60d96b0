// An event: a stream and a value of its timeline, and the time when it got there.
#pragma once

#include "ref.h"
#include "shared_event.h"
#include "stream.h"

#include <mutex>

namespace halyard::cpu {

// Thread-safe. Shared by its handle and by the commands that will stamp it.
class Event final : public RefCounted<Event> {
public:
    Event(Ref<Device> device, bool timing) : device_(std::move(device)), timing_(timing) {}

    // One that other processes have too.
    Event(Ref<Device> device, Ref<SharedEvent> shared)
        : device_(std::move(device)), timing_(false), shared_(std::move(shared)) {}

    // What the event stood for at the time of asking; no stream when it was never recorded, or last by somebody else.
    struct Recording {
        Ref<Stream> stream;
        uint64_t value = 0;
        bool stamped = false;
        uint64_t timeNs = 0;
        SharedEvent::Place own;     // where other processes see it, if they do
        SharedEvent::Place foreign; // made through another handle, of this process or another
    };

    Device& device() const { return *device_; }
    bool timing() const { return timing_; }
    // Null: this process's own.
    SharedEvent* shared() const { return shared_.get(); }
    HyResult record(Stream& stream);
    Recording recording() const;
    // The worker reached a recording of this event; a later recording makes that void.
    void stamp(const Stream& stream, uint64_t value);

private:
    HyResult recordShared(Stream& stream, Recording& now);

    const Ref<Device> device_;
    const bool timing_;
    const Ref<SharedEvent> shared_;
    mutable std::mutex mutex_;
    Recording recording_;
};

} // namespace halyard::cpu
