#include "api/device_restart.h"

#include "api/check.h"
#include "api/peer_copy.h"
#include "api/physical_memory.h"
#include "graph/capture.h"

#include <algorithm>
#include <chrono>
#include <sys/mman.h>
#include <thread>

namespace halyard {
namespace {

using Clock = std::chrono::steady_clock;

// As the destroying functions do it: users before what they use.
void destroyObjects(Device& device) {
    Instance& instance = *device.instance;
    for (const ObjectType type :
         {ObjectType::GraphExec, ObjectType::Graph, ObjectType::Stream, ObjectType::Event, ObjectType::Semaphore,
          ObjectType::Kernel, ObjectType::Module, ObjectType::PhysicalMemory, ObjectType::MemoryPool}) {
        std::vector<Object*> found;
        {
            const std::lock_guard lock(instance.objectsMutex);
            std::copy_if(instance.objects.begin(), instance.objects.end(), std::back_inserter(found),
                         [&](const Object* object) { return object->type == type && object->device == &device; });
        }
        for (Object* object : found) {
            if (HandleTable::remove(object->handle, type) != nullptr)
                instance.destroy(object);
        }
    }
}

// The backend has given up the memory; `ended`: nothing runs that might still use the host's side of it.
void forgetMemory(Device& device, bool ended) {
    dropVirtualMemory(device);
    for (const AddressRange& range : device.instance->addresses.take(&device)) {
        if (range.kind == HY_MEMORY_HOST_ALLOCATED && ended)
            munmap(range.registered, range.bytes);
    }
    device.pools.clear();
}

HyResult endDevice(Device& device, uint64_t timeoutNs) {
    device.instance->captures->cancel(device);
    const HyResult result = blameBackend(device.backend->name, device.tables->device.reset(device.impl, timeoutNs));
    {
        PreservedError kept; // of the reset; what follows cannot fail, or is without consequence
        device.instance->peers->forget(device);
        destroyObjects(device);
        forgetMemory(device, result != HY_ERROR_TIMEOUT);
        const std::lock_guard lock(device.openMutex);
        device.tables->device.close(device.impl, 0);
        device.impl = nullptr;
        device.opened.store(false, std::memory_order_release);
    }
    return result;
}

} // namespace

HyResult restartDevice(Device& device, uint64_t timeoutNs) {
    constexpr std::chrono::milliseconds kPause{1};
    const std::lock_guard lock(device.restartMutex);
    const Clock::time_point start = Clock::now();
    if (device.opened.load(std::memory_order_acquire)) {
        // Where the driver could not do it, giving the device up may have been enough: opening it tells.
        if (const HyResult ended = endDevice(device, timeoutNs); ended == HY_ERROR_TIMEOUT)
            return ended;
    }
    while (true) { // an earlier call may have left the driver at it
        HyResult result = HY_SUCCESS;
        {
            PreservedError attempt;
            result = device.ensureOpen();
            if (result != HY_ERROR_INVALID_STATE && result < 0)
                attempt.dismiss();
        }
        if (result != HY_ERROR_INVALID_STATE)
            return result;
        if (static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count()) >= timeoutNs)
            return fail(HY_ERROR_TIMEOUT, "timeoutNs", "call hyDeviceReset again, or restart the process",
                        "the driver has not reset {} within the time limit", device.properties.selector);
        std::this_thread::sleep_for(kPause);
    }
}

} // namespace halyard
