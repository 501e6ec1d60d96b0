// The ranges of addresses that copies and fills touch.
#pragma once

#include "halyard/layer.h"

namespace halyard::layers {

struct Range {
    HyDevicePtr begin = 0;
    uint64_t bytes = 0; // 0: nothing is touched, or the numbers cannot be right and the runtime says so
};

struct Transfer {
    Range dst, src;
    bool dense = true; // every byte of the ranges is touched
};

Transfer rowsOf(HyDevicePtr dst, HyDevicePtr src, uint64_t bytes);
Transfer boxOf(HyDevicePtr dst, uint64_t dstPitch, HyDevicePtr src, uint64_t srcPitch, uint64_t widthBytes,
               uint64_t height);
Transfer boxOf(const HyCopy3D* copy);
Transfer fillOf(HyDevicePtr dst, uint32_t patternBytes, uint64_t count);
Transfer fillOf(const HyFill3D* fill);

} // namespace halyard::layers
