#include "stream.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "kernel.h"
#include "transfer.h"

#include <algorithm>
#include <cstring>

namespace halyard::cpu {

namespace {

constexpr const char* kStickyHint = "the stream keeps this error: destroy it and create a new one, or reset the device";

} // namespace

Stream::Stream(Ref<Device> device, int32_t priority, std::string label)
    : device_(std::move(device)), priority_(priority), label_(std::move(label)), profiler_(device_->profiler()),
      timeline_(Ref<Timeline>::adopt(new Timeline)) {
    device_->enlist(*this);
}

Stream::~Stream() {
    device_->delist(*this);
}

HyResult Stream::checkUsable() const {
    return device_->takesWork() ? checkFailure() : device_->failNoWork();
}

HyResult Stream::checkFailure() const {
    const HyResult code = failure_.load(std::memory_order_acquire);
    if (code == HY_SUCCESS) {
        return HY_SUCCESS;
    }
    return guarded(device_->host(), [&] {
        std::string words;
        {
            const std::scoped_lock lock(failureMutex_);
            words = failureWords_;
        }
        return device_->host().fail({code, words, "", kStickyHint});
    });
}

HyResult Stream::failNoMemory() const {
    return device_->host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "no memory for the stream's queue"});
}

void Stream::fail(HyResult code, const std::string& words) noexcept {
    const std::scoped_lock lock(failureMutex_);
    if (failure_.load(std::memory_order_relaxed) != HY_SUCCESS) {
        return;
    }
    try {
        failureWords_ = words.empty() ? label_ : label_ + ": " + words;
    } catch (const std::bad_alloc&) {
        failureWords_.clear(); // the code alone still tells
    }
    failure_.store(code, std::memory_order_release);
}

bool Stream::waitFor(uint64_t value, uint64_t deadline) {
    return timeline_->waitFor(value, deadline, device_->settings().spinNs);
}

HyResult Stream::finish(uint64_t value, uint64_t deadline, const char* words) {
    const uint64_t epoch = device_->epoch();
    if (!waitFor(value, deadline)) {
        return guarded(device_->host(), [&] { return device_->host().fail({HY_ERROR_TIMEOUT, words}); });
    }
    const HyResult result = guarded(device_->host(), [&] { return device_->checkEpoch(epoch); });
    return result != HY_SUCCESS ? result : checkFailure();
}

HyResult Stream::query(uint64_t value) const {
    const uint64_t epoch = device_->epoch();
    const bool done = reached(value);
    const HyResult cancelled = guarded(device_->host(), [&] { return device_->checkEpoch(epoch); });
    const HyResult result = cancelled != HY_SUCCESS ? cancelled : checkFailure();
    return result != HY_SUCCESS ? result : done ? HY_SUCCESS : HY_NOT_READY;
}

void Stream::forgetFailure() {
    const std::scoped_lock lock(failureMutex_);
    failureWords_.clear();
    failure_.store(HY_SUCCESS, std::memory_order_release);
}

void Stream::resumeIfParked() {
    const std::scoped_lock lock(parkMutex_);
    if (parkedOn_) {
        parkedOn_->unpark(*this);
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
    return submitted() != timeline_->value();
}

bool Stream::deactivate() {
    const uint64_t consumed = timeline_->value();
    active_.store(false, std::memory_order_seq_cst);
    if (submitted() != consumed && !active_.exchange(true, std::memory_order_seq_cst)) {
        return false;
    }
    release();
    return true;
}

} // namespace halyard::cpu
