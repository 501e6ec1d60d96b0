#include "device.h"

#include "handles.h"
#include "stream.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace vendor {
namespace {

// How long close() waits for kernels and host functions to see that they are told to stop.
constexpr uint64_t kCancelGraceNs = 500'000'000;

} // namespace

const char* isa() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("x86-64-v3") ? "x86-64-v3" : "x86-64";
#else
    return "generic";
#endif
}

void Device::enlist(const std::shared_ptr<Stream>& stream) {
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& known) { return known.expired(); });
    streams_.push_back(stream);
}

void Device::threadEnds() {
    --threads_;
    changed_.notify_all();
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
    HyResult first = HY_SUCCESS;
    for (const std::shared_ptr<Stream>& stream : streams()) {
        const HyResult result = stream->finish(stream->submitted(), deadline);
        if (result == HY_ERROR_TIMEOUT)
            return result;
        first = first != HY_SUCCESS ? first : result;
    }
    return first;
}

HyResult Device::close(uint64_t deadline) {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    for (const std::shared_ptr<Stream>& stream : streams())
        stream->close();
    std::unique_lock lock(mutex_);
    const auto ended = [&] { return threads_ == 0; };
    if (await(lock, deadline, ended))
        return HY_SUCCESS;
    std::atomic_ref<uint32_t>(cancel_).store(1);
    changed_.notify_all();
    const bool stopped = await(lock, deadlineAfter(kCancelGraceNs), ended);
    lock.unlock();
    return fail(host_, {HY_ERROR_TIMEOUT, stopped ? "work did not finish within the time limit and was stopped"
                                                  : "work did not finish within the time limit and could not be "
                                                    "stopped: its thread and its memory stay in use"});
}

namespace {

HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    *outCount = fromHandle(context)->devices;
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext, uint32_t, HyDeviceProperties* outProperties) {
    HyDeviceProperties ours{};
    ours.structSize = outProperties->structSize;
    ours.type = HY_DEVICE_TYPE_CPU;
    std::snprintf(ours.name, sizeof ours.name, "Example device of a vendor (one host thread a stream)");
    std::snprintf(ours.backend, sizeof ours.backend, "vendor");
    std::snprintf(ours.vendor, sizeof ours.vendor, "Vendor");
    std::snprintf(ours.driver, sizeof ours.driver, "%s", VENDOR_VERSION);
    std::snprintf(ours.isa, sizeof ours.isa, "%s", isa());
    // No uuid: zero is "not known", which is true of a device that nothing else could name.
    ours.pciDomain = ours.pciBus = ours.pciDevice = ours.pciFunction = ~0U;
    ours.computeUnits = 1;
    ours.maxWorkgroupInvocations = kMaxWorkgroupInvocations;
    for (int i = 0; i < 3; ++i) {
        ours.maxWorkgroupSize[i] = kMaxWorkgroupInvocations;
        ours.maxWorkgroups[i] = INT32_MAX;
    }
    // The compiler's choice for each kernel lies between these.
    ours.subgroupSizeMin = 1;
    ours.subgroupSizeMax = 128;
    ours.maxLocalBytes = kMaxLocalBytes;
    ours.maxArgumentBytes = kMaxArgumentBytes;
    ours.memoryAlignment = static_cast<uint32_t>(pageBytes());
    ours.totalMemory = ours.maxAllocation = kMemoryBytes;
    ours.capabilities = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_FLOAT16 |
                        HY_CAP_FLOAT64 | HY_CAP_INT64 | HY_CAP_INT64_ATOMICS | HY_CAP_FLOAT32_ATOMIC_ADD |
                        HY_CAP_TIMING | HY_CAP_HOST_ACCESS | HY_CAP_CONCURRENT_STREAMS | HY_CAP_HOST_FUNCTIONS |
                        HY_CAP_TIMELINE_SEMAPHORES;
    // A runtime that is older asks for less.
    std::memcpy(outProperties, &ours, std::min<size_t>(ours.structSize, sizeof ours));
    return HY_SUCCESS;
}

HyResult openDevice(HyBackendContext handle, uint32_t, HyBackendDevice* outDevice) {
    const HyHostServices* host = fromHandle(handle)->host;
    return guarded(host, [&] {
        auto device = std::make_shared<Device>(host);
        const HyResult result = device->reserve();
        if (result == HY_SUCCESS)
            *outDevice = toHandle<HyBackendDevice>(std::move(device));
        return result;
    });
}

HyResult closeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const HyHostServices* host = fromHandle(handle)->host();
    return guarded(host, [&] {
        const HyResult result = fromHandle(handle)->close(deadlineAfter(timeoutNs));
        destroyHandle(handle);
        return result;
    });
}

HyResult getMemoryInfo(HyBackendDevice handle, uint64_t* outFree, uint64_t* outTotal) {
    if (outFree != nullptr)
        *outFree = fromHandle(handle)->freeBytes();
    if (outTotal != nullptr)
        *outTotal = kMemoryBytes;
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

} // namespace vendor
