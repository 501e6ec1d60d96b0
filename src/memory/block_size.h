// How many granules a request takes, and which list of a stream's cache holds such blocks.
#pragma once

#include <bit>
#include <cstdint>

namespace halyard {

// Requests below kSmallLimit come from slabs with small granules, all others from slabs with large ones.
constexpr uint32_t kHeapCount = 2;
constexpr uint32_t kHeapShift[kHeapCount] = {8, 16};
constexpr uint64_t kSmallLimit = uint64_t{1} << 20;
constexpr uint64_t kLargestRequest = uint64_t{1} << 47;

constexpr uint32_t kBinCount = 240;

// Eight bins a doubling; below 16 granules each size has its own.
constexpr uint32_t binOf(uint32_t granules) {
    if (granules < 8)
        return granules;
    const auto log = static_cast<uint32_t>(std::bit_width(granules)) - 1;
    return (log - 2) * 8 + ((granules >> (log - 3)) & 7);
}

struct BlockSize {
    uint32_t heap;
    uint32_t granules;
    uint32_t bin;

    // Small requests are rounded up to the smallest size of a bin (by an eighth at most), so that any block of a bin
    // fits; large ones only to whole granules. REQUIRES: 1 <= bytes <= kLargestRequest.
    static constexpr BlockSize of(uint64_t bytes) {
        const uint32_t heap = bytes < kSmallLimit ? 0 : 1;
        auto granules = static_cast<uint32_t>(((bytes - 1) >> kHeapShift[heap]) + 1);
        if (heap == 0 && granules >= 16) {
            const uint32_t step = (1u << (static_cast<uint32_t>(std::bit_width(granules)) - 4)) - 1;
            granules = (granules + step) & ~step;
        }
        return {heap, granules, binOf(granules)};
    }
};

static_assert(BlockSize::of(kLargestRequest).bin < kBinCount);

} // namespace halyard
