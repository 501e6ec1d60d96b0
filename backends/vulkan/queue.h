// A queue of the driver with its timeline: every batch is a value, and values come in the order of submission, since a
// signal waits for all that was submitted before it.
#pragma once

#include "batch.h"
#include "worker.h"

#include <deque>

namespace halyard::vulkan {

class Device;

// Everything but the construction and the destruction REQUIRES the device's lock.
class Queue {
public:
    // Throws Failure.
    Queue(Device& device, uint32_t index);
    // REQUIRES: nothing is in flight, or the device is lost.
    ~Queue();
    // Ends the thread. Without the lock, and not on that thread.
    void stop();
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    VkQueue handle() const { return queue_; }
    // Throws Failure; then the batch is not in flight.
    void submit(const std::shared_ptr<Batch>& batch);
    size_t inFlight() const { return inFlight_.size(); }
    // All batches up to this value are done.
    uint64_t done() const { return done_; }
    uint64_t submitted() const { return submitted_; }

private:
    void run();
    void retire(uint64_t value, bool lost);

    Device& device_;
    VkQueue queue_ = VK_NULL_HANDLE;
    VkSemaphore timeline_ = VK_NULL_HANDLE;
    uint64_t submitted_ = 0, done_ = 0;
    std::deque<std::shared_ptr<Batch>> inFlight_;
    std::condition_variable changed_; // with the device's lock
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace halyard::vulkan
