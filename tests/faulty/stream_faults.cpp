// Streams that lose their order, their waits or their errors.
#include "books.h"
#include "target.h"

#include <atomic>
#include <chrono>

namespace halyard::faulty {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

void waitEventIgnored(Tables& tables) {
    tables.stream.waitEvent = [](HyBackendStream, HyBackendEvent) -> HyResult { return HY_SUCCESS; };
}

void queryAlwaysDone(Tables& tables) {
    tables.stream.query = [](HyBackendStream stream) {
        const HyResult result = real().stream.query(stream);
        return result == HY_NOT_READY ? HY_SUCCESS : result;
    };
}

void queryNeverDone(Tables& tables) {
    tables.stream.query = [](HyBackendStream stream) {
        const HyResult result = real().stream.query(stream);
        return result == HY_SUCCESS ? HY_NOT_READY : result;
    };
}

void synchronizeReturnsAtOnce(Tables& tables) {
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t timeoutNs) {
        return timeoutNs == HY_TIMEOUT_INFINITE || timeoutNs > 1000 * kMillisecond
                   ? HY_SUCCESS
                   : real().stream.synchronize(stream, timeoutNs);
    };
}

void deviceSynchronizeReturnsAtOnce(Tables& tables) {
    tables.device.synchronize = [](HyBackendDevice, uint64_t) -> HyResult { return HY_SUCCESS; };
}

void timeoutIsSuccess(Tables& tables) {
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t timeoutNs) {
        const HyResult result = real().stream.synchronize(stream, timeoutNs);
        return result == HY_ERROR_TIMEOUT ? HY_SUCCESS : result;
    };
}

void timeoutIgnored(Tables& tables) {
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t) {
        return real().stream.synchronize(stream, HY_TIMEOUT_INFINITE);
    };
}

void timeoutWrongCode(Tables& tables) {
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t timeoutNs) {
        const HyResult result = real().stream.synchronize(stream, timeoutNs);
        return result == HY_ERROR_TIMEOUT ? HY_NOT_READY : result;
    };
}

struct Reported;

// Each stream tells of its failure once.
HyResult once(HyBackendStream stream, HyResult result) {
    if (result >= 0 || result == HY_ERROR_TIMEOUT)
        return result;
    auto& reported = books<Reported, HyBackendStream, bool>();
    const bool again = reported.find(stream).has_value();
    reported.put(stream, true);
    return again ? HY_SUCCESS : result;
}

void stickyErrorForgotten(Tables& tables) {
    tables.stream.query = [](HyBackendStream stream) { return once(stream, real().stream.query(stream)); };
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t timeoutNs) {
        return once(stream, real().stream.synchronize(stream, timeoutNs));
    };
    tables.stream.waitSemaphore = [](HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value) {
        return once(stream, real().stream.waitSemaphore(stream, semaphore, value));
    };
    tables.stream.hostFunction = [](HyBackendStream stream, HyHostFunction function, void* user) {
        return once(stream, real().stream.hostFunction(stream, function, user));
    };
}

std::atomic<HyResult> lastFailure{HY_SUCCESS};

void errorsOfOtherStreams(Tables& tables) {
    tables.device.open = [](HyBackendContext context, uint32_t ordinal, HyBackendDevice* outDevice) {
        lastFailure = HY_SUCCESS;
        return real().device.open(context, ordinal, outDevice);
    };
    tables.stream.synchronize = [](HyBackendStream stream, uint64_t timeoutNs) {
        const HyResult result = real().stream.synchronize(stream, timeoutNs);
        if (result < 0 && result != HY_ERROR_TIMEOUT)
            lastFailure = result;
        return result == HY_SUCCESS ? lastFailure.load() : result;
    };
}

void destroyDropsWork(Tables& tables) {
    tables.stream.destroy = [](HyBackendStream stream) {
        real().device.reset(deviceOf(stream), 1000 * kMillisecond);
        return real().stream.destroy(stream);
    };
}

void resetDoesNothing(Tables& tables) {
    tables.device.reset = [](HyBackendDevice, uint64_t) -> HyResult { return HY_SUCCESS; };
}

struct OneForAll;

// One queue behind all streams of a device, which claims that they run side by side.
void streamsShareAQueue(Tables& tables) {
    tables.stream.create = [](HyBackendDevice device, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
        auto& queues = books<OneForAll, HyBackendDevice, HyBackendStream>();
        if (const auto queue = queues.find(device); queue) {
            *outStream = *queue;
            return HY_SUCCESS;
        }
        const HyResult result = real().stream.create(device, desc, outStream);
        if (result == HY_SUCCESS)
            queues.put(device, *outStream);
        return result;
    };
    tables.stream.destroy = [](HyBackendStream) -> HyResult { return HY_SUCCESS; };
    tables.device.close = [](HyBackendDevice device, uint64_t timeoutNs) {
        if (const auto queue = books<OneForAll, HyBackendDevice, HyBackendStream>().take(device); queue)
            real().stream.destroy(*queue);
        return real().device.close(device, timeoutNs);
    };
}

void deviceErrorsHidden(Tables& tables) {
    tables.device.synchronize = [](HyBackendDevice device, uint64_t timeoutNs) {
        const HyResult result = real().device.synchronize(device, timeoutNs);
        return result == HY_ERROR_TIMEOUT ? result : HY_SUCCESS;
    };
}

// Submits by `work` on a stream of its own, beside the one that the work belongs to.
template <class Work> HyResult beside(HyBackendStream stream, const Work& work) {
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    desc.label = "a stream beside the right one";
    HyBackendStream other = nullptr;
    HyResult result = real().stream.create(deviceOf(stream), &desc, &other);
    if (result == HY_SUCCESS) {
        result = work(other);
        real().stream.destroy(other);
    }
    return result;
}

void launchOutOfOrder(Tables& tables) {
    tables.stream.launch = [](HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
        return beside(stream, [&](HyBackendStream other) { return real().stream.launch(other, kernel, launch); });
    };
}

void fillOutOfOrder(Tables& tables) {
    tables.stream.fill = [](HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes,
                            uint64_t count) {
        return beside(stream,
                      [&](HyBackendStream other) { return real().stream.fill(other, dst, pattern, bytes, count); });
    };
}

void fillBoxOutOfOrder(Tables& tables) {
    tables.stream.fill3D = [](HyBackendStream stream, const HyFill3D* fill) {
        return beside(stream, [&](HyBackendStream other) { return real().stream.fill3D(other, fill); });
    };
}

void copyBoxOutOfOrder(Tables& tables) {
    tables.stream.copy3D = [](HyBackendStream stream, const HyCopy3D* copy, uint32_t mask) {
        return beside(stream, [&](HyBackendStream other) { return real().stream.copy3D(other, copy, mask); });
    };
}

constexpr Fault kFaults[] = {
    {"launch-out-of-order", "a launch does not wait for earlier work of its stream", "Order.Nothing*",
     launchOutOfOrder},
    {"fill-out-of-order", "a fill does not wait for earlier work of its stream", "Order.Nothing*", fillOutOfOrder},
    {"fill-box-out-of-order", "a filled box does not wait for earlier work of its stream", "Order.Nothing*",
     fillBoxOutOfOrder},
    {"copy-box-out-of-order", "a copied box does not wait for earlier work of its stream", "Order.Nothing*",
     copyBoxOutOfOrder},
    {"device-errors-hidden", "waiting for the device does not tell of failures", "Order.Failures*", deviceErrorsHidden},
    {"stream-wait-event-ignored", "a stream does not wait for an event", "Order.*", waitEventIgnored},
    {"stream-query-always-done", "a busy stream is said to be done", "Order.*", queryAlwaysDone},
    {"stream-query-never-done", "an idle stream is said to be busy", "Streams.*", queryNeverDone},
    {"stream-synchronize-returns-at-once", "waiting for a stream does not wait", "Order.*", synchronizeReturnsAtOnce},
    {"device-synchronize-returns-at-once", "waiting for the device does not wait", "Order.*",
     deviceSynchronizeReturnsAtOnce},
    {"timeout-is-success", "a wait that ends at its limit is a success", "Synchronization.*", timeoutIsSuccess},
    {"timeout-ignored", "a wait goes on beyond its limit", "Order.LimitsAreKept", timeoutIgnored},
    {"timeout-wrong-code", "a wait that ends at its limit has the code of a query", "Synchronization.*",
     timeoutWrongCode},
    {"sticky-error-forgotten", "a failed stream tells of it once", "Synchronization.Sig*", stickyErrorForgotten},
    {"errors-of-other-streams", "a stream tells of the failure of another", "Order.Fail*", errorsOfOtherStreams},
    {"stream-destroy-drops-work", "work of a destroyed stream is dropped", "Streams.Destroyed*", destroyDropsWork},
    {"reset-does-nothing", "a reset is a success and changes nothing", "Order.AReset*", resetDoesNothing},
    {"streams-share-a-queue", "a stream that waits holds up all others", "Order.AWait*", streamsShareAQueue},
};

} // namespace

std::span<const Fault> streamFaults() {
    return kFaults;
}

} // namespace halyard::faulty
