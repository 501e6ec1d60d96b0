#include "timeline_semaphore.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "tables.h"

namespace halyard::cpu {

namespace {

HyResult createSemaphore(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        *outSemaphore = toHandle(new Semaphore(Ref<Device>::share(&device), initialValue));
        return HY_SUCCESS;
    });
}

HyResult destroySemaphore(HyBackendSemaphore handle) {
    fromHandle(handle).release();
    return HY_SUCCESS;
}

HyResult getValue(HyBackendSemaphore handle, uint64_t* outValue) {
    *outValue = fromHandle(handle).timeline().value();
    return HY_SUCCESS;
}

HyResult signal(HyBackendSemaphore handle, uint64_t value) {
    const Semaphore& semaphore = fromHandle(handle);
    uint64_t before = 0;
    if (semaphore.timeline().raise(value, before)) {
        return HY_SUCCESS;
    }
    const Host& host = semaphore.device().host();
    return guarded(host, [&] {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          format("the semaphore is at %llu already, so it cannot be set to %llu",
                                 static_cast<unsigned long long>(before), static_cast<unsigned long long>(value)),
                          "value", "signal values that grow"});
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const Semaphore& semaphore = fromHandle(handle);
    const Device& device = semaphore.device();
    if (semaphore.timeline().waitFor(value, deadlineAfter(timeoutNs), device.settings().spinNs)) {
        return HY_SUCCESS;
    }
    return guarded(device.host(), [&] {
        return device.host().fail(
            {HY_ERROR_TIMEOUT, format("the semaphore is at %llu and did not reach %llu within the time limit",
                                      static_cast<unsigned long long>(semaphore.timeline().value()),
                                      static_cast<unsigned long long>(value))});
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

} // namespace halyard::cpu
