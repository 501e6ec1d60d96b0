#include "event.h"

#include "handles.h"
#include "tables.h"

namespace halyard::reference {

HyResult Event::record(const std::shared_ptr<Stream>& stream) {
    // Held while submitting: the device's thread stamps this recording once it is in place.
    const std::scoped_lock lock(mutex_);
    Recording now{stream, stream->submitted(), 0};
    const uint64_t serial = serial_ + 1;
    const HyResult result = timing_ ? stream->submit(
                                          [event = shared_from_this(), serial]() -> Status {
                                              event->stamp(serial, nowNs());
                                              return spv::Unit{};
                                          },
                                          {}, &now.number)
                                    : stream->checkFailure();
    if (result == HY_SUCCESS) {
        recording_ = std::move(now);
        serial_ = serial;
    }
    return result;
}

Event::Recording Event::recording() const {
    const std::scoped_lock lock(mutex_);
    return recording_;
}

void Event::stamp(uint64_t serial, uint64_t timeNs) {
    const std::scoped_lock lock(mutex_);
    if (serial_ == serial)
        recording_.timeNs = timeNs;
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
    const std::shared_ptr<Event>& event = fromHandle(handle);
    return guarded(event->device().host(), [&] { return event->record(fromHandle(stream)); });
}

HyResult queryEvent(HyBackendEvent handle) {
    const std::shared_ptr<Event>& event = fromHandle(handle);
    return guarded(event->device().host(), [&] {
        const Event::Recording recording = event->recording();
        if (recording.stream == nullptr)
            return HY_SUCCESS;
        return recording.stream->query(recording.number);
    });
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const std::shared_ptr<Event> event = fromHandle(handle);
    const Host& host = event->device().host();
    return guarded(host, [&] {
        const Event::Recording recording = event->recording();
        if (recording.stream == nullptr)
            return HY_SUCCESS;
        return recording.stream->finish(recording.number, deadlineAfter(timeoutNs),
                                        "the recorded work has not finished within the time limit");
    });
}

// The time of one of the two events.
HyResult timeOf(const Event& event, const char* argument, uint64_t& outTime) {
    const Host& host = event.device().host();
    const Event::Recording recording = event.recording();
    if (!event.timing())
        return host.fail({HY_ERROR_INVALID_STATE, "the event keeps no times", "create it with HY_EVENT_TIMING"},
                         argument);
    if (recording.stream == nullptr)
        return host.fail({HY_ERROR_INVALID_STATE, "the event was never recorded", ""}, argument);
    const bool reached = event.device().queue().reached(recording.number);
    if (const HyResult result = recording.stream->checkFailure(); result != HY_SUCCESS)
        return result;
    if (!reached)
        return HY_NOT_READY;
    // Asked again: the time may have come after the first look.
    const Event::Recording now = event.recording();
    if (now.stream != recording.stream || now.number != recording.number)
        return HY_NOT_READY;
    if (now.timeNs == 0)
        return host.fail({HY_ERROR_INVALID_STATE, "the event's recording was cancelled", ""}, argument);
    outTime = now.timeNs;
    return HY_SUCCESS;
}

HyResult elapsed(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
    return guarded(fromHandle(start)->device().host(), [&] {
        uint64_t from = 0;
        uint64_t to = 0;
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

} // namespace halyard::reference
