// A timeline semaphore: a timeline that anybody may raise.
#pragma once

#include "timeline.h"

#include "halyard/backend.h"

namespace halyard::cpu {

class Device;

// Shared by its handle and by the device that made it. Commands keep the timeline alone.
class Semaphore final : public RefCounted<Semaphore> {
public:
    Semaphore(Ref<Device> device, uint64_t value)
        : device_(std::move(device)), timeline_(Ref<Timeline>::adopt(new Timeline(value))) {}

    Device& device() const { return *device_; }
    Timeline& timeline() const { return *timeline_; }

private:
    const Ref<Device> device_;
    const Ref<Timeline> timeline_;
};

} // namespace halyard::cpu
