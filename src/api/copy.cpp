// Copies and fills: infers what each address is, checks its range, and passes the work on.
#include "api/check.h"
#include "api/core.h"
#include "api/peer_copy.h"
#include "api/transfer_check.h"
#include "graph/attention.h"

#include <bit>

namespace halyard {
namespace {

// Bytes from the first to the last one touched of a box; false when the sum does not fit 64 bits.
bool boxSpan(uint64_t width, uint64_t height, uint64_t depth, uint64_t rowPitch, uint64_t slicePitch,
             uint64_t& outSpan) {
    uint64_t rows = 0;
    uint64_t slices = 0;
    return !__builtin_mul_overflow(height - 1, rowPitch, &rows) &&
           !__builtin_mul_overflow(depth - 1, slicePitch, &slices) && !__builtin_add_overflow(rows, slices, &outSpan) &&
           !__builtin_add_overflow(outSpan, width, &outSpan);
}

// Device memory of somebody else; host memory is within reach of every device.
bool isForeign(const Device& device, const Located& located) {
    return located.kind == Located::Kind::Live && located.range.device != &device &&
           located.range.kind != HY_MEMORY_HOST_REGISTERED && located.range.kind != HY_MEMORY_HOST_ALLOCATED;
}

HyResult failForeign(const Device& device, const Located& located, const char* argument) {
    return fail(HY_ERROR_UNSUPPORTED, argument, "use memory of the stream's device",
                "{} belongs to {}, the stream to {}", argument, located.range.device->properties.selector,
                device.properties.selector);
}

HyResult failStale(const Device& device, HyDevicePtr address, const char* argument) {
    for (const auto& other : device.instance->devices) {
        if (const std::string what = other->virtualSpace.describe(address); !what.empty()) {
            return fail(HY_ERROR_INVALID_ADDRESS, argument, "map memory there first (hyVirtualMap)", "{} ({:#x}) is {}",
                        argument, address, what);
        }
    }
    return fail(HY_ERROR_INVALID_ADDRESS, argument,
                "do not use device memory after hyMemFree, or addresses outside allocations",
                "{} ({:#x}) is a device address that belongs to no live allocation", argument, address);
}

// Host memory that nobody has told us of, unless the host itself cannot reach it.
HyResult checkUnknown(const Device& device, HyDevicePtr address, uint64_t bytes, const char* argument) {
    const AddressMap& addresses = device.instance->addresses;
    for (const HyDevicePtr at : {address, address + (bytes - 1)}) {
        if (addresses.isNobodys(at)) {
            return fail(HY_ERROR_INVALID_ADDRESS, argument,
                        "do not use device memory after hyMemFree, or addresses outside allocations; memory that was "
                        "not allocated by Halyard must be readable by the host",
                        "{} bytes at {} ({:#x}): {:#x} is in no live allocation of a device, and the host cannot read "
                        "it",
                        bytes, argument, address, at);
        }
    }
    return HY_SUCCESS;
}

// Mappings side by side count as one range.
HyResult checkMapped(const AddressRange& range, HyDevicePtr address, uint64_t bytes, HyMemoryAccess access,
                     const char* argument) {
    Device& owner = *range.device;
    const uint64_t reach = owner.instance->addresses.reach(address, bytes, access);
    if (reach >= bytes)
        return HY_SUCCESS;
    const std::string what = owner.virtualSpace.describe(address + reach);
    return fail(HY_ERROR_INVALID_ADDRESS, argument,
                "map the whole range (hyVirtualMap) and give it access (hyVirtualSetAccess)",
                "{} bytes at {} ({:#x}), to be {}: the address {} bytes on is {}", bytes, argument, address,
                access == HY_ACCESS_READ ? "read" : "written", reach,
                what.empty() ? "outside of the reservation" : what);
}

HyResult checkRange(const Device& device, const Located& located, HyDevicePtr address, uint64_t bytes,
                    HyMemoryAccess access, const char* argument) {
    if (address == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, argument, "pass a device address or hyHostAddress of a pointer",
                    "{} is 0", argument);
    if (bytes > UINT64_MAX - address) {
        return fail(HY_ERROR_INVALID_ADDRESS, argument, "check the size",
                    "{} + {} bytes wraps around the address space ({:#x})", argument, bytes, address);
    }
    switch (located.kind) {
    case Located::Kind::Stale:
        return failStale(device, address, argument);
    case Located::Kind::Unknown:
        return checkUnknown(device, address, bytes, argument);
    case Located::Kind::Live:
        break;
    }
    const AddressRange& range = located.range;
    if (range.kind == HY_MEMORY_VIRTUAL) {
        HY_TRY(checkMapped(range, address, bytes, access, argument));
    } else if (bytes > range.bytesFrom(address)) {
        return fail(HY_ERROR_INVALID_ADDRESS, argument, "copy less, or allocate more",
                    "{} bytes at {} ({:#x}) pass the end of its allocation of {} bytes, which has {} left from there",
                    bytes, argument, address, range.bytes, range.bytesFrom(address));
    }
    return HY_SUCCESS;
}

bool isHost(const Device& device, const Located& located) {
    return located.kind == Located::Kind::Unknown ||
           (located.kind == Located::Kind::Live && located.range.device != &device);
}

uint32_t hostMask(const Device& device, const Located& dst, const Located& src) {
    return (isHost(device, dst) ? HY_BACKEND_COPY_DST_HOST : 0) | (isHost(device, src) ? HY_BACKEND_COPY_SRC_HOST : 0);
}

// Registered memory of another device is plain host memory to this one.
void toHostAddress(const Device& device, const Located& located, HyDevicePtr& address) {
    if (located.kind == Located::Kind::Live && located.range.device != &device)
        address = hyHostAddress(located.range.host + (address - located.range.base));
}

HyResult checkBytes(const Device& device, const Located& to, const Located& from, HyDevicePtr dst, HyDevicePtr src,
                    uint64_t bytes) {
    HY_TRY(checkRange(device, to, dst, bytes, HY_ACCESS_READ_WRITE, "dst"));
    HY_TRY(checkRange(device, from, src, bytes, HY_ACCESS_READ, "src"));
    if (dst - src < bytes || src - dst < bytes) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "dst", "copy through a third buffer",
                    "dst ({:#x}) and src ({:#x}) overlap within {} bytes", dst, src, bytes);
    }
    return HY_SUCCESS;
}

HyResult requireOwn(const Device& device, const Located& to, const Located& from) {
    if (isForeign(device, to))
        return failForeign(device, to, "dst");
    return isForeign(device, from) ? failForeign(device, from, "src") : HY_SUCCESS;
}

HyCopy3D flatBox(HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    return {.structSize = sizeof(HyCopy3D),
            .flags = 0,
            .next = nullptr,
            .dst = dst,
            .src = src,
            .dstRowPitch = bytes,
            .dstSlicePitch = bytes,
            .srcRowPitch = bytes,
            .srcSlicePitch = bytes,
            .widthBytes = bytes,
            .height = 1,
            .depth = 1};
}

} // namespace

HyResult checkCopy(const Device& device, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t& outHostMask) {
    const auto [to, from] = device.instance->addresses.locate(dst, src);
    HY_TRY(checkBytes(device, to, from, dst, src, bytes));
    HY_TRY(requireOwn(device, to, from));
    outHostMask = hostMask(device, to, from);
    return HY_SUCCESS;
}

namespace {

HyResult copy(Stream& stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    if (bytes == 0)
        return HY_SUCCESS;
    const Device& device = *stream.device;
    const auto [to, from] = stream.instance->addresses.locate(dst, src);
    HY_TRY(checkBytes(device, to, from, dst, src, bytes));
    const bool foreign = isForeign(device, to) || isForeign(device, from);
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (foreign)
            HY_TRY(graph::requireUncaptured(stream, "graphs are of one device, and it copies between two"));
        else if (const graph::Taken taken = graph::takeCopy(stream, graph::linearCopy(dst, src, bytes)))
            return *taken;
    }
    if (foreign) [[unlikely]]
        return stream.instance->peers->copy(stream, flatBox(dst, src, bytes), to, from);
    const uint32_t mask = hostMask(device, to, from);
    toHostAddress(device, to, dst);
    toHostAddress(device, from, src);
    return blameBackend(device.backend->name, stream.tables->stream.copy(stream.impl, dst, src, bytes, mask));
}

HyResult copyPeer(Stream& stream, HyDevice dstHandle, HyDevicePtr dst, HyDevice srcHandle, HyDevicePtr src,
                  uint64_t bytes) {
    HyResult result = HY_SUCCESS;
    const auto* dstDevice = resolve<Device>(dstHandle, "dstDevice", result);
    const auto* srcDevice = dstDevice != nullptr ? resolve<Device>(srcHandle, "srcDevice", result) : nullptr;
    if (srcDevice == nullptr)
        return result;
    if (bytes == 0)
        return HY_SUCCESS;
    const auto [to, from] = stream.instance->addresses.locate(dst, src);
    HY_TRY(checkBytes(*stream.device, to, from, dst, src, bytes));
    const auto requireOf = [](const Device& device, const Located& located, const char* argument) {
        if (located.kind == Located::Kind::Live && located.range.device == &device)
            return HY_SUCCESS;
        return fail(HY_ERROR_INVALID_ADDRESS, argument, "pass the device that allocated the memory",
                    "{} is not memory of {}", argument, device.properties.selector);
    };
    HY_TRY(requireOf(*dstDevice, to, "dst"));
    HY_TRY(requireOf(*srcDevice, from, "src"));
    return copy(stream, dst, src, bytes);
}

HyResult checkPitches(uint64_t rowBytes, uint64_t height, uint64_t depth, uint64_t rowPitch, uint64_t slicePitch,
                      const char* rowArgument, const char* sliceArgument) {
    if (height > 1 && rowPitch < rowBytes) {
        return fail(HY_ERROR_INVALID_ARGUMENT, rowArgument, "pass the distance between rows in bytes",
                    "{} is {}, less than a row of {} bytes", rowArgument, rowPitch, rowBytes);
    }
    uint64_t slice = 0;
    if (depth > 1 && (__builtin_mul_overflow(rowPitch, height, &slice) || slicePitch < slice)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, sliceArgument, "pass the distance between slices in bytes",
                    "{} is {}, less than {} rows of {} bytes", sliceArgument, slicePitch, height, rowPitch);
    }
    return HY_SUCCESS;
}

HyResult failSpan(const char* argument) {
    return fail(HY_ERROR_INVALID_ADDRESS, argument, "check the extents and pitches",
                "the box at {} does not fit a 64-bit address space", argument);
}

} // namespace

namespace {

HyResult checkBox(const Device& device, const HyCopy3D& box, const Located& to, const Located& from) {
    HY_TRY(checkPitches(box.widthBytes, box.height, box.depth, box.dstRowPitch, box.dstSlicePitch, "dstRowPitch",
                        "dstSlicePitch"));
    HY_TRY(checkPitches(box.widthBytes, box.height, box.depth, box.srcRowPitch, box.srcSlicePitch, "srcRowPitch",
                        "srcSlicePitch"));
    uint64_t dstSpan = 0;
    uint64_t srcSpan = 0;
    if (!boxSpan(box.widthBytes, box.height, box.depth, box.dstRowPitch, box.dstSlicePitch, dstSpan))
        return failSpan("dst");
    if (!boxSpan(box.widthBytes, box.height, box.depth, box.srcRowPitch, box.srcSlicePitch, srcSpan))
        return failSpan("src");
    HY_TRY(checkRange(device, to, box.dst, dstSpan, HY_ACCESS_READ_WRITE, "dst"));
    return checkRange(device, from, box.src, srcSpan, HY_ACCESS_READ, "src");
}

} // namespace

HyResult checkCopyBox(const Device& device, const HyCopy3D& box, uint32_t& outHostMask) {
    const auto [to, from] = device.instance->addresses.locate(box.dst, box.src);
    HY_TRY(checkBox(device, box, to, from));
    HY_TRY(requireOwn(device, to, from));
    outHostMask = hostMask(device, to, from);
    return HY_SUCCESS;
}

namespace {

HyResult copyBox(Stream& stream, HyCopy3D box) {
    if (isEmpty(box))
        return HY_SUCCESS;
    const Device& device = *stream.device;
    const auto [to, from] = stream.instance->addresses.locate(box.dst, box.src);
    HY_TRY(checkBox(device, box, to, from));
    const bool foreign = isForeign(device, to) || isForeign(device, from);
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (foreign)
            HY_TRY(graph::requireUncaptured(stream, "graphs are of one device, and it copies between two"));
        else if (const graph::Taken taken = graph::takeCopy(stream, {.box = box}))
            return *taken;
    }
    if (foreign) [[unlikely]]
        return stream.instance->peers->copy(stream, box, to, from);
    const uint32_t mask = hostMask(device, to, from);
    toHostAddress(device, to, box.dst);
    toHostAddress(device, from, box.src);
    return blameBackend(device.backend->name, stream.tables->stream.copy3D(stream.impl, &box, mask));
}

// What 1D and 3D fills check alike. `bytes` is the span that is written.
HyResult checkFill(const Device& device, HyDevicePtr dst, uint64_t bytes, const void* pattern, uint32_t patternBytes) {
    HY_TRY(requirePointer(pattern, "pattern"));
    const Located located = device.instance->addresses.locate(dst);
    HY_TRY(checkRange(device, located, dst, bytes, HY_ACCESS_READ_WRITE, "dst"));
    if (located.kind == Located::Kind::Live && located.range.device != &device)
        return failForeign(device, located, "dst");
    if (located.kind == Located::Kind::Unknown) {
        return fail(HY_ERROR_INVALID_ADDRESS, "dst", "fill memory from hyMemAlloc, or register the range first",
                    "dst ({:#x}) is host memory that is not registered", dst);
    }
    if (dst % patternBytes != 0) {
        return fail(HY_ERROR_MISALIGNED, "dst", "align the address or use a smaller pattern",
                    "dst ({:#x}) is not a multiple of the pattern's {} bytes", dst, patternBytes);
    }
    return HY_SUCCESS;
}

} // namespace

HyResult checkPatternSize(uint32_t patternBytes) {
    if (patternBytes <= 16 && std::has_single_bit(patternBytes))
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_ARGUMENT, "patternBytes", "use a pattern of 1, 2, 4, 8 or 16 bytes",
                "patternBytes is {}", patternBytes);
}

HyResult checkFillRange(const Device& device, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                        uint64_t count) {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(count, patternBytes, &bytes))
        return failSpan("dst");
    return checkFill(device, dst, bytes, pattern, patternBytes);
}

namespace {

HyResult fillRange(const Stream& stream, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    HY_TRY(checkPatternSize(patternBytes));
    if (count == 0)
        return HY_SUCCESS;
    HY_TRY(checkFillRange(*stream.device, dst, pattern, patternBytes, count));
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (const graph::Taken taken = graph::takeFill(stream, graph::linearFill(dst, pattern, patternBytes, count)))
            return *taken;
    }
    return blameBackend(stream.device->backend->name,
                        stream.tables->stream.fill(stream.impl, dst, pattern, patternBytes, count));
}

} // namespace

HyResult checkFillBox(const Device& device, const HyFill3D& box) {
    uint64_t rowBytes = 0;
    uint64_t span = 0;
    if (__builtin_mul_overflow(box.width, box.patternBytes, &rowBytes))
        return failSpan("dst");
    HY_TRY(checkPitches(rowBytes, box.height, box.depth, box.rowPitch, box.slicePitch, "rowPitch", "slicePitch"));
    const bool rowsMisaligned = box.height > 1 && box.rowPitch % box.patternBytes != 0;
    if (rowsMisaligned || (box.depth > 1 && box.slicePitch % box.patternBytes != 0)) {
        return fail(HY_ERROR_MISALIGNED, rowsMisaligned ? "rowPitch" : "slicePitch",
                    "make pitches multiples of the pattern",
                    "rowPitch {} or slicePitch {} is not a multiple of the pattern's {} bytes", box.rowPitch,
                    box.slicePitch, box.patternBytes);
    }
    if (!boxSpan(rowBytes, box.height, box.depth, box.rowPitch, box.slicePitch, span))
        return failSpan("dst");
    return checkFill(device, box.dst, span, box.pattern, box.patternBytes);
}

namespace {

HyResult fillBox(const Stream& stream, const HyFill3D& box) {
    HY_TRY(checkPatternSize(box.patternBytes));
    if (isEmpty(box))
        return HY_SUCCESS;
    HY_TRY(checkFillBox(*stream.device, box));
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (const graph::Taken taken = graph::takeFill(stream, graph::packFill(box)))
            return *taken;
    }
    return blameBackend(stream.device->backend->name, stream.tables->stream.fill3D(stream.impl, &box));
}

} // namespace

namespace core {

HyResult hyMemcpyAsync(HyStream stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    return onObject<Stream>("hyMemcpyAsync", stream, "stream",
                            [&](Stream& object) { return copy(object, dst, src, bytes); });
}

HyResult hyMemcpy2DAsync(HyStream stream, HyDevicePtr dst, uint64_t dstPitch, HyDevicePtr src, uint64_t srcPitch,
                         uint64_t widthBytes, uint64_t height) {
    return onObject<Stream>("hyMemcpy2DAsync", stream, "stream", [&](Stream& object) {
        const HyCopy3D box = {.structSize = sizeof box,
                              .flags = 0,
                              .next = nullptr,
                              .dst = dst,
                              .src = src,
                              .dstRowPitch = dstPitch,
                              .dstSlicePitch = 0,
                              .srcRowPitch = srcPitch,
                              .srcSlicePitch = 0,
                              .widthBytes = widthBytes,
                              .height = height,
                              .depth = 1};
        return copyBox(object, box);
    });
}

HyResult hyMemcpy3DAsync(HyStream stream, const HyCopy3D* copy) {
    return onObject<Stream>("hyMemcpy3DAsync", stream, "stream", [&](Stream& object) {
        HyCopy3D box{};
        HY_TRY(readDesc(copy, box, kCopy3DV1, 0, "copy"));
        return copyBox(object, box);
    });
}

HyResult hyMemcpyPeerAsync(HyStream stream, HyDevice dstDevice, HyDevicePtr dst, HyDevice srcDevice, HyDevicePtr src,
                           uint64_t bytes) {
    return onObject<Stream>("hyMemcpyPeerAsync", stream, "stream",
                            [&](Stream& object) { return copyPeer(object, dstDevice, dst, srcDevice, src, bytes); });
}

HyResult hyMemFillAsync(HyStream stream, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    return onObject<Stream>("hyMemFillAsync", stream, "stream",
                            [&](const Stream& object) { return fillRange(object, dst, pattern, patternBytes, count); });
}

HyResult hyMemFill3DAsync(HyStream stream, const HyFill3D* fill) {
    return onObject<Stream>("hyMemFill3DAsync", stream, "stream", [&](const Stream& object) {
        HyFill3D box{};
        HY_TRY(readDesc(fill, box, kFill3DV1, 0, "fill"));
        return fillBox(object, box);
    });
}

} // namespace core
} // namespace halyard
