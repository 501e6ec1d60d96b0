// The ranges of device memory that a launch used last.
#pragma once

#include "program.h"

namespace halyard::softcuda::ptx {

// For one thread.
class RangeCache {
public:
    explicit RangeCache(Memory& memory) : memory_(memory) {}

    // The host's pointer to `bytes` at `address`, or null.
    std::byte* find(uint64_t address, uint64_t bytes, bool write) {
        const Range& last = last_[write];
        if (address - last.begin < last.bytes && last.bytes - (address - last.begin) >= bytes)
            return last.host + (address - last.begin);
        return findAny(address, bytes, write);
    }
    // Before the accesses of an instruction: forgets what may be freed.
    void validate() {
        if (const uint64_t generation = memory_.generation(); generation != generation_)
            clear(generation);
    }

private:
    struct Range {
        uint64_t begin = 0, bytes = 0;
        std::byte* host = nullptr;
    };
    static constexpr uint32_t kRanges = 8;
    std::byte* findAny(uint64_t address, uint64_t bytes, bool write);
    void clear(uint64_t generation);

    Memory& memory_;
    uint64_t generation_ = ~uint64_t(0);
    Range last_[2], ranges_[2][kRanges];
    uint32_t next_[2] = {0, 0};
};

} // namespace halyard::softcuda::ptx
