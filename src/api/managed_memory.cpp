#include "api/core.h"
#include "api/device_memory.h"
#include "graph/attention.h"

namespace halyard {

HyResult checkManaged(const Device& device, HyDevicePtr ptr, uint64_t bytes) {
    const std::optional<AddressRange> range = device.instance->addresses.find(ptr);
    constexpr const char* kHint = "pass a range inside one allocation from hyMemAllocManaged";
    if (!range || range->kind != HY_MEMORY_MANAGED) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", kHint, "{:#x} is {}", ptr,
                    range ? "not managed memory" : "in no live allocation");
    }
    if (range->device != &device) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the device that allocated it", "{:#x} belongs to {}, not {}",
                    ptr, range->device->properties.selector, device.properties.selector);
    }
    if (bytes > range->bytesFrom(ptr)) {
        return fail(HY_ERROR_INVALID_ADDRESS, "bytes", kHint,
                    "{} bytes at {:#x} pass the end of its allocation of {} bytes, which has {} left from there", bytes,
                    ptr, range->bytes, range->bytesFrom(ptr));
    }
    return HY_SUCCESS;
}

namespace {

HyResult requireCapability(const Device& device, HyCapabilities capability, const char* words) {
    if ((device.properties.capabilities & capability) != 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_UNSUPPORTED, "", "query the capability first", "{} has no {}", device.properties.selector,
                words);
}

HyResult allocate(Device& device, uint64_t bytes, HyDevicePtr* outPtr) {
    HY_TRY(checkAllocation(device, bytes, outPtr));
    const HyBackendMemoryTable& memory = device.tables->memory;
    AddressRange range{.bytes = bytes, .kind = HY_MEMORY_MANAGED, .device = &device};
    HY_TRY(blameBackend(device.backend->name, memory.allocateManaged(device.impl, bytes, &range.base)));
    range.host = reinterpret_cast<std::byte*>(range.base); // NOLINT(performance-no-int-to-ptr): that is what managed is
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr base) { memory.free(device.impl, base); }));
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult advise(Device& device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice) {
    if (advice < HY_ADVICE_PREFER_DEVICE || advice > HY_ADVICE_NOT_SOON)
        return fail(HY_ERROR_INVALID_ARGUMENT, "advice", "use one of HY_ADVICE_...", "advice is {}", advice);
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "advise on at least one byte", "bytes is 0");
    HY_TRY(requireCapability(device, HY_CAP_MANAGED_MEMORY, "managed memory (HY_CAP_MANAGED_MEMORY)"));
    HY_TRY(device.ensureOpen());
    HY_TRY(checkManaged(device, ptr, bytes));
    return blameBackend(device.backend->name, device.tables->memory.advise(device.impl, ptr, bytes, advice));
}

HyResult prefetch(const Stream& stream, HyDevicePtr ptr, uint64_t bytes, HyDevice destination) {
    HY_TRY(requireCapability(*stream.device, HY_CAP_PREFETCH, "prefetching (HY_CAP_PREFETCH)"));
    if (destination != nullptr) {
        HyResult result = HY_SUCCESS;
        const auto* device = resolve<Device>(destination, "destination", result);
        if (device == nullptr)
            return result;
        if (device != stream.device) {
            return fail(HY_ERROR_UNSUPPORTED, "destination", "pass the stream's device, or null for the host",
                        "the stream belongs to {}, the destination is {}", stream.device->properties.selector,
                        device->properties.selector);
        }
    }
    if (graph::needsAttention(stream)) [[unlikely]] {
        HY_TRY(graph::requireUncaptured(stream, "a graph has no node that prefetches"));
        HY_TRY(graph::checkLanes(stream));
    }
    if (bytes == 0)
        return HY_SUCCESS;
    HY_TRY(checkManaged(*stream.device, ptr, bytes));
    return blameBackend(stream.device->backend->name,
                        stream.tables->memory.prefetch(stream.impl, ptr, bytes, destination == nullptr ? 1 : 0));
}

} // namespace

namespace core {

HyResult hyMemAllocManaged(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Device>("hyMemAllocManaged", device, "device",
                            [&](Device& object) { return allocate(object, bytes, outPtr); });
}

HyResult hyMemAdvise(HyDevice device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice) {
    return onObject<Device>("hyMemAdvise", device, "device",
                            [&](Device& object) { return advise(object, ptr, bytes, advice); });
}

HyResult hyMemPrefetchAsync(HyStream stream, HyDevicePtr ptr, uint64_t bytes, HyDevice destination) {
    return onObject<Stream>("hyMemPrefetchAsync", stream, "stream",
                            [&](const Stream& object) { return prefetch(object, ptr, bytes, destination); });
}

} // namespace core
} // namespace halyard
