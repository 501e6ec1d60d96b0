// Stream-ordered allocation: what each call does and refuses.
#include "memory_pool_fixture.h"

#include "basic_comp.spv.h"

#include <atomic>
#include <thread>

using namespace halyard::conformance;

class MemoryPools : public PoolTest {};

TEST_F(MemoryPools, RefuseBadArguments) {
    HyMemoryPool pool = nullptr;
    HyDevicePtr ptr = 7;
    HyMemoryPoolDesc desc{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyMemoryPoolCreate, device, &desc, &pool);
    desc.structSize = sizeof desc;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPool", hyMemoryPoolCreate, device, &desc, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemoryPoolCreate, nullptr, &desc, &pool);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemoryPoolCreate, wrongType<HyDevice>(stream), &desc, &pool);
    desc.flags = 4;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyMemoryPoolCreate, device, &desc, &pool);
    desc.flags = 0;
    desc.next = &desc;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "next", hyMemoryPoolCreate, device, &desc, &pool);
    EXPECT_EQ(pool, nullptr);

    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPool", hyDeviceGetDefaultMemoryPool, device, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetDefaultMemoryPool, nullptr, &pool);
    ASSERT_OK(hyMemoryPoolCreate(device, nullptr, &pool));
    HyMemoryPoolStatistics wrong{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outStatistics", hyMemoryPoolGetStatistics, pool, &wrong);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outStatistics", hyMemoryPoolGetStatistics, pool, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolGetStatistics, nullptr, &wrong);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolTrim, wrongType<HyMemoryPool>(stream), 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolSetReleaseThreshold, invented<HyMemoryPool>(), 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolResetPeak, nullptr);

    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAllocAsync, stream, 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemAllocAsync, stream, 16, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemAllocAsync, nullptr, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemAllocAsync, wrongType<HyStream>(device), 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemAllocFromPoolAsync, stream, nullptr, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemAllocFromPoolAsync, nullptr, pool, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAllocFromPoolAsync, stream, pool, 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemFreeAsync, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemFreeAsync, wrongType<HyStream>(pool), 0);
    EXPECT_EQ(ptr, 7u) << "outputs stay untouched on failure";

    ASSERT_OK(hyMemoryPoolDestroy(pool));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolDestroy, pool);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemAllocFromPoolAsync, stream, pool, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "pool", hyMemoryPoolTrim, pool, 0);
    const HyStream gone = makeStream();
    ASSERT_OK(hyStreamDestroy(gone));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemAllocAsync, gone, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemFreeAsync, gone, 16);
}

TEST_F(MemoryPools, RefuseBadFrees) {
    const HyDevicePtr ptr = allocateAsync(stream, 1000);
    const HyDevicePtr ordinary = allocate(1000);
    EXPECT_OK(hyMemFreeAsync(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ptr + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ptr + 256);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ordinary);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, hyHostAddress(&properties));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, UINT64_MAX);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr + 8);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
    EXPECT_OK(hyMemFree(device, ordinary));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ordinary);
}

TEST_F(MemoryPools, OneOfTwoFreesSucceeds) {
    const HyStream other = makeStream();
    for (int round = 0; round < 200; ++round) {
        const HyDevicePtr ptr = allocateAsync(stream, 4096);
        std::atomic<int> freed{0};
        std::atomic<int> ready{0};
        const auto freeOn = [&](HyStream on) {
            ready.fetch_add(1);
            while (ready.load() != 2)
                std::this_thread::yield();
            const HyResult result = hyMemFreeAsync(on, ptr);
            EXPECT_TRUE(result == HY_SUCCESS || result == HY_ERROR_INVALID_ADDRESS) << hyResultName(result);
            freed.fetch_add(result == HY_SUCCESS ? 1 : 0);
        };
        std::thread second([&] { freeOn(other); });
        freeOn(stream);
        second.join();
        ASSERT_EQ(freed.load(), 1);
    }
}

TEST_F(MemoryPools, AllocationsAreMemoryLikeAnyOther) {
    const std::vector<uint64_t> sizes = {1, 4, 255, 256, 257, 5000, 1u << 20, (1u << 20) + 1, 3u << 20, 40u << 20};
    std::vector<HyDevicePtr> pointers;
    for (const uint64_t bytes : sizes) {
        const HyDevicePtr ptr = allocateAsync(stream, bytes);
        HyPointerInfo info{};
        info.structSize = sizeof info;
        ASSERT_OK(hyPointerGetInfo(instance, ptr + bytes - 1, &info));
        EXPECT_EQ(info.kind, HY_MEMORY_DEVICE);
        EXPECT_EQ(info.device, device);
        EXPECT_EQ(info.base, ptr);
        EXPECT_EQ(info.bytes, bytes);
        EXPECT_EQ(info.offset, bytes - 1);
        EXPECT_EQ(info.hostAddress != nullptr, (properties.capabilities & HY_CAP_HOST_ACCESS) != 0);
        EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, ptr + bytes, &info);
        for (size_t i = 0; i < pointers.size(); ++i)
            EXPECT_TRUE(ptr + bytes <= pointers[i] || pointers[i] + sizes[i] <= ptr) << "two allocations overlap";
        pointers.push_back(ptr);
        const uint8_t byte = static_cast<uint8_t>(pointers.size());
        EXPECT_OK(hyMemFillAsync(stream, ptr, &byte, 1, bytes));
    }
    for (size_t i = 0; i < sizes.size(); ++i) {
        const std::vector<uint8_t> bytes = download<uint8_t>(pointers[i], sizes[i]);
        EXPECT_EQ(bytes, std::vector<uint8_t>(sizes[i], static_cast<uint8_t>(i + 1)));
        EXPECT_OK(hyMemFreeAsync(stream, pointers[i]));
    }
}

TEST_F(MemoryPools, RangesEndWithTheAllocation) {
    const HyDevicePtr a = allocateAsync(stream, 1000);
    const HyDevicePtr b = allocateAsync(stream, 1000);
    std::vector<char> host(2000);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, a, hyHostAddress(host.data()), 1001);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, hyHostAddress(host.data()), a + 900, 101);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, b, host.data(), 1, 1001);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, a + 1000, host.data(), 1, 1);
    EXPECT_OK(hyMemcpyAsync(stream, a, hyHostAddress(host.data()), 1000));
    EXPECT_OK(hyMemFreeAsync(stream, a));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, a, hyHostAddress(host.data()), 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, hyHostAddress(host.data()), a + 10, 1);
    EXPECT_OK(hyMemFreeAsync(stream, b));
    synchronize();
}

// The length of a runtime array is that of the allocation, not of the slab around it.
TEST_F(MemoryPools, KernelsSeeTheAllocationsLength) {
    const std::vector<int> in = {1, 2, 3, 4, 5};
    const HyDevicePtr guard = allocateAsync(stream, 20);
    const HyDevicePtr src = allocateAsync(stream, 20);
    const HyDevicePtr dst = allocateAsync(stream, 20);
    EXPECT_OK(hyMemcpyAsync(stream, src, hyHostAddress(in.data()), 20));
    struct {
        int offset;
        uint32_t n;
    } push = {100, 5};
    const HyKernel kernel = makeKernel(loadModule(basic_comp_spv, basic_comp_spv_size), "main");
    const void* args[] = {&dst, &src, &push};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {5, 1, 1}, {1, 1, 1}, 0, args, 3));
    EXPECT_OK(hyMemFreeAsync(stream, src));
    EXPECT_EQ(download<int>(dst, 5), (std::vector<int>{5000103, 5000106, 5000109, 5000112, 5000115}));
    EXPECT_OK(hyMemFreeAsync(stream, dst));
    EXPECT_OK(hyMemFreeAsync(stream, guard));
}

// The contents of a freed block live until the stream passes the free, though the next allocation has its address.
TEST_F(MemoryPools, ReuseOnOneStreamKeepsItsOrder) {
    constexpr uint64_t kCount = 1 << 16;
    constexpr uint32_t kRounds = 50;
    const HyDevicePtr out = allocate(kRounds * kCount * 4);
    HyDevicePtr last = 0;
    int repeated = 0;
    for (uint32_t round = 0; round < kRounds; ++round) {
        const HyDevicePtr ptr = allocateAsync(stream, kCount * 4);
        repeated += ptr == last ? 1 : 0;
        last = ptr;
        fill(stream, ptr, round, kCount);
        EXPECT_OK(hyMemcpyAsync(stream, out + round * kCount * 4, ptr, kCount * 4));
        EXPECT_OK(hyMemFreeAsync(stream, ptr));
    }
    const std::vector<uint32_t> values = download<uint32_t>(out, kRounds * kCount);
    for (uint32_t round = 0; round < kRounds; ++round) {
        ASSERT_EQ(values[round * kCount], round);
        ASSERT_EQ(values[(round + 1) * kCount - 1], round);
    }
    if (pooled()) {
        EXPECT_EQ(repeated, static_cast<int>(kRounds) - 1);
    }
}

// One stream makes, another one uses and frees, and that one's next allocation may have the memory.
TEST_F(MemoryPools, MemoryMovesBetweenStreams) {
    constexpr uint64_t kCount = 1 << 14;
    constexpr uint32_t kRounds = 100;
    const HyStream other = makeStream();
    const HyDevicePtr out = allocate(2 * kRounds * kCount * 4);
    for (uint32_t round = 0; round < kRounds; ++round) {
        const HyDevicePtr ptr = allocateAsync(stream, kCount * 4);
        fill(stream, ptr, 2 * round, kCount);
        order(stream, other);
        EXPECT_OK(hyMemcpyAsync(other, out + 2 * round * kCount * 4, ptr, kCount * 4));
        EXPECT_OK(hyMemFreeAsync(other, ptr));
        const HyDevicePtr next = allocateAsync(other, kCount * 4);
        fill(other, next, 2 * round + 1, kCount);
        EXPECT_OK(hyMemcpyAsync(other, out + (2 * round + 1) * kCount * 4, next, kCount * 4));
        EXPECT_OK(hyMemFreeAsync(other, next));
    }
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    const std::vector<uint32_t> values = download<uint32_t>(out, 2 * kRounds * kCount);
    for (uint32_t i = 0; i < 2 * kRounds; ++i) {
        ASSERT_EQ(values[i * kCount], i);
        ASSERT_EQ(values[(i + 1) * kCount - 1], i);
    }
}

TEST_F(MemoryPools, StatisticsCountWhatIsLive) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const HyStream other = makeStream();
    HyMemoryPoolStatistics now = statistics(pool);
    EXPECT_EQ(now.usedBytes + now.usedBytesPeak + now.reservedBytes + now.reservedBytesPeak, 0u);
    const HyDevicePtr a = allocateAsync(stream, 512 << 10, pool);
    const HyDevicePtr b = allocateAsync(other, 8 << 20, pool);
    now = statistics(pool);
    EXPECT_EQ(now.usedBytes, (512u << 10) + (8u << 20)) << "these sizes need no rounding";
    EXPECT_EQ(now.usedBytesPeak, now.usedBytes);
    EXPECT_GE(now.reservedBytes, now.usedBytes);
    EXPECT_OK(hyMemFreeAsync(other, a));
    now = statistics(pool);
    EXPECT_EQ(now.usedBytes, 8u << 20);
    EXPECT_EQ(now.usedBytesPeak, (512u << 10) + (8u << 20));
    EXPECT_OK(hyMemoryPoolResetPeak(pool));
    EXPECT_EQ(statistics(pool).usedBytesPeak, 8u << 20);
    const HyDevicePtr c = allocateAsync(stream, 256 << 10, pool);
    EXPECT_EQ(statistics(pool).usedBytesPeak, (256u << 10) + (8u << 20));
    EXPECT_OK(hyMemFreeAsync(stream, c));
    EXPECT_OK(hyMemFreeAsync(stream, b));
    EXPECT_EQ(statistics(pool).usedBytes, 0u);
    const HyDevicePtr odd = allocateAsync(stream, 1001, pool);
    EXPECT_GE(statistics(pool).usedBytes, 1001u);
    EXPECT_LE(statistics(pool).usedBytes, 1001u + 256);
    EXPECT_OK(hyMemFreeAsync(stream, odd));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, TheDefaultPoolIsOne) {
    const HyMemoryPool pool = defaultPool();
    EXPECT_EQ(defaultPool(), pool);
    const uint64_t before = statistics(pool).usedBytes;
    const HyDevicePtr ptr = allocateAsync(stream, 4096);
    EXPECT_EQ(statistics(pool).usedBytes, before + 4096);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pool", hyMemoryPoolDestroy, pool);
    EXPECT_EQ(statistics(pool).usedBytes, before);
}

TEST_F(MemoryPools, TrimGivesBackWhatIsFree) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const HyDevicePtr kept = allocateAsync(stream, 1000, pool);
    const HyDevicePtr large = allocateAsync(stream, 100 << 20, pool);
    fill(stream, kept, 77, 250);
    EXPECT_OK(hyMemFreeAsync(stream, large));
    synchronize();
    if (pooled()) {
        EXPECT_GE(statistics(pool).reservedBytes, 100u << 20) << "the threshold keeps it";
    }
    EXPECT_OK(hyMemoryPoolTrim(pool, UINT64_MAX));
    if (pooled()) {
        EXPECT_GE(statistics(pool).reservedBytes, 100u << 20);
    }
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_LT(statistics(pool).reservedBytes, 100u << 20);
    EXPECT_GE(statistics(pool).reservedBytes, 1000u);
    EXPECT_GE(statistics(pool).reservedBytesPeak, 100u << 20);
    EXPECT_EQ(download<uint32_t>(kept, 250), std::vector<uint32_t>(250, 77)) << "what is live stays";
    EXPECT_OK(hyMemFreeAsync(stream, kept));
    synchronize();
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u);
    const HyDevicePtr again = allocateAsync(stream, 1000, pool);
    fill(stream, again, 78, 250);
    EXPECT_EQ(download<uint32_t>(again, 250), std::vector<uint32_t>(250, 78));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, WaitingReleasesBeyondTheThreshold) {
    const HyMemoryPool pool = makePool(0);
    HyDevicePtr ptr = allocateAsync(stream, 10 << 20, pool);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    synchronize();
    EXPECT_EQ(statistics(pool).reservedBytes, 0u) << "after hyStreamSynchronize";
    ptr = allocateAsync(stream, 10 << 20, pool);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u) << "after hyDeviceSynchronize";
    ptr = allocateAsync(stream, 10 << 20, pool);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u) << "after hyEventSynchronize";
    EXPECT_OK(hyMemoryPoolSetReleaseThreshold(pool, uint64_t{1} << 30));
    ptr = allocateAsync(stream, 10 << 20, pool);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    synchronize();
    if (pooled()) {
        EXPECT_GT(statistics(pool).reservedBytes, 0u);
    }
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, DestroyedWhileAllocationsLive) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    uint64_t before = 0, total = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &before, &total));
    // All but a little: whatever other programs take meanwhile, that much is not free while the pool keeps it.
    constexpr uint64_t kKept = 256 << 20;
    ASSERT_GT(total, 2 * kKept);
    const HyDevicePtr a = allocateAsync(stream, total - kKept, pool);
    const HyDevicePtr b = allocateAsync(stream, 1000, pool);
    fill(stream, b, 5, 250);
    EXPECT_OK(hyMemFreeAsync(stream, a));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
    EXPECT_EQ(download<uint32_t>(b, 250), std::vector<uint32_t>(250, 5)) << "live allocations stay";
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_OK(hyPointerGetInfo(instance, b, &info));
    EXPECT_OK(hyMemFreeAsync(stream, b));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, b);
    synchronize();
    uint64_t after = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &after, nullptr));
    if (before != UINT64_MAX) {
        EXPECT_GT(after, kKept) << "everything went back";
    }
    const HyDevicePtr next = allocateAsync(stream, 1000);
    EXPECT_OK(hyMemFreeAsync(stream, next));
}

TEST_F(MemoryPools, LeftAllocationsEndWithTheInstance) {
    const HyMemoryPool pool = makePool(0);
    const HyStream other = makeStream();
    fill(stream, allocateAsync(stream, 4 << 20, pool), 1, 1 << 20);
    fill(other, allocateAsync(other, 4 << 20), 1, 1 << 20);
    EXPECT_OK(hyMemFreeAsync(other, allocateAsync(other, 1 << 20, pool)));
    EXPECT_OK(hyStreamDestroy(other));
    EXPECT_OK(hyInstanceDestroy(instance));
    instance = nullptr;
}

TEST_F(MemoryPools, StreamsMayGoBeforeTheirAllocations) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const HyStream other = makeStream();
    const HyDevicePtr kept = allocateAsync(other, 1000, pool);
    const HyDevicePtr freed = allocateAsync(other, 30 << 20, pool);
    fill(other, kept, 9, 250);
    fill(other, freed, 9, 7 << 20);
    EXPECT_OK(hyMemFreeAsync(other, freed));
    order(other, stream);
    EXPECT_OK(hyStreamDestroy(other));
    EXPECT_EQ(download<uint32_t>(kept, 250), std::vector<uint32_t>(250, 9));
    EXPECT_LT(statistics(pool).usedBytes, 2000u) << "what the stream freed does not count";
    EXPECT_OK(hyMemFreeAsync(stream, kept));
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u) << "what the stream had freed is free";
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, HyMemFreeTakesPoolMemory) {
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const HyDevicePtr ptr = allocateAsync(stream, 40 << 20, pool);
    fill(stream, ptr, 1, 10 << 20);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_EQ(hyStreamQuery(stream), HY_SUCCESS) << "it waits";
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
    EXPECT_EQ(statistics(pool).usedBytes, 0u);
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u);
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, TooMuchIsAnErrorWithFigures) {
    HyDevicePtr ptr = 7;
    const HyDevicePtr held = allocateAsync(stream, 100'000);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", hyMemAllocAsync, stream, properties.totalMemory + 1, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", hyMemAllocAsync, stream, uint64_t{1} << 62, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", hyMemAllocAsync, stream, UINT64_MAX, &ptr);
    // What one allocation may be, but not beside this one.
    const HyDevicePtr half = allocateAsync(stream, properties.totalMemory / 2);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", hyMemAllocAsync, stream, properties.totalMemory / 3 * 2, &ptr);
    const std::string message = lastError().message;
    EXPECT_NE(message.find("reserved"), std::string::npos) << message;
    EXPECT_NE(message.find(std::to_string(properties.totalMemory / 3 * 2)), std::string::npos) << message;
    EXPECT_EQ(ptr, 7u);
    EXPECT_OK(hyMemFreeAsync(stream, half));
    EXPECT_OK(hyMemFreeAsync(stream, held));
}

TEST_F(MemoryPools, FreeMemoryGoesWhereItIsNeeded) {
    const uint64_t most = properties.totalMemory / 5 * 3;
    const HyMemoryPool pool = makePool(UINT64_MAX);
    const HyMemoryPool other = makePool(UINT64_MAX);
    hyClearLastError();
    EXPECT_OK(hyMemFreeAsync(stream, allocateAsync(stream, most, pool)));
    // To another pool, to hyMemAlloc, and back, though every pool would keep it.
    EXPECT_OK(hyMemFreeAsync(stream, allocateAsync(stream, most, other)));
    const HyDevicePtr plain = allocate(most);
    EXPECT_EQ(lastError().code, HY_SUCCESS) << "successes leave the record alone";
    EXPECT_OK(hyMemFree(device, plain));
    // Within one pool: pieces come together to be given back for one that is larger.
    const HyDevicePtr a = allocateAsync(stream, most / 3, pool);
    const HyDevicePtr b = allocateAsync(stream, most / 3, pool);
    EXPECT_OK(hyMemFreeAsync(stream, a));
    EXPECT_OK(hyMemFreeAsync(stream, b));
    EXPECT_OK(hyMemFreeAsync(stream, allocateAsync(stream, most, pool)));
    EXPECT_OK(hyMemoryPoolDestroy(other));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, CapturedCallsBecomeNodes) {
    const HyDevicePtr out = allocate(4096);
    const HyDevicePtr outside = allocateAsync(stream, 4096);
    const HyMemoryPool pool = makePool(0);
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    HyDevicePtr ptr = 0;
    ASSERT_OK(hyMemAllocAsync(stream, 4096, &ptr));
    fill(stream, ptr, 3, 1024);
    EXPECT_OK(hyMemcpyAsync(stream, out, ptr, 4096));
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
    EXPECT_OK(hyMemFreeAsync(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAllocAsync, stream, 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemAllocAsync, stream, 1, nullptr);
    HyGraph graph = nullptr;
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyStreamEndCapture(stream, &graph));
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    for (int i = 0; i < 2; ++i)
        ASSERT_OK(hyGraphLaunch(exec, stream));
    EXPECT_EQ(download<uint32_t>(out, 1024), std::vector<uint32_t>(1024, 3));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, ptr);

    // A pool's memory has no place in a graph, and a refusal changes nothing.
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyMemAllocFromPoolAsync, stream, pool, 4096, &ptr);
    EXPECT_LT(hyMemFreeAsync(stream, outside), 0);
    ASSERT_OK(hyStreamAbortCapture(stream));
    EXPECT_OK(hyMemFreeAsync(stream, outside));
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

TEST_F(MemoryPools, Beyond4GiB) {
    constexpr uint64_t kBytes = (uint64_t{5} << 30) + 12;
    if (properties.totalMemory < kBytes + (uint64_t{1} << 30)) {
        HyDevicePtr ptr = 0;
        EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "bytes", hyMemAllocAsync, stream, properties.totalMemory + 1, &ptr);
        return;
    }
    const HyDevicePtr ptr = allocateAsync(stream, kBytes);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr + kBytes - 1, &info));
    EXPECT_EQ(info.base, ptr);
    EXPECT_EQ(info.bytes, kBytes);
    fill(stream, ptr + kBytes - 4, 123, 1);
    EXPECT_EQ(download<uint32_t>(ptr + kBytes - 4, 1)[0], 123u);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, hyHostAddress(&info), ptr + kBytes - 4, 5);
    EXPECT_OK(hyMemFreeAsync(stream, ptr));
}
