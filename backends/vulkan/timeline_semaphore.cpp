#include "timeline_semaphore.h"

#include "handles.h"
#include "tables.h"

#include <fmt/format.h>

namespace halyard::vulkan {

uint64_t Semaphore::value() const {
    const std::scoped_lock lock(device_->mutex());
    return value_;
}

void Semaphore::signalLocked(uint64_t value) {
    if (value <= value_)
        throw Failure{HY_ERROR_INVALID_STATE,
                      fmt::format("the semaphore is at {} already, so it cannot be set to {}", value_, value),
                      "signal values that grow"};
    value_ = value;
    device_->advance();
}

void Semaphore::signal(uint64_t value) {
    const std::scoped_lock lock(device_->mutex());
    try {
        signalLocked(value);
    } catch (Failure& failure) {
        failure.code = HY_ERROR_INVALID_ARGUMENT;
        failure.argument = "value";
        throw;
    }
}

bool Semaphore::waitFor(uint64_t value, uint64_t deadline) const {
    std::unique_lock lock(device_->mutex());
    return await(device_->changed(), lock, deadline, [&] { return value_ >= value; });
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
    return guarded(semaphore->device().host(), [&] {
        semaphore->signal(value);
        return HY_SUCCESS;
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    return guarded(semaphore->device().host(), [&] {
        if (semaphore->waitFor(value, deadlineAfter(timeoutNs)))
            return HY_SUCCESS;
        throw Failure{
            HY_ERROR_TIMEOUT,
            fmt::format("the semaphore is at {} and did not reach {} within the time limit", semaphore->value(), value),
            ""};
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

} // namespace halyard::vulkan
