// A timeline semaphore: a number that grows.
#pragma once

#include "device.h"

#include <memory>

namespace vendor {

// Thread-safe. Shared by its handle and by the commands that use it.
class Semaphore {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), value_(value) {}

    Device& device() const { return *device_; }
    uint64_t value() const;
    // False, and nothing changes, when `value` is not above the value now.
    bool signal(uint64_t value);
    // HY_SUCCESS, HY_ERROR_TIMEOUT, or HY_ERROR_CANCELLED when the device's work is; without words.
    HyResult await(uint64_t value, uint64_t deadline);

private:
    const std::shared_ptr<Device> device_;
    uint64_t value_; // under the device's lock
};

} // namespace vendor
