#include "timeline_semaphore.h"

#include "handles.h"
#include "tables.h"

#include <fmt/format.h>

namespace halyard::reference {

Status Semaphore::signal(uint64_t value) {
    {
        const std::scoped_lock lock(mutex_);
        if (value <= value_.load())
            return Failure{
                HY_ERROR_INVALID_STATE,
                fmt::format("the semaphore is at {} already, so it cannot be set to {}", value_.load(), value),
                "signal values that grow"};
        value_.store(value);
    }
    changed_.notify_all();
    device_->queue().look();
    return spv::Unit{};
}

bool Semaphore::waitFor(uint64_t value, uint64_t deadline) {
    std::unique_lock lock(mutex_);
    const auto reached = [&] { return value_.load() >= value; };
    if (deadline == kNever) {
        changed_.wait(lock, reached);
        return true;
    }
    return changed_.wait_until(lock, std::chrono::steady_clock::time_point{std::chrono::nanoseconds(deadline)},
                               reached);
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
    const std::shared_ptr<Semaphore>& semaphore = fromHandle(handle);
    const Host& host = semaphore->device().host();
    return guarded(host, [&] {
        const Status status = semaphore->signal(value);
        if (status)
            return HY_SUCCESS;
        Failure failure = status.error();
        failure.code = HY_ERROR_INVALID_ARGUMENT;
        return host.fail(failure, "value");
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    const Host& host = semaphore->device().host();
    return guarded(host, [&] {
        if (semaphore->waitFor(value, deadlineAfter(timeoutNs)))
            return HY_SUCCESS;
        return host.fail({HY_ERROR_TIMEOUT,
                          fmt::format("the semaphore is at {} and did not reach {} within the time limit",
                                      semaphore->value(), value),
                          ""});
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

} // namespace halyard::reference
