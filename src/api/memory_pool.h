// Stream-ordered allocation, for the entry points and for what runs such work later.
#pragma once

#include "api/object.h"
#include "memory/device_pools.h"

#include <optional>

namespace halyard {

struct MemoryPool : Object {
    static constexpr ObjectType kType = ObjectType::MemoryPool;
    MemoryPool(Device* owner, std::shared_ptr<Pool> state, bool isStandard)
        : Object(kType, owner->instance, owner), pool(std::move(state)), standard(isStandard) {}

    const std::shared_ptr<Pool> pool;
    const bool standard;
};

// What a pool needs of a device. REQUIRES: the device is open.
PoolDevice poolDeviceOf(Device& device);

// The bodies of hyMemAllocAsync (pool null), hyMemAllocFromPoolAsync and hyMemFreeAsync, behind the checks of handles.
// May throw std::bad_alloc.
HyResult allocateOnStream(Stream& stream, Pool* pool, uint64_t bytes, HyDevicePtr* outPtr);
HyResult freeOnStream(Stream& stream, HyDevicePtr ptr);

// hyMemFree of an allocation of a pool; nothing when `ptr` is none of this device's.
std::optional<HyResult> freePooledNow(Device& device, HyDevicePtr ptr);

} // namespace halyard
