// A timeline semaphore: a counter of the host's, and the schedule that is to look again when it grows.
#pragma once

#include "device.h"

namespace halyard::vulkan {

// Thread-safe. Shared by its handle and by the steps that use it.
class Semaphore {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), value_(value) {}

    Device& device() const { return *device_; }
    uint64_t value() const;
    // Throws Failure: HY_ERROR_INVALID_ARGUMENT when `value` is not above the value now.
    void signal(uint64_t value);
    // False when the deadline passed first.
    bool waitFor(uint64_t value, uint64_t deadline) const;

    // ---- With the device's lock held.
    uint64_t valueLocked() const { return value_; }
    // Throws Failure: HY_ERROR_INVALID_STATE when `value` is not above the value now.
    void signalLocked(uint64_t value);

private:
    const std::shared_ptr<Device> device_;
    uint64_t value_; // guarded by the device's lock
};

} // namespace halyard::vulkan
