#include "layers/validate/transfer.h"

#include "base/struct_size.h"

namespace halyard::layers {
namespace {

// From the first byte of a box to its last; no bytes when that is more than 2^64.
Range extent(HyDevicePtr base, uint64_t width, uint64_t rowPitch, uint64_t height, uint64_t slicePitch,
             uint64_t depth) {
    if (width == 0 || height == 0 || depth == 0)
        return {};
    uint64_t rows = 0;
    uint64_t slices = 0;
    uint64_t bytes = 0;
    const bool tooBig = __builtin_mul_overflow(rowPitch, height - 1, &rows) ||
                        __builtin_mul_overflow(slicePitch, depth - 1, &slices) ||
                        __builtin_add_overflow(rows, slices, &bytes) || __builtin_add_overflow(bytes, width, &bytes);
    return tooBig ? Range{} : Range{base, bytes};
}

bool isDense(uint64_t width, uint64_t rowPitch, uint64_t height, uint64_t slicePitch, uint64_t depth) {
    return (height == 1 || rowPitch == width) && (depth == 1 || slicePitch == width * height);
}

} // namespace

Transfer rowsOf(HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    return {{dst, bytes}, {src, bytes}, true};
}

Transfer boxOf(HyDevicePtr dst, uint64_t dstPitch, HyDevicePtr src, uint64_t srcPitch, uint64_t widthBytes,
               uint64_t height) {
    return {extent(dst, widthBytes, dstPitch, height, 0, 1), extent(src, widthBytes, srcPitch, height, 0, 1),
            isDense(widthBytes, dstPitch, height, 0, 1) && isDense(widthBytes, srcPitch, height, 0, 1)};
}

Transfer boxOf(const HyCopy3D* copy) {
    HyCopy3D box{};
    if (copy == nullptr || readStruct(copy, box, kCopy3DV1) != StructFault::None)
        return {};
    return {extent(box.dst, box.widthBytes, box.dstRowPitch, box.height, box.dstSlicePitch, box.depth),
            extent(box.src, box.widthBytes, box.srcRowPitch, box.height, box.srcSlicePitch, box.depth),
            isDense(box.widthBytes, box.dstRowPitch, box.height, box.dstSlicePitch, box.depth) &&
                isDense(box.widthBytes, box.srcRowPitch, box.height, box.srcSlicePitch, box.depth)};
}

Transfer fillOf(HyDevicePtr dst, uint32_t patternBytes, uint64_t count) {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(uint64_t{patternBytes}, count, &bytes))
        return {};
    return {{dst, bytes}, {}, true};
}

Transfer fillOf(const HyFill3D* fill) {
    HyFill3D box{};
    uint64_t width = 0;
    if (fill == nullptr || readStruct(fill, box, kFill3DV1) != StructFault::None ||
        __builtin_mul_overflow(box.width, uint64_t{box.patternBytes}, &width))
        return {};
    return {extent(box.dst, width, box.rowPitch, box.height, box.slicePitch, box.depth),
            {},
            isDense(width, box.rowPitch, box.height, box.slicePitch, box.depth)};
}

} // namespace halyard::layers
