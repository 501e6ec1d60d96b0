// An event: one of the driver's, or, when processes share it, a place in shared memory.
#pragma once

#include "shared_event.h"

namespace halyard::cuda {

// Thread-safe.
class Event {
public:
    // Takes the driver's over.
    Event(std::shared_ptr<Device> device, CUevent handle, unsigned nativeFlags)
        : device_(std::move(device)), handle_(handle), nativeFlags_(nativeFlags) {}
    Event(std::shared_ptr<Device> device, std::shared_ptr<SharedEvent> shared)
        : device_(std::move(device)), shared_(std::move(shared)) {}
    ~Event();
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    Device& device() const { return *device_; }
    // Null for one of several processes.
    CUevent handle() const { return handle_; }
    bool timing() const { return (nativeFlags_ & CU_EVENT_DISABLE_TIMING) == 0; }
    bool interprocess() const { return shared_ != nullptr; }
    bool recorded() const { return recorded_.load(std::memory_order_acquire); }

    HyResult record(Stream& stream);
    // HY_SUCCESS (also when it was never recorded), HY_NOT_READY, or the failure.
    HyResult query();
    HyResult synchronize(uint64_t deadline);
    HyResult elapsedSince(Event& start, uint64_t& outNanoseconds);

    // The following are for events of several processes. Throw std::bad_alloc. Failures have the record set.
    // Later work of the stream waits. REQUIRES: the context is current.
    HyResult holdUp(Stream& stream);
    HyResult nameFor(HyBackendIpcHandle& out);
    static HyResult open(const std::shared_ptr<Device>& device, const HyBackendIpcHandle& handle,
                         std::shared_ptr<Event>& out);

private:
    HyResult recordShared(Stream& stream);
    // How a recording that is over ended.
    HyResult statusOf(const SharedEvent::Place& place);
    bool isOwn(const SharedEvent::Place& place);
    HyResult synchronizeShared(uint64_t deadline);
    void follow(Stream& stream, uint64_t signals);
    HyResult queryStream();

    const std::shared_ptr<Device> device_;
    const CUevent handle_ = nullptr;
    const unsigned nativeFlags_ = CU_EVENT_DISABLE_TIMING;
    std::atomic<bool> recorded_{false};
    const std::shared_ptr<SharedEvent> shared_;
    std::atomic<bool> follows_{false}; // the stream it was recorded in had signalled semaphores
    std::mutex mutex_;                 // of what follows
    std::weak_ptr<Stream> stream_;     // of the last recording, where that matters
    uint64_t signals_ = 0;             // of it, before the recording
    SharedEvent::Place own_;
    bool named_ = false;
    common::DescriptorName name_{};
};

} // namespace halyard::cuda
