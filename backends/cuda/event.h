// An event: one of the driver's, made when the event is created.
#pragma once

#include "device.h"

namespace halyard::cuda {

// Thread-safe.
class Event {
public:
    Event(std::shared_ptr<Device> device, CUevent handle, unsigned nativeFlags)
        : device_(std::move(device)), handle_(handle), nativeFlags_(nativeFlags) {}
    ~Event() { device_->giveEvent(nativeFlags_, handle_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    Device& device() const { return *device_; }
    CUevent handle() const { return handle_; }
    bool timing() const { return (nativeFlags_ & CU_EVENT_DISABLE_TIMING) == 0; }
    bool interprocess() const { return (nativeFlags_ & CU_EVENT_INTERPROCESS) != 0; }
    bool recorded() const { return recorded_.load(std::memory_order_acquire); }

    HyResult record(Stream& stream);
    // HY_SUCCESS (also when it was never recorded), HY_NOT_READY, or the failure.
    HyResult query();
    HyResult synchronize(uint64_t deadline);
    HyResult elapsedSince(Event& start, uint64_t& outNanoseconds);

private:
    void follow(Stream& stream, uint64_t signals);
    HyResult queryStream();

    const std::shared_ptr<Device> device_;
    const CUevent handle_;
    const unsigned nativeFlags_;
    std::atomic<bool> recorded_{false};
    std::atomic<bool> follows_{false}; // the stream it was recorded in had signalled semaphores
    std::mutex mutex_;
    std::weak_ptr<Stream> stream_;
    uint64_t signals_ = 0; // before it
};

} // namespace halyard::cuda
