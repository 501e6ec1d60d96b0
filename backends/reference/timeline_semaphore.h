// A timeline semaphore: a counter, and the line of work that is to look again when it grows.
#pragma once

#include "device.h"

namespace halyard::reference {

// Thread-safe. Shared by its handle and by the commands that use it.
class Semaphore {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), value_(value) {}

    Device& device() const { return *device_; }
    uint64_t value() const { return value_.load(); }
    // HY_ERROR_INVALID_STATE when `value` is not above the value now.
    Status signal(uint64_t value);
    // False when the deadline passed first.
    bool waitFor(uint64_t value, uint64_t deadline);

private:
    const std::shared_ptr<Device> device_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<uint64_t> value_; // changed under the mutex
};

} // namespace halyard::reference
