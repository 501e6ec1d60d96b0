// Events that come early, are waited for in vain, or measure wrong times.
#include "target.h"

namespace halyard::faulty {
namespace {

void recordedEarly(Tables& tables) {
    tables.event.record = [](HyBackendEvent event, HyBackendStream stream) {
        HyBackendStreamDesc desc{};
        desc.structSize = sizeof desc;
        desc.label = "an idle stream";
        HyBackendStream idle = nullptr;
        HyResult result = real().stream.create(deviceOf(stream), &desc, &idle);
        if (result == HY_SUCCESS) {
            result = real().event.record(event, idle);
            real().stream.destroy(idle);
        }
        return result;
    };
}

void recordedOnce(Tables& tables) {
    tables.event.record = [](HyBackendEvent event, HyBackendStream stream) {
        return real().event.query(event) == HY_NOT_READY ? HY_SUCCESS : real().event.record(event, stream);
    };
}

void queryAlwaysDone(Tables& tables) {
    tables.event.query = [](HyBackendEvent) -> HyResult { return HY_SUCCESS; };
}

void synchronizeReturnsAtOnce(Tables& tables) {
    tables.event.synchronize = [](HyBackendEvent, uint64_t) -> HyResult { return HY_SUCCESS; };
}

void timeoutIsSuccess(Tables& tables) {
    tables.event.synchronize = [](HyBackendEvent event, uint64_t timeoutNs) {
        const HyResult result = real().event.synchronize(event, timeoutNs);
        return result == HY_ERROR_TIMEOUT ? HY_SUCCESS : result;
    };
}

void errorsHidden(Tables& tables) {
    tables.event.synchronize = [](HyBackendEvent event, uint64_t timeoutNs) {
        const HyResult result = real().event.synchronize(event, timeoutNs);
        return result < 0 && result != HY_ERROR_TIMEOUT ? HY_SUCCESS : result;
    };
    tables.event.query = [](HyBackendEvent event) {
        const HyResult result = real().event.query(event);
        return result < 0 ? HY_SUCCESS : result;
    };
}

template <auto change> HyResult changedTime(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
    const HyResult result = real().event.elapsed(start, end, outNanoseconds);
    if (result == HY_SUCCESS)
        *outNanoseconds = change(*outNanoseconds);
    return result;
}

void elapsedZero(Tables& tables) {
    tables.event.elapsed = changedTime<[](uint64_t) -> uint64_t { return 0; }>;
}

void elapsedNegative(Tables& tables) {
    tables.event.elapsed = changedTime<[](uint64_t time) { return 0 - time; }>;
}

void elapsedInMicroseconds(Tables& tables) {
    tables.event.elapsed = changedTime<[](uint64_t time) { return time / 1000; }>;
}

void elapsedBackwards(Tables& tables) {
    tables.event.elapsed = [](HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
        const HyResult result = real().event.elapsed(start, end, outNanoseconds);
        return result == HY_SUCCESS && *outNanoseconds == 0 ? real().event.elapsed(end, start, outNanoseconds) : result;
    };
}

constexpr Fault kFaults[] = {
    {"event-recorded-early", "an event is done before the work that it stands for", "Order.*", recordedEarly},
    {"event-recorded-once", "recording a busy event again changes nothing", "Order.*", recordedOnce},
    {"event-query-always-done", "an event is said to be done that is not", "Order.*", queryAlwaysDone},
    {"event-synchronize-returns-at-once", "waiting for an event does not wait", "Order.*", synchronizeReturnsAtOnce},
    {"event-timeout-is-success", "a wait for an event that ends at its limit is a success", "Order.*",
     timeoutIsSuccess},
    {"event-errors-hidden", "an event of a failed stream is a success", "Order.*", errorsHidden},
    {"event-elapsed-zero", "no time passes between events", "Streams.TimingMeasuresWork", elapsedZero},
    {"event-elapsed-negative", "time runs backwards", "Streams.TimingMeasuresWork", elapsedNegative},
    {"event-elapsed-in-microseconds", "time has the wrong unit", "Order.*", elapsedInMicroseconds},
    {"event-elapsed-backwards", "the order of the two events does not matter", "Streams.TimingMeasuresWork",
     elapsedBackwards},
};

} // namespace

std::span<const Fault> eventFaults() {
    return kFaults;
}

} // namespace halyard::faulty
