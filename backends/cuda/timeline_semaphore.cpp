#include "timeline_semaphore.h"

#include "handles.h"
#include "stream.h"
#include "tables.h"
#include "wait.h"

namespace halyard::cuda {

uint64_t Semaphore::value() const {
    const std::scoped_lock lock(mutex_);
    return value_;
}

bool Semaphore::raise(uint64_t value, uint64_t& outValue) noexcept {
    std::list<Parked> reached;
    {
        const std::scoped_lock lock(mutex_);
        if (value <= value_) {
            outValue = value_;
            return false;
        }
        value_ = value;
        for (auto at = parked_.begin(); at != parked_.end();) {
            const auto next = std::next(at);
            if (at->value <= value)
                reached.splice(reached.end(), parked_, at);
            at = next;
        }
    }
    grown_.notify_all();
    for (const Parked& waiter : reached)
        waiter.stream->waits().arrive(waiter.number);
    return true;
}

Semaphore::Wait Semaphore::waitFor(uint64_t value, uint64_t deadline) {
    // Between looks whether the device still lives.
    constexpr uint64_t kLook = 100'000'000;
    std::unique_lock lock(mutex_);
    for (;;) {
        if (value_ >= value)
            return Wait::Reached;
        if (device_->lost())
            return Wait::Lost;
        const uint64_t now = nowNs();
        if (now >= deadline)
            return Wait::TimedOut;
        grown_.wait_for(lock, std::chrono::nanoseconds(std::min(deadline - now, kLook)));
    }
}

void Semaphore::park(uint64_t value, std::shared_ptr<Stream> stream, uint64_t number) {
    std::list<Parked> waiter;
    waiter.push_back({value, std::move(stream), number});
    {
        const std::scoped_lock lock(mutex_);
        if (value_ < value) {
            parked_.splice(parked_.end(), waiter);
            return;
        }
    }
    waiter.front().stream->waits().arrive(number);
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
    Semaphore& semaphore = *fromHandle(handle);
    uint64_t before = 0;
    if (semaphore.raise(value, before))
        return HY_SUCCESS;
    const Host& host = semaphore.device().host();
    return guarded(host, [&] {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          "the semaphore is at " + std::to_string(before) + " already, so it cannot be set to " +
                              std::to_string(value),
                          "value", "signal values that grow"});
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    Device& device = semaphore->device();
    return guarded(device.host(), [&] {
        switch (semaphore->waitFor(value, deadlineAfter(timeoutNs))) {
        case Semaphore::Wait::Reached:
            return HY_SUCCESS;
        case Semaphore::Wait::Lost:
            return device.fail(CUDA_ERROR_UNKNOWN, "signal a semaphore");
        default:
            return device.host().fail({HY_ERROR_TIMEOUT, "the semaphore is at " + std::to_string(semaphore->value()) +
                                                             " and did not reach " + std::to_string(value) +
                                                             " within the time limit"});
        }
    });
}

} // namespace

HyResult signalSemaphore(HyBackendStream streamHandle, HyBackendSemaphore semaphoreHandle, uint64_t value) {
    const std::shared_ptr<Stream>& stream = fromHandle(streamHandle);
    Device& device = stream->device();
    return guarded(device.host(), [&] {
        if (const HyResult result = stream->refuse(); result != HY_SUCCESS)
            return result;
        const Current current = enterContext(device);
        const auto raise = [stream, semaphore = fromHandle(semaphoreHandle), value](HyResult status) {
            uint64_t before = 0;
            if (stream->statusAfter(status) == HY_SUCCESS && !semaphore->raise(value, before))
                stream->failSignal(before, value);
        };
        return device.hostCalls().submit(stream->handle(), raise);
    });
}

HyResult waitSemaphore(HyBackendStream streamHandle, HyBackendSemaphore semaphoreHandle, uint64_t value) {
    const std::shared_ptr<Stream>& stream = fromHandle(streamHandle);
    Device& device = stream->device();
    return guarded(device.host(), [&] {
        if (const HyResult result = stream->refuse(); result != HY_SUCCESS)
            return result;
        Semaphore& semaphore = *fromHandle(semaphoreHandle);
        if (semaphore.value() >= value)
            return HY_SUCCESS;
        const Current current = enterContext(device);
        WaitQueue& waits = stream->waits();
        uint64_t number = 0;
        if (const HyResult result = waits.announce(number); result != HY_SUCCESS)
            return result;
        try {
            semaphore.park(value, stream, number);
        } catch (const std::bad_alloc&) {
            waits.arrive(number);
            throw;
        }
        return waits.submit(stream->handle(), number);
    });
}

const HyBackendSemaphoreTable kSemaphoreTable{
    .structSize = sizeof(HyBackendSemaphoreTable),
    .create = createSemaphore,
    .destroy = destroySemaphore,
    .getValue = getValue,
    .signal = signal,
    .wait = wait,
};

} // namespace halyard::cuda
