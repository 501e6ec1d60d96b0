// Frees whose stream has not passed them yet: a kernel holds the stream until another stream sets its flag.
#include "memory_pool_fixture.h"

#include "basic_cl.spv.h"

using namespace halyard::conformance;

class BusyPools : public PoolTest {
protected:
    void SetUp() override {
        PoolTest::SetUp();
        flag = upload(std::vector<int>(1, 0));
        kernel = makeKernel(loadModule(basic_cl_spv, basic_cl_spv_size), "wait_for_flag");
        setter = makeStream();
        busy = makeStream();
    }
    void hold() {
        const void* args[] = {&flag};
        ASSERT_OK(hyLaunchKernel(busy, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 1));
    }
    void letGo() { fill(setter, flag, 1, 1); }

    HyDevicePtr flag = 0;
    HyKernel kernel = nullptr;
    HyStream setter = nullptr;
    HyStream busy = nullptr;
};

TEST_F(BusyPools, OtherStreamsGetNothingThatIsInUse) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    hold();
    const HyDevicePtr ptr = allocateAsync(busy, 100 << 20, pool);
    EXPECT_OK(hyMemFreeAsync(busy, ptr));
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_GE(statistics(pool).reservedBytes, 100u << 20) << "the free is in flight";
    const HyDevicePtr other = allocateAsync(stream, 100 << 20, pool);
    EXPECT_NE(other, ptr);
    fill(stream, other, 1, 1);
    synchronize(); // does not wait for the busy stream
    const HyDevicePtr again = allocateAsync(busy, 100 << 20, pool);
    EXPECT_EQ(again, ptr) << "its own stream may have it at once";
    EXPECT_OK(hyMemFreeAsync(busy, again));
    letGo();
    EXPECT_OK(hyStreamSynchronize(busy, kLimitNs));
    EXPECT_OK(hyMemFreeAsync(stream, other));
    synchronize();
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u);
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

// Short of memory, an allocation is given what a busy stream frees, and its work waits for that stream.
TEST_F(BusyPools, ShortMemoryMakesStreamsWait) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const uint64_t most = properties.totalMemory / 5 * 3;
    const HyDevicePtr ptr = allocateAsync(busy, most, pool);
    fill(busy, ptr, 1, 1);
    hold();
    fill(busy, ptr, 2, 1);
    EXPECT_OK(hyMemFreeAsync(busy, ptr));
    hyClearLastError();
    const HyDevicePtr next = allocateAsync(stream, most, pool); // the host does not wait
    EXPECT_EQ(lastError().code, HY_SUCCESS);
    EXPECT_EQ(next, ptr);
    fill(stream, next, 3, 1);
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_EQ(hyStreamSynchronize(stream, 20'000'000), HY_ERROR_TIMEOUT) << "its work waits";
    letGo();
    EXPECT_EQ(download<uint32_t>(next, 1)[0], 3u) << "after the busy stream's last write";
    EXPECT_OK(hyMemFreeAsync(stream, next));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

// hyMemAlloc has no stream that could wait, so the host does, for a bounded time.
TEST_F(BusyPools, MemAllocWaitsForFreesInFlight) {
    const uint64_t most = properties.totalMemory / 5 * 3;
    const HyDevicePtr ptr = allocateAsync(busy, most);
    hold();
    EXPECT_OK(hyMemFreeAsync(busy, ptr));
    HyDevicePtr plain = 0;
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAlloc, device, most, &plain);
    letGo();
    EXPECT_OK(hyMemAlloc(device, most, &plain));
    EXPECT_OK(hyMemFree(device, plain));
}

TEST_F(BusyPools, HyMemFreeTimesOutAndKeepsTheMemory) {
    const HyDevicePtr ptr = allocateAsync(stream, 1000);
    fill(stream, ptr, 6, 250);
    hold();
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyMemFree, device, ptr);
    EXPECT_EQ(download<uint32_t>(ptr, 250), std::vector<uint32_t>(250, 6));
    letGo();
    EXPECT_OK(hyMemFree(device, ptr));
}

TEST_F(BusyPools, AStreamDestroyedWhileBusyKeepsItsMemory) {
    const HyMemoryPool pool = makePool(0);
    const HyDevicePtr ptr = allocateAsync(busy, 40 << 20, pool);
    hold();
    fill(busy, ptr, 2, 10 << 20);
    EXPECT_OK(hyMemFreeAsync(busy, ptr));
    EXPECT_OK(hyStreamDestroy(busy));
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_GT(statistics(pool).reservedBytes, 0u) << "still in use";
    const HyDevicePtr other = allocateAsync(stream, 40 << 20, pool);
    EXPECT_NE(other, ptr);
    EXPECT_OK(hyMemFreeAsync(stream, other));
    letGo();
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u);
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}
