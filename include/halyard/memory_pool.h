/* Halyard: stream-ordered allocation. Part of halyard.h, whose conventions hold.
 *
 * hyMemAllocAsync and hyMemFreeAsync cost no driver call in the steady state: they take memory from a pool and put it
 * back, at a point of a stream's order.
 *
 *  - The memory may be used by work submitted to `stream` after the allocation, and by work on other streams of the
 * device that an event orders after that point of `stream` (hyEventRecord, hyStreamWaitEvent), and by the host where
 * the device allows it, after waiting for that point. Its contents are undefined.
 *  - A free takes effect at the end of `stream` as it is at the call: work submitted before may still use the memory,
 * work submitted after may not. The stream need not be the one that allocated; uses on other streams must be ordered
 * before the free by events.
 *  - The pool reuses memory on the same stream at once, and elsewhere when it knows that the freeing stream has passed
 * that point. When memory is short it makes the allocating stream wait for that point rather than fail.
 *  - An address is a device address like one from hyMemAlloc: copies, fills, kernels and hyPointerGetInfo see the
 * allocation with its own base and size, never its neighbours. A multiple of 256.
 *  - When the device has no memory left, pools first give back what is free, then wait for frees in flight (for at most
 * HALYARD_SHUTDOWN_TIMEOUT_MS), and only then an allocation fails. hyMemAlloc does the same.
 *  - hyMemFree takes pool memory too: it waits for submitted work of the device, then the memory is back in the pool.
 *  - On a stream that is captured (graph.h) the calls become nodes of the graph, whose memory is the graph's own.
 *  - Destroying a stream leaves its allocations as they are. Destroying the instance frees everything.
 *  - A device that has to see each allocation as one (the reference device, which reports uses after a free) makes
 * every allocation by itself: everything here holds, and used and reserved bytes are the same. */
#ifndef HALYARD_MEMORY_POOL_H
#define HALYARD_MEMORY_POOL_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HyMemoryPoolDesc {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    uint64_t releaseThreshold; /* bytes, see hyMemoryPoolSetReleaseThreshold; 0 keeps nothing */
} HyMemoryPoolDesc;

/* Makes a pool of its own for allocations on streams of `device`. It takes no memory before the first of them. `desc`
 * may be null: then the threshold is that of the default pool. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT, HY_ERROR_OUT_OF_HOST_MEMORY, and what opening the device can
 * give. */
HY_API HyResult hyMemoryPoolCreate(HyDevice device, const HyMemoryPoolDesc* desc, HyMemoryPool* outPool);

/* The handle becomes invalid. Allowed while allocations of the pool are live: they stay valid and are freed as before,
 * and the pool's memory goes back to the device as it becomes free. Does not wait. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT (the default pool, which lives as long as its device). */
HY_API HyResult hyMemoryPoolDestroy(HyMemoryPool pool);

/* The pool that hyMemAllocAsync takes from: one for each device, always the same handle. It keeps up to 64 MiB of free
 * memory until told otherwise. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_OUT_OF_HOST_MEMORY,
 * and what opening the device can give. */
HY_API HyResult hyDeviceGetDefaultMemoryPool(HyDevice device, HyMemoryPool* outPool);

/* How many free bytes the pool keeps for later allocations. Beyond that, memory goes back to the device whenever a call
 * has waited for work (hyStreamSynchronize, hyEventSynchronize, hyDeviceSynchronize), in the pieces in which the pool
 * got it (32 MiB and more), as long as at least this many free bytes stay. UINT64_MAX keeps everything, until memory is
 * short. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyMemoryPoolSetReleaseThreshold(HyMemoryPool pool, uint64_t bytes);

/* Gives memory that is free back to the device now, while the pool keeps at least `minBytesToKeep` reserved. Memory
 * whose free is still in flight stays; nothing waits. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyMemoryPoolTrim(HyMemoryPool pool, uint64_t minBytesToKeep);

typedef struct HyMemoryPoolStatistics {
    uint32_t structSize;
    uint32_t reserved;
    uint64_t usedBytes;     /* what live allocations occupy: each is rounded up, by an eighth or by 64 KiB at most,
                               or to 256 bytes */
    uint64_t usedBytesPeak; /* the highest usedBytes since the beginning or hyMemoryPoolResetPeak; while several threads
                               allocate at once, an estimate of it */
    uint64_t reservedBytes; /* what the pool has of the device's memory */
    uint64_t reservedBytesPeak; /* the highest reservedBytes, as above */
} HyMemoryPoolStatistics;

/* A free counts when it is called, whenever the stream gets there. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT. */
HY_API HyResult hyMemoryPoolGetStatistics(HyMemoryPool pool, HyMemoryPoolStatistics* outStatistics);

/* The peaks become the current values. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyMemoryPoolResetPeak(HyMemoryPool pool);

/* Allocates from the default pool of the stream's device, ordered on `stream` as described above. Hot: in the steady
 * state no lock is shared with other streams and no driver object is made. Thread-safe. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, outPtr null), HY_ERROR_OUT_OF_DEVICE_MEMORY (the message
 * has the pool's used and reserved bytes), HY_ERROR_OUT_OF_HOST_MEMORY, HY_ERROR_DEVICE_LOST, the sticky error of the
 * stream. */
HY_API HyResult hyMemAllocAsync(HyStream stream, uint64_t bytes, HyDevicePtr* outPtr);

/* The same from a pool of the stream's device. Errors also: HY_ERROR_UNSUPPORTED (pool of another device). */
HY_API HyResult hyMemAllocFromPoolAsync(HyStream stream, HyMemoryPool pool, uint64_t bytes, HyDevicePtr* outPtr);

/* Frees memory from hyMemAllocAsync or hyMemAllocFromPoolAsync, by its first address, at the end of `stream`, any
 * stream of its device. The address is dead at once for calls that are made later, and may be given out again by the
 * next allocation. Works on a stream with a sticky error too. Address 0 is allowed and does nothing. Of two frees of
 * one allocation, from any threads, one succeeds. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ADDRESS (freed
 * already, inside an allocation, from hyMemAlloc, of another device, or unknown), HY_ERROR_OUT_OF_HOST_MEMORY (the
 * allocation stays live). */
HY_API HyResult hyMemFreeAsync(HyStream stream, HyDevicePtr ptr);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_MEMORY_POOL_H */
