#include "event.h"

#include "handles.h"
#include "tables.h"

namespace halyard::vulkan {

void Event::record(const std::shared_ptr<Stream>& stream) {
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<std::optional<uint64_t>> ticks;
    std::function<void(uint64_t)> stamp;
    if (timing_) {
        ticks = std::make_shared<std::optional<uint64_t>>();
        stamp = [ticks](uint64_t now) { *ticks = now; }; // with the device's lock held
    }
    const uint64_t number = stream->mark(std::move(stamp));
    recording_ = {stream, number, {}};
    ticks_ = std::move(ticks);
}

Event::Recording Event::recording() const {
    const std::scoped_lock lock(mutex_);
    Recording now = recording_;
    if (ticks_ != nullptr) {
        const std::scoped_lock ofDevice(device_->mutex());
        now.ticks = *ticks_;
    }
    return now;
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
    return guarded(event->device().host(), [&] {
        event->record(fromHandle(stream));
        return HY_SUCCESS;
    });
}

HyResult queryEvent(HyBackendEvent handle) {
    const std::shared_ptr<Event>& event = fromHandle(handle);
    return guarded(event->device().host(), [&] {
        const Event::Recording recording = event->recording();
        return recording.stream != nullptr ? recording.stream->query(recording.number) : HY_SUCCESS;
    });
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const std::shared_ptr<Event> event = fromHandle(handle);
    return guarded(event->device().host(), [&] {
        const Event::Recording recording = event->recording();
        if (recording.stream != nullptr)
            recording.stream->finish(recording.number, deadlineAfter(timeoutNs),
                                     "the recorded work has not finished within the time limit");
        return HY_SUCCESS;
    });
}

// The time of one of the two events; HY_NOT_READY when there is none yet.
HyResult timeOf(const Event& event, const char* argument, uint64_t& outTicks) {
    const Event::Recording recording = event.recording();
    if (!event.timing())
        throw Failure{HY_ERROR_INVALID_STATE, "the event keeps no times", "create it with HY_EVENT_TIMING", argument};
    if (recording.stream == nullptr)
        throw Failure{HY_ERROR_INVALID_STATE, "the event was never recorded", "", argument};
    if (recording.stream->query(recording.number) == HY_NOT_READY)
        return HY_NOT_READY;
    // Asked again: the time may have come after the first look.
    const Event::Recording now = event.recording();
    if (now.stream != recording.stream || now.number != recording.number)
        return HY_NOT_READY;
    if (!now.ticks)
        throw Failure{HY_ERROR_INVALID_STATE, "the event's recording was cancelled", "", argument};
    outTicks = *now.ticks;
    return HY_SUCCESS;
}

HyResult elapsed(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
    const Device& device = fromHandle(start)->device();
    return guarded(device.host(), [&] {
        uint64_t from = 0;
        uint64_t to = 0;
        if (const HyResult result = timeOf(*fromHandle(start), "start", from); result != HY_SUCCESS)
            return result;
        if (const HyResult result = timeOf(*fromHandle(end), "end", to); result != HY_SUCCESS)
            return result;
        const uint32_t bits = device.adapter().timestampBits;
        const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
        const uint64_t ticks = (to - from) & mask; // the counter may have wrapped around
        // More than half of the range is an end before the start.
        *outNanoseconds = ticks <= mask / 2 ? device.toNs(ticks) : 0;
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

} // namespace halyard::vulkan
