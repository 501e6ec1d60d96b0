// Host memory that the device reaches: pages of our own, registered like the application's.
#include "api/core.h"
#include "api/device_memory.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace halyard {
namespace {

HyResult allocate(Device& device, uint64_t bytes, uint32_t flags, void** outPointer, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(outPointer, "outPointer"));
    HY_TRY(requirePointer(outPtr, "outPtr"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "allocate at least one byte", "bytes is 0");
    if (flags != 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "flags", "pass 0", "flags has unknown bits {:#x}", flags);
    HY_TRY(device.ensureOpen());
    void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        const int error = errno;
        return setLastError({.code = HY_ERROR_OUT_OF_HOST_MEMORY,
                             .argument = "bytes",
                             .message = fmt::format("the system did not give {} bytes of host memory", bytes),
                             .hint = "allocate less; ulimit -v and vm.overcommit_memory may limit it",
                             .backend = {},
                             .nativeName = strerrorname_np(error) != nullptr ? strerrorname_np(error) : "",
                             .nativeCode = error});
    }
    Rollback unmapPages([&] { munmap(pages, bytes); });
    AddressRange range{.bytes = bytes,
                       .kind = HY_MEMORY_HOST_ALLOCATED,
                       .device = &device,
                       .host = static_cast<std::byte*>(pages),
                       .registered = pages};
    HY_TRY(
        blameBackend(device.backend->name, device.tables->memory.registerHost(device.impl, pages, bytes, &range.base)));
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr) { device.tables->memory.unregisterHost(device.impl, pages); }));
    unmapPages.release();
    *outPointer = pages;
    *outPtr = range.base;
    return HY_SUCCESS;
}

HyResult release(Device& device, void* pointer) {
    if (pointer == nullptr)
        return HY_SUCCESS;
    AddressMap& addresses = device.instance->addresses;
    const std::optional<AddressRange> range = addresses.removeRegistered(pointer, &device, HY_MEMORY_HOST_ALLOCATED);
    if (!range) {
        return fail(HY_ERROR_INVALID_ADDRESS, "pointer", "pass the pointer and the device of hyHostAlloc, once",
                    "{} is not from hyHostAlloc of {}, or was freed", fmt::ptr(pointer), device.properties.selector);
    }
    if (const HyResult waited = waitForWork(device, "the memory stays allocated"); waited < 0) {
        addresses.insert(*range);
        return waited;
    }
    HY_TRY(blameBackend(device.backend->name, device.tables->memory.unregisterHost(device.impl, pointer)));
    munmap(pointer, range->bytes);
    return HY_SUCCESS;
}

} // namespace

namespace core {

HyResult hyHostAlloc(HyDevice device, uint64_t bytes, uint32_t flags, void** outPointer, HyDevicePtr* outPtr) {
    return onObject<Device>("hyHostAlloc", device, "device",
                            [&](Device& object) { return allocate(object, bytes, flags, outPointer, outPtr); });
}

HyResult hyHostFree(HyDevice device, void* pointer) {
    return onObject<Device>("hyHostFree", device, "device", [&](Device& object) { return release(object, pointer); });
}

} // namespace core
} // namespace halyard
