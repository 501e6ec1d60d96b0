// What tests of stream-ordered allocation share.
#pragma once

#include "fixture.h"

namespace halyard::conformance {

class PoolTest : public DeviceTest {
protected:
    HyDevicePtr allocateAsync(HyStream on, uint64_t bytes, HyMemoryPool pool = nullptr) {
        HyDevicePtr ptr = 0;
        EXPECT_OK(pool != nullptr ? hyMemAllocFromPoolAsync(on, pool, bytes, &ptr) : hyMemAllocAsync(on, bytes, &ptr));
        EXPECT_EQ(ptr % 256, 0u);
        return ptr;
    }
    HyMemoryPool makePool(uint64_t releaseThreshold) {
        HyMemoryPoolDesc desc{};
        desc.structSize = sizeof desc;
        desc.releaseThreshold = releaseThreshold;
        HyMemoryPool pool = nullptr;
        EXPECT_OK(hyMemoryPoolCreate(device, &desc, &pool));
        return pool;
    }
    HyMemoryPool defaultPool() {
        HyMemoryPool pool = nullptr;
        EXPECT_OK(hyDeviceGetDefaultMemoryPool(device, &pool));
        return pool;
    }
    static HyMemoryPoolStatistics statistics(HyMemoryPool pool) {
        HyMemoryPoolStatistics out{};
        out.structSize = sizeof out;
        EXPECT_OK(hyMemoryPoolGetStatistics(pool, &out));
        return out;
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    void fill(HyStream on, HyDevicePtr ptr, uint32_t value, uint64_t count) {
        EXPECT_OK(hyMemFillAsync(on, ptr, &value, sizeof value, count));
    }
    // `after` waits for all that `before` has now.
    void order(HyStream before, HyStream after) {
        HyEvent event = nullptr;
        EXPECT_OK(hyEventCreate(device, 0, &event));
        EXPECT_OK(hyEventRecord(event, before));
        EXPECT_OK(hyStreamWaitEvent(after, event));
        EXPECT_OK(hyEventDestroy(event));
    }
    // Whether the device's allocations come from slabs; the other way is that each is one of its own.
    bool pooled() {
        const HyMemoryPool pool = makePool(0);
        const HyDevicePtr ptr = allocateAsync(stream, 256, pool);
        const HyMemoryPoolStatistics now = statistics(pool);
        EXPECT_OK(hyMemFreeAsync(stream, ptr));
        EXPECT_OK(hyMemoryPoolDestroy(pool));
        return now.reservedBytes > now.usedBytes;
    }
};

} // namespace halyard::conformance
