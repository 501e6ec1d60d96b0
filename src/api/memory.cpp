#include "api/core.h"
#include "api/device_memory.h"
#include "api/memory_ops.h"
#include "api/memory_pool.h"

#include <fmt/format.h>

#include <sys/mman.h>

namespace halyard {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

} // namespace

HyResult waitForWork(Device& device, const char* what) {
    Instance& instance = *device.instance;
    if (device.tables->device.synchronize(device.impl, instance.shutdownTimeoutNs) != HY_ERROR_TIMEOUT)
        return HY_SUCCESS;
    return fail(HY_ERROR_TIMEOUT, "", "wait for the work first, or raise HALYARD_SHUTDOWN_TIMEOUT_MS",
                "work on {} did not end within {} ms, so {}", device.properties.selector,
                instance.shutdownTimeoutNs / kNsPerMs, what);
}

HyResult checkAllocation(Device& device, uint64_t bytes, const HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(outPtr, "outPtr"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "allocate at least one byte", "bytes is 0");
    HY_TRY(device.ensureOpen());
    if (device.properties.maxAllocation != 0 && bytes > device.properties.maxAllocation) {
        return fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", "allocate less, or in several pieces",
                    "{} bytes is more than {} can allocate at once ({} bytes)", bytes, device.properties.selector,
                    device.properties.maxAllocation);
    }
    return HY_SUCCESS;
}

HyResult allocateMemory(Device& device, uint64_t bytes, bool ofGraph, HyDevicePtr* outPtr) {
    HY_TRY(checkAllocation(device, bytes, outPtr));
    const HyBackendMemoryTable& memory = device.tables->memory;
    AddressRange range{.bytes = bytes, .kind = HY_MEMORY_DEVICE, .device = &device, .ofGraph = ofGraph};
    void* host = nullptr;
    HY_TRY(allocateUnderPressure(device.pools, poolDeviceOf(device), [&] {
        return blameBackend(device.backend->name, memory.allocate(device.impl, bytes, &range.base, &host));
    }));
    range.host = static_cast<std::byte*>(host);
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr base) { memory.free(device.impl, base); }));
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult releaseGraphMemory(Device& device, HyDevicePtr base) {
    HY_TRY(waitForWork(device, "the memory stays allocated"));
    device.instance->addresses.remove(base, &device, HY_MEMORY_DEVICE);
    return blameBackend(device.backend->name, device.tables->memory.free(device.impl, base));
}

HyResult explainBadFree(const Device& device, HyDevicePtr ptr) {
    const std::optional<AddressRange> range = device.instance->addresses.find(ptr);
    if (!range) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free each allocation once",
                    "{:#x} is not a live allocation: it was freed, or never was one", ptr);
    }
    switch (range->kind) {
    case HY_MEMORY_HOST_REGISTERED:
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "use hyHostUnregister",
                    "{:#x} is registered host memory, not an allocation", ptr);
    case HY_MEMORY_HOST_ALLOCATED:
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "use hyHostFree", "{:#x} is host memory from hyHostAlloc", ptr);
    case HY_MEMORY_VIRTUAL:
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "use hyVirtualUnmap and hyVirtualFree",
                    "{:#x} is in a mapping, not an allocation", ptr);
    default:
        break;
    }
    if (range->device != &device) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the device that allocated it", "{:#x} belongs to {}, not {}",
                    ptr, range->device->properties.selector, device.properties.selector);
    }
    if ((range->flags & HY_POINTER_IMPORTED) != 0 && range->base == ptr) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "use hyMemCloseIpcHandle",
                    "{:#x} is memory of another process, opened by hyMemOpenIpcHandle", ptr);
    }
    if (range->ofGraph) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "destroy the graph and what was made from it",
                    "{:#x} is memory of a graph's allocation node, which the graph frees", ptr);
    }
    return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the address that the allocation returned",
                "{:#x} is {} bytes inside the allocation at {:#x}", ptr, ptr - range->base, range->base);
}

void dropMemory(Device& device, const AddressRange& range) {
    const HyBackendMemoryTable& memory = device.tables->memory;
    switch (range.kind) {
    case HY_MEMORY_HOST_REGISTERED:
        memory.unregisterHost(device.impl, range.registered);
        break;
    case HY_MEMORY_HOST_ALLOCATED:
        if (memory.unregisterHost(device.impl, range.registered) == HY_SUCCESS)
            munmap(range.registered, range.bytes);
        break;
    case HY_MEMORY_VIRTUAL: // dropVirtualMemory
        break;
    default:
        if ((range.flags & HY_POINTER_IMPORTED) != 0)
            memory.closeIpcHandle(device.impl, range.base);
        else
            memory.free(device.impl, range.base);
        break;
    }
}

namespace {

HyResult release(Device& device, HyDevicePtr ptr) {
    if (ptr == 0)
        return HY_SUCCESS;
    if (const std::optional<HyResult> pooled = freePooledNow(device, ptr); pooled)
        return *pooled;
    AddressMap& addresses = device.instance->addresses;
    std::optional<AddressRange> range = addresses.find(ptr);
    if (!range || (range->kind != HY_MEMORY_DEVICE && range->kind != HY_MEMORY_MANAGED) ||
        (range->flags & HY_POINTER_IMPORTED) != 0 || range->ofGraph)
        return explainBadFree(device, ptr);
    range = addresses.remove(ptr, &device, range->kind);
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
    const std::optional<AddressRange> range = addresses.removeRegistered(pointer, &device, HY_MEMORY_HOST_REGISTERED);
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
    const Located located = instance.addresses.locate(ptr);
    if (located.kind != Located::Kind::Live) {
        HY_TRY(requirePointer(outInfo, "outInfo"));
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass an address inside a live allocation or registered range",
                    "{:#x} belongs to nothing that is live", ptr);
    }
    const AddressRange& range = located.range;
    const uint64_t offset = ptr - range.base;
    const bool reachable = range.host != nullptr && range.access != HY_ACCESS_NONE;
    const HyPointerInfo info = {.structSize = sizeof info,
                                .kind = range.kind,
                                .device = toHandle<HyDevice>(range.device),
                                .base = range.base,
                                .bytes = range.bytes,
                                .offset = offset,
                                .hostAddress = reachable ? range.host + offset : nullptr,
                                .flags = range.flags,
                                .access = range.access,
                                .id = range.id};
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
