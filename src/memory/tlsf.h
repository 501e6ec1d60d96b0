// Two-level segregated fit (M. Masmano, I. Ripoll, A. Crespo, J. Real: "TLSF: a new dynamic memory allocator for
// real-time systems", ECRTS 2004): free blocks in lists by size class, two levels of bitmaps that find a list which
// surely fits, and merging with free neighbours. Taking and giving are O(1). Sizes are granules.
//
// Not thread-safe: the pool locks.
#pragma once

#include "memory/slab.h"

#include <array>

namespace halyard {

class Tlsf {
public:
    // All of it becomes one free block.
    void add(Slab& slab);
    // REQUIRES: slab.isWhollyFree().
    void remove(Slab& slab);
    // A block of exactly that many granules (at least 1), or null when no class that surely fits has
    // one.
    Block* take(uint32_t granules);
    // REQUIRES: the block came from take() or split(), and was given once.
    void give(Block& block);
    // Cuts a block that is not free after `granules`, fewer than it has, and returns the rest, which is not free
    // either.
    static Block& split(Block& block, uint32_t granules);

    uint64_t freeGranules() const { return freeGranules_; }

private:
    static constexpr uint32_t kSecondBits = 5;
    static constexpr uint32_t kSecond = 1u << kSecondBits;
    static constexpr uint32_t kFirst = 32 - kSecondBits + 1;

    struct Class {
        uint32_t first, second;
    };
    static Class classOf(uint32_t granules);
    static Block* after(const Block& block);
    void link(Block& block);
    void unlink(Block& block);
    Block* cut(Block& block, uint32_t granules);

    uint32_t firstMap_ = 0;
    std::array<uint32_t, kFirst> secondMaps_{};
    std::array<std::array<Block*, kSecond>, kFirst> lists_{};
    uint64_t freeGranules_ = 0;
};

} // namespace halyard
