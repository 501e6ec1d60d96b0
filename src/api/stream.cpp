#include "api/bridge.h"
#include "api/check.h"
#include "api/core.h"
#include "api/peer_copy.h"
#include "graph/capture.h"

namespace halyard {
namespace {

HyResult create(Device& device, const HyStreamDesc* in, HyStream* outStream) {
    HyStreamDesc desc{.structSize = sizeof desc};
    if (in != nullptr)
        HY_TRY(readDesc(in, desc, kStreamDescV1, 0, "desc"));
    HY_TRY(requirePointer(outStream, "outStream"));
    HY_TRY(device.ensureOpen());
    const uint64_t number = device.instance->streamCount.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::string label =
        desc.name != nullptr ? fmt::format("stream '{}'", desc.name) : fmt::format("stream {}", number);
    const HyBackendStreamDesc backendDesc = {.structSize = sizeof backendDesc,
                                             .flags = 0,
                                             .next = nullptr,
                                             .priority = desc.priority,
                                             .reserved = 0,
                                             .label = label.c_str()};
    auto stream = std::make_unique<Stream>(&device);
    HY_TRY(blameBackend(device.backend->name, device.tables->stream.create(device.impl, &backendDesc, &stream->impl)));
    return publish(std::move(stream), outStream);
}

// An event that was never recorded holds nothing up.
HyResult waitAcross(const Stream& stream, Event& event) {
    if ((event.flags & HY_EVENT_INTERPROCESS) != 0) {
        // The bridge would look at recordings that other processes make after this call.
        if (reachNatively(*stream.device, *event.device)) {
            return blameBackend(stream.device->backend->name, stream.tables->stream.waitEvent(stream.impl, event.impl));
        }
        return fail(HY_ERROR_UNSUPPORTED, "event", "wait on the host with hyEventSynchronize",
                    "the event of several processes belongs to {}, and streams of {} cannot wait for it",
                    event.device->properties.selector, stream.device->properties.selector);
    }
    if (!event.recorded.load(std::memory_order_acquire))
        return HY_SUCCESS;
    return stream.instance->bridge->wait(*stream.device, stream.impl, event.share());
}

constexpr const char* kWaitEvent = "hyStreamWaitEvent";

// Every wait that is not a usual one, with all checks.
[[gnu::noinline]] HyResult waitGeneral(HyStream stream, HyEvent event) {
    HyResult result = HY_SUCCESS;
    auto* object = resolve<Stream>(stream, "stream", result);
    auto* waited = object != nullptr ? resolve<Event>(event, "event", result) : nullptr;
    if (waited == nullptr)
        return finishFailure(kWaitEvent, "", result);
    if (graph::needsAttention(*object) || graph::needsAttention(*waited)) [[unlikely]] {
        if ((waited->flags & HY_EVENT_INTERPROCESS) != 0) {
            result = graph::requireUncaptured(*object, "an event of several processes stands for no node of a graph");
            if (result < 0)
                return finishFailure(kWaitEvent, "", result);
        }
        if (const graph::Taken taken = graph::takeWait(*object, *waited))
            return finishFailure(kWaitEvent, "", *taken);
    }
    if (waited->device != object->device) [[unlikely]]
        return enter(kWaitEvent, [&] { return waitAcross(*object, *waited); });
    return finishFailure(kWaitEvent, object->device->backend->name,
                         object->tables->stream.waitEvent(object->impl, waited->impl));
}

} // namespace

Stream::~Stream() {
    if (graph::needsAttention(*this))
        instance->captures->forget(*this);
    if (impl == nullptr)
        return;
    memory.retire();
    instance->peers->forget(*this);
    tables->stream.destroy(impl);
}

namespace core {

HyResult hyStreamCreate(HyDevice device, const HyStreamDesc* desc, HyStream* outStream) {
    return onObject<Device>("hyStreamCreate", device, "device",
                            [&](Device& object) { return create(object, desc, outStream); });
}

HyResult hyStreamDestroy(HyStream stream) {
    return destroyObject<Stream>("hyStreamDestroy", stream, "stream");
}

HyResult hyStreamQuery(HyStream stream) {
    HyResult result = HY_SUCCESS;
    const auto* object = resolve<Stream>(stream, "stream", result);
    if (object == nullptr)
        return finishFailure("hyStreamQuery", "", result);
    if (graph::needsAttention(*object)) [[unlikely]]
        result = graph::requireUncaptured(*object, "nothing was submitted that a query could ask about");
    if (result >= 0)
        result = blameBackend(object->device->backend->name, object->tables->stream.query(object->impl));
    return finishFailure("hyStreamQuery", "", result >= 0 ? graph::orLanes(*object, result) : result);
}

HyResult hyStreamSynchronize(HyStream stream, uint64_t timeoutNs) {
    HyResult result = HY_SUCCESS;
    const auto* object = resolve<Stream>(stream, "stream", result);
    if (object == nullptr)
        return finishFailure("hyStreamSynchronize", "", result);
    if (graph::needsAttention(*object)) [[unlikely]]
        result = graph::requireUncaptured(*object, "nothing was submitted that the host could wait for");
    if (result >= 0) {
        result =
            blameBackend(object->device->backend->name, object->tables->stream.synchronize(object->impl, timeoutNs));
        object->device->pools.afterSynchronise();
    }
    return finishFailure("hyStreamSynchronize", "", result >= 0 ? graph::orLanes(*object, result) : result);
}

HyResult hyStreamWaitEvent(HyStream stream, HyEvent event) {
    const HandleTable::View handles;
    auto* object = handles.find<Stream>(stream);
    const auto* waited = handles.find<Event>(event);
    if (object == nullptr || waited == nullptr || waited->device != object->device || graph::needsAttention(*object) ||
        graph::needsAttention(*waited)) [[unlikely]]
        return waitGeneral(stream, event);
    const HyResult result = object->tables->stream.waitEvent(object->impl, waited->impl);
    return result >= 0 ? result : finishFailure(kWaitEvent, object->device->backend->name, result);
}

} // namespace core
} // namespace halyard
