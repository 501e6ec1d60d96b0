#include "api/memory_pool.h"

#include "api/check.h"
#include "api/core.h"
#include "graph/attention.h"

#include <mutex>

namespace halyard {

PoolDevice poolDeviceOf(Device& device) {
    return {.tables = device.tables,
            .impl = device.impl,
            .addresses = &device.instance->addresses,
            .device = &device,
            .backend = device.backend->name,
            .selector = device.properties.selector,
            .maxAllocation = device.properties.maxAllocation,
            .waitNs = device.instance->shutdownTimeoutNs};
}

HyResult allocateOnStream(Stream& stream, Pool* pool, uint64_t bytes, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(outPtr, "outPtr"));
    Device& device = *stream.device;
    HyResult state = stream.tables->stream.query(stream.impl);
    if (graph::needsAttention(stream)) [[unlikely]]
        state = graph::orLanes(stream, state);
    if (state < 0) [[unlikely]]
        return blameBackend(device.backend->name, state);
    Pool& from = pool != nullptr ? *pool : device.pools.standard([&] { return poolDeviceOf(device); });
    HyDevicePtr ptr = 0;
    HY_TRY(from.allocate(stream.memory, bytes, ptr));
    *outPtr = ptr;
    return HY_SUCCESS;
}

namespace {

[[gnu::cold]] HyResult explainBadFree(const Device& device, HyDevicePtr ptr) {
    const std::optional<AddressRange> range = device.instance->addresses.find(ptr);
    if (!range) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free each allocation once",
                    "{:#x} is not a live allocation: it was freed, or never was one", ptr);
    }
    if (range->ofGraph) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free it in the graph, or destroy the graph",
                    "{:#x} is memory of a graph's allocation node", ptr);
    }
    if (range->pool == nullptr) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free it by the call that belongs to the one that made it",
                    "{:#x} is memory of {} that did not come from hyMemAllocAsync", ptr,
                    range->device->properties.selector);
    }
    if (range->device != &device) {
        return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass a stream of the device that allocated it",
                    "{:#x} belongs to {}, the stream to {}", ptr, range->device->properties.selector,
                    device.properties.selector);
    }
    return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the address that hyMemAllocAsync returned",
                "{:#x} is {} bytes inside the allocation at {:#x}", ptr, ptr - range->base, range->base);
}

// Memory of a slab that this stream has not met, of a backend that keeps allocations apart, or an error.
[[gnu::noinline]] HyResult freeSlowly(Stream& stream, HyDevicePtr ptr) {
    if (ptr == 0)
        return HY_SUCCESS;
    AddressMap& addresses = stream.instance->addresses;
    uint64_t bytes = 0;
    if (Block* block = addresses.claim(ptr, stream.device, bytes); block != nullptr) {
        stream.memory.keep(*block, bytes);
        return HY_SUCCESS;
    }
    if (const std::optional<AddressRange> range = addresses.removeOwn(ptr, stream.device); range)
        return range->pool->freeOwn(stream.impl, *range);
    return explainBadFree(*stream.device, ptr);
}

} // namespace

HyResult freeOnStream(Stream& stream, HyDevicePtr ptr) {
    if (stream.memory.free(ptr)) [[likely]]
        return HY_SUCCESS;
    return freeSlowly(stream, ptr);
}

std::optional<HyResult> freePooledNow(Device& device, HyDevicePtr ptr) {
    AddressMap& addresses = device.instance->addresses;
    uint64_t bytes = 0;
    Block* block = addresses.claim(ptr, &device, bytes);
    std::optional<AddressRange> own;
    if (block == nullptr)
        own = addresses.removeOwn(ptr, &device);
    if (block == nullptr && !own)
        return std::nullopt;
    const uint64_t limitNs = device.instance->shutdownTimeoutNs;
    if (device.tables->device.synchronize(device.impl, limitNs) == HY_ERROR_TIMEOUT) {
        if (block != nullptr)
            block->live.store(bytes, std::memory_order_release);
        else
            addresses.insert(*own);
        return fail(HY_ERROR_TIMEOUT, "", "wait for the work first, or raise HALYARD_SHUTDOWN_TIMEOUT_MS",
                    "work on {} did not end within {} ms, so the memory stays allocated", device.properties.selector,
                    limitNs / 1'000'000);
    }
    if (own)
        return own->pool->freeOwn(nullptr, *own);
    const std::shared_ptr<Pool> pool = block->slab->pool->shared_from_this();
    pool->usage().subtract(block->account, block->slab->bytesOf(*block));
    pool->give(*block);
    return HY_SUCCESS;
}

namespace {

HyResult create(Device& device, const HyMemoryPoolDesc* in, HyMemoryPool* outPool) {
    HyMemoryPoolDesc desc{
        .structSize = sizeof desc, .flags = 0, .next = nullptr, .releaseThreshold = DevicePools::kStandardThreshold};
    if (in != nullptr)
        HY_TRY(readDesc(in, desc, kMemoryPoolDescV1, 0, "desc"));
    HY_TRY(requirePointer(outPool, "outPool"));
    HY_TRY(device.ensureOpen());
    const std::shared_ptr<Pool> pool = device.pools.create(poolDeviceOf(device), desc.releaseThreshold);
    const HyResult result = publish(std::make_unique<MemoryPool>(&device, pool, false), outPool);
    if (result < 0)
        device.pools.close(pool);
    return result;
}

// Takes the handle of a pool that may be destroyed. One at a time: of two threads that destroy one pool, the second
// must not look at what the first has.
HyResult take(HyMemoryPool handle, MemoryPool*& outPool) {
    static std::mutex turn;
    const std::lock_guard lock(turn);
    const auto word = reinterpret_cast<uint64_t>(handle);
    HyResult result = HY_SUCCESS;
    const auto* named = resolve<MemoryPool>(handle, "pool", result);
    if (named == nullptr)
        return result;
    if (named->standard) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "pool", "trim it instead (hyMemoryPoolTrim)",
                    "the pool is the default pool of {}, which lives as long as the device",
                    named->device->properties.selector);
    }
    outPool = static_cast<MemoryPool*>(HandleTable::remove(word, ObjectType::MemoryPool));
    return outPool != nullptr ? HY_SUCCESS : failHandle(word, ObjectType::MemoryPool, "pool");
}

HyResult destroy(HyMemoryPool handle) {
    MemoryPool* object = nullptr;
    HY_TRY(take(handle, object));
    object->device->pools.close(object->pool);
    object->instance->destroy(object);
    return HY_SUCCESS;
}

HyResult getStandard(Device& device, HyMemoryPool* outPool) {
    HY_TRY(requirePointer(outPool, "outPool"));
    HY_TRY(device.ensureOpen());
    Pool& pool = device.pools.standard([&] { return poolDeviceOf(device); });
    const std::lock_guard lock(device.pools.handleMutex);
    if (device.pools.standardHandle == 0) {
        HyMemoryPool handle = nullptr;
        HY_TRY(publish(std::make_unique<MemoryPool>(&device, pool.shared_from_this(), true), &handle));
        device.pools.standardHandle = reinterpret_cast<uint64_t>(handle);
    }
    *outPool = reinterpret_cast<HyMemoryPool>(device.pools.standardHandle);
    return HY_SUCCESS;
}

graph::Taken captureAllocation(const Stream& stream, uint64_t bytes, HyDevicePtr* outPtr) {
    HY_TRY(requirePointer(outPtr, "outPtr"));
    if (bytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "allocate at least one byte", "bytes is 0");
    return graph::takeAlloc(stream, bytes, outPtr);
}

HyResult getStatistics(Pool& pool, HyMemoryPoolStatistics* outStatistics) {
    const HyMemoryPoolStatistics statistics = {.structSize = sizeof statistics,
                                               .reserved = 0,
                                               .usedBytes = pool.usage().current(),
                                               .usedBytesPeak = pool.usage().peak(),
                                               .reservedBytes = pool.reserved(),
                                               .reservedBytesPeak = pool.reservedPeak()};
    return writeOut(outStatistics, statistics, kMemoryPoolStatisticsV1, "outStatistics");
}

} // namespace

namespace core {

HyResult hyMemoryPoolCreate(HyDevice device, const HyMemoryPoolDesc* desc, HyMemoryPool* outPool) {
    return onObject<Device>("hyMemoryPoolCreate", device, "device",
                            [&](Device& object) { return create(object, desc, outPool); });
}

HyResult hyMemoryPoolDestroy(HyMemoryPool pool) {
    return enter("hyMemoryPoolDestroy", [&] { return destroy(pool); });
}

HyResult hyDeviceGetDefaultMemoryPool(HyDevice device, HyMemoryPool* outPool) {
    return onObject<Device>("hyDeviceGetDefaultMemoryPool", device, "device",
                            [&](Device& object) { return getStandard(object, outPool); });
}

HyResult hyMemoryPoolSetReleaseThreshold(HyMemoryPool pool, uint64_t bytes) {
    return onObject<MemoryPool>("hyMemoryPoolSetReleaseThreshold", pool, "pool", [&](const MemoryPool& object) {
        object.pool->setReleaseThreshold(bytes);
        return HY_SUCCESS;
    });
}

HyResult hyMemoryPoolTrim(HyMemoryPool pool, uint64_t minBytesToKeep) {
    return onObject<MemoryPool>("hyMemoryPoolTrim", pool, "pool", [&](const MemoryPool& object) {
        object.pool->release(minBytesToKeep, 0);
        return HY_SUCCESS;
    });
}

HyResult hyMemoryPoolGetStatistics(HyMemoryPool pool, HyMemoryPoolStatistics* outStatistics) {
    return onObject<MemoryPool>("hyMemoryPoolGetStatistics", pool, "pool",
                                [&](const MemoryPool& object) { return getStatistics(*object.pool, outStatistics); });
}

HyResult hyMemoryPoolResetPeak(HyMemoryPool pool) {
    return onObject<MemoryPool>("hyMemoryPoolResetPeak", pool, "pool", [&](const MemoryPool& object) {
        object.pool->resetPeak();
        return HY_SUCCESS;
    });
}

HyResult hyMemAllocAsync(HyStream stream, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Stream>("hyMemAllocAsync", stream, "stream", [&](Stream& object) {
        if (graph::needsAttention(object)) [[unlikely]] {
            if (const graph::Taken taken = captureAllocation(object, bytes, outPtr); taken)
                return *taken;
        }
        return allocateOnStream(object, nullptr, bytes, outPtr);
    });
}

HyResult hyMemAllocFromPoolAsync(HyStream stream, HyMemoryPool pool, uint64_t bytes, HyDevicePtr* outPtr) {
    return onObject<Stream>("hyMemAllocFromPoolAsync", stream, "stream", [&](Stream& object) {
        HyResult result = HY_SUCCESS;
        const auto* from = resolve<MemoryPool>(pool, "pool", result);
        if (from == nullptr)
            return result;
        if (from->device != object.device) {
            return fail(HY_ERROR_UNSUPPORTED, "pool", "use a pool of the stream's device",
                        "the pool belongs to {}, the stream to {}", from->device->properties.selector,
                        object.device->properties.selector);
        }
        if (graph::needsAttention(object)) [[unlikely]]
            HY_TRY(graph::requireUncaptured(object, "a graph keeps its memory for itself: use hyMemAllocAsync"));
        return allocateOnStream(object, from->pool.get(), bytes, outPtr);
    });
}

HyResult hyMemFreeAsync(HyStream stream, HyDevicePtr ptr) {
    return onObject<Stream>("hyMemFreeAsync", stream, "stream", [&](Stream& object) {
        if ((object.attention.load(std::memory_order_acquire) & graph::kCaptured) != 0 && ptr != 0) [[unlikely]] {
            if (const graph::Taken taken = graph::takeFree(object, ptr); taken)
                return *taken;
        }
        return freeOnStream(object, ptr);
    });
}

} // namespace core
} // namespace halyard
