// What copies and fills are checked for, whether a stream takes them or a graph keeps them. Each function sets the
// record of what it refuses, naming the parameters of the public calls.
#pragma once

#include "api/object.h"

namespace halyard {

// Nothing to check, and nothing to do.
inline bool isEmpty(const HyCopy3D& box) {
    return box.widthBytes == 0 || box.height == 0 || box.depth == 0;
}
inline bool isEmpty(const HyFill3D& box) {
    return box.width == 0 || box.height == 0 || box.depth == 0;
}

// The two sides of a copy on `device`, which must not be empty. `outHostMask`: HY_BACKEND_COPY_*.
HyResult checkCopy(const Device& device, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t& outHostMask);
HyResult checkCopyBox(const Device& device, const HyCopy3D& box, uint32_t& outHostMask);
// patternBytes alone: also an empty fill must have a good one.
HyResult checkPatternSize(uint32_t patternBytes);
// Fills that are not empty and whose pattern has a good size.
HyResult checkFillRange(const Device& device, HyDevicePtr dst, const void* pattern, uint32_t patternBytes,
                        uint64_t count);
HyResult checkFillBox(const Device& device, const HyFill3D& box);

} // namespace halyard
