#include "timeline_semaphore.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "process_file.h"
#include "tables.h"

#include <cerrno>
#include <fcntl.h>

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
    *outValue = fromHandle(handle).value();
    return HY_SUCCESS;
}

HyResult signal(HyBackendSemaphore handle, uint64_t value) {
    const Semaphore& semaphore = fromHandle(handle);
    uint64_t before = 0;
    if (semaphore.raise(value, before)) {
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
    if (semaphore.waitFor(value, deadlineAfter(timeoutNs), device.settings().spinNs)) {
        return HY_SUCCESS;
    }
    return guarded(device.host(), [&] {
        return device.host().fail(
            {HY_ERROR_TIMEOUT,
             format("the semaphore is at %llu and did not reach %llu within the time limit",
                    static_cast<unsigned long long>(semaphore.value()), static_cast<unsigned long long>(value))});
    });
}

HyResult createShareable(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        Ref<SharedCounters> shared;
        const HyResult result = SharedCounters::create(device, SharedKind::Semaphore, initialValue, shared);
        if (result == HY_SUCCESS) {
            *outSemaphore = toHandle(new Semaphore(Ref<Device>::share(&device), std::move(shared)));
        }
        return result;
    });
}

HyResult requireDescriptor(const Host& host, HyShareType type) {
    if (type == HY_SHARE_OPAQUE_FD) {
        return HY_SUCCESS;
    }
    return host.fail({HY_ERROR_UNSUPPORTED, "a semaphore of the cpu backend is a counter in memory, and no dma-buf",
                      "type", "use HY_SHARE_OPAQUE_FD"});
}

HyResult exportSemaphore(HyBackendSemaphore handle, HyShareType type, int64_t* outHandle) {
    const Semaphore& semaphore = fromHandle(handle);
    const Host& host = semaphore.device().host();
    return guarded(host, [&] {
        if (const HyResult result = requireDescriptor(host, type); result != HY_SUCCESS) {
            return result;
        }
        const int descriptor = fcntl(semaphore.shared()->descriptor(), F_DUPFD_CLOEXEC, 0);
        if (descriptor < 0) {
            return host.failSystem(HY_ERROR_NATIVE, "this process can have no more file descriptors (ulimit -n)",
                                   errno);
        }
        *outHandle = descriptor;
        return HY_SUCCESS;
    });
}

HyResult importSemaphore(HyBackendDevice handle, HyShareType type, int64_t descriptor,
                         HyBackendSemaphore* outSemaphore) {
    Device& device = fromHandle(handle);
    const Host& host = device.host();
    return guarded(host, [&] {
        FileDescriptor file;
        Ref<SharedCounters> shared;
        HyResult result = requireDescriptor(host, type);
        if (result == HY_SUCCESS) {
            result = duplicateGiven(host, descriptor, file);
        }
        if (result == HY_SUCCESS) {
            result = SharedCounters::adopt(device, SharedKind::Semaphore, std::move(file), shared);
        }
        if (result == HY_SUCCESS) {
            *outSemaphore = toHandle(new Semaphore(Ref<Device>::share(&device), std::move(shared)));
        }
        return result;
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
    .createShareable = createShareable,
    .exportSemaphore = exportSemaphore,
    .importSemaphore = importSemaphore,
};

} // namespace halyard::cpu
