#include "event.h"

#include "handles.h"

namespace vendor {

HyResult Event::record(const std::shared_ptr<Stream>& stream) {
    const auto next = std::make_shared<Recording>();
    next->stream = stream;
    // Held while submitting, so that of two recordings the later one in the stream is the one that counts.
    const std::scoped_lock lock(mutex_);
    if (timing_) {
        const auto stamp = [next](HyResult status) { next->timeNs = status == HY_SUCCESS ? nowNs() : 0; };
        if (const HyResult result = stream->submit(stamp, &next->number); result != HY_SUCCESS)
            return result;
    } else {
        if (const HyResult result = stream->checkFailure(); result != HY_SUCCESS)
            return result;
        next->number = stream->submitted();
    }
    recording_ = next;
    return HY_SUCCESS;
}

std::shared_ptr<Event::Recording> Event::recording() const {
    const std::scoped_lock lock(mutex_);
    return recording_;
}

namespace {

HyResult createEvent(HyBackendDevice handle, uint32_t flags, HyBackendEvent* outEvent) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        *outEvent = toHandle<HyBackendEvent>(std::make_shared<Event>(device, (flags & HY_EVENT_TIMING) != 0));
        return HY_SUCCESS;
    });
}

HyResult destroyEvent(HyBackendEvent handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult recordEvent(HyBackendEvent handle, HyBackendStream stream) {
    Event& event = *fromHandle(handle);
    return guarded(event.host(), [&] { return event.record(fromHandle(stream)); });
}

HyResult queryEvent(HyBackendEvent handle) {
    const Event& event = *fromHandle(handle);
    return guarded(event.host(), [&] {
        const auto recording = event.recording();
        return recording == nullptr ? HY_SUCCESS : recording->stream->query(recording->number);
    });
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const std::shared_ptr<Event> event = fromHandle(handle);
    return guarded(event->host(), [&] {
        const auto recording = event->recording();
        return recording == nullptr ? HY_SUCCESS
                                    : recording->stream->finish(recording->number, deadlineAfter(timeoutNs));
    });
}

// The time of one of the two events.
HyResult timeOf(const Event& event, const char* argument, uint64_t& outTime) {
    const auto recording = event.recording();
    if (!event.timing())
        return fail(event.host(),
                    {HY_ERROR_INVALID_STATE, "the event keeps no times", "create it with HY_EVENT_TIMING", argument});
    if (recording == nullptr)
        return fail(event.host(),
                    {HY_ERROR_INVALID_STATE, "the event was never recorded", "record it first", argument});
    if (const HyResult result = recording->stream->query(recording->number); result != HY_SUCCESS)
        return result;
    outTime = recording->timeNs;
    return HY_SUCCESS;
}

HyResult elapsed(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
    return guarded(fromHandle(start)->host(), [&] {
        uint64_t from = 0, to = 0;
        if (const HyResult result = timeOf(*fromHandle(start), "start", from); result != HY_SUCCESS)
            return result;
        if (const HyResult result = timeOf(*fromHandle(end), "end", to); result != HY_SUCCESS)
            return result;
        *outNanoseconds = to > from ? to - from : 0;
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendEventTable kEventTable{
    .structSize = sizeof(HyBackendEventTable),
    .create = createEvent,
    .destroy = destroyEvent,
    .record = recordEvent,
    .query = queryEvent,
    .synchronize = synchronizeEvent,
    .elapsed = elapsed,
};

} // namespace vendor
