// Every memory of this device is the host's too, so managed memory is ordinary memory; what is left is when its pages
// come, and of which size.
#include "managed_memory.h"

#include "address.h"
#include "device.h"
#include "handles.h"
#include "stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace halyard::cpu {

namespace {

struct Pages {
    uint64_t first;
    uint64_t bytes;
};

// The pages that have a byte of the range: all of them are the allocation's, which begins and ends with a page.
Pages pagesOf(const Device& device, uint64_t address, uint64_t bytes) {
    const uint64_t page = device.arena().page();
    const uint64_t first = address / page * page;
    const uint64_t end = (address + bytes + page - 1) / page * page;
    return {first, end - first};
}

const char* explain(int error) {
    return error == EINVAL ? "this kernel does not know it, or was built without it" : strerrordesc_np(error);
}

} // namespace

HyResult allocateManaged(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.arena().allocate(bytes, *outPtr); });
}

HyResult adviseManaged(HyBackendDevice handle, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice) {
    Device& device = fromHandle(handle);
    int native = 0;
    switch (advice) {
    case HY_ADVICE_PREFER_DEVICE:
    case HY_ADVICE_PREFER_HOST:
    case HY_ADVICE_NO_PREFERENCE:
        return HY_SUCCESS; // the host's memory is the device's: each of them holds as it is
    case HY_ADVICE_LARGE_PAGES:
        native = MADV_HUGEPAGE;
        break;
    case HY_ADVICE_SMALL_PAGES:
        native = MADV_NOHUGEPAGE;
        break;
    case HY_ADVICE_NOT_SOON:
        native = MADV_COLD;
        break;
    default:
        return guarded(device.host(), [&] {
            return device.host().fail({HY_ERROR_UNSUPPORTED,
                                       "host and device read the same memory here: there are no copies to keep",
                                       "advice", "leave this advice out on a cpu device"});
        });
    }
    const Pages pages = pagesOf(device, ptr, bytes);
    if (madvise(toPointer<void>(pages.first), pages.bytes, native) == 0) {
        return HY_SUCCESS;
    }
    const int error = errno;
    return guarded(device.host(), [&] {
        return device.host().failSystem(
            HY_ERROR_UNSUPPORTED, format("the system did not take the advice (madvise): %s", explain(error)), error);
    });
}

HyResult prefetchManaged(HyBackendStream handle, HyDevicePtr ptr, uint64_t bytes, uint32_t /*toHost*/) {
    Stream& stream = fromHandle(handle);
    const Pages pages = pagesOf(stream.device(), ptr, bytes);
    return stream.submit<PrefetchCommand>(CommandKind::Prefetch, 0, [&](PrefetchCommand& command, uint64_t /*value*/) {
        command.first = toPointer<uint8_t>(pages.first);
        command.bytesToPopulate = pages.bytes;
    });
}

namespace {

constexpr uint64_t kPieceBytes = 4ULL << 20;

// Changes no byte, but is a write: the system gives a page for it.
void touch(uint8_t* first, uint64_t bytes, uint64_t page) {
    for (uint64_t at = 0; at < bytes; at += page) {
        __atomic_fetch_or(first + at, 0, __ATOMIC_RELAXED);
    }
}

} // namespace

uint64_t pieceCount(const PrefetchCommand& prefetch) {
    return (prefetch.bytesToPopulate + kPieceBytes - 1) / kPieceBytes;
}

void runPieces(Stream& stream, const PrefetchCommand& prefetch, uint64_t first, uint64_t end) {
    uint8_t* from = prefetch.first + first * kPieceBytes;
    const uint64_t bytes = std::min(prefetch.bytesToPopulate, end * kPieceBytes) - first * kPieceBytes;
    int result = 0;
    do {
        result = madvise(from, bytes, MADV_POPULATE_WRITE);
    } while (result != 0 && (errno == EAGAIN || errno == EINTR));
    if (result == 0) {
        return;
    }
    const int error = errno;
    if (error == EINVAL) { // a kernel before 5.14
        touch(from, bytes, stream.device().arena().page());
        return;
    }
    try {
        stream.fail(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                    format("the system has no pages for the memory to prefetch: %s", strerrordesc_np(error)));
    } catch (const std::bad_alloc&) {
        stream.fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, {}); // the code alone still tells
    }
}

} // namespace halyard::cpu
