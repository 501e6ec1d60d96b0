// One memory pool: slabs from the backend, split by TLSF; blocks freed on streams wait in those streams' caches, then
// in batches with an event, until they are free for everyone.
//
//   slab --TLSF--> block in use --hyMemFreeAsync--> cache of that stream --(harvest: event)--> batch --(event done)-->
//   TLSF
//                        ^------- same stream, no event ------|
#pragma once

#include "memory/address_map.h"
#include "memory/stream_memory.h"
#include "memory/tlsf.h"
#include "memory/usage.h"

#include <string>

namespace halyard {

class DevicePools;

// What a pool needs of its device.
struct PoolDevice {
    const BackendTables* tables = nullptr;
    HyBackendDevice impl = nullptr;
    AddressMap* addresses = nullptr;
    Device* device = nullptr; // for the ranges of `addresses`
    std::string backend;      // for messages
    std::string selector;
    uint64_t maxAllocation = 0; // 0: not known
    uint64_t waitNs = 0;        // how long an allocation waits for work before it fails
};

// Thread-safe. Owned by std::shared_ptr: the application's handle, the device, and every stream that has a cache of it.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    Pool(DevicePools& siblings, PoolDevice device, uint64_t releaseThreshold);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // Memory for work of the stream from now on. Sets the record when it fails: HY_ERROR_INVALID_ARGUMENT,
    // HY_ERROR_OUT_OF_DEVICE_MEMORY, HY_ERROR_OUT_OF_HOST_MEMORY, and the backend's errors. May throw std::bad_alloc.
    HyResult allocate(StreamMemory& stream, uint64_t bytes, HyDevicePtr& out) {
        if (bytes - 1 < kLargestRequest) [[likely]] {
            out = stream.allocate(*this, BlockSize::of(bytes), bytes);
            if (out != 0) [[likely]]
                return HY_SUCCESS;
        }
        return allocateSlowly(stream, bytes, out);
    }
    // Takes a block of this pool that nothing uses or counts any more.
    void give(Block& block);
    // Ends an allocation that the pool made for itself (AddressRange::pool without a slab), at the stream's end.
    HyResult freeOwn(HyBackendStream stream, const AddressRange& range);

    // Gives slabs that are free back to the backend, while at least so many bytes stay reserved, and so many free.
    // Waits for nothing. Returns the bytes given back. `busyToo`: also takes the caches of streams that are at work,
    // which costs them their quick reuse.
    uint64_t release(uint64_t keepReserved, uint64_t keepFree, bool busyToo = true);
    // The same by the pool's own threshold, when that may do any good.
    void releaseExcess();
    // The application destroyed it: nothing is kept from now on.
    void close();
    // Closed, and nothing of it is left.
    bool isSpent();
    // Lets go of the backend's objects but slabs, which are the device's to free. REQUIRES: no stream has a cache of
    // it.
    void shutDown();

    void setReleaseThreshold(uint64_t bytes) { threshold_.store(bytes, std::memory_order_relaxed); }
    Usage& usage() { return usage_; }
    uint64_t reserved() const { return reserved_.load(std::memory_order_relaxed); }
    uint64_t reservedPeak() const { return reservedPeak_.load(std::memory_order_relaxed); }
    void resetPeak();
    // Free bytes that nobody has returned to the backend yet, or frees that its device has yet to carry out.
    bool holdsMemory() const;

    // The device is about to be waited for.
    void expectIdle() { freesInFlight_.store(false, std::memory_order_relaxed); }

    // Makes a cache of this pool for a stream, once. May throw std::bad_alloc.
    void enrol(StreamMemory& stream);
    // Takes the stream's cache, whose blocks are free once the stream has passed what it has now.
    void dismiss(StreamMemory& stream) noexcept;

private:
    struct Heap {
        Tlsf free;
        uint64_t growth;
    };

    HyResult allocateSlowly(StreamMemory& stream, uint64_t bytes, HyDevicePtr& out);
    HyResult allocateOwn(const StreamMemory& stream, uint64_t bytes, HyDevicePtr& out);
    HyResult obtain(const StreamMemory& stream, BlockSize size, Block*& out);
    HyResult failMemory(uint64_t bytes);

    // All of these REQUIRE the lock.
    Block* takeFree(BlockSize size);
    Block* takePending(const StreamMemory& stream, BlockSize size, bool ofOthers);
    HyResult grow(BlockSize size);
    HyResult addSlab(uint64_t bytes, BlockSize size);
    uint64_t cachedBytes() const;
    void harvest(bool busyToo);
    // What the cache holds, as a list; and a list back to the slabs.
    static Block* takeBlocks(StreamMemory::Cache& cache) noexcept;
    void giveBlocks(Block* blocks) noexcept;
    void collect(StreamMemory& stream, StreamMemory::Cache& cache, std::list<Batch>& batch) noexcept;
    void poll();
    bool isDone(Batch& batch);
    void dropEvent(Batch& batch);
    bool giveBack(Slab& slab);
    AddressRange rangeOf(Slab& slab);
    void moveReserved(uint64_t plus, uint64_t minus);

    DevicePools& siblings_;
    const PoolDevice device_;
    const bool own_; // the backend wants each allocation for itself
    std::atomic<uint64_t> threshold_;
    std::atomic<uint64_t> reserved_{0}, reservedPeak_{0};
    std::atomic<uint64_t> useless_{0}; // free bytes at the last look for excess that found nothing to give back
    std::atomic<bool> freesInFlight_{false};
    Usage usage_;

    std::mutex mutex_;
    bool closed_ = false;
    std::array<Heap, kHeapCount> heaps_{};
    std::vector<std::unique_ptr<Slab>> slabs_;
    std::vector<StreamMemory*> streams_; // those with a cache of this pool
    std::list<Batch> pending_;
    std::vector<HyBackendEvent> events_; // to use again
};

} // namespace halyard
