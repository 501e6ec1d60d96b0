#include "stream.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "kernel.h"
#include "transfer.h"

#include <algorithm>
#include <cstring>

namespace halyard::cpu {

Stream::Stream(Ref<Device> device, int32_t priority) : device_(std::move(device)), priority_(priority) {
    device_->enlist(*this);
}

Stream::~Stream() {
    device_->delist(*this);
}

HyResult Stream::checkUsable() const {
    if (device_->closed()) {
        return device_->host().fail({HY_ERROR_DEVICE_LOST, "the device is closed"});
    }
    return checkFailure();
}

HyResult Stream::checkFailure() const {
    const HyResult code = failure_.load(std::memory_order_acquire);
    if (code == HY_SUCCESS) {
        return HY_SUCCESS;
    }
    return guarded(device_->host(), [&] {
        std::string words;
        {
            const std::scoped_lock lock(waitMutex_);
            words = failureWords_;
        }
        return device_->host().fail({code, words, "", "the stream keeps this error: destroy it and create a new one"});
    });
}

HyResult Stream::failNoMemory() const {
    return device_->host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "no memory for the stream's queue"});
}

void Stream::fail(HyResult code, const std::string& words) noexcept {
    const std::scoped_lock lock(waitMutex_);
    if (failure_.load(std::memory_order_relaxed) != HY_SUCCESS) {
        return;
    }
    try {
        failureWords_ = words;
    } catch (const std::bad_alloc&) {
        failureWords_.clear(); // the code alone still tells
    }
    failure_.store(code, std::memory_order_release);
}

bool Stream::waitFor(uint64_t value, uint64_t deadline) {
    const uint64_t now = deadline == kNever ? 0 : nowNs();
    const uint64_t left = deadline > now ? deadline - now : 0;
    if (spinUntil(std::min(device_->settings().spinNs, left), [&] { return reached(value); })) {
        return true;
    }
    std::unique_lock lock(waitMutex_);
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

bool Stream::park(Stream& waiter, uint64_t value) {
    const std::scoped_lock lock(waitMutex_);
    notifyAt_.store(std::min(notifyAt_.load(std::memory_order_relaxed), value), std::memory_order_seq_cst);
    if (reached(value)) {
        return false;
    }
    waiter.parkedValue_ = value;
    waiter.next_ = parked_;
    parked_ = &waiter;
    return true;
}

void Stream::notify() {
    Stream* resumed = nullptr;
    bool wake = false;
    {
        const std::scoped_lock lock(waitMutex_);
        const uint64_t completed = completed_.load(std::memory_order_relaxed);
        uint64_t nearest = UINT64_MAX;
        Stream* rest = nullptr;
        while (parked_ != nullptr) {
            Stream* stream = std::exchange(parked_, parked_->next_);
            const bool due = stream->parkedValue_ <= completed;
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
        device_->executor().schedule(*stream);
    }
}

void Stream::activate() {
    // The load alone is the usual case; see CommandQueue::publish for the order that makes it safe.
    if (!active_.load(std::memory_order_seq_cst) && !active_.exchange(true, std::memory_order_seq_cst)) {
        acquire();
        device_->executor().schedule(*this);
    }
}

bool Stream::hasWork() const {
    return submitted() != completed_.load(std::memory_order_relaxed);
}

bool Stream::deactivate() {
    const uint64_t consumed = completed_.load(std::memory_order_relaxed);
    active_.store(false, std::memory_order_seq_cst);
    if (submitted() != consumed && !active_.exchange(true, std::memory_order_seq_cst)) {
        return false;
    }
    release();
    return true;
}

} // namespace halyard::cpu
