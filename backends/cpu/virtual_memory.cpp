// Addresses come from the arena's range, so that a stale one is never host memory; memory is files without a name.
#include "address.h"
#include "device.h"
#include "handles.h"
#include "physical.h"
#include "tables.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>

namespace halyard::cpu {

namespace {

HyResult getGranularity(HyBackendDevice handle, uint64_t* outMinimum, uint64_t* outRecommended) {
    *outMinimum = fromHandle(handle).arena().page();
    *outRecommended = Arena::kHugePage;
    return HY_SUCCESS;
}

HyResult reserve(HyBackendDevice handle, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.arena().reserveRange(bytes, alignment, *outBase); });
}

HyResult release(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.arena().releaseRange(base, bytes); });
}

HyResult createPhysical(HyBackendDevice handle, uint64_t bytes, uint32_t /*flags*/,
                        HyBackendPhysicalMemory* outMemory) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        std::unique_ptr<Physical> memory;
        const HyResult result = Physical::create(device.host(), device.arena(), bytes, memory);
        if (result == HY_SUCCESS) {
            *outMemory = toHandle(memory.release());
        }
        return result;
    });
}

HyResult destroyPhysical(HyBackendPhysicalMemory memory) {
    delete &fromHandle(memory);
    return HY_SUCCESS;
}

HyResult map(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes, HyBackendPhysicalMemory memory, uint64_t offset,
             void** outHost) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        const HyResult result = fromHandle(memory).mapAt(base, bytes, offset, PROT_NONE);
        if (result == HY_SUCCESS) {
            *outHost = toPointer<void>(base);
        }
        return result;
    });
}

HyResult unmap(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.arena().empty(base, bytes); });
}

HyResult setAccess(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access) {
    const int readable = (access & HY_ACCESS_READ) != 0 ? PROT_READ : PROT_NONE;
    const int writable = access == HY_ACCESS_READ_WRITE ? PROT_WRITE : PROT_NONE;
    if (mprotect(toPointer<void>(base), bytes, readable | writable) == 0) {
        return HY_SUCCESS;
    }
    const int error = errno;
    const Host& host = fromHandle(handle).host();
    return guarded(host, [&] {
        return host.failSystem(
            HY_ERROR_NATIVE, "the access could not be changed (mprotect); many mappings reach vm.max_map_count", error);
    });
}

HyResult failShareType(const Host& host) {
    return host.fail({HY_ERROR_UNSUPPORTED,
                      "a cpu device has no dma-buf: its memory is ordinary memory, which no device driver of the "
                      "kernel made",
                      "type", "use HY_SHARE_OPAQUE_FD"});
}

HyResult exportPhysical(HyBackendPhysicalMemory handle, HyShareType type, int64_t* outHandle) {
    const Physical& memory = fromHandle(handle);
    const Host& host = memory.host();
    return guarded(host, [&] {
        if (type != HY_SHARE_OPAQUE_FD) {
            return failShareType(host);
        }
        const int file = fcntl(memory.descriptor(), F_DUPFD_CLOEXEC, 0);
        if (file < 0) {
            return host.failSystem(HY_ERROR_NATIVE, "no file descriptor is left for the handle (ulimit -n)", errno);
        }
        *outHandle = file;
        return HY_SUCCESS;
    });
}

HyResult importPhysical(HyBackendDevice handle, HyShareType type, int64_t shared, uint64_t bytes,
                        HyBackendPhysicalMemory* outMemory) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        if (type != HY_SHARE_OPAQUE_FD) {
            return failShareType(device.host());
        }
        std::unique_ptr<Physical> memory;
        const HyResult result = Physical::import(device.host(), shared, bytes, memory);
        if (result == HY_SUCCESS) {
            *outMemory = toHandle(memory.release());
        }
        return result;
    });
}

} // namespace

const HyBackendVirtualMemoryTable kVirtualMemoryTable{
    .structSize = sizeof(HyBackendVirtualMemoryTable),
    .getGranularity = getGranularity,
    .reserve = reserve,
    .release = release,
    .createPhysical = createPhysical,
    .destroyPhysical = destroyPhysical,
    .map = map,
    .unmap = unmap,
    .setAccess = setAccess,
    .exportPhysical = exportPhysical,
    .importPhysical = importPhysical,
};

} // namespace halyard::cpu
