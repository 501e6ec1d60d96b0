#include "device.h"
#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::reference {
namespace {

// The host cannot reach the memory: then nobody writes it unseen.
HyResult allocate(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const spv::Result<uint64_t> address = device.memory().allocate(bytes);
        if (!address)
            return device.host().fail(address.error(), "bytes");
        *outPtr = *address;
        *outHost = nullptr;
        return HY_SUCCESS;
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] { return device.host().report(device.memory().free(ptr)); });
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
        const auto first = reinterpret_cast<uint64_t>(pointer);
        if (bytes > UINT64_MAX - first || !isMapped(first, first + bytes))
            return device.host().fail({HY_ERROR_INVALID_ADDRESS,
                                       fmt::format("part of the {} bytes at {:#x} is not mapped", bytes, first), ""},
                                      "pointer");
        const HyResult result = device.host().report(device.memory().registerHost(pointer, bytes), "pointer");
        if (result == HY_SUCCESS)
            *outPtr = first;
        return result;
    });
}

HyResult unregisterHost(HyBackendDevice handle, void* pointer) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(),
                   [&] { return device.host().report(device.memory().unregisterHost(pointer), "pointer"); });
}

// What the interpreter cannot keep its promises about, with the reason.

HyResult allocateManaged(HyBackendDevice handle, uint64_t, HyDevicePtr*) {
    const Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        return device.host().fail({HY_ERROR_UNSUPPORTED,
                                   "the reference device has no managed memory: it tells what no kernel has written, "
                                   "and would not see what the host stores",
                                   "use hyMemAlloc and copies, or hyHostAlloc"});
    });
}

HyResult allocateShareable(HyBackendDevice handle, uint64_t, HyDevicePtr*, void**) {
    const Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        return device.host().fail({HY_ERROR_UNSUPPORTED,
                                   "the reference device shares no memory: it would not see what another process "
                                   "stores",
                                   "share memory of a cpu device"});
    });
}

HyResult getGranularity(HyBackendDevice handle, uint64_t*, uint64_t*) {
    const Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        return device.host().fail({HY_ERROR_UNSUPPORTED,
                                   "the reference device has no virtual memory: what it knows of each byte belongs to "
                                   "one allocation at one address",
                                   "use hyMemAlloc"});
    });
}

HyResult getAddressRange(HyBackendDevice handle, HyDevicePtr* outBase, uint64_t* outBytes) {
    const interp::DeviceMemory& memory = fromHandle(handle)->memory();
    *outBase = memory.base();
    *outBytes = memory.rangeBytes();
    return HY_SUCCESS;
}

// Each allocation stays one, so that the checks of kernels know it; the memory goes at the stream's end as it is now,
// also when the stream fails before.
HyResult allocateOnStream(HyBackendStream stream, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = fromHandle(stream)->device();
    return guarded(device.host(), [&] {
        const spv::Result<uint64_t> address = device.memory().allocate(bytes);
        if (!address)
            return device.host().fail(address.error(), "bytes");
        *outPtr = *address;
        *outHost = nullptr;
        return HY_SUCCESS;
    });
}

HyResult freeOnStream(HyBackendStream stream, HyDevicePtr ptr) {
    Device& device = fromHandle(stream)->device();
    return guarded(device.host(), [&] {
        fromHandle(stream)->submitAlways([&device, ptr] { static_cast<void>(device.memory().free(ptr)); });
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
    .getAddressRange = getAddressRange,
    .allocateManaged = allocateManaged,
    .allocateShareable = allocateShareable,
    .allocateOnStream = allocateOnStream,
    .freeOnStream = freeOnStream,
};

// Every call about virtual memory asks for the granularity first.
const HyBackendVirtualMemoryTable kVirtualMemoryTable{
    .structSize = sizeof(HyBackendVirtualMemoryTable),
    .getGranularity = getGranularity,
};

} // namespace halyard::reference
