// What one stream keeps of pools: the blocks that were freed on it, by pool and size, ready for the stream's next
// allocation. Stream order makes that reuse safe without any event, and only this stream's own lock is taken.
#pragma once

#include "loader/loader.h"
#include "memory/block_size.h"
#include "memory/slab.h"

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace halyard {

// Blocks that were freed on one stream and are free for all once it has passed a point.
struct Batch {
    HyBackendEvent event = nullptr; // null: the point could not be recorded, so all work of the device counts
    uint64_t stream = 0;            // its id
    Block* blocks = nullptr;
};

// Thread-safe. Lock order: a pool's lock, then a stream's.
class StreamMemory {
public:
    // `stream` is the backend's stream once it is made.
    explicit StreamMemory(const HyBackendStream& stream);
    StreamMemory(const StreamMemory&) = delete;
    StreamMemory& operator=(const StreamMemory&) = delete;

    // Hands a cached block out; 0 when there is none that fits.
    HyDevicePtr allocate(const Pool& pool, BlockSize size, uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        Cache* cache = cacheOf(pool);
        Block* block = cache != nullptr ? cache->take(size) : nullptr;
        return block != nullptr ? handOut(*cache, *block, bytes) : 0;
    }
    // Takes back the live block at `ptr`, when it is in a slab that this stream has met; false otherwise (a slab of
    // another stream, or no live block).
    bool free(HyDevicePtr ptr);
    // Takes a block that the caller claimed (AddressMap::claim), freed at this point of the stream.
    void keep(Block& block, uint64_t bytes);

    // Hands out a block that the caller got from `pool`.
    HyDevicePtr handOutFrom(Pool& pool, Block& block, uint64_t bytes);

    // Gives everything to the pools, to be used once the stream has passed. REQUIRES: called before the backend's
    // stream is destroyed; nothing else is called afterwards.
    void retire();

private:
    friend class Pool;

    struct Cache {
        Block* take(BlockSize size);
        void put(Block& block, uint32_t heap);

        std::shared_ptr<Pool> pool;
        uint32_t account = 0;
        std::atomic<uint64_t> bytes{0}; // written under the stream's lock
        std::array<std::array<Block*, kBinCount>, kHeapCount> bins{};
        std::list<Batch> last{1}; // for dismissal, which must not need memory
    };

    static HyDevicePtr handOut(const Cache& cache, Block& block, uint64_t bytes);
    Cache* cacheOf(const Pool& pool) {
        for (const auto& cache : caches_) {
            if (cache->pool.get() == &pool)
                return cache.get();
        }
        return nullptr;
    }
    Slab* slabOf(HyDevicePtr ptr);
    void meet(Slab& slab);
    void forget(const Slab& slab);

    const HyBackendStream& stream_;
    const uint64_t id_; // never reused, unlike addresses
    std::mutex mutex_;
    Slab* recent_ = nullptr;
    std::vector<Slab*> slabs_; // those it has met, by address
    std::vector<std::unique_ptr<Cache>> caches_;
};

} // namespace halyard
