// The size rule of every structure in the ABI (halyard.h, convention 3), for the application side, the backend side and
// the tests. The rule is the one Linux applies to extensible system call arguments (copy_struct_from_user in
// linux/uaccess.h): a short structure has a zero tail, a long one must have a zero tail.
#pragma once

#include "halyard/halyard.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace halyard {

enum class StructFault {
    None,
    TooSmall,    // smaller than the first published version
    UnknownTail, // larger than ours, and the part that we do not know is not zero
};

// Copies a caller's structure into `out`, complete: missing fields are zero. `v1Size` is the size of the first
// published version. REQUIRES: `in` is readable for its structSize bytes (at least 4).
template <typename T> StructFault readStruct(const T* in, T& out, size_t v1Size) {
    const uint32_t size = in->structSize;
    if (size < v1Size)
        return StructFault::TooSmall;
    const auto* bytes = reinterpret_cast<const unsigned char*>(in);
    if (size > sizeof(T) && std::any_of(bytes + sizeof(T), bytes + size, [](unsigned char b) { return b != 0; }))
        return StructFault::UnknownTail;
    std::memset(static_cast<void*>(&out), 0, sizeof(T));
    std::memcpy(static_cast<void*>(&out), in, std::min<size_t>(size, sizeof(T)));
    out.structSize = sizeof(T);
    return StructFault::None;
}

// Fills a caller's structure: min(its size, ours) bytes; a tail that we do not know is zeroed. The caller's structSize
// stays as it was. Returns false, and writes nothing, when it is smaller than the first published version.
template <typename T> bool writeStruct(T* out, const T& value, size_t v1Size) {
    const uint32_t size = out->structSize;
    if (size < v1Size)
        return false;
    std::memcpy(static_cast<void*>(out), &value, std::min<size_t>(size, sizeof(T)));
    if (size > sizeof(T))
        std::memset(reinterpret_cast<unsigned char*>(out) + sizeof(T), 0, size - sizeof(T));
    out->structSize = size;
    return true;
}

// Copies a table of functions of any minor version into a zeroed one of ours. A slot that lies only partly inside
// structSize is a hole: half a pointer must never be called.
template <typename T> void readTable(const T* in, T& out) {
    std::memset(static_cast<void*>(&out), 0, sizeof(T));
    if (in != nullptr) {
        const size_t wholeSlots = in->structSize - in->structSize % sizeof(void*);
        std::memcpy(static_cast<void*>(&out), in, std::min(wholeSlots, sizeof(T)));
    }
    out.structSize = sizeof(T);
}

// Sizes of the first published version, as numbers so that a growing structure cannot move them.
constexpr size_t kErrorInfoV1 = 64;
constexpr size_t kInstanceDescV1 = 48;
constexpr size_t kBackendInfoV1 = 72;
constexpr size_t kCountersV1 = 72;
constexpr size_t kDevicePropertiesV1 = 528;
constexpr size_t kPointerInfoV1 = 48;
constexpr size_t kStreamDescV1 = 24;
constexpr size_t kCopy3DV1 = 88;
constexpr size_t kFill3DV1 = 80;
constexpr size_t kModuleDescV1 = 48;
constexpr size_t kKernelInfoV1 = 64;
constexpr size_t kParameterInfoV1 = 32;
constexpr size_t kLaunchDescV1 = 104;
constexpr size_t kNativeHandleV1 = 24;
constexpr size_t kSemaphoreDescV1 = 24;
constexpr size_t kGraphNodeInfoV1 = 144;
constexpr size_t kCaptureInfoV1 = 32;
constexpr size_t kKernelDescV1 = 32;
constexpr size_t kOccupancyV1 = 24;
constexpr size_t kCooperativeMatrixInfoV1 = 40;
constexpr size_t kPhysicalMemoryDescV1 = 24;
constexpr size_t kMemoryPoolDescV1 = 24;
constexpr size_t kMemoryPoolStatisticsV1 = 40;

} // namespace halyard
