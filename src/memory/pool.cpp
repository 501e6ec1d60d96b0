#include "memory/pool.h"

#include "memory/device_pools.h"

#include <algorithm>

namespace halyard {
namespace {

// Slabs: of small granules always the same size; of large ones growing with the pool, and at least one request.
constexpr uint64_t kSmallSlab = uint64_t{32} << 20;
constexpr uint64_t kLargeSlab = uint64_t{64} << 20;
constexpr uint64_t kLargestGrowth = uint64_t{256} << 20;
constexpr uint64_t kSlabStep = uint64_t{2} << 20; // what drivers place memory by

uint64_t roundUp(uint64_t value, uint64_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

uint64_t minimum(BlockSize size) {
    return uint64_t{size.granules} << kHeapShift[size.heap];
}

} // namespace

Pool::Pool(DevicePools& siblings, PoolDevice device, uint64_t releaseThreshold)
    : siblings_(siblings), device_(std::move(device)), own_(device_.tables->allocatesOnStreams),
      threshold_(releaseThreshold) {
    heaps_[0].growth = kSmallSlab;
    heaps_[1].growth = kLargeSlab;
}

Pool::~Pool() {
    shutDown();
}

void Pool::shutDown() {
    const std::lock_guard lock(mutex_);
    for (Batch& batch : pending_)
        dropEvent(batch);
    pending_.clear();
    for (HyBackendEvent event : events_)
        device_.tables->event.destroy(event);
    events_.clear();
}

// ---- Streams

void Pool::enrol(StreamMemory& stream) {
    const std::lock_guard lock(mutex_);
    const std::lock_guard streamLock(stream.mutex_);
    if (stream.cacheOf(*this) != nullptr)
        return;
    auto cache = std::make_unique<StreamMemory::Cache>();
    cache->pool = shared_from_this();
    cache->account = usage_.open();
    streams_.reserve(streams_.size() + 1);
    stream.caches_.push_back(std::move(cache));
    streams_.push_back(&stream);
}

void Pool::dismiss(StreamMemory& stream) noexcept {
    std::optional<PreservedError> before;
    try {
        before.emplace();
    } catch (const std::bad_alloc&) {
        before.reset(); // then a stream that has failed may leave its words in the record
    }
    const std::lock_guard lock(mutex_);
    const std::lock_guard streamLock(stream.mutex_);
    const auto found = std::find_if(stream.caches_.begin(), stream.caches_.end(),
                                    [&](const auto& cache) { return cache->pool.get() == this; });
    if (found == stream.caches_.end())
        return;
    collect(stream, **found, (*found)->last);
    std::erase_if(stream.slabs_, [&](const Slab* slab) { return slab->pool == this; });
    stream.recent_ = nullptr;
    stream.caches_.erase(found); // the caller keeps the pool alive
    std::erase(streams_, &stream);
}

// Moves the cache's blocks into the one batch of `batch`, and that behind the pending ones.
Block* Pool::takeBlocks(StreamMemory::Cache& cache) noexcept {
    Block* blocks = nullptr;
    for (auto& heap : cache.bins) {
        for (Block*& head : heap) {
            while (head != nullptr) {
                Block* block = std::exchange(head, head->next);
                block->next = std::exchange(blocks, block);
            }
        }
    }
    cache.bytes.store(0, std::memory_order_relaxed);
    return blocks;
}

void Pool::giveBlocks(Block* blocks) noexcept {
    while (blocks != nullptr) {
        Block* block = std::exchange(blocks, blocks->next);
        heaps_[block->slab->heap()].free.give(*block);
    }
}

void Pool::collect(StreamMemory& stream, StreamMemory::Cache& cache, std::list<Batch>& batch) noexcept {
    if (cache.bytes.load(std::memory_order_relaxed) == 0)
        return;
    const HyBackendEventTable& table = device_.tables->event;
    Batch& to = batch.front();
    to.stream = stream.id_;
    if (!events_.empty()) {
        to.event = events_.back();
        events_.pop_back();
    } else if (table.create(device_.impl, 0, &to.event) < 0) {
        to.event = nullptr;
    }
    if (to.event != nullptr && table.record(to.event, stream.stream_) < 0)
        dropEvent(to);
    to.blocks = takeBlocks(cache);
    pending_.splice(pending_.end(), batch);
}

uint64_t Pool::cachedBytes() const {
    uint64_t sum = 0;
    for (StreamMemory* stream : streams_) {
        const std::lock_guard lock(stream->mutex_);
        sum += stream->cacheOf(*this)->bytes.load(std::memory_order_relaxed);
    }
    return sum;
}

void Pool::harvest(bool busyToo) {
    for (StreamMemory* stream : streams_) {
        std::list<Batch> batch(1);
        const std::lock_guard lock(stream->mutex_);
        StreamMemory::Cache& cache = *stream->cacheOf(*this);
        // Asked under the lock: whatever the stream freed so far was freed behind work that is done by now. An event
        // that is recorded now may take a device a while to reach, even on an idle stream.
        const bool idle = device_.tables->stream.query(stream->stream_) == HY_SUCCESS;
        if (idle) {
            giveBlocks(takeBlocks(cache));
        } else if (busyToo) {
            collect(*stream, cache, batch);
        }
    }
}

// ---- Batches

void Pool::dropEvent(Batch& batch) {
    if (batch.event != nullptr)
        device_.tables->event.destroy(std::exchange(batch.event, nullptr));
}

bool Pool::isDone(Batch& batch) {
    if (batch.event != nullptr) {
        const HyResult result = device_.tables->event.query(batch.event);
        if (result >= 0)
            return result == HY_SUCCESS;
        dropEvent(batch); // the stream failed, which does not say that its work has stopped
    }
    return device_.tables->device.synchronize(device_.impl, 0) != HY_ERROR_TIMEOUT;
}

void Pool::poll() {
    for (auto batch = pending_.begin(); batch != pending_.end();) {
        if (!isDone(*batch)) {
            ++batch;
            continue;
        }
        if (batch->event != nullptr) {
            events_.push_back(batch->event);
            batch->event = nullptr;
        }
        giveBlocks(std::exchange(batch->blocks, nullptr));
        batch = pending_.erase(batch);
    }
}

// The smallest block that fits of those that were freed on this stream, or, after making the stream wait, on another
// one.
Block* Pool::takePending(const StreamMemory& stream, BlockSize size, bool ofOthers) {
    Batch* from = nullptr;
    Block** best = nullptr;
    for (Batch& batch : pending_) {
        if ((batch.stream == stream.id_) == ofOthers || (ofOthers && batch.event == nullptr))
            continue;
        for (Block** link = &batch.blocks; *link != nullptr; link = &(*link)->next) {
            const Block& block = **link;
            if (block.slab->heap() != size.heap || block.granules < size.granules ||
                (best != nullptr && block.granules >= (*best)->granules))
                continue;
            from = &batch;
            best = link;
            if (block.granules == size.granules)
                break;
        }
    }
    if (best == nullptr || (ofOthers && device_.tables->stream.waitEvent(stream.stream_, from->event) < 0))
        return nullptr;
    Block* block = *best;
    *best = block->next;
    if (block->granules > size.granules) {
        Block& rest = Tlsf::split(*block, size.granules);
        rest.next = std::exchange(from->blocks, &rest);
    }
    return block;
}

// ---- Allocation

HyResult Pool::allocateSlowly(StreamMemory& stream, uint64_t bytes, HyDevicePtr& out) {
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "allocate at least one byte", "bytes is 0");
    if (bytes > kLargestRequest || (device_.maxAllocation != 0 && bytes > device_.maxAllocation)) {
        return fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", "allocate less, or in several pieces",
                    "{} bytes is more than {} can allocate at once ({} bytes)", bytes, device_.selector,
                    device_.maxAllocation != 0 ? device_.maxAllocation : kLargestRequest);
    }
    if (own_)
        return allocateOwn(stream, bytes, out);
    enrol(stream);
    Block* block = nullptr;
    {
        PreservedError before;
        if (const HyResult result = obtain(stream, BlockSize::of(bytes), block); result < 0) {
            before.dismiss();
            return result == HY_ERROR_OUT_OF_DEVICE_MEMORY ? failMemory(bytes) : result;
        }
    }
    try {
        out = stream.handOutFrom(*this, *block, bytes);
    } catch (...) {
        give(*block);
        throw;
    }
    return HY_SUCCESS;
}

HyResult Pool::obtain(const StreamMemory& stream, BlockSize size, Block*& out) {
    HyResult result = HY_SUCCESS;
    {
        const std::lock_guard lock(mutex_);
        out = takeFree(size);
        // Rather than ask for more: what streams have freed, when that is as much.
        if (out == nullptr && cachedBytes() >= std::max(heaps_[size.heap].growth, minimum(size))) {
            harvest(true);
            out = takeFree(size);
        }
        if (out == nullptr)
            out = takePending(stream, size, false);
        if (out != nullptr)
            return HY_SUCCESS;
        result = grow(size);
        if (result == HY_ERROR_OUT_OF_DEVICE_MEMORY) {
            harvest(true);
            out = takeFree(size);
            out = out != nullptr ? out : takePending(stream, size, false);
            out = out != nullptr ? out : takePending(stream, size, true);
        } else if (result >= 0) {
            out = takeFree(size);
        }
        if (out != nullptr)
            return HY_SUCCESS;
    }
    for (const bool wait : {false, true}) {
        if (result != HY_ERROR_OUT_OF_DEVICE_MEMORY || !siblings_.releaseAll(device_, wait))
            continue;
        const std::lock_guard lock(mutex_);
        if ((out = takeFree(size)) != nullptr)
            return HY_SUCCESS;
        result = grow(size);
        if (result >= 0 && (out = takeFree(size)) != nullptr)
            return HY_SUCCESS;
    }
    return result < 0 ? result : HY_ERROR_OUT_OF_DEVICE_MEMORY;
}

HyResult Pool::failMemory(uint64_t bytes) {
    HyErrorInfo info{.structSize = sizeof info};
    hyGetLastError(&info);
    const std::string reason = info.message;
    const uint64_t used = usage_.current();
    const uint64_t reserved = this->reserved();
    return fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", "free memory that is not needed, or allocate less",
                "{} bytes were asked of a pool of {} which has {} bytes in use of {} reserved; what was free has been "
                "given back, and the device has no more: {}",
                bytes, device_.selector, used, reserved, reason);
}

Block* Pool::takeFree(BlockSize size) {
    Tlsf& free = heaps_[size.heap].free;
    Block* block = free.take(size.granules);
    if (block != nullptr || pending_.empty())
        return block;
    poll();
    return free.take(size.granules);
}

HyResult Pool::grow(BlockSize size) {
    Heap& heap = heaps_[size.heap];
    const uint64_t needed = roundUp(minimum(size), kSlabStep);
    uint64_t bytes = std::max(needed, heap.growth);
    if (device_.maxAllocation != 0)
        bytes = std::min(bytes, std::max(device_.maxAllocation, minimum(size)));
    HyResult result = addSlab(bytes, size);
    if (result >= 0 && size.heap == 1)
        heap.growth = std::min(heap.growth * 2, kLargestGrowth);
    for (const uint64_t less : {needed, minimum(size)}) {
        if (result == HY_ERROR_OUT_OF_DEVICE_MEMORY && less < bytes)
            result = addSlab(less, size);
    }
    return result;
}

AddressRange Pool::rangeOf(Slab& slab) {
    return {.base = slab.base,
            .bytes = slab.bytes,
            .kind = HY_MEMORY_DEVICE,
            .device = device_.device,
            .host = slab.host,
            .registered = nullptr,
            .flags = HY_POINTER_POOL,
            .slab = &slab,
            .pool = this};
}

HyResult Pool::addSlab(uint64_t bytes, BlockSize size) {
    const uint32_t shift = kHeapShift[size.heap];
    const HyBackendMemoryTable& memory = device_.tables->memory;
    HyDevicePtr base = 0;
    void* host = nullptr;
    slabs_.reserve(slabs_.size() + 1);
    if (const HyResult result = memory.allocate(device_.impl, bytes, &base, &host); result < 0)
        return blameBackend(device_.backend, result);
    std::unique_ptr<Slab> slab = Slab::create(base, bytes >> shift << shift, static_cast<std::byte*>(host), shift);
    if (slab == nullptr) {
        memory.free(device_.impl, base);
        return fail(HY_ERROR_OUT_OF_HOST_MEMORY, "", "", "the host has no memory for the table of {} bytes", bytes);
    }
    slab->pool = this;
    if (!device_.addresses->insert(rangeOf(*slab))) {
        memory.free(device_.impl, base);
        return fail(HY_ERROR_INTERNAL, "", "this is a defect of the backend: please report it to its vendor",
                    "the {} backend returned memory at {:#x} that overlaps a live allocation", device_.backend, base);
    }
    heaps_[size.heap].free.add(*slab);
    moveReserved(slab->bytes, 0);
    slabs_.push_back(std::move(slab));
    return HY_SUCCESS;
}

void Pool::moveReserved(uint64_t plus, uint64_t minus) {
    const uint64_t now = reserved_.fetch_add(plus - minus, std::memory_order_relaxed) + plus - minus;
    uint64_t peak = reservedPeak_.load(std::memory_order_relaxed);
    while (now > peak && !reservedPeak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
    useless_.store(0, std::memory_order_relaxed);
}

void Pool::give(Block& block) {
    const std::lock_guard lock(mutex_);
    heaps_[block.slab->heap()].free.give(block);
}

// ---- A backend that keeps each allocation apart

HyResult Pool::allocateOwn(const StreamMemory& stream, uint64_t bytes, HyDevicePtr& out) {
    const HyBackendMemoryTable& memory = device_.tables->memory;
    AddressRange range = {
        .bytes = bytes, .kind = HY_MEMORY_DEVICE, .device = device_.device, .flags = HY_POINTER_POOL, .pool = this};
    void* host = nullptr;
    const HyResult result = allocateUnderPressure(siblings_, device_, [&] {
        return blameBackend(device_.backend, memory.allocateOnStream(stream.stream_, bytes, &range.base, &host));
    });
    if (result < 0)
        return result == HY_ERROR_OUT_OF_DEVICE_MEMORY ? failMemory(bytes) : result;
    range.host = static_cast<std::byte*>(host);
    if (!device_.addresses->insert(range)) {
        memory.free(device_.impl, range.base);
        return fail(HY_ERROR_INTERNAL, "", "this is a defect of the backend: please report it to its vendor",
                    "the {} backend returned memory at {:#x} that overlaps a live allocation", device_.backend,
                    range.base);
    }
    moveReserved(bytes, 0);
    usage_.add(0, bytes);
    out = range.base;
    return HY_SUCCESS;
}

HyResult Pool::freeOwn(HyBackendStream stream, const AddressRange& range) {
    const std::shared_ptr<Pool> alive = shared_from_this();
    const HyBackendMemoryTable& memory = device_.tables->memory;
    if (stream != nullptr)
        freesInFlight_.store(true, std::memory_order_relaxed);
    const HyResult result =
        stream != nullptr ? memory.freeOnStream(stream, range.base) : memory.free(device_.impl, range.base);
    if (result < 0) {
        device_.addresses->insert(range);
        return blameBackend(device_.backend, result);
    }
    usage_.subtract(0, range.bytes);
    moveReserved(0, range.bytes);
    return result;
}

// ---- Giving back

bool Pool::holdsMemory() const {
    return reserved() > usage_.current() || freesInFlight_.load(std::memory_order_relaxed);
}

void Pool::resetPeak() {
    usage_.resetPeak();
    reservedPeak_.store(reserved(), std::memory_order_relaxed);
}

uint64_t Pool::release(uint64_t keepReserved, uint64_t keepFree, bool busyToo) {
    const PreservedError before;
    const std::lock_guard lock(mutex_);
    harvest(busyToo);
    poll();
    uint64_t released = 0;
    for (auto slab = slabs_.begin(); slab != slabs_.end();) {
        const uint64_t bytes = (*slab)->bytes;
        const uint64_t all = reserved();
        const uint64_t used = usage_.current();
        const bool fits = (*slab)->isWhollyFree() && all - bytes >= keepReserved && all - bytes >= used &&
                          all - bytes - used >= keepFree;
        if (!fits || !giveBack(**slab)) {
            ++slab;
            continue;
        }
        released += bytes;
        slab = slabs_.erase(slab);
    }
    return released;
}

// REQUIRES: the slab is wholly free: every block of it came back after the work that used it.
bool Pool::giveBack(Slab& slab) {
    Tlsf& free = heaps_[slab.heap()].free;
    free.remove(slab);
    for (StreamMemory* stream : streams_) {
        const std::lock_guard lock(stream->mutex_);
        stream->forget(slab);
    }
    device_.addresses->removeSlab(slab);
    if (device_.tables->memory.free(device_.impl, slab.base) < 0) {
        device_.addresses->insert(rangeOf(slab));
        free.add(slab);
        return false;
    }
    moveReserved(0, slab.bytes);
    return true;
}

void Pool::releaseExcess() {
    const uint64_t reserved = this->reserved();
    const uint64_t threshold = threshold_.load(std::memory_order_relaxed);
    if (own_ || reserved <= threshold)
        return;
    const uint64_t used = usage_.current();
    const uint64_t spare = reserved > used ? reserved - used : 0;
    // What is spare in pieces of slabs was seen before, and looking empties the caches.
    if (spare <= threshold || spare <= useless_.load(std::memory_order_relaxed))
        return;
    if (release(0, threshold, false) == 0)
        useless_.store(spare, std::memory_order_relaxed);
}

void Pool::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    setReleaseThreshold(0);
    release(0, 0);
}

bool Pool::isSpent() {
    const std::lock_guard lock(mutex_);
    if (!closed_ || reserved() != 0)
        return false;
    // Nothing of it can be in a cache, so those can go.
    for (StreamMemory* stream : streams_) {
        const std::lock_guard streamLock(stream->mutex_);
        std::erase_if(stream->caches_, [&](const auto& cache) { return cache->pool.get() == this; });
    }
    streams_.clear();
    return true;
}

} // namespace halyard
