// A slab: one backend allocation that a pool splits into blocks, and the table that describes them. Device memory
// cannot hold its own bookkeeping, so each granule has a place for a block that starts there; places are touched when
// used.
#pragma once

#include "halyard/halyard.h"
#include "memory/block_size.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace halyard {

class Pool;
struct Slab;

struct Block {
    // Bytes that the application asked for, while it has the block; 0 otherwise. Whoever changes it to 0 owns the
    // block.
    std::atomic<uint64_t> live;
    uint32_t granules; // written under the pool's lock, before the block is handed out
    uint32_t previous; // index of the block before it in the slab; unused at index 0
    Block* next;       // in the list that holds it: a free list, a stream's cache, a batch
    Block* before;     // in a free list
    Slab* slab;
    uint32_t account; // of the stream that allocated it, see usage.h
    bool free;        // in a free list
};

struct Slab {
    // Null when the host has no memory for the table.
    static std::unique_ptr<Slab> create(HyDevicePtr base, uint64_t bytes, std::byte* host, uint32_t shift);

    bool contains(HyDevicePtr address) const { return address - base < bytes; }
    uint32_t indexOf(HyDevicePtr address) const { return static_cast<uint32_t>((address - base) >> shift); }
    uint32_t indexOf(const Block& block) const { return static_cast<uint32_t>(&block - blocks.get()); }
    HyDevicePtr addressOf(const Block& block) const { return base + (uint64_t{indexOf(block)} << shift); }
    uint64_t bytesOf(const Block& block) const { return uint64_t{block.granules} << shift; }
    // The place for the block that starts at `address`, or null for an address that none can start at.
    Block* placeAt(HyDevicePtr address) const {
        const uint64_t offset = address - base;
        return (offset & ((uint64_t{1} << shift) - 1)) == 0 ? &blocks[offset >> shift] : nullptr;
    }
    // Which of the pool's two heaps it belongs to (block_size.h).
    uint32_t heap() const { return shift == kHeapShift[0] ? 0 : 1; }
    bool isWhollyFree() const { return blocks[0].free && blocks[0].granules == count; }

    // The live block that contains the address, and the bytes that it was asked for; null when there is none. Takes no
    // lock: a live block's start stays marked, and no other start appears inside it.
    const Block* find(HyDevicePtr address, uint64_t& outBytes) const;

    // Makes a block of `granules` at `index`. REQUIRES: the pool's lock.
    Block& start(uint32_t index, uint32_t granules, uint32_t previous);
    // Forgets that a block starts there. REQUIRES: the pool's lock.
    void unstart(uint32_t index);

    struct Release {
        void operator()(Block* table) const { std::free(table); }
    };

    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    std::byte* host = nullptr; // where the host reaches `base`, or null
    uint32_t shift = 0;        // log2 of a granule's bytes
    uint32_t count = 0;        // granules
    Pool* pool = nullptr;
    std::unique_ptr<Block[], Release> blocks;

private:
    static constexpr uint32_t kBits = 64;

    // Which granules start a block, and which words of that have a bit.
    std::unique_ptr<std::atomic<uint64_t>[]> starts_;
    std::unique_ptr<std::atomic<uint64_t>[]> summary_;
};

} // namespace halyard
