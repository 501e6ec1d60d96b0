#include "event.h"

#include "device.h"
#include "futex.h"
#include "handles.h"
#include "process_file.h"
#include "tables.h"

namespace halyard::cpu {

HyResult Event::record(Stream& stream) {
    Recording before; // dropped after the lock: it may be the stream's last reference
    const std::scoped_lock lock(mutex_);
    Recording now{Ref<Stream>::share(&stream)};
    if (shared_) {
        if (const HyResult result = recordShared(stream, now); result != HY_SUCCESS) {
            return result;
        }
    } else if (timing_) {
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

HyResult Event::recordShared(Stream& stream, Recording& now) {
    SharedEvent::Place place;
    if (!shared_->claim(stream.number(), place)) {
        return guarded(device_->host(), [&] {
            return device_->host().fail(
                {HY_ERROR_INVALID_STATE,
                 format("%u recordings of the event are not done, which is as many as processes can share",
                        kSharedLanes),
                 "event", "record it on fewer streams at a time, or wait for some of them"});
        });
    }
    const HyResult result = stream.submit<PublishCommand>(
        CommandKind::Publish, 0,
        [&](PublishCommand& command, uint64_t /*value*/) {
            command.event = Ref<SharedEvent>::share(shared_.get()).leak();
            command.number = place.number;
            command.lane = place.lane;
        },
        &now.value);
    if (result != HY_SUCCESS) {
        shared_->abandon(place);
        return result;
    }
    shared_->announce(place);
    now.own = place;
    return HY_SUCCESS;
}

Event::Recording Event::recording() const {
    const std::scoped_lock lock(mutex_);
    if (shared_) {
        const SharedEvent::Place latest = shared_->latest();
        if (!(latest == recording_.own)) {
            Recording other;
            other.foreign = latest;
            return other;
        }
    }
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

HyResult makeShared(Device& device, Ref<SharedCounters> counters, HyBackendEvent* outEvent) {
    auto shared = Ref<SharedEvent>::adopt(new SharedEvent(std::move(counters)));
    *outEvent = toHandle(new Event(Ref<Device>::share(&device), std::move(shared)));
    return HY_SUCCESS;
}

// How a recording that somebody else made, and that is over, ended.
HyResult statusOf(const Event& event, const SharedEvent::Place& foreign) {
    if (!event.shared()->failed(foreign)) {
        return HY_SUCCESS;
    }
    return event.device().host().fail(
        {HY_ERROR_CANCELLED, "the work that the event was recorded behind, by another process, failed or was dropped",
         "", "the process that recorded it has the error of its stream"});
}

HyResult createEvent(HyBackendDevice handle, uint32_t flags, HyBackendEvent* outEvent) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        if ((flags & HY_EVENT_INTERPROCESS) == 0) {
            *outEvent = toHandle(new Event(Ref<Device>::share(&device), (flags & HY_EVENT_TIMING) != 0));
            return HY_SUCCESS;
        }
        Ref<SharedCounters> counters;
        const HyResult result = SharedCounters::create(device, SharedKind::Event, 0, counters);
        return result == HY_SUCCESS ? makeShared(device, std::move(counters), outEvent) : result;
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
    const Event& event = fromHandle(handle);
    const Event::Recording recording = event.recording();
    if (recording.foreign.number != 0) {
        return guarded(event.device().host(), [&] {
            return event.shared()->reached(recording.foreign) ? statusOf(event, recording.foreign) : HY_NOT_READY;
        });
    }
    if (!recording.stream) {
        return HY_SUCCESS;
    }
    const HyResult result = recording.stream->query(recording.value);
    // Other processes learn of it before the stream passes it; what they know must be true here too.
    const bool known = result == HY_NOT_READY && recording.own.number != 0 && event.shared()->reached(recording.own);
    return known ? recording.stream->checkFailure() : result;
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const Event& event = fromHandle(handle);
    const Event::Recording recording = event.recording();
    if (recording.foreign.number != 0) {
        const SharedEvent::Place& place = recording.foreign;
        const Device& device = event.device();
        return guarded(device.host(), [&] {
            return event.shared()->counters().waitFor(place.lane, place.number, deadlineAfter(timeoutNs),
                                                      device.settings().spinNs)
                       ? statusOf(event, place)
                       : device.host().fail(
                             {HY_ERROR_TIMEOUT,
                              "the work of the process that recorded the event last has not finished within the "
                              "time limit",
                              "", "does that process still run?"});
        });
    }
    if (!recording.stream) {
        return HY_SUCCESS;
    }
    return recording.stream->finish(recording.value, deadlineAfter(timeoutNs),
                                    "the recorded work has not finished within the time limit");
}

HyResult getIpcHandle(HyBackendEvent handle, HyBackendIpcHandle* outHandle) {
    const Event& event = fromHandle(handle);
    const Host& host = event.device().host();
    return guarded(host, [&] {
        if (event.shared() == nullptr) {
            return host.fail({HY_ERROR_INVALID_STATE, "the event belongs to this process alone", "event",
                              "create it with HY_EVENT_INTERPROCESS"});
        }
        return nameFile(host, event.shared()->counters().descriptor(), *outHandle);
    });
}

HyResult openIpcHandle(HyBackendDevice handle, const HyBackendIpcHandle* words, HyBackendEvent* outEvent) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        FileDescriptor file;
        Ref<SharedCounters> counters;
        HyResult result = openNamed(device.host(), *words, "the event", file);
        if (result == HY_SUCCESS) {
            result = SharedCounters::adopt(device, SharedKind::Event, std::move(file), counters);
        }
        return result == HY_SUCCESS ? makeShared(device, std::move(counters), outEvent) : result;
    });
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
    .getIpcHandle = getIpcHandle,
    .openIpcHandle = openIpcHandle,
};

} // namespace halyard::cpu
