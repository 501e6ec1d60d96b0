#include "semaphore.h"

#include "handles.h"

namespace vendor {

uint64_t Semaphore::value() const {
    const std::scoped_lock lock(device_->mutex());
    return value_;
}

bool Semaphore::signal(uint64_t value) {
    const std::scoped_lock lock(device_->mutex());
    if (value <= value_)
        return false;
    value_ = value;
    device_->changed().notify_all();
    return true;
}

HyResult Semaphore::await(uint64_t value, uint64_t deadline) {
    std::unique_lock lock(device_->mutex());
    if (!device_->await(lock, deadline, [&] { return value_ >= value || device_->cancelled(); }))
        return HY_ERROR_TIMEOUT;
    return value_ >= value ? HY_SUCCESS : HY_ERROR_CANCELLED;
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
    const HyHostServices* host = semaphore.device().host();
    return guarded(host, [&] {
        if (semaphore.signal(value))
            return HY_SUCCESS;
        return fail(host, {HY_ERROR_INVALID_ARGUMENT,
                           "the semaphore is at " + std::to_string(semaphore.value()) +
                               " already, so it cannot be set to " + std::to_string(value),
                           "signal values that grow", "value"});
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    const HyHostServices* host = semaphore->device().host();
    return guarded(host, [&] {
        const HyResult result = semaphore->await(value, deadlineAfter(timeoutNs));
        if (result == HY_SUCCESS)
            return HY_SUCCESS;
        return fail(host, {result, "the semaphore is at " + std::to_string(semaphore->value()) +
                                       (result == HY_ERROR_TIMEOUT
                                            ? " and did not reach " + std::to_string(value) + " within the time limit"
                                            : std::string(", and the device was closed"))});
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

} // namespace vendor
