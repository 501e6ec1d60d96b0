// A timeline semaphore: a counter of the host's, which streams raise by host functions and wait for at their gates
// (stream_gate.h). The comparison of the driver's own 64-bit waits goes round at 2^63, and nothing of the driver's
// would refuse a value that does not grow.
#pragma once

#include "device.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

namespace halyard::cuda {

// Thread-safe. Shared by its handle and by the commands that raise it.
class Semaphore : public std::enable_shared_from_this<Semaphore> {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), value_(value) {}

    Device& device() const { return *device_; }
    uint64_t value() const;
    // False when `value` is not above the value there is, which goes to `outBefore`. Calls no function of the driver.
    bool raise(uint64_t value, uint64_t& outBefore);
    // False when the deadline (steady clock, nanoseconds) passed first.
    bool waitFor(uint64_t value, uint64_t deadline) const;

    // Both in stream order. A value that is too low then fails the stream.
    HyResult raiseIn(const std::shared_ptr<Stream>& stream, uint64_t value);
    HyResult waitIn(const std::shared_ptr<Stream>& stream, uint64_t value);

private:
    struct Waiter {
        uint64_t value;
        std::weak_ptr<Stream> stream;
        uint64_t number; // of its gate
    };

    const std::shared_ptr<Device> device_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    uint64_t value_;
    std::vector<Waiter> waiters_;
};

} // namespace halyard::cuda
