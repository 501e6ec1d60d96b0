#include "device.h"

#include "handles.h"
#include "stream.h"
#include "tables.h"

#include "base/matrix_forms.h"

#include <algorithm>
#include <chrono>
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

std::vector<std::shared_ptr<Stream>> Device::streams() {
    std::vector<std::shared_ptr<Stream>> all;
    const std::scoped_lock lock(mutex_);
    for (const std::weak_ptr<Stream>& known : streams_)
        if (std::shared_ptr<Stream> stream = known.lock())
            all.push_back(std::move(stream));
    return all;
}

HyResult Device::synchronize(uint64_t deadline) {
    const std::vector<std::shared_ptr<Stream>> all = streams();
    const uint64_t before = epoch();
    if (!queue_.drain(deadline))
        return host_.fail({HY_ERROR_TIMEOUT, "the device has not finished its work within the time limit", ""});
    if (const HyResult result = checkEpoch(before); result != HY_SUCCESS)
        return result;
    for (const std::shared_ptr<Stream>& stream : all)
        if (const HyResult result = stream->checkFailure(); result != HY_SUCCESS)
            return result;
    return HY_SUCCESS;
}

void Device::cancelWork() {
    cancel_.store(true);
    queue_.look();
}

HyResult Device::checkTakesWork() const {
    if (closed_.load())
        return host_.fail({HY_ERROR_DEVICE_LOST, "the device is closed", ""});
    if (epoch() % 2 != 0)
        return host_.fail({HY_ERROR_INVALID_STATE, "the device is being reset, or a reset did not end in time",
                           "wait for hyDeviceReset, or call it again"});
    return HY_SUCCESS;
}

HyResult Device::checkEpoch(uint64_t before) const {
    if (before % 2 == 0 && epoch() == before)
        return HY_SUCCESS;
    return host_.fail({HY_ERROR_CANCELLED,
                       "the device was reset while this call waited: the work may have been dropped",
                       "do the work again"});
}

HyResult Device::reset(uint64_t deadline) {
    const Turn::Guard turn(resetTurn_, deadline);
    if (!turn.held())
        return host_.fail({HY_ERROR_TIMEOUT, "another reset of the device has not ended within the time limit", ""});
    if (epoch() % 2 == 0)
        epoch_.fetch_add(1);
    for (const std::shared_ptr<Stream>& stream : streams())
        stream->awaitSubmitters();
    cancelWork();
    if (!queue_.drain(deadline))
        return host_.fail({HY_ERROR_TIMEOUT,
                           "work did not stop within the time limit, and the device takes no more until it has",
                           "call hyDeviceReset again"});
    for (const std::shared_ptr<Stream>& stream : streams())
        stream->forgetFailure();
    cancel_.store(false);
    epoch_.fetch_add(1);
    return HY_SUCCESS;
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

HyResult resetDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const std::shared_ptr<Device> device = fromHandle(handle);
    return guarded(device->host(), [&] { return device->reset(deadlineAfter(timeoutNs)); });
}

HyResult getMatrixCount(HyBackendContext, uint32_t, uint32_t* outCount) {
    *outCount = static_cast<uint32_t>(kMatrixForms.size());
    return HY_SUCCESS;
}

HyResult getMatrix(HyBackendContext, uint32_t, uint32_t index, HyCooperativeMatrixInfo* outInfo) {
    const uint32_t structSize = outInfo->structSize;
    std::memcpy(outInfo, &kMatrixForms[index], std::min<size_t>(structSize, sizeof kMatrixForms[index]));
    outInfo->structSize = structSize;
    return HY_SUCCESS;
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
    .reset = resetDevice,
    .getCooperativeMatrixCount = getMatrixCount,
    .getCooperativeMatrix = getMatrix,
};

} // namespace halyard::reference
