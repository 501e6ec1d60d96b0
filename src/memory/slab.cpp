#include "memory/slab.h"

#include <bit>
#include <new>

namespace halyard {
namespace {

// The bits of a word below `bit`.
constexpr uint64_t below(uint32_t bit) {
    return (uint64_t{1} << bit) - 1;
}

constexpr uint32_t highest(uint64_t word) {
    return 63 - static_cast<uint32_t>(std::countl_zero(word));
}

} // namespace

std::unique_ptr<Slab> Slab::create(HyDevicePtr base, uint64_t bytes, std::byte* host, uint32_t shift) {
    auto slab = std::unique_ptr<Slab>(new (std::nothrow) Slab);
    if (slab == nullptr)
        return nullptr;
    slab->base = base;
    slab->bytes = bytes;
    slab->host = host;
    slab->shift = shift;
    slab->count = static_cast<uint32_t>(bytes >> shift);
    // calloc gives pages that cost nothing until they are written; all zero is a place without a block.
    slab->blocks.reset(static_cast<Block*>(std::calloc(slab->count, sizeof(Block))));
    const size_t words = (size_t{slab->count} + kBits - 1) / kBits;
    slab->starts_.reset(new (std::nothrow) std::atomic<uint64_t>[words]());
    slab->summary_.reset(new (std::nothrow) std::atomic<uint64_t>[(words + kBits - 1) / kBits]());
    return slab->blocks != nullptr && slab->starts_ != nullptr && slab->summary_ != nullptr ? std::move(slab) : nullptr;
}

Block& Slab::start(uint32_t index, uint32_t granules, uint32_t previous) {
    Block& block = blocks[index];
    block.granules = granules;
    block.previous = previous;
    block.slab = this;
    const uint32_t word = index / kBits;
    summary_[word / kBits].fetch_or(uint64_t{1} << word % kBits, std::memory_order_relaxed);
    starts_[word].fetch_or(uint64_t{1} << index % kBits, std::memory_order_release);
    return block;
}

void Slab::unstart(uint32_t index) {
    const uint32_t word = index / kBits;
    const uint64_t bit = uint64_t{1} << index % kBits;
    if (starts_[word].fetch_and(~bit, std::memory_order_relaxed) == bit)
        summary_[word / kBits].fetch_and(~(uint64_t{1} << word % kBits), std::memory_order_relaxed);
}

const Block* Slab::find(HyDevicePtr address, uint64_t& outBytes) const {
    uint32_t index = indexOf(address);
    if (blocks[index].live.load(std::memory_order_acquire) == 0) {
        // The nearest start before it: in its own word, else in the last word that has one.
        uint32_t word = index / kBits;
        uint64_t bits = starts_[word].load(std::memory_order_acquire) & below(index % kBits);
        if (bits == 0) {
            uint32_t group = word / kBits;
            uint64_t words = summary_[group].load(std::memory_order_acquire) & below(word % kBits);
            while (words == 0) {
                if (group == 0)
                    return nullptr;
                words = summary_[--group].load(std::memory_order_acquire);
            }
            word = group * kBits + highest(words);
            bits = starts_[word].load(std::memory_order_acquire);
            if (bits == 0)
                return nullptr; // it was taken away meanwhile, so it was no live block's
        }
        index = word * kBits + highest(bits);
    }
    const Block& block = blocks[index];
    outBytes = block.live.load(std::memory_order_acquire);
    return address - addressOf(block) < outBytes ? &block : nullptr;
}

} // namespace halyard
