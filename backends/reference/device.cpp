#include "device.h"

#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <algorithm>
#include <cstring>

namespace halyard::reference {

namespace {

// How long close() waits for a kernel to see that it is told to stop.
constexpr uint64_t kCancelGraceNs = 5'000'000'000;

} // namespace

void Device::enlist(const std::shared_ptr<Stream>& stream) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& known) { return known.expired(); });
    streams_.push_back(stream);
}

HyResult Device::synchronize(uint64_t deadline) {
    std::vector<std::shared_ptr<Stream>> streams;
    {
        const std::scoped_lock lock(mutex_);
        for (const std::weak_ptr<Stream>& known : streams_)
            if (std::shared_ptr<Stream> stream = known.lock())
                streams.push_back(std::move(stream));
    }
    if (!queue_.drain(deadline))
        return host_.fail({HY_ERROR_TIMEOUT, "the device has not finished its work within the time limit", ""});
    for (const std::shared_ptr<Stream>& stream : streams)
        if (const HyResult result = stream->checkFailure(); result != HY_SUCCESS)
            return result;
    return HY_SUCCESS;
}

void Device::cancelWork() {
    cancel_.store(true);
    queue_.look();
}

HyResult Device::close(uint64_t deadline) {
    closed_.store(true);
    const bool done = queue_.drain(deadline);
    if (!done)
        cancelWork();
    const bool stopped = queue_.stop(deadlineAfter(kCancelGraceNs));
    // The line of work may wait for a host function, which only goes on once it has returned.
    if (!hostFunctions_.stop(deadlineAfter(kCancelGraceNs)) || !stopped)
        return host_.fail({HY_ERROR_TIMEOUT,
                           "work did not finish within the time limit and could not be stopped: its thread and its "
                           "memory stay in use",
                           ""});
    if (!done)
        return host_.fail({HY_ERROR_TIMEOUT, "work did not finish within the time limit and was stopped",
                           "does a kernel loop for ever?"});
    return HY_SUCCESS;
}

namespace {

HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    *outCount = fromHandle(context)->settings.devices;
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext handle, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyDeviceProperties& ours = fromHandle(handle)->properties[ordinal];
    const uint32_t structSize = outProperties->structSize;
    std::memcpy(outProperties, &ours, std::min<size_t>(structSize, sizeof ours));
    outProperties->structSize = structSize;
    return HY_SUCCESS;
}

HyResult openDevice(HyBackendContext handle, uint32_t, HyBackendDevice* outDevice) {
    const Context& context = *fromHandle(handle);
    return guarded(context.host, [&] {
        *outDevice = toHandle<HyBackendDevice>(std::make_shared<Device>(context));
        return HY_SUCCESS;
    });
}

HyResult closeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const Host host = fromHandle(handle)->host();
    return guarded(host, [&] {
        const HyResult result = fromHandle(handle)->close(deadlineAfter(timeoutNs));
        destroyHandle(handle);
        return result;
    });
}

HyResult getMemoryInfo(HyBackendDevice handle, uint64_t* outFree, uint64_t* outTotal) {
    const interp::DeviceMemory& memory = fromHandle(handle)->memory();
    if (outFree != nullptr)
        *outFree = memory.capacity() - std::min(memory.used(), memory.capacity());
    if (outTotal != nullptr)
        *outTotal = memory.capacity();
    return HY_SUCCESS;
}

HyResult synchronizeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const std::shared_ptr<Device> device = fromHandle(handle);
    return guarded(device->host(), [&] { return device->synchronize(deadlineAfter(timeoutNs)); });
}

} // namespace

const HyBackendDeviceTable kDeviceTable{
    .structSize = sizeof(HyBackendDeviceTable),
    .getCount = getCount,
    .getProperties = getProperties,
    .open = openDevice,
    .close = closeDevice,
    .getMemoryInfo = getMemoryInfo,
    .synchronize = synchronizeDevice,
};

} // namespace halyard::reference
