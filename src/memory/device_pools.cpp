#include "memory/device_pools.h"

#include <algorithm>

namespace halyard {

Pool* DevicePools::makeStandard(const PoolDevice& device) {
    const std::lock_guard lock(mutex_);
    if (Pool* pool = standard_.load(std::memory_order_relaxed); pool != nullptr)
        return pool;
    pools_.push_back(std::make_shared<Pool>(*this, device, kStandardThreshold));
    any_.store(true, std::memory_order_release);
    standard_.store(pools_.back().get(), std::memory_order_release);
    return pools_.back().get();
}

std::shared_ptr<Pool> DevicePools::create(const PoolDevice& device, uint64_t releaseThreshold) {
    auto pool = std::make_shared<Pool>(*this, device, releaseThreshold);
    const std::lock_guard lock(mutex_);
    pools_.push_back(pool);
    any_.store(true, std::memory_order_release);
    return pool;
}

void DevicePools::close(const std::shared_ptr<Pool>& pool) {
    pool->close();
    dropSpent();
}

std::vector<std::shared_ptr<Pool>> DevicePools::list() {
    const std::lock_guard lock(mutex_);
    return pools_;
}

void DevicePools::dropSpent() {
    std::vector<std::shared_ptr<Pool>> spent; // destroyed after the lock
    const std::lock_guard lock(mutex_);
    const auto from = std::stable_partition(pools_.begin(), pools_.end(),
                                            [](const std::shared_ptr<Pool>& pool) { return !pool->isSpent(); });
    spent.assign(std::make_move_iterator(from), std::make_move_iterator(pools_.end()));
    pools_.erase(from, pools_.end());
}

void DevicePools::releaseExcess() noexcept {
    try {
        for (const std::shared_ptr<Pool>& pool : list())
            pool->releaseExcess();
        dropSpent();
    } catch (const std::bad_alloc&) {
        // The next call that waits tries again.
        return;
    }
}

bool DevicePools::releaseAll(const PoolDevice& device, bool wait) {
    if (!any_.load(std::memory_order_acquire))
        return false;
    const PreservedError before;
    const std::vector<std::shared_ptr<Pool>> pools = list();
    const bool held = std::any_of(pools.begin(), pools.end(), [](const auto& pool) { return pool->holdsMemory(); });
    if (!held)
        return false;
    if (wait) {
        for (const std::shared_ptr<Pool>& pool : pools)
            pool->expectIdle();
        device.tables->device.synchronize(device.impl, device.waitNs); // a sticky error is no obstacle
    }
    uint64_t released = 0;
    for (const std::shared_ptr<Pool>& pool : pools)
        released += pool->release(0, 0);
    return released != 0 || wait;
}

void DevicePools::shutDown() {
    for (const std::shared_ptr<Pool>& pool : list())
        pool->shutDown();
}

void DevicePools::clear() {
    std::vector<std::shared_ptr<Pool>> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(pools_);
        standard_.store(nullptr, std::memory_order_release);
        any_.store(false, std::memory_order_release);
    }
    for (const std::shared_ptr<Pool>& pool : all)
        pool->shutDown();
    const std::lock_guard lock(handleMutex);
    standardHandle = 0;
}

} // namespace halyard
