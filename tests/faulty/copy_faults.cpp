// Copies that move too little, to the wrong place or at the wrong time.
#include "target.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/uio.h>
#include <thread>
#include <unistd.h>

namespace halyard::faulty {
namespace {

template <class T> T* address(HyDevicePtr ptr) {
    return reinterpret_cast<T*>(ptr);
}

void atOnce(Tables& tables) {
    tables.stream.copy = [](HyBackendStream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t) -> HyResult {
        std::memcpy(address<void>(dst), address<void>(src), bytes);
        return HY_SUCCESS;
    };
}

void truncatedTo32Bits(Tables& tables) {
    tables.stream.copy = [](HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t mask) {
        return real().stream.copy(stream, dst, src, static_cast<uint32_t>(bytes), mask);
    };
}

void lastByteMissing(Tables& tables) {
    tables.stream.copy = [](HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t mask) {
        return real().stream.copy(stream, dst, src, bytes - 1, mask);
    };
}

void oneByteTooMany(Tables& tables) {
    tables.stream.copy = [](HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t mask) {
        return real().stream.copy(stream, dst, src, bytes + 1, mask);
    };
}

void toTheHostIsMissing(Tables& tables) {
    tables.stream.copy = [](HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t mask) {
        return (mask & HY_BACKEND_COPY_DST_HOST) != 0 ? HY_SUCCESS : real().stream.copy(stream, dst, src, bytes, mask);
    };
}

// The end of what the copy writes, for a thread that is late.
struct Late {
    HyDevicePtr dst, src;
    uint64_t bytes;

    static void run(void* user, HyResult) {
        const Late late = *static_cast<Late*>(user);
        delete static_cast<Late*>(user);
        std::vector<std::byte> data(late.bytes);
        std::memcpy(data.data(), address<void>(late.src), late.bytes);
        std::thread([late, data = std::move(data)]() mutable {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            // By the system, which only refuses when the memory is gone by now.
            const iovec from{data.data(), late.bytes}, to{address<void>(late.dst), late.bytes};
            static_cast<void>(process_vm_writev(getpid(), &from, 1, &to, 1, 0));
        }).detach();
    }
};

// As where a cache is not written back before the event that says so.
void visibleLate(Tables& tables) {
    tables.stream.copy = [](HyBackendStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t mask) {
        if ((mask & HY_BACKEND_COPY_DST_HOST) != 0)
            return real().stream.copy(stream, dst, src, bytes, mask);
        const uint64_t late = std::min<uint64_t>(bytes, 64);
        const uint64_t early = bytes - late;
        const HyResult result = real().stream.copy(stream, dst, src, early, mask);
        return result == HY_SUCCESS
                   ? real().stream.hostFunction(stream, Late::run, new Late{dst + early, src + early, late})
                   : result;
    };
}

template <auto change> HyResult changedBox(HyBackendStream stream, const HyCopy3D* copy, uint32_t mask) {
    HyCopy3D changed = *copy;
    change(changed);
    return real().stream.copy3D(stream, &changed, mask);
}

void boxIgnoresDstPitch(Tables& tables) {
    tables.stream.copy3D = changedBox<[](HyCopy3D& box) { box.dstRowPitch = box.widthBytes; }>;
}

void boxIgnoresSrcSlicePitch(Tables& tables) {
    tables.stream.copy3D = changedBox<[](HyCopy3D& box) { box.srcSlicePitch = box.srcRowPitch * box.height; }>;
}

void boxLastRowMissing(Tables& tables) {
    tables.stream.copy3D = changedBox<[](HyCopy3D& box) { box.height -= 1; }>;
}

void boxLastSliceMissing(Tables& tables) {
    tables.stream.copy3D = changedBox<[](HyCopy3D& box) { box.depth -= (box.depth > 1) ? 1 : 0; }>;
}

void boxCopiesWholePitch(Tables& tables) {
    tables.stream.copy3D =
        changedBox<[](HyCopy3D& box) { box.widthBytes = std::min(box.dstRowPitch, box.srcRowPitch); }>;
}

void boxPitchTruncated(Tables& tables) {
    tables.stream.copy3D = changedBox<[](HyCopy3D& box) {
        box.dstRowPitch = static_cast<uint32_t>(box.dstRowPitch);
        box.srcSlicePitch = static_cast<uint32_t>(box.srcSlicePitch);
        box.dstSlicePitch = static_cast<uint32_t>(box.dstSlicePitch);
    }>;
}

constexpr Fault kFaults[] = {
    {"copy-at-once", "a copy does not wait for earlier work of its stream", "Streams.KeepTheirOrder", atOnce},
    {"copy-truncated-to-32-bits", "a copy of more than 4 GiB moves the rest only", "LargeMemory.OneCopy*",
     truncatedTo32Bits},
    {"copy-last-byte-missing", "a copy leaves out its last byte", "Copy.*", lastByteMissing},
    {"copy-one-byte-too-many", "a copy writes a byte behind its range", "Copies.*:Copy.*", oneByteTooMany},
    {"copy-to-host-missing", "a copy to host memory does nothing and is a success", "Copy.*", toTheHostIsMissing},
    {"copy-visible-late", "an event is done before what a copy wrote is visible", "Visibility.*", visibleLate},
    {"copy-box-ignores-dst-pitch", "rows of a copied box lie side by side", "Copy.T*", boxIgnoresDstPitch},
    {"copy-box-ignores-slice-pitch", "slices of a box are read one behind the other", "Copy.T*:Copies.*",
     boxIgnoresSrcSlicePitch},
    {"copy-box-last-row-missing", "a box loses its last row", "Copy.T*", boxLastRowMissing},
    {"copy-box-last-slice-missing", "a box loses its last slice", "Copy.T*", boxLastSliceMissing},
    {"copy-box-writes-the-pitch", "what lies between the rows of a box is overwritten", "Copy.T*", boxCopiesWholePitch},
    {"copy-box-pitch-truncated", "pitches of more than 4 GiB lose their upper half", "Copies.*", boxPitchTruncated},
};

} // namespace

std::span<const Fault> copyFaults() {
    return kFaults;
}

} // namespace halyard::faulty
