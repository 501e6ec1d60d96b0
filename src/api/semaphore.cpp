#include "api/semaphore.h"

#include "api/bridge.h"
#include "api/check.h"
#include "api/core.h"
#include "api/shared_handle.h"
#include "graph/attention.h"

namespace halyard {
namespace {

HyResult requireSemaphores(const Device& device) {
    if ((device.properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) != 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_UNSUPPORTED, "device", "use events, or another device",
                "{} has no timeline semaphores (HY_CAP_TIMELINE_SEMAPHORES)", device.properties.selector);
}

HyResult create(Device& device, const HySemaphoreDesc* in, HySemaphore* outSemaphore) {
    HySemaphoreDesc desc{.structSize = sizeof desc};
    if (in != nullptr)
        HY_TRY(readDesc(in, desc, kSemaphoreDescV1, HY_SEMAPHORE_SHAREABLE, "desc"));
    HY_TRY(requirePointer(outSemaphore, "outSemaphore"));
    HY_TRY(requireSemaphores(device));
    const bool shareable = (desc.flags & HY_SEMAPHORE_SHAREABLE) != 0;
    if (shareable)
        HY_TRY(requireSharedSemaphores(device, "flags"));
    HY_TRY(device.ensureOpen());
    auto semaphore = std::make_unique<Semaphore>(&device);
    semaphore->shareable = shareable;
    const HyBackendSemaphoreTable& semaphores = device.tables->semaphore;
    const auto make = shareable ? semaphores.createShareable : semaphores.create;
    HY_TRY(blameBackend(device.backend->name, make(device.impl, desc.initialValue, &semaphore->impl)));
    return publish(std::move(semaphore), outSemaphore);
}

template <typename Body>
HyResult onStream(const char* call, HyStream streamHandle, HySemaphore semaphoreHandle, Body&& body) {
    return onObject<Stream>(call, streamHandle, "stream", [&](Stream& stream) {
        HyResult result = HY_SUCCESS;
        const auto* semaphore = resolve<Semaphore>(semaphoreHandle, "semaphore", result);
        if (semaphore == nullptr)
            return result;
        if (!reachNatively(*stream.device, *semaphore->device)) {
            return fail(HY_ERROR_UNSUPPORTED, "semaphore", "create it on the stream's device",
                        "the semaphore belongs to {}, the stream to {}", semaphore->device->properties.selector,
                        stream.device->properties.selector);
        }
        if (graph::needsAttention(stream)) [[unlikely]]
            HY_TRY(graph::requireUncaptured(stream, "graphs have no semaphores: use events to order streams in it"));
        return blameBackend(stream.device->backend->name, body(stream, *semaphore));
    });
}

} // namespace

namespace core {

HyResult hySemaphoreCreate(HyDevice device, const HySemaphoreDesc* desc, HySemaphore* outSemaphore) {
    return onObject<Device>("hySemaphoreCreate", device, "device",
                            [&](Device& object) { return create(object, desc, outSemaphore); });
}

HyResult hySemaphoreDestroy(HySemaphore semaphore) {
    return destroyObject<Semaphore>("hySemaphoreDestroy", semaphore, "semaphore");
}

HyResult hySemaphoreGetValue(HySemaphore semaphore, uint64_t* outValue) {
    return onObject<Semaphore>("hySemaphoreGetValue", semaphore, "semaphore", [&](const Semaphore& object) {
        HY_TRY(requirePointer(outValue, "outValue"));
        return blameBackend(object.device->backend->name,
                            object.device->tables->semaphore.getValue(object.impl, outValue));
    });
}

HyResult hySemaphoreSignal(HySemaphore semaphore, uint64_t value) {
    return onObject<Semaphore>("hySemaphoreSignal", semaphore, "semaphore", [&](const Semaphore& object) {
        return blameBackend(object.device->backend->name, object.device->tables->semaphore.signal(object.impl, value));
    });
}

HyResult hySemaphoreWait(HySemaphore semaphore, uint64_t value, uint64_t timeoutNs) {
    return onObject<Semaphore>("hySemaphoreWait", semaphore, "semaphore", [&](const Semaphore& object) {
        return blameBackend(object.device->backend->name,
                            object.device->tables->semaphore.wait(object.impl, value, timeoutNs));
    });
}

HyResult hyStreamSignalSemaphore(HyStream stream, HySemaphore semaphore, uint64_t value) {
    return onStream("hyStreamSignalSemaphore", stream, semaphore, [&](const Stream& target, const Semaphore& object) {
        return target.tables->stream.signalSemaphore(target.impl, object.impl, value);
    });
}

HyResult hyStreamWaitSemaphore(HyStream stream, HySemaphore semaphore, uint64_t value) {
    return onStream("hyStreamWaitSemaphore", stream, semaphore, [&](const Stream& target, const Semaphore& object) {
        return target.tables->stream.waitSemaphore(target.impl, object.impl, value);
    });
}

} // namespace core
} // namespace halyard
