#include "api/backend_event.h"
#include "api/check.h"
#include "api/core.h"
#include "api/shared_handle.h"
#include "graph/capture.h"

#include <algorithm>

namespace halyard {
namespace {

HyResult create(Device& device, uint32_t flags, HyEvent* outEvent) {
    HY_TRY(requirePointer(outEvent, "outEvent"));
    if ((flags & ~(HY_EVENT_TIMING | HY_EVENT_INTERPROCESS)) != 0) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "flags", "pass 0, HY_EVENT_TIMING or HY_EVENT_INTERPROCESS",
                    "flags has unknown bits {:#x}", flags & ~(HY_EVENT_TIMING | HY_EVENT_INTERPROCESS));
    }
    if (flags == (HY_EVENT_TIMING | HY_EVENT_INTERPROCESS)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "flags", "create one event for the time and one for the other process",
                    "an event of several processes keeps no time");
    }
    if ((flags & HY_EVENT_INTERPROCESS) != 0)
        HY_TRY(requireIpcEvents(device, "flags"));
    if ((flags & HY_EVENT_TIMING) != 0 && (device.properties.capabilities & HY_CAP_TIMING) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "flags", "create the event without HY_EVENT_TIMING",
                    "{} has no timing (HY_CAP_TIMING)", device.properties.selector);
    }
    HY_TRY(device.ensureOpen());
    auto event = std::make_unique<Event>(&device);
    event->flags = flags;
    HyBackendEvent impl = nullptr;
    HY_TRY(event->replace(impl));
    return publish(std::move(event), outEvent);
}

HyResult requireTiming(const Event& event, const char* argument) {
    if ((event.flags & HY_EVENT_TIMING) == 0) {
        return fail(HY_ERROR_INVALID_STATE, argument, "create it with HY_EVENT_TIMING", "{} keeps no time", argument);
    }
    if (!event.recorded.load(std::memory_order_acquire))
        return fail(HY_ERROR_INVALID_STATE, argument, "record it on a stream first", "{} was never recorded", argument);
    return HY_SUCCESS;
}

HyResult elapsed(const Event& start, const Event& end, uint64_t* outNanoseconds) {
    HY_TRY(requirePointer(outNanoseconds, "outNanoseconds"));
    if (start.device != end.device) {
        return fail(HY_ERROR_UNSUPPORTED, "end", "time both ends on one device",
                    "the events belong to {} and {}, whose clocks are not related", start.device->properties.selector,
                    end.device->properties.selector);
    }
    if (graph::needsAttention(start)) [[unlikely]]
        HY_TRY(graph::requireUncaptured(start, "has no time", "start"));
    if (graph::needsAttention(end)) [[unlikely]]
        HY_TRY(graph::requireUncaptured(end, "has no time", "end"));
    HY_TRY(requireTiming(start, "start"));
    HY_TRY(requireTiming(end, "end"));
    return blameBackend(start.device->backend->name,
                        start.device->tables->event.elapsed(start.impl, end.impl, outNanoseconds));
}

constexpr const char* kRecord = "hyEventRecord";

// Every recording that is not a usual one, with all checks.
[[gnu::noinline]] HyResult recordGeneral(HyEvent event, HyStream stream) {
    HyResult result = HY_SUCCESS;
    auto* object = resolve<Event>(event, "event", result);
    const auto* recorded = object != nullptr ? resolve<Stream>(stream, "stream", result) : nullptr;
    if (recorded == nullptr)
        return finishFailure(kRecord, "", result);
    if (recorded->device != object->device) {
        return finishFailure(kRecord, "",
                             fail(HY_ERROR_UNSUPPORTED, "stream", "create the event on the stream's device",
                                  "the event belongs to {}, the stream to {}", object->device->properties.selector,
                                  recorded->device->properties.selector));
    }
    const bool attend = graph::needsAttention(*object) || graph::needsAttention(*recorded);
    if (attend) [[unlikely]] {
        if ((object->flags & HY_EVENT_INTERPROCESS) != 0) {
            result = graph::requireUncaptured(*recorded, "an event of several processes stands for no node of a graph");
            if (result < 0)
                return finishFailure(kRecord, "", result);
        }
        if (const graph::Taken taken = graph::takeRecord(*object, *recorded))
            return finishFailure(kRecord, "", *taken);
    }
    HyBackendEvent impl = nullptr;
    result = object->fresh(impl);
    if (result >= 0)
        result = object->device->tables->event.record(impl, recorded->impl);
    if (result < 0)
        return finishFailure(kRecord, object->device->backend->name, result);
    object->recorded.store(true, std::memory_order_release);
    if (attend) [[unlikely]]
        return finishFailure(kRecord, "", graph::noteRecorded(*object, *recorded));
    return result;
}

} // namespace

Event::~Event() {
    if (graph::needsAttention(*this))
        instance->captures->forget(*this);
}

std::shared_ptr<BackendEvent> Event::share() {
    const std::lock_guard lock(allMutex);
    shared.store(true, std::memory_order_release);
    return *std::find_if(all.begin(), all.end(), [&](const auto& event) { return event->impl == impl.load(); });
}

HyResult Event::replace(HyBackendEvent& outImpl) {
    const std::lock_guard lock(allMutex);
    auto free = std::find_if(all.begin(), all.end(), [](const auto& event) { return event.use_count() == 1; });
    if (free == all.end()) {
        std::shared_ptr<BackendEvent> made;
        HY_TRY(BackendEvent::create(*device, flags, made));
        free = all.insert(all.end(), std::move(made));
    }
    outImpl = (*free)->impl;
    impl.store(outImpl, std::memory_order_release);
    shared.store(false, std::memory_order_release);
    return HY_SUCCESS;
}

void Event::adopt(std::shared_ptr<BackendEvent> made) {
    const std::lock_guard lock(allMutex);
    impl.store(made->impl, std::memory_order_release);
    all.push_back(std::move(made));
}

namespace core {

HyResult hyEventCreate(HyDevice device, uint32_t flags, HyEvent* outEvent) {
    return onObject<Device>("hyEventCreate", device, "device",
                            [&](Device& object) { return create(object, flags, outEvent); });
}

HyResult hyEventDestroy(HyEvent event) {
    return destroyObject<Event>("hyEventDestroy", event, "event");
}

HyResult hyEventRecord(HyEvent event, HyStream stream) {
    const HandleTable::View handles;
    auto* object = handles.find<Event>(event);
    const auto* on = handles.find<Stream>(stream);
    if (object == nullptr || on == nullptr || on->device != object->device || graph::needsAttention(*object) ||
        graph::needsAttention(*on) || object->shared.load(std::memory_order_acquire)) [[unlikely]]
        return recordGeneral(event, stream);
    const HyResult result = on->tables->event.record(object->impl.load(std::memory_order_relaxed), on->impl);
    if (result < 0) [[unlikely]]
        return finishFailure(kRecord, object->device->backend->name, result);
    object->recorded.store(true, std::memory_order_release);
    return result;
}

HyResult hyEventQuery(HyEvent event) {
    HyResult result = HY_SUCCESS;
    const auto* object = resolve<Event>(event, "event", result);
    if (object == nullptr)
        return finishFailure("hyEventQuery", "", result);
    if (graph::needsAttention(*object)) [[unlikely]]
        result = graph::requireUncaptured(*object, "stands for no work that a query could ask about");
    if (result >= 0)
        result = blameBackend(object->device->backend->name, object->device->tables->event.query(object->impl));
    return finishFailure("hyEventQuery", "", result >= 0 ? graph::orLanes(*object, result) : result);
}

HyResult hyEventSynchronize(HyEvent event, uint64_t timeoutNs) {
    HyResult result = HY_SUCCESS;
    const auto* object = resolve<Event>(event, "event", result);
    if (object == nullptr)
        return finishFailure("hyEventSynchronize", "", result);
    if (graph::needsAttention(*object)) [[unlikely]]
        result = graph::requireUncaptured(*object, "stands for no work that the host could wait for");
    if (result >= 0) {
        result = blameBackend(object->device->backend->name,
                              object->device->tables->event.synchronize(object->impl, timeoutNs));
        object->device->pools.afterSynchronise();
    }
    return finishFailure("hyEventSynchronize", "", result >= 0 ? graph::orLanes(*object, result) : result);
}

HyResult hyEventElapsed(HyEvent start, HyEvent end, uint64_t* outNanoseconds) {
    return enter("hyEventElapsed", [&] {
        HyResult result = HY_SUCCESS;
        const auto* first = resolve<Event>(start, "start", result);
        const auto* last = first != nullptr ? resolve<Event>(end, "end", result) : nullptr;
        return last != nullptr ? elapsed(*first, *last, outNanoseconds) : result;
    });
}

} // namespace core
} // namespace halyard
