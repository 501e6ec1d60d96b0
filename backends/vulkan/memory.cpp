#include "device.h"
#include "handles.h"
#include "sharing.h"
#include "tables.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::vulkan {
namespace {

HyResult allocate(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Place place = device.memory().allocate(bytes);
        *outPtr = place.address;
        *outHost = place.host;
        return HY_SUCCESS;
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        device.ipcMemory().forget(ptr);
        device.memory().free(ptr);
        return HY_SUCCESS;
    });
}

// Whether every page of the range is mapped: mincore answers ENOMEM where none is.
bool isMapped(uint64_t first, uint64_t end) {
    constexpr uint64_t kPagesAtOnce = 4096;
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    unsigned char resident[kPagesAtOnce];
    for (uint64_t at = first / page * page; at < end;) {
        const uint64_t bytes = std::min(end - at, kPagesAtOnce * page);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): pages are counted, not pointed at
        if (mincore(reinterpret_cast<void*>(at), bytes, resident) != 0) {
            if (errno == EAGAIN)
                continue;
            return false;
        }
        at += kPagesAtOnce * page;
    }
    return true;
}

HyResult registerHost(HyBackendDevice handle, void* pointer, uint64_t bytes, HyDevicePtr* outPtr) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        if (device.adapter().hostImportAlignment == 0)
            throw Failure{
                HY_ERROR_UNSUPPORTED,
                "the driver lacks VK_EXT_external_memory_host, so the device cannot use memory of the process",
                "copy through memory of hyMemAlloc"};
        const auto first = reinterpret_cast<uint64_t>(pointer);
        if (bytes > UINT64_MAX - first || !isMapped(first, first + bytes))
            throw Failure{HY_ERROR_INVALID_ADDRESS,
                          fmt::format("part of the {} bytes at {:#x} is not mapped", bytes, first), "", "pointer"};
        *outPtr = device.memory().import(pointer, bytes);
        return HY_SUCCESS;
    });
}

HyResult unregisterHost(HyBackendDevice handle, void* pointer) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        device.memory().release(pointer);
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendMemoryTable kMemoryTable{
    .structSize = sizeof(HyBackendMemoryTable),
    .allocate = allocate,
    .free = freeMemory,
    .registerHost = registerHost,
    .unregisterHost = unregisterHost,
    .allocateShareable = allocateShareable,
    .getIpcHandle = getIpcHandle,
    .openIpcHandle = openIpcHandle,
    .closeIpcHandle = closeIpcHandle,
};

} // namespace halyard::vulkan
