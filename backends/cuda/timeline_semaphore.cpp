#include "timeline_semaphore.h"

#include "handles.h"
#include "stream.h"
#include "tables.h"
#include "wait.h"

#include <algorithm>

namespace halyard::cuda {

uint64_t Semaphore::value() const {
    const std::scoped_lock lock(mutex_);
    return value_;
}

bool Semaphore::raise(uint64_t value, uint64_t& outBefore) {
    const std::scoped_lock lock(mutex_);
    outBefore = value_;
    if (value <= value_)
        return false;
    value_ = value;
    changed_.notify_all();
    std::erase_if(waiters_, [&](const Waiter& waiter) {
        if (waiter.value > value)
            return false;
        if (const std::shared_ptr<Stream> stream = waiter.stream.lock())
            stream->gate().open(waiter.number);
        return true;
    });
    return true;
}

bool Semaphore::waitFor(uint64_t value, uint64_t deadline) const {
    std::unique_lock lock(mutex_);
    const auto reached = [&] { return value_ >= value; };
    if (deadline == UINT64_MAX) {
        changed_.wait(lock, reached);
        return true;
    }
    // Of a time far away the clock of the condition variable would make one in the past.
    constexpr uint64_t kStep = 1'000'000'000;
    for (uint64_t now = nowNs(); now < deadline; now = nowNs()) {
        if (changed_.wait_for(lock, std::chrono::nanoseconds(std::min(kStep, deadline - now)), reached))
            return true;
    }
    return reached();
}

HyResult Semaphore::raiseIn(const std::shared_ptr<Stream>& stream, uint64_t value) {
    // The stream is destroyed after its work at the earliest, so the call holds no reference that the driver's thread
    // would have to give up.
    const Current current = enterContext(stream->device());
    const auto raise = [self = shared_from_this(), weak = std::weak_ptr<Stream>(stream), value,
                        number = stream->nextSignal()](HyResult status) {
        const std::shared_ptr<Stream> caller = weak.lock();
        uint64_t before = 0;
        if (status != HY_SUCCESS || (caller != nullptr && caller->failed() != HY_SUCCESS) || self->raise(value, before))
            return;
        if (caller != nullptr)
            caller->failWith(HY_ERROR_INVALID_STATE,
                             "a semaphore was at " + std::to_string(before) +
                                 " already when the stream was to set it to " + std::to_string(value),
                             number);
    };
    return stream->device().hostCalls().submit(stream->handle(), raise);
}

HyResult Semaphore::waitIn(const std::shared_ptr<Stream>& stream, uint64_t value) {
    if (this->value() >= value)
        return HY_SUCCESS;
    // Not under the lock: the driver may wait for a host function that raises this semaphore.
    uint64_t number = 0;
    if (const HyResult result = stream->gate().wait(*stream, number); result != HY_SUCCESS)
        return result;
    const std::scoped_lock lock(mutex_);
    if (value_ >= value)
        stream->gate().open(number);
    else
        waiters_.push_back({value, stream, number});
    return HY_SUCCESS;
}

namespace {

HyResult createSemaphore(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        *outSemaphore = toHandle<HyBackendSemaphore>(std::make_shared<Semaphore>(device, initialValue));
        return HY_SUCCESS;
    });
}

HyResult destroySemaphore(HyBackendSemaphore handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult getValue(HyBackendSemaphore handle, uint64_t* outValue) {
    *outValue = fromHandle(handle)->value();
    return HY_SUCCESS;
}

HyResult signal(HyBackendSemaphore handle, uint64_t value) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    uint64_t before = 0;
    if (semaphore->raise(value, before))
        return HY_SUCCESS;
    const Host& host = semaphore->device().host();
    return guarded(host, [&] {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          "the semaphore is at " + std::to_string(before) + " already, so it cannot be set to " +
                              std::to_string(value),
                          "value", "signal values that grow"});
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    if (semaphore->waitFor(value, deadlineAfter(timeoutNs)))
        return HY_SUCCESS;
    const Host& host = semaphore->device().host();
    return guarded(host, [&] {
        return host.fail({HY_ERROR_TIMEOUT, "the semaphore is at " + std::to_string(semaphore->value()) +
                                                " and did not reach " + std::to_string(value) +
                                                " within the time limit"});
    });
}

} // namespace

const HyBackendSemaphoreTable kSemaphoreTable{
    .structSize = sizeof(HyBackendSemaphoreTable),
    .create = createSemaphore,
    .destroy = destroySemaphore,
    .getValue = getValue,
    .signal = signal,
    .wait = wait,
};

} // namespace halyard::cuda
