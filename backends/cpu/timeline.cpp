#include "timeline.h"

#include "device.h"
#include "futex.h"
#include "stream.h"

#include <algorithm>
#include <utility>

namespace halyard::cpu {

bool Timeline::waitFor(uint64_t value, uint64_t deadline, uint64_t spinNs) {
    const uint64_t now = deadline == kNever ? 0 : nowNs();
    const uint64_t left = deadline > now ? deadline - now : 0;
    if (spinUntil(std::min(spinNs, left), [&] { return reached(value); })) {
        return true;
    }
    std::unique_lock lock(mutex_);
    ++sleepers_;
    bool inTime = true;
    while (!reached(value) && inTime) {
        const uint32_t word = wakeWord_.load(std::memory_order_seq_cst);
        notifyAt_.store(std::min(notifyAt_.load(std::memory_order_relaxed), value), std::memory_order_seq_cst);
        if (reached(value)) {
            break;
        }
        lock.unlock();
        inTime = futexWait(wakeWord_, word, deadline);
        lock.lock();
    }
    --sleepers_;
    return reached(value);
}

bool Timeline::raise(uint64_t value, uint64_t& outValue) {
    uint64_t before = value_.load(std::memory_order_relaxed);
    do {
        if (value <= before) {
            outValue = before;
            return false;
        }
    } while (!value_.compare_exchange_weak(before, value, std::memory_order_seq_cst));
    if (value >= notifyAt_.load(std::memory_order_seq_cst)) {
        notify();
    }
    return true;
}

bool Timeline::park(Stream& waiter, uint64_t value) {
    const std::scoped_lock lock(mutex_);
    notifyAt_.store(std::min(notifyAt_.load(std::memory_order_relaxed), value), std::memory_order_seq_cst);
    if (reached(value)) {
        return false;
    }
    waiter.parkedValue_ = value;
    waiter.next_ = parked_;
    parked_ = &waiter;
    return true;
}

void Timeline::unpark(Stream& waiter) {
    {
        const std::scoped_lock lock(mutex_);
        Stream** link = &parked_;
        while (*link != nullptr && *link != &waiter) {
            link = &(*link)->next_;
        }
        if (*link == nullptr) {
            return;
        }
        *link = waiter.next_;
    }
    waiter.device().executor().schedule(waiter);
}

void Timeline::notify() {
    Stream* resumed = nullptr;
    bool wake = false;
    {
        const std::scoped_lock lock(mutex_);
        const uint64_t value = value_.load(std::memory_order_relaxed);
        uint64_t nearest = UINT64_MAX;
        Stream* rest = nullptr;
        while (parked_ != nullptr) {
            Stream* stream = std::exchange(parked_, parked_->next_);
            const bool due = stream->parkedValue_ <= value;
            nearest = due ? nearest : std::min(nearest, stream->parkedValue_);
            stream->next_ = std::exchange(due ? resumed : rest, stream);
        }
        parked_ = rest;
        // Threads that sleep for more put their value in again when they wake.
        notifyAt_.store(nearest, std::memory_order_seq_cst);
        wakeWord_.fetch_add(1, std::memory_order_seq_cst);
        wake = sleepers_ > 0;
    }
    if (wake) {
        futexWakeAll(wakeWord_);
    }
    while (resumed != nullptr) {
        Stream* stream = std::exchange(resumed, resumed->next_);
        stream->device().executor().schedule(*stream);
    }
}

} // namespace halyard::cpu
