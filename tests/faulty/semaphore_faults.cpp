// Timeline semaphores that are signalled early, not waited for, or tell the wrong value.
#include "target.h"

namespace halyard::faulty {
namespace {

void signalledEarly(Tables& tables) {
    tables.stream.signalSemaphore = [](HyBackendStream, HyBackendSemaphore semaphore, uint64_t value) {
        return real().semaphore.signal(semaphore, value);
    };
}

void streamWaitIgnored(Tables& tables) {
    tables.stream.waitSemaphore = [](HyBackendStream, HyBackendSemaphore, uint64_t) -> HyResult { return HY_SUCCESS; };
}

// The first signal lets everybody go, whatever its value.
void anyValueWillDo(Tables& tables) {
    tables.stream.waitSemaphore = [](HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value) {
        return real().stream.waitSemaphore(stream, semaphore, value > 0 ? 1 : 0);
    };
}

void hostWaitIgnored(Tables& tables) {
    tables.semaphore.wait = [](HyBackendSemaphore, uint64_t, uint64_t) -> HyResult { return HY_SUCCESS; };
}

void hostTimeoutIsSuccess(Tables& tables) {
    tables.semaphore.wait = [](HyBackendSemaphore semaphore, uint64_t value, uint64_t timeoutNs) {
        const HyResult result = real().semaphore.wait(semaphore, value, timeoutNs);
        return result == HY_ERROR_TIMEOUT ? HY_SUCCESS : result;
    };
}

void startsAtZero(Tables& tables) {
    tables.semaphore.create = [](HyBackendDevice device, uint64_t, HyBackendSemaphore* outSemaphore) {
        return real().semaphore.create(device, 0, outSemaphore);
    };
}

void downwardsIsSuccess(Tables& tables) {
    tables.semaphore.signal = [](HyBackendSemaphore semaphore, uint64_t value) {
        const HyResult result = real().semaphore.signal(semaphore, value);
        return result == HY_ERROR_INVALID_ARGUMENT ? HY_SUCCESS : result;
    };
}

void valueIs32Bits(Tables& tables) {
    tables.semaphore.getValue = [](HyBackendSemaphore semaphore, uint64_t* outValue) {
        const HyResult result = real().semaphore.getValue(semaphore, outValue);
        *outValue = static_cast<uint32_t>(*outValue);
        return result;
    };
}

constexpr Fault kFaults[] = {
    {"semaphore-signalled-early", "a stream signals before its earlier work is done", "Synchronization.*",
     signalledEarly},
    {"semaphore-stream-wait-ignored", "a stream does not wait for a semaphore", "Synchronization.*", streamWaitIgnored},
    {"semaphore-any-value-will-do", "a stream waits for the first signal, not for its value", "Synchronization.*",
     anyValueWillDo},
    {"semaphore-host-wait-ignored", "the host does not wait for a semaphore", "Synchronization.*", hostWaitIgnored},
    {"semaphore-timeout-is-success", "a wait of the host that ends at its limit is a success", "Synchronization.*",
     hostTimeoutIsSuccess},
    {"semaphore-starts-at-zero", "the initial value is ignored", "Synchronization.*", startsAtZero},
    {"semaphore-downwards-is-success", "a signal that changes nothing is a success", "Synchronization.*",
     downwardsIsSuccess},
    {"semaphore-value-is-32-bits", "the value loses its upper half", "Semaphores.*", valueIs32Bits},
};

} // namespace

std::span<const Fault> semaphoreFaults() {
    return kFaults;
}

} // namespace halyard::faulty
