// A stream: what it submitted to the device's line of work, and its first failure.
#pragma once

#include "device.h"

namespace halyard::reference {

// Thread-safe.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    explicit Stream(std::shared_ptr<Device> device) : device_(std::move(device)) {}

    Device& device() const { return *device_; }

    // Appends `work`, which may throw and returns a Status; it is skipped when the stream has failed by then. The
    // command's number goes to `outNumber` unless that is null. Returns the sticky error when there is one.
    HyResult submit(std::function<Status()> work, uint64_t* outNumber = nullptr);
    // Holds later work up until `ready` (see Queue::Place), or until the command of that number is done.
    HyResult wait(Queue::Ready ready, uint64_t after = 0);
    // Calls `function` on the thread for host functions, whatever becomes of the stream; later work waits for it.
    HyResult callOnHost(HyHostFunction function, void* user);
    // The number of the newest command of this stream; 0 before the first.
    uint64_t submitted() const { return submitted_.load(std::memory_order_acquire); }
    // HY_SUCCESS, or the sticky error with the thread's record set.
    HyResult checkFailure() const;

private:
    // Submits both, or neither, in order; the second one may be null.
    HyResult enqueue(Queue::Command first, Queue::Place firstPlace, Queue::Command second, Queue::Place secondPlace,
                     uint64_t* outNumber);
    uint64_t lane() const { return reinterpret_cast<uint64_t>(this); }
    HyResult dropReason() const;
    void run(const std::function<Status()>& work) noexcept;
    void fail(const Failure& failure) noexcept;

    const std::shared_ptr<Device> device_;
    std::mutex submitMutex_;
    std::atomic<uint64_t> submitted_{0};
    std::atomic<HyResult> failed_{HY_SUCCESS};
    mutable std::mutex failureMutex_;
    std::string words_;
};

} // namespace halyard::reference
