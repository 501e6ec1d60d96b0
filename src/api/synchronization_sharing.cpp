// Semaphores and events that several processes use.
#include "api/backend_event.h"
#include "api/check.h"
#include "api/core.h"
#include "api/semaphore.h"
#include "api/shared_handle.h"

namespace halyard {
namespace {

HyResult exportSemaphore(const Semaphore& semaphore, HyShareType type, int64_t* outHandle) {
    HY_TRY(checkShareType(type));
    HY_TRY(requirePointer(outHandle, "outHandle"));
    if (!semaphore.shareable) {
        return fail(HY_ERROR_INVALID_STATE, "semaphore", "create it with HY_SEMAPHORE_SHAREABLE",
                    "the semaphore was not created to be shared, so it has no {}", shareTypeName(type));
    }
    const Device& device = *semaphore.device;
    return blameBackend(device.backend->name,
                        device.tables->semaphore.exportSemaphore(semaphore.impl, type, outHandle));
}

HyResult importSemaphore(Device& device, HyShareType type, int64_t handle, HySemaphore* outSemaphore) {
    HY_TRY(checkShareType(type));
    HY_TRY(requirePointer(outSemaphore, "outSemaphore"));
    HY_TRY(requireSharedSemaphores(device, "device"));
    HY_TRY(device.ensureOpen());
    auto semaphore = std::make_unique<Semaphore>(&device);
    semaphore->shareable = true;
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->semaphore.importSemaphore(device.impl, type, handle, &semaphore->impl)));
    return publish(std::move(semaphore), outSemaphore);
}

HyResult getHandle(const Event& event, HyIpcHandle* outHandle) {
    HY_TRY(requirePointer(outHandle, "outHandle"));
    if ((event.flags & HY_EVENT_INTERPROCESS) == 0) {
        return fail(HY_ERROR_INVALID_STATE, "event", "create it with HY_EVENT_INTERPROCESS",
                    "the event belongs to this process alone");
    }
    const Device& device = *event.device;
    IpcWords words{.magic = kIpcEvent};
    HY_TRY(blameBackend(device.backend->name, device.tables->event.getIpcHandle(event.impl, &words.driver)));
    writeIpcHandle(device, words, outHandle);
    return HY_SUCCESS;
}

HyResult openHandle(Device& device, const HyIpcHandle* handle, HyEvent* outEvent) {
    HY_TRY(requirePointer(handle, "handle"));
    HY_TRY(requirePointer(outEvent, "outEvent"));
    HY_TRY(requireIpcEvents(device, "device"));
    IpcWords words{};
    HY_TRY(readIpcHandle(device, handle, kIpcEvent, "hyEventGetIpcHandle", words));
    if (words.bytes != 0) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "handle", "pass all 128 bytes that hyEventGetIpcHandle gave",
                    "these are not the bytes of an event's handle");
    }
    HY_TRY(device.ensureOpen());
    auto backendEvent = std::make_shared<BackendEvent>(device);
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->event.openIpcHandle(device.impl, &words.driver, &backendEvent->impl)));
    auto event = std::make_unique<Event>(&device);
    event->flags = HY_EVENT_INTERPROCESS;
    event->adopt(std::move(backendEvent));
    return publish(std::move(event), outEvent);
}

} // namespace

HyResult requireSharedSemaphores(const Device& device, const char* argument) {
    if ((device.properties.capabilities & HY_CAP_SHARE_SEMAPHORES) != 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_UNSUPPORTED, argument, "use another device, or let the processes talk on the host",
                "{} cannot share semaphores with other processes (HY_CAP_SHARE_SEMAPHORES)",
                device.properties.selector);
}

HyResult requireIpcEvents(const Device& device, const char* argument) {
    if ((device.properties.capabilities & HY_CAP_IPC_EVENTS) != 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_UNSUPPORTED, argument, "use another device, or let the processes talk on the host",
                "{} cannot share events with other processes (HY_CAP_IPC_EVENTS)", device.properties.selector);
}

namespace core {

HyResult hySemaphoreExport(HySemaphore semaphore, HyShareType type, int64_t* outHandle) {
    return onObject<Semaphore>("hySemaphoreExport", semaphore, "semaphore",
                               [&](const Semaphore& object) { return exportSemaphore(object, type, outHandle); });
}

HyResult hySemaphoreImport(HyDevice device, HyShareType type, int64_t handle, HySemaphore* outSemaphore) {
    return onObject<Device>("hySemaphoreImport", device, "device",
                            [&](Device& object) { return importSemaphore(object, type, handle, outSemaphore); });
}

HyResult hyEventGetIpcHandle(HyEvent event, HyIpcHandle* outHandle) {
    return onObject<Event>("hyEventGetIpcHandle", event, "event",
                           [&](const Event& object) { return getHandle(object, outHandle); });
}

HyResult hyEventOpenIpcHandle(HyDevice device, const HyIpcHandle* handle, HyEvent* outEvent) {
    return onObject<Device>("hyEventOpenIpcHandle", device, "device",
                            [&](Device& object) { return openHandle(object, handle, outEvent); });
}

} // namespace core
} // namespace halyard
