// Memory that two processes, or two handles, share.
#include "api/core.h"
#include "api/device_memory.h"
#include "api/physical_memory.h"
#include "api/shared_handle.h"

namespace halyard {
namespace {

HyResult exportMemory(const PhysicalMemory& memory, HyShareType type, int64_t* outHandle) {
    HY_TRY(checkShareType(type));
    HY_TRY(requirePointer(outHandle, "outHandle"));
    const PhysicalState& state = *memory.state;
    if ((state.flags & (HY_POINTER_SHAREABLE | HY_POINTER_IMPORTED)) == 0) {
        return fail(HY_ERROR_INVALID_STATE, "memory", "create it with HY_PHYSICAL_MEMORY_SHAREABLE",
                    "the memory was not created to be shared, so it has no {}", shareTypeName(type));
    }
    const Device& device = *state.device;
    return blameBackend(device.backend->name, device.tables->virtualMemory.exportPhysical(state.impl, type, outHandle));
}

HyResult importMemory(Device& device, HyShareType type, int64_t handle, uint64_t bytes, HyPhysicalMemory* outMemory) {
    HY_TRY(checkShareType(type));
    HY_TRY(requirePointer(outMemory, "outMemory"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "pass the size that the exporter created", "bytes is 0");
    HY_TRY(checkGranularity(device, bytes, "bytes"));
    HyBackendPhysicalMemory impl = nullptr;
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->virtualMemory.importPhysical(device.impl, type, handle, bytes, &impl)));
    return publishPhysical(device, impl, bytes, HY_POINTER_IMPORTED, outMemory);
}

HyResult allocateShareable(Device& device, uint64_t bytes, HyDevicePtr* outPtr) {
    HY_TRY(checkAllocation(device, bytes, outPtr));
    const HyBackendMemoryTable& memory = device.tables->memory;
    AddressRange range{.bytes = bytes, .kind = HY_MEMORY_DEVICE, .device = &device, .flags = HY_POINTER_SHAREABLE};
    void* host = nullptr;
    HY_TRY(blameBackend(device.backend->name, memory.allocateShareable(device.impl, bytes, &range.base, &host)));
    range.host = static_cast<std::byte*>(host);
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr base) { memory.free(device.impl, base); }));
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult getHandle(Device& device, HyDevicePtr ptr, HyIpcHandle* outHandle) {
    HY_TRY(requirePointer(outHandle, "outHandle"));
    HY_TRY(device.ensureOpen());
    const std::optional<AddressRange> range = device.instance->addresses.find(ptr);
    if (!range || range->device != &device) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass an address from hyMemAllocShareable of this device",
                    "{:#x} belongs to no live allocation of {}", ptr, device.properties.selector);
    }
    IpcWords words{.magic = kIpcMemory, .bytes = range->bytes};
    // Backends get to say no to what was not made for it: drivers exist that share every allocation.
    if (range->kind != HY_MEMORY_DEVICE || (range->flags & (HY_POINTER_IMPORTED | HY_POINTER_POOL)) != 0) {
        return fail(HY_ERROR_UNSUPPORTED, "ptr", "allocate it with hyMemAllocShareable",
                    "{:#x} is memory of a kind that has no handle for other processes", ptr);
    }
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->memory.getIpcHandle(device.impl, range->base, &words.driver)));
    writeIpcHandle(device, words, outHandle);
    return HY_SUCCESS;
}

HyResult openHandle(Device& device, const HyIpcHandle* handle, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(handle, "handle"));
    HY_TRY(requirePointer(outPtr, "outPtr"));
    IpcWords words{};
    HY_TRY(readIpcHandle(device, handle, kIpcMemory, "hyMemGetIpcHandle", words));
    if (words.bytes == 0) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "handle", "pass all 128 bytes that hyMemGetIpcHandle gave",
                    "these are not the bytes of a handle of memory");
    }
    HY_TRY(device.ensureOpen());
    const HyBackendMemoryTable& memory = device.tables->memory;
    AddressRange range{.bytes = words.bytes, .kind = HY_MEMORY_DEVICE, .device = &device, .flags = HY_POINTER_IMPORTED};
    void* host = nullptr;
    HY_TRY(blameBackend(device.backend->name,
                        memory.openIpcHandle(device.impl, &words.driver, words.bytes, &range.base, &host)));
    range.host = static_cast<std::byte*>(host);
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr base) { memory.closeIpcHandle(device.impl, base); }));
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult closeHandle(Device& device, HyDevicePtr ptr) {
    AddressMap& addresses = device.instance->addresses;
    std::optional<AddressRange> range = addresses.find(ptr);
    const bool opened = range && range->kind == HY_MEMORY_DEVICE && (range->flags & HY_POINTER_IMPORTED) != 0;
    if (!opened || !(range = addresses.remove(ptr, &device, HY_MEMORY_DEVICE))) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass what hyMemOpenIpcHandle gave, and the same device, once",
                    "{:#x} is not the first address of memory that {} opened", ptr, device.properties.selector);
    }
    if (const HyResult waited = waitForWork(device, "the memory stays open"); waited < 0) {
        addresses.insert(*range);
        return waited;
    }
    return blameBackend(device.backend->name, device.tables->memory.closeIpcHandle(device.impl, ptr));
}

} // namespace

namespace core {

HyResult hyPhysicalMemoryExport(HyPhysicalMemory memory, HyShareType type, int64_t* outHandle) {
    return onObject<PhysicalMemory>("hyPhysicalMemoryExport", memory, "memory", [&](const PhysicalMemory& object) {
        return exportMemory(object, type, outHandle);
    });
}

HyResult hyPhysicalMemoryImport(HyDevice device, HyShareType type, int64_t handle, uint64_t bytes,
                                HyPhysicalMemory* outMemory) {
    return onObject<Device>("hyPhysicalMemoryImport", device, "device",
                            [&](Device& object) { return importMemory(object, type, handle, bytes, outMemory); });
}

HyResult hyMemAllocShareable(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Device>("hyMemAllocShareable", device, "device",
                            [&](Device& object) { return allocateShareable(object, bytes, outPtr); });
}

HyResult hyMemGetIpcHandle(HyDevice device, HyDevicePtr ptr, HyIpcHandle* outHandle) {
    return onObject<Device>("hyMemGetIpcHandle", device, "device",
                            [&](Device& object) { return getHandle(object, ptr, outHandle); });
}

HyResult hyMemOpenIpcHandle(HyDevice device, const HyIpcHandle* handle, HyDevicePtr* outPtr) {
    return onObject<Device>("hyMemOpenIpcHandle", device, "device",
                            [&](Device& object) { return openHandle(object, handle, outPtr); });
}

HyResult hyMemCloseIpcHandle(HyDevice device, HyDevicePtr ptr) {
    return onObject<Device>("hyMemCloseIpcHandle", device, "device",
                            [&](Device& object) { return closeHandle(object, ptr); });
}

} // namespace core
} // namespace halyard
