// A 64-bit counter that grows, and who waits for it: threads, which sleep, and streams, which are parked without a
// thread. A stream's progress and a semaphore are timelines.
#pragma once

#include "ref.h"

#include <atomic>
#include <cstdint>
#include <mutex>

namespace halyard::cpu {

class Stream;

// Thread-safe.
class Timeline final : public RefCounted<Timeline> {
public:
    explicit Timeline(uint64_t value = 0) : value_(value) {}

    uint64_t value() const { return value_.load(std::memory_order_relaxed); }
    bool reached(uint64_t value) const { return value_.load(std::memory_order_seq_cst) >= value; }
    // Waits for `value`, polling for the first `spinNs`; false when the deadline passed first.
    bool waitFor(uint64_t value, uint64_t deadline, uint64_t spinNs);

    // One step for the only thread that moves this timeline: costs no look at who waits unless somebody waits for it.
    void increment() {
        const uint64_t value = value_.load(std::memory_order_relaxed) + 1;
        value_.store(value, std::memory_order_seq_cst);
        if (value >= notifyAt_.load(std::memory_order_seq_cst)) {
            notify();
        }
    }
    // For any thread. False when `value` is not above the value there is, which goes to `outValue`.
    bool raise(uint64_t value, uint64_t& outValue);

    // Puts `waiter`, with its reference, on the list of those that are scheduled again at `value`; false when it is
    // there already. The caller must not touch the stream after true.
    bool park(Stream& waiter, uint64_t value);
    // Takes a parked stream off the list and schedules it; nothing when it is not there.
    void unpark(Stream& waiter);

private:
    void notify();

    alignas(64) std::atomic<uint64_t> value_;
    // The smallest value that somebody waits for.
    std::atomic<uint64_t> notifyAt_{UINT64_MAX};
    std::mutex mutex_;
    Stream* parked_ = nullptr;
    uint32_t sleepers_ = 0;
    std::atomic<uint32_t> wakeWord_{0};
};

} // namespace halyard::cpu
