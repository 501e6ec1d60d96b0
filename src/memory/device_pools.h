// The pools of one device, and what they do for each other when memory runs short.
#pragma once

#include "base/error.h"
#include "memory/pool.h"

namespace halyard {

// Thread-safe.
class DevicePools {
public:
    // The pool for allocations that name none, made at the first use for what describe() returns. May throw
    // std::bad_alloc.
    template <typename Describe> Pool& standard(Describe&& describe) {
        Pool* pool = standard_.load(std::memory_order_acquire);
        return pool != nullptr ? *pool : *makeStandard(describe());
    }
    std::shared_ptr<Pool> create(const PoolDevice& device, uint64_t releaseThreshold);
    // The application destroyed the pool: it goes as its last allocation goes.
    void close(const std::shared_ptr<Pool>& pool);

    // Some work is known to be done: memory beyond the pools' thresholds goes back. One load while there are no pools.
    void afterSynchronise() {
        if (any_.load(std::memory_order_acquire))
            releaseExcess();
    }
    // Gives back whatever is free, and after `wait` also what work in flight still held. True when the backend may have
    // more memory than before. Leaves the thread's error record alone.
    bool releaseAll(const PoolDevice& device, bool wait);
    // REQUIRES: the device is idle and its streams are gone. Slabs are freed with the device's other memory.
    void shutDown();
    // The device is started anew: forgets all pools, whose memory is gone. REQUIRES: nobody uses them, and their memory
    // is no longer in the address map.
    void clear();

    static constexpr uint64_t kStandardThreshold = uint64_t{64} << 20;

    std::mutex handleMutex;
    uint64_t standardHandle = 0; // of the application's object for the standard pool, once it asked

private:
    Pool* makeStandard(const PoolDevice& device);
    void releaseExcess() noexcept;
    std::vector<std::shared_ptr<Pool>> list();
    void dropSpent();

    std::mutex mutex_;
    std::vector<std::shared_ptr<Pool>> pools_;
    std::atomic<Pool*> standard_{nullptr};
    std::atomic<bool> any_{false};
};

// Runs attempt(), which allocates from the backend, again after the device's pools gave memory back, for as long as it
// runs out of memory and that helps. A success leaves the thread's error record alone.
template <typename Attempt>
HyResult allocateUnderPressure(DevicePools& pools, const PoolDevice& device, Attempt&& attempt) {
    PreservedError before;
    HyResult result = attempt();
    for (const bool wait : {false, true}) {
        if (result == HY_ERROR_OUT_OF_DEVICE_MEMORY && pools.releaseAll(device, wait))
            result = attempt();
    }
    if (result < 0)
        before.dismiss();
    return result;
}

} // namespace halyard
