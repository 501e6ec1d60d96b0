#include "event.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "tables.h"

namespace halyard::cpu {

HyResult Event::record(Stream& stream) {
    Recording before; // dropped after the lock: it may be the stream's last reference
    const std::scoped_lock lock(mutex_);
    Recording now{Ref<Stream>::share(&stream)};
    if (timing_) {
        const HyResult result = stream.submit<StampCommand>(
            CommandKind::Stamp, 0,
            [&](StampCommand& command, uint64_t value) {
                acquire();
                command.event = this;
                command.value = value;
            },
            &now.value);
        if (result != HY_SUCCESS) {
            return result;
        }
    } else {
        if (const HyResult result = stream.checkFailure(); result != HY_SUCCESS) {
            return result;
        }
        now.value = stream.submitted();
    }
    before = std::exchange(recording_, std::move(now));
    return HY_SUCCESS;
}

Event::Recording Event::recording() const {
    const std::scoped_lock lock(mutex_);
    return recording_;
}

void Event::stamp(const Stream& stream, uint64_t value) {
    const uint64_t time = rawNowNs();
    const std::scoped_lock lock(mutex_);
    if (recording_.stream.get() == &stream && recording_.value == value) {
        recording_.stamped = true;
        recording_.timeNs = time;
    }
}

namespace {

HyResult createEvent(HyBackendDevice handle, uint32_t flags, HyBackendEvent* outEvent) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        *outEvent = toHandle(new Event(Ref<Device>::share(&device), (flags & HY_EVENT_TIMING) != 0));
        return HY_SUCCESS;
    });
}

HyResult destroyEvent(HyBackendEvent handle) {
    fromHandle(handle).release();
    return HY_SUCCESS;
}

HyResult recordEvent(HyBackendEvent event, HyBackendStream stream) {
    return fromHandle(event).record(fromHandle(stream));
}

HyResult queryEvent(HyBackendEvent handle) {
    const Event::Recording recording = fromHandle(handle).recording();
    if (!recording.stream) {
        return HY_SUCCESS;
    }
    return recording.stream->query(recording.value);
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const Event& event = fromHandle(handle);
    const Event::Recording recording = event.recording();
    if (!recording.stream) {
        return HY_SUCCESS;
    }
    return recording.stream->finish(recording.value, deadlineAfter(timeoutNs),
                                    "the recorded work has not finished within the time limit");
}

HyResult elapsed(HyBackendEvent startHandle, HyBackendEvent endHandle, uint64_t* outNanoseconds) {
    uint64_t times[2] = {};
    for (int i = 0; i < 2; ++i) {
        const Event& event = fromHandle(i == 0 ? startHandle : endHandle);
        const char* argument = i == 0 ? "start" : "end";
        const Host& host = event.device().host();
        const Event::Recording recording = event.recording();
        if (!event.timing() || !recording.stream) {
            return guarded(host, [&] {
                return host.fail({HY_ERROR_INVALID_STATE,
                                  event.timing() ? "the event was never recorded" : "the event keeps no times",
                                  argument, event.timing() ? "" : "create it with HY_EVENT_TIMING"});
            });
        }
        if (const HyResult result = recording.stream->checkFailure(); result != HY_SUCCESS) {
            return result;
        }
        if (!recording.stream->reached(recording.value)) {
            return HY_NOT_READY;
        }
        const Event::Recording reached = event.recording(); // the stamp may have come after the first look
        if (reached.stream.get() != recording.stream.get() || reached.value != recording.value) {
            return HY_NOT_READY;
        }
        if (!reached.stamped) {
            return guarded(host, [&] {
                return host.fail({HY_ERROR_INVALID_STATE, "the event's recording was cancelled", argument});
            });
        }
        times[i] = reached.timeNs;
    }
    *outNanoseconds = times[1] > times[0] ? times[1] - times[0] : 0;
    return HY_SUCCESS;
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

} // namespace halyard::cpu
