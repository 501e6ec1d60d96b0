#include "api/bridge.h"

#include "api/check.h"
#include "base/block_signals.h"

namespace halyard {
namespace {

// Between looks at events that are not done: short at first, so that short work is not held up.
constexpr std::chrono::microseconds kFirstPause{5};
constexpr std::chrono::microseconds kLongestPause{500};

} // namespace

HyResult BackendEvent::create(Device& device, uint32_t flags, std::shared_ptr<BackendEvent>& outEvent) {
    auto event = std::make_shared<BackendEvent>(device);
    HY_TRY(blameBackend(device.backend->name, device.tables->event.create(device.impl, flags, &event->impl)));
    outEvent = std::move(event);
    return HY_SUCCESS;
}

bool reachNatively(const Device& first, const Device& second) {
    return &first == &second ||
           (first.backend == second.backend && (first.properties.capabilities & HY_CAP_DEVICE_WAITS) != 0 &&
            (second.properties.capabilities & HY_CAP_DEVICE_WAITS) != 0);
}

HyResult Bridge::wait(Device& device, HyBackendStream stream, std::shared_ptr<BackendEvent> event) {
    if (reachNatively(device, event->device))
        return blameBackend(device.backend->name, device.tables->stream.waitEvent(stream, event->impl));
    if ((device.properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "stream", "wait on the host with hyEventSynchronize",
                    "{} has no timeline semaphores, so its streams cannot wait for work on {}",
                    device.properties.selector, event->device.properties.selector);
    }
    const HyBackendSemaphoreTable& semaphores = device.tables->semaphore;
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
        const BlockSignals blocked;
        thread_ = std::thread([this] { work(); });
    }
    waits_.push_back({std::move(event), &device, nullptr});
    Wait& added = waits_.back();
    HyResult result = semaphores.create(device.impl, 0, &added.semaphore);
    if (result >= 0) {
        result = device.tables->stream.waitSemaphore(stream, added.semaphore, 1);
        if (result < 0)
            semaphores.destroy(added.semaphore);
    }
    if (result < 0) {
        waits_.pop_back();
        return blameBackend(device.backend->name, result);
    }
    changed_.notify_one();
    return HY_SUCCESS;
}

// Work that failed is over as well: as on one device, the stream that waited goes on.
bool Bridge::finish(const Wait& wait) {
    if (wait.event->device.tables->event.query(wait.event->impl) == HY_NOT_READY)
        return false;
    wait.device->tables->semaphore.signal(wait.semaphore, 1);
    wait.device->tables->semaphore.destroy(wait.semaphore);
    return true;
}

void Bridge::work() {
    auto pause = kFirstPause;
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (waits_.empty()) {
            changed_.wait(lock, [&] { return stopping_ || !waits_.empty(); });
            pause = kFirstPause;
            continue;
        }
        if (std::erase_if(waits_, finish) > 0) {
            pause = kFirstPause;
            continue;
        }
        changed_.wait_for(lock, pause);
        pause = std::min(2 * pause, kLongestPause);
    }
}

void Bridge::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
    for (const Wait& wait : waits_)
        wait.device->tables->semaphore.destroy(wait.semaphore);
    waits_.clear();
}

} // namespace halyard
