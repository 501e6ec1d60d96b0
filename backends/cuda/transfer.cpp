#include "transfer.h"

#include "stream_profile.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {
uint32_t shortestPattern(const uint8_t* pattern, uint32_t bytes) {
    while (bytes > 1 && std::memcmp(pattern, pattern + bytes / 2, bytes / 2) == 0)
        bytes /= 2;
    return bytes;
}

namespace {

constexpr const char* kCopy = "copy";
// A box as the driver takes it, in pieces: rows of one slice.
struct Rows {
    CUdeviceptr dst, src;
    uint64_t dstPitch, srcPitch;
    uint64_t width, height;
    uint32_t hostMask;
};

// NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of the interface are numbers
uint8_t* hostPointer(CUdeviceptr address) {
    return reinterpret_cast<uint8_t*>(address);
}

void copyOnHost(const HyCopy3D& box) {
    for (uint64_t z = 0; z < box.depth; ++z) {
        for (uint64_t y = 0; y < box.height; ++y)
            std::memcpy(hostPointer(box.dst + z * box.dstSlicePitch + y * box.dstRowPitch),
                        hostPointer(box.src + z * box.srcSlicePitch + y * box.srcRowPitch), box.widthBytes);
    }
}

CUresult copyRow(Stream& stream, CUdeviceptr dst, CUdeviceptr src, uint64_t bytes, uint32_t hostMask) {
    const Symbols& cu = stream.device().cu();
    if ((hostMask & HY_BACKEND_COPY_SRC_HOST) != 0)
        return cu.cuMemcpyHtoDAsync_v2(dst, hostPointer(src), bytes, stream.handle());
    if ((hostMask & HY_BACKEND_COPY_DST_HOST) != 0)
        return cu.cuMemcpyDtoHAsync_v2(hostPointer(dst), src, bytes, stream.handle());
    return cu.cuMemcpyAsync(dst, src, bytes, stream.handle());
}

CUDA_MEMCPY2D describeRows(const Rows& rows) {
    CUDA_MEMCPY2D out{};
    out.srcMemoryType = out.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    out.srcDevice = rows.src;
    out.dstDevice = rows.dst;
    if ((rows.hostMask & HY_BACKEND_COPY_SRC_HOST) != 0) {
        out.srcMemoryType = CU_MEMORYTYPE_HOST;
        out.srcHost = hostPointer(rows.src);
    }
    if ((rows.hostMask & HY_BACKEND_COPY_DST_HOST) != 0) {
        out.dstMemoryType = CU_MEMORYTYPE_HOST;
        out.dstHost = hostPointer(rows.dst);
    }
    out.srcPitch = rows.srcPitch;
    out.dstPitch = rows.dstPitch;
    out.WidthInBytes = rows.width;
    out.Height = rows.height;
    return out;
}

// The driver's own copy. Of pageable memory it takes what is there now, so that is for streams with nothing to wait
// for.
CUresult copyRows(Stream& stream, const Rows& rows) {
    if (rows.height == 1 || (rows.dstPitch == rows.width && rows.srcPitch == rows.width))
        return copyRow(stream, rows.dst, rows.src, rows.width * rows.height, rows.hostMask);
    const uint64_t limit = stream.device().info().maxPitch;
    if (rows.dstPitch <= limit && rows.srcPitch <= limit) {
        const CUDA_MEMCPY2D native = describeRows(rows);
        return stream.device().cu().cuMemcpy2DAsync_v2(&native, stream.handle());
    }
    for (uint64_t y = 0; y < rows.height; ++y) {
        const CUresult code =
            copyRow(stream, rows.dst + y * rows.dstPitch, rows.src + y * rows.srcPitch, rows.width, rows.hostMask);
        if (code != CUDA_SUCCESS)
            return code;
    }
    return CUDA_SUCCESS;
}

// One piece, at most as large as the staging memory, by way of it. REQUIRES: submitMutex is held.
HyResult copyPieceStaged(Stream& stream, const Rows& rows, uint8_t* staging) {
    Device& device = stream.device();
    const bool fromHost = (rows.hostMask & HY_BACKEND_COPY_SRC_HOST) != 0;
    const auto middle = reinterpret_cast<CUdeviceptr>(staging);
    Rows outer = rows; // between the device and the staging memory, which the driver copies as it is told
    HyCopy3D inner{sizeof(HyCopy3D), 0, nullptr,    rows.dst,    rows.src, rows.dstPitch, 0,
                   rows.srcPitch,    0, rows.width, rows.height, 1};
    if (fromHost) {
        outer.src = inner.dst = middle;
        outer.srcPitch = inner.dstRowPitch = rows.width;
    } else {
        outer.dst = inner.src = middle;
        outer.dstPitch = inner.srcRowPitch = rows.width;
    }
    const auto onHost = [inner](HyResult status) {
        if (status == HY_SUCCESS)
            copyOnHost(inner);
    };
    if (fromHost) {
        if (const HyResult result = device.hostCalls().submit(stream.handle(), onHost); result != HY_SUCCESS)
            return result;
    }
    if (const HyResult result = device.check(copyRows(stream, outer), kCopy); result != HY_SUCCESS)
        return result;
    return fromHost ? HY_SUCCESS : device.hostCalls().submit(stream.handle(), onHost);
}

HyResult copyRowsStaged(Stream& stream, const Rows& rows) {
    const std::scoped_lock lock(stream.submitMutex());
    uint8_t* staging = nullptr;
    if (const HyResult result = stream.staging(staging); result != HY_SUCCESS)
        return result;
    const uint64_t rowsAtOnce = std::max<uint64_t>(1, Stream::kStagingBytes / rows.width);
    for (uint64_t y = 0; y < rows.height; y += rowsAtOnce) {
        for (uint64_t x = 0; x < rows.width; x += Stream::kStagingBytes) {
            Rows piece = rows;
            piece.dst += y * rows.dstPitch + x;
            piece.src += y * rows.srcPitch + x;
            piece.width = std::min(rows.width - x, Stream::kStagingBytes);
            piece.height = std::min(rows.height - y, rowsAtOnce);
            if (const HyResult result = copyPieceStaged(stream, piece, staging); result != HY_SUCCESS)
                return result;
        }
    }
    return HY_SUCCESS;
}

bool fitsNative3D(const Device& device, const HyCopy3D& box) {
    const uint64_t limit = device.info().maxPitch;
    return box.dstRowPitch <= limit && box.srcRowPitch <= limit && box.dstSlicePitch % box.dstRowPitch == 0 &&
           box.srcSlicePitch % box.srcRowPitch == 0;
}

CUresult copyNative3D(Stream& stream, const HyCopy3D& box) {
    CUDA_MEMCPY3D native{};
    native.srcMemoryType = native.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    native.srcDevice = box.src;
    native.dstDevice = box.dst;
    native.srcPitch = box.srcRowPitch;
    native.dstPitch = box.dstRowPitch;
    native.srcHeight = box.srcSlicePitch / box.srcRowPitch;
    native.dstHeight = box.dstSlicePitch / box.dstRowPitch;
    native.WidthInBytes = box.widthBytes;
    native.Height = box.height;
    native.Depth = box.depth;
    return stream.device().cu().cuMemcpy3DAsync_v2(&native, stream.handle());
}

CUresult fillWords(Stream& stream, CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t count) {
    const Symbols& cu = stream.device().cu();
    uint32_t value = 0;
    std::memcpy(&value, pattern, bytes);
    switch (bytes) {
    case 1:
        return cu.cuMemsetD8Async(dst, static_cast<unsigned char>(value), count, stream.handle());
    case 2:
        return cu.cuMemsetD16Async(dst, static_cast<unsigned short>(value), count, stream.handle());
    default:
        return cu.cuMemsetD32Async(dst, value, count, stream.handle());
    }
}

CUresult fillWordRows(Stream& stream, const HyFill3D& rows, CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes,
                      uint64_t width) {
    const Symbols& cu = stream.device().cu();
    uint32_t value = 0;
    std::memcpy(&value, pattern, bytes);
    switch (bytes) {
    case 1:
        return cu.cuMemsetD2D8Async(dst, rows.rowPitch, static_cast<unsigned char>(value), width, rows.height,
                                    stream.handle());
    case 2:
        return cu.cuMemsetD2D16Async(dst, rows.rowPitch, static_cast<unsigned short>(value), width, rows.height,
                                     stream.handle());
    default:
        return cu.cuMemsetD2D32Async(dst, rows.rowPitch, value, width, rows.height, stream.handle());
    }
}

// Patterns of 8 and 16 bytes, which the driver does not have: the first few by columns of 4 bytes, and copies of what
// is there behind it, twice as much each time.
CUresult fillLong(Stream& stream, CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t count) {
    constexpr uint64_t kByColumns = 1024;
    const Symbols& cu = stream.device().cu();
    const uint64_t first = std::min(count, kByColumns);
    for (uint32_t at = 0; at < bytes; at += sizeof(uint32_t)) {
        uint32_t value = 0;
        std::memcpy(&value, pattern + at, sizeof value);
        const CUresult code = cu.cuMemsetD2D32Async(dst + at, bytes, value, 1, first, stream.handle());
        if (code != CUDA_SUCCESS)
            return code;
    }
    for (uint64_t done = first; done < count;) {
        const uint64_t more = std::min(done, count - done);
        const CUresult code = cu.cuMemcpyAsync(dst + done * bytes, dst, more * bytes, stream.handle());
        if (code != CUDA_SUCCESS)
            return code;
        done += more;
    }
    return CUDA_SUCCESS;
}

CUresult fillRow(Stream& stream, CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t count) {
    return bytes <= sizeof(uint32_t) ? fillWords(stream, dst, pattern, bytes, count)
                                     : fillLong(stream, dst, pattern, bytes, count);
}

// `width` in patterns of `bytes` bytes.
CUresult fillRows(Stream& stream, const HyFill3D& fill, CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes,
                  uint64_t width) {
    if (fill.height == 1 || fill.rowPitch == width * bytes)
        return fillRow(stream, dst, pattern, bytes, width * fill.height);
    if (bytes <= sizeof(uint32_t) && fill.rowPitch <= stream.device().info().maxPitch)
        return fillWordRows(stream, fill, dst, pattern, bytes, width);
    if (const CUresult code = fillRow(stream, dst, pattern, bytes, width); code != CUDA_SUCCESS)
        return code;
    for (uint64_t done = 1; done < fill.height;) {
        const uint64_t more = std::min(done, fill.height - done);
        const CUresult code =
            copyRows(stream, {dst + done * fill.rowPitch, dst, fill.rowPitch, fill.rowPitch, width * bytes, more, 0});
        if (code != CUDA_SUCCESS)
            return code;
        done += more;
    }
    return CUDA_SUCCESS;
}

HyResult submitCopy(Stream& stream, const HyCopy3D& box, uint32_t hostMask) {
    Device& device = stream.device();
    const Current current = enterContext(device);
    if (hostMask == (HY_BACKEND_COPY_DST_HOST | HY_BACKEND_COPY_SRC_HOST))
        return device.hostCalls().submit(stream.handle(), [box](HyResult status) {
            if (status == HY_SUCCESS)
                copyOnHost(box);
        });
    if (hostMask == 0 && box.depth > 1 && fitsNative3D(device, box))
        return device.check(copyNative3D(stream, box), kCopy);
    for (uint64_t z = 0; z < box.depth; ++z) {
        const Rows rows{box.dst + z * box.dstSlicePitch,
                        box.src + z * box.srcSlicePitch,
                        box.dstRowPitch,
                        box.srcRowPitch,
                        box.widthBytes,
                        box.height,
                        hostMask};
        const bool direct = hostMask == 0 || stream.idle();
        const HyResult result = direct ? device.check(copyRows(stream, rows), kCopy) : copyRowsStaged(stream, rows);
        if (result != HY_SUCCESS)
            return result;
    }
    return HY_SUCCESS;
}

HyResult submitFill(Stream& stream, const HyFill3D& fill) {
    Device& device = stream.device();
    const Current current = enterContext(device);
    const auto* pattern = static_cast<const uint8_t*>(fill.pattern);
    const uint32_t bytes = shortestPattern(pattern, fill.patternBytes);
    const uint64_t width = fill.width * (fill.patternBytes / bytes);
    for (uint64_t z = 0; z < fill.depth; ++z) {
        const CUresult code = fillRows(stream, fill, fill.dst + z * fill.slicePitch, pattern, bytes, width);
        if (code != CUDA_SUCCESS)
            return device.fail(code, "fill memory");
    }
    return HY_SUCCESS;
}

} // namespace

HyResult copyBox(Stream& stream, const HyCopy3D& box, uint32_t hostMask) {
    return profiled(
        stream, {HY_ACTIVITY_COPY, box.widthBytes * box.height * box.depth},
        [&] { return submitCopy(stream, box, hostMask); }, hostMask != 0);
}

HyResult fillBox(Stream& stream, const HyFill3D& fill) {
    return profiled(stream, {HY_ACTIVITY_FILL, fill.width * fill.patternBytes * fill.height * fill.depth},
                    [&] { return submitFill(stream, fill); });
}

} // namespace halyard::cuda
