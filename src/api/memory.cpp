#include "api/check.h"
#include "api/core.h"
#include "api/memory_ops.h"

namespace halyard {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// Work in flight keeps its memory: waits for the device. A sticky error of the work is not an obstacle, work that does
// not end is.
HyResult waitForWork(Device& device, const char* what) {
    Instance& instance = *device.instance;
    if (device.tables->device.synchronize(device.impl, instance.shutdownTimeoutNs) != HY_ERROR_TIMEOUT)
        return HY_SUCCESS;
    return fail(HY_ERROR_TIMEOUT, "", "wait for the work first, or raise HALYARD_SHUTDOWN_TIMEOUT_MS",
                "work on {} did not end within {} ms, so {}", device.properties.selector,
                instance.shutdownTimeoutNs / kNsPerMs, what);
}

} // namespace

HyResult allocateMemory(Device& device, uint64_t bytes, bool ofGraph, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(outPtr, "outPtr"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "allocate at least one byte", "bytes is 0");
    HY_TRY(device.ensureOpen());
    if (device.properties.maxAllocation != 0 && bytes > device.properties.maxAllocation) {
        return fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", "allocate less, or in several pieces",
                    "{} bytes is more than {} can allocate at once ({} bytes)", bytes, device.properties.selector,
                    device.properties.maxAllocation);
    }
    AddressRange range{.bytes = bytes, .kind = HY_MEMORY_DEVICE, .device = &device, .ofGraph = ofGraph};
    void* host = nullptr;
    HY_TRY(blameBackend(device.backend->name, device.tables->memory.allocate(device.impl, bytes, &range.base, &host)));
    range.host = static_cast<std::byte*>(host);
    if (!device.instance->addresses.insert(range)) {
        device.tables->memory.free(device.impl, range.base);
        return fail(HY_ERROR_INTERNAL, "", "this is a defect of the backend: please report it to its vendor",
                    "the {} backend returned memory at {:#x} that overlaps a live allocation", device.backend->name,
                    range.base);
    }
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult releaseGraphMemory(Device& device, HyDevicePtr base) {
    HY_TRY(waitForWork(device, "the memory stays allocated"));
    device.instance->addresses.remove(base, &device, HY_MEMORY_DEVICE);
    return blameBackend(device.backend->name, device.tables->memory.free(device.impl, base));
}

namespace {

HyResult explainBadFree(const Device& device, HyDevicePtr ptr) {
    const std::optional<AddressRange> range = device.instance->addresses.find(ptr);
    if (!range) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free each allocation once",
                    "{:#x} is not a live allocation: it was freed, or never was one", ptr);
    }
    if (range->kind == HY_MEMORY_HOST_REGISTERED) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "use hyHostUnregister",
                    "{:#x} is registered host memory, not an allocation", ptr);
    }
    if (range->device != &device) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the device that allocated it", "{:#x} belongs to {}, not {}",
                    ptr, range->device->properties.selector, device.properties.selector);
    }
    return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the address that hyMemAlloc returned",
                "{:#x} is {} bytes inside the allocation at {:#x}", ptr, ptr - range->base, range->base);
}

HyResult release(Device& device, HyDevicePtr ptr) {
    if (ptr == 0)
        return HY_SUCCESS;
    AddressMap& addresses = device.instance->addresses;
    if (const std::optional<AddressRange> owned = addresses.find(ptr); owned && owned->ofGraph) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "destroy the graph and what was made from it",
                    "{:#x} is memory of a graph's allocation node, which the graph frees", ptr);
    }
    const std::optional<AddressRange> range = addresses.remove(ptr, &device, HY_MEMORY_DEVICE);
    if (!range)
        return explainBadFree(device, ptr);
    if (const HyResult waited = waitForWork(device, "the memory stays allocated"); waited < 0) {
        addresses.insert(*range);
        return waited;
    }
    return blameBackend(device.backend->name, device.tables->memory.free(device.impl, ptr));
}

HyResult registerHost(Device& device, void* pointer, uint64_t bytes, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(pointer, "pointer"));
    HY_TRY(requirePointer(outPtr, "outPtr"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "register at least one byte", "bytes is 0");
    if (bytes > UINT64_MAX - hyHostAddress(pointer)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "pass the size of the memory", "{} bytes at {} wrap around",
                    bytes, fmt::ptr(pointer));
    }
    HY_TRY(device.ensureOpen());
    AddressRange range{.bytes = bytes,
                       .kind = HY_MEMORY_HOST_REGISTERED,
                       .device = &device,
                       .host = static_cast<std::byte*>(pointer),
                       .registered = pointer};
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->memory.registerHost(device.impl, pointer, bytes, &range.base)));
    if (!device.instance->addresses.insert(range)) {
        device.tables->memory.unregisterHost(device.impl, pointer);
        return fail(HY_ERROR_INVALID_ARGUMENT, "pointer", "unregister the other range first",
                    "the {} bytes at {} overlap a registered range or an allocation", bytes, fmt::ptr(pointer));
    }
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult unregisterHost(Device& device, void* pointer) {
    HY_TRY(requirePointer(pointer, "pointer"));
    AddressMap& addresses = device.instance->addresses;
    const std::optional<AddressRange> range = addresses.removeRegistered(pointer, &device);
    if (!range) {
        return fail(HY_ERROR_INVALID_ADDRESS, "pointer", "pass the pointer and the device given to hyHostRegister",
                    "{} is not registered with {}", fmt::ptr(pointer), device.properties.selector);
    }
    if (const HyResult waited = waitForWork(device, "the memory stays registered"); waited < 0) {
        addresses.insert(*range);
        return waited;
    }
    return blameBackend(device.backend->name, device.tables->memory.unregisterHost(device.impl, pointer));
}

HyResult describe(Instance& instance, HyDevicePtr ptr, HyPointerInfo* outInfo) {
    const std::optional<AddressRange> range = instance.addresses.find(ptr);
    if (!range) {
        HY_TRY(requirePointer(outInfo, "outInfo"));
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass an address inside a live allocation or registered range",
                    "{:#x} belongs to nothing that is live", ptr);
    }
    const uint64_t offset = ptr - range->base;
    const HyPointerInfo info = {.structSize = sizeof info,
                                .kind = range->kind,
                                .device = toHandle<HyDevice>(range->device),
                                .base = range->base,
                                .bytes = range->bytes,
                                .offset = offset,
                                .hostAddress = range->host != nullptr ? range->host + offset : nullptr};
    return writeOut(outInfo, info, kPointerInfoV1, "outInfo");
}

} // namespace

namespace core {

HyResult hyMemAlloc(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Device>("hyMemAlloc", device, "device",
                            [&](Device& object) { return allocateMemory(object, bytes, false, outPtr); });
}

HyResult hyMemFree(HyDevice device, HyDevicePtr ptr) {
    return onObject<Device>("hyMemFree", device, "device", [&](Device& object) { return release(object, ptr); });
}

HyResult hyPointerGetInfo(HyInstance instance, HyDevicePtr ptr, HyPointerInfo* outInfo) {
    return onObject<Instance>("hyPointerGetInfo", instance, "instance",
                              [&](Instance& object) { return describe(object, ptr, outInfo); });
}

HyResult hyHostRegister(HyDevice device, void* pointer, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Device>("hyHostRegister", device, "device",
                            [&](Device& object) { return registerHost(object, pointer, bytes, outPtr); });
}

HyResult hyHostUnregister(HyDevice device, void* pointer) {
    return onObject<Device>("hyHostUnregister", device, "device",
                            [&](Device& object) { return unregisterHost(object, pointer); });
}

} // namespace core
} // namespace halyard
