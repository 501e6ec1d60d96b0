#include "address.h"
#include "device.h"
#include "handles.h"
#include "managed_memory.h"
#include "tables.h"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::cpu {

namespace {

HyResult allocate(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        uint64_t address = 0;
        const HyResult result = device.arena().allocate(bytes, address);
        if (result == HY_SUCCESS) {
            *outPtr = address;
            *outHost = toPointer<void>(address);
        }
        return result;
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        return device.sharedMemory().owns(ptr) ? device.sharedMemory().free(ptr) : device.arena().free(ptr);
    });
}

HyResult allocateShareable(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        const HyResult result = device.sharedMemory().allocate(bytes, *outPtr);
        if (result == HY_SUCCESS) {
            *outHost = toPointer<void>(*outPtr);
        }
        return result;
    });
}

HyResult getIpcHandle(HyBackendDevice handle, HyDevicePtr ptr, HyBackendIpcHandle* outHandle) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.sharedMemory().handleOf(ptr, *outHandle); });
}

HyResult openIpcHandle(HyBackendDevice handle, const HyBackendIpcHandle* ipc, uint64_t bytes, HyDevicePtr* outPtr,
                       void** outHost) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        const HyResult result = device.sharedMemory().open(*ipc, bytes, *outPtr);
        if (result == HY_SUCCESS) {
            *outHost = toPointer<void>(*outPtr);
        }
        return result;
    });
}

HyResult closeIpcHandle(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.sharedMemory().free(ptr); });
}

// Whether every page of the range is mapped: mincore answers ENOMEM where none is.
bool isMapped(uint64_t first, uint64_t end, int& outError) {
    constexpr uint64_t kPagesAtOnce = 4096;
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    unsigned char resident[kPagesAtOnce];
    for (uint64_t at = first / page * page; at < end;) {
        const uint64_t bytes = std::min(end - at, kPagesAtOnce * page);
        if (mincore(toPointer<void>(at), bytes, resident) != 0) {
            if (errno == EAGAIN) {
                continue;
            }
            outError = errno;
            return false;
        }
        at += kPagesAtOnce * page;
    }
    return true;
}

// The device reads host memory as it is, so registering is checking.
HyResult registerHost(HyBackendDevice handle, void* pointer, uint64_t bytes, HyDevicePtr* outPtr) {
    const auto first = reinterpret_cast<uint64_t>(pointer);
    int error = 0;
    if (bytes > UINT64_MAX - first || !isMapped(first, first + bytes, error)) {
        const Host& host = fromHandle(handle).host();
        return guarded(host, [&] {
            return host.failSystem(
                HY_ERROR_INVALID_ADDRESS,
                format("part of the %llu bytes at %p is not mapped", static_cast<unsigned long long>(bytes), pointer),
                error);
        });
    }
    *outPtr = first;
    return HY_SUCCESS;
}

// Nothing was pinned, so there is nothing to undo.
HyResult unregisterHost(HyBackendDevice, void*) {
    return HY_SUCCESS;
}

HyResult getAddressRange(HyBackendDevice handle, HyDevicePtr* outBase, uint64_t* outBytes) {
    const Arena& arena = fromHandle(handle).arena();
    *outBase = arena.base();
    *outBytes = arena.size();
    return HY_SUCCESS;
}

} // namespace

const HyBackendMemoryTable kMemoryTable{
    .structSize = sizeof(HyBackendMemoryTable),
    .allocate = allocate,
    .free = freeMemory,
    .registerHost = registerHost,
    .unregisterHost = unregisterHost,
    .getAddressRange = getAddressRange,
    .allocateManaged = allocateManaged,
    .advise = adviseManaged,
    .prefetch = prefetchManaged,
    .allocateShareable = allocateShareable,
    .getIpcHandle = getIpcHandle,
    .openIpcHandle = openIpcHandle,
    .closeIpcHandle = closeIpcHandle,
};

} // namespace halyard::cpu
