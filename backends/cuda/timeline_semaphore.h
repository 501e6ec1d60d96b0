// A timeline semaphore: a value on the host that only grows, and who waits for it.
//
// Streams signal it by host functions, because a value that is not above the one there must be refused when the stream
// gets there, and they wait by words of their own (wait_queue.h).
#pragma once

#include "device.h"

#include <condition_variable>
#include <list>

namespace halyard::cuda {

// Thread-safe. Kept by its handle and by the signals that streams have before them.
class Semaphore {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), value_(value) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    Device& device() const { return *device_; }
    uint64_t value() const;
    // False when `value` is not above the value there is, which goes to `outValue`. For any thread, also of a host
    // function: calls nothing of the driver.
    bool raise(uint64_t value, uint64_t& outValue) noexcept;
    enum class Wait { Reached, TimedOut, Lost };
    Wait waitFor(uint64_t value, uint64_t deadline);
    // Ends that wait of the stream once the value is reached, perhaps at once. Throws std::bad_alloc.
    void park(uint64_t value, std::shared_ptr<Stream> stream, uint64_t number);

private:
    struct Parked {
        uint64_t value;
        std::shared_ptr<Stream> stream;
        uint64_t number;
    };

    const std::shared_ptr<Device> device_;
    mutable std::mutex mutex_;
    std::condition_variable grown_;
    uint64_t value_;
    std::list<Parked> parked_;
};

} // namespace halyard::cuda
