// A timeline semaphore: a timeline that anybody may raise, also other processes when it is shared.
#pragma once

#include "shared_counters.h"
#include "timeline.h"

#include "halyard/backend.h"

namespace halyard::cpu {

class Device;

// Shared by its handle and by the device that made it. Commands keep the timeline, or what is shared, alone.
class Semaphore final : public RefCounted<Semaphore> {
public:
    Semaphore(Ref<Device> device, uint64_t value)
        : device_(std::move(device)), timeline_(Ref<Timeline>::adopt(new Timeline(value))) {}
    Semaphore(Ref<Device> device, Ref<SharedCounters> shared)
        : device_(std::move(device)), shared_(std::move(shared)), timeline_(Ref<Timeline>::share(&shared_->mirror(0))) {
    }

    Device& device() const { return *device_; }
    // Where streams wait.
    Timeline& timeline() const { return *timeline_; }
    // Null: this process's own.
    SharedCounters* shared() const { return shared_.get(); }

    uint64_t value() const { return shared_ ? shared_->value(0) : timeline_->value(); }
    bool raise(uint64_t value, uint64_t& outValue) const {
        return shared_ ? shared_->raise(0, value, outValue) : timeline_->raise(value, outValue);
    }
    bool waitFor(uint64_t value, uint64_t deadline, uint64_t spinNs) const {
        return shared_ ? shared_->waitFor(0, value, deadline, spinNs) : timeline_->waitFor(value, deadline, spinNs);
    }

private:
    const Ref<Device> device_;
    const Ref<SharedCounters> shared_;
    const Ref<Timeline> timeline_;
};

} // namespace halyard::cpu
