#include "range_cache.h"

namespace halyard::softcuda::ptx {

std::byte* RangeCache::findAny(uint64_t address, uint64_t bytes, bool write) {
    for (const Range& range : ranges_[write]) {
        if (address - range.begin < range.bytes && range.bytes - (address - range.begin) >= bytes) {
            last_[write] = range;
            return range.host + (address - range.begin);
        }
    }
    uint64_t begin = address, end = address + bytes;
    std::byte* host = memory_.resolve(address, bytes, write, &begin, &end);
    if (!host)
        return nullptr;
    last_[write] = {begin, end - begin, host - (address - begin)};
    ranges_[write][next_[write]++ % kRanges] = last_[write];
    return host;
}

void RangeCache::clear(uint64_t generation) {
    generation_ = generation;
    for (int write = 0; write < 2; ++write) {
        last_[write] = {};
        for (Range& range : ranges_[write])
            range = {};
    }
}

} // namespace halyard::softcuda::ptx
