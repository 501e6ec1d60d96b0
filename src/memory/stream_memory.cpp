#include "memory/stream_memory.h"

#include "memory/pool.h"

#include <algorithm>
#include <utility>

namespace halyard {
namespace {

std::atomic<uint64_t> nextId{1};

} // namespace

StreamMemory::StreamMemory(const HyBackendStream& stream)
    : stream_(stream), id_(nextId.fetch_add(1, std::memory_order_relaxed)) {}

Block* StreamMemory::Cache::take(BlockSize size) {
    constexpr int kLooks = 8; // blocks of a bin differ in size by an eighth
    Block** link = &bins[size.heap][size.bin];
    for (int looks = 0; *link != nullptr && looks < kLooks; ++looks, link = &(*link)->next) {
        Block* block = *link;
        if (block->granules < size.granules)
            continue;
        *link = block->next;
        bytes.store(bytes.load(std::memory_order_relaxed) - block->slab->bytesOf(*block), std::memory_order_relaxed);
        return block;
    }
    return nullptr;
}

void StreamMemory::Cache::put(Block& block, uint32_t heap) {
    Block*& head = bins[heap][binOf(block.granules)];
    block.next = head;
    head = &block;
    bytes.store(bytes.load(std::memory_order_relaxed) + block.slab->bytesOf(block), std::memory_order_relaxed);
}

HyDevicePtr StreamMemory::handOut(const Cache& cache, Block& block, uint64_t bytes) {
    Slab& slab = *block.slab;
    block.account = cache.account;
    cache.pool->usage().add(cache.account, slab.bytesOf(block));
    block.live.store(bytes, std::memory_order_release);
    return slab.addressOf(block);
}

HyDevicePtr StreamMemory::handOutFrom(Pool& pool, Block& block, uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    meet(*block.slab);
    return handOut(*cacheOf(pool), block, bytes);
}

Slab* StreamMemory::slabOf(HyDevicePtr ptr) {
    if (recent_ != nullptr && recent_->contains(ptr))
        return recent_;
    const auto after = std::upper_bound(slabs_.begin(), slabs_.end(), ptr,
                                        [](HyDevicePtr address, const Slab* slab) { return address < slab->base; });
    if (after == slabs_.begin() || !(*std::prev(after))->contains(ptr))
        return nullptr;
    recent_ = *std::prev(after);
    return recent_;
}

bool StreamMemory::free(HyDevicePtr ptr) {
    const std::lock_guard lock(mutex_);
    Slab* slab = slabOf(ptr);
    Block* block = slab != nullptr ? slab->placeAt(ptr) : nullptr;
    Cache* cache = block != nullptr ? cacheOf(*slab->pool) : nullptr;
    if (cache == nullptr || block->live.exchange(0, std::memory_order_acq_rel) == 0)
        return false;
    cache->pool->usage().subtract(block->account, slab->bytesOf(*block));
    cache->put(*block, slab->heap());
    return true;
}

void StreamMemory::keep(Block& block, uint64_t bytes) {
    Slab& slab = *block.slab;
    const std::shared_ptr<Pool> pool = slab.pool->shared_from_this();
    try {
        pool->enrol(*this);
        const std::lock_guard lock(mutex_);
        meet(slab);
        pool->usage().subtract(block.account, slab.bytesOf(block));
        cacheOf(*pool)->put(block, slab.heap());
    } catch (...) {
        block.live.store(bytes, std::memory_order_release);
        throw;
    }
}

void StreamMemory::meet(Slab& slab) {
    const auto at = std::lower_bound(slabs_.begin(), slabs_.end(), &slab,
                                     [](const Slab* one, const Slab* other) { return one->base < other->base; });
    if (at == slabs_.end() || *at != &slab)
        slabs_.insert(at, &slab);
    recent_ = &slab;
}

void StreamMemory::forget(const Slab& slab) {
    std::erase(slabs_, &slab);
    if (recent_ == &slab)
        recent_ = nullptr;
}

void StreamMemory::retire() {
    for (;;) {
        std::shared_ptr<Pool> pool;
        {
            const std::lock_guard lock(mutex_);
            if (caches_.empty())
                return;
            pool = caches_.back()->pool;
        }
        pool->dismiss(*this);
    }
}

} // namespace halyard
