// A timeline semaphore: a timeline that anybody may raise, also other processes when it is shared.
//
// Streams signal it by host functions, because a value that is not above the one there must be refused when the stream
// gets there.
#pragma once

#include "common/shared_counters.h"
#include "device.h"
#include "timeline.h"

namespace halyard::cuda {

// Thread-safe. Kept by its handle, by the signals that streams have before them, and, when it is shared, by who waits.
class Semaphore : public std::enable_shared_from_this<Semaphore> {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value) : device_(std::move(device)), timeline_(value) {}
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    // Of several processes. Throw std::bad_alloc.
    static HyResult create(std::shared_ptr<Device> device, uint64_t value, std::shared_ptr<Semaphore>& out);
    static HyResult adopt(std::shared_ptr<Device> device, FileDescriptor file, std::shared_ptr<Semaphore>& out);

    Device& device() const { return *device_; }
    // REQUIRES: it is one of several processes.
    int descriptor() const { return shared_->descriptor(); }

    uint64_t value();
    // False when `value` is not above the value there is, which goes to `outValue`. For any thread, also of a host
    // function: calls nothing of the driver.
    bool raise(uint64_t value, uint64_t& outValue);
    enum class Wait { Reached, TimedOut, Lost };
    Wait waitFor(uint64_t value, uint64_t deadline);
    // The stream raises it, or fails when it gets there and the value is not above the one there is. A failure has the
    // record set. Throws std::bad_alloc.
    HyResult raiseIn(Stream& stream, uint64_t value);
    // Later work of the stream waits. A failure has the record set. Throws std::bad_alloc.
    HyResult waitIn(Stream& stream, uint64_t value);

private:
    common::SharedCounters::Growth mirror();

    const std::shared_ptr<Device> device_;
    Timeline timeline_;
    std::unique_ptr<common::SharedCounters> shared_; // last: its thread raises the timeline
};

} // namespace halyard::cuda
