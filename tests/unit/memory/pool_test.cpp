#include "fake_device.h"

using namespace halyard;

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class PoolUnit : public ::testing::Test {
protected:
    void SetUp() override { pool = pools.create(fake.device, UINT64_MAX); }
    void TearDown() override {
        fake.busy = false;
        fake.failFree = false;
        first.retire();
        second.retire();
        pools.close(pool);
        EXPECT_EQ(fake.live.size(), 0u);
        pools.shutDown();
        pool.reset();
        EXPECT_EQ(fake.events.size(), 0u) << "events left";
    }
    HyDevicePtr allocate(StreamMemory& stream, uint64_t bytes) {
        HyDevicePtr ptr = 0;
        EXPECT_EQ(pool->allocate(stream, bytes, ptr), HY_SUCCESS);
        return ptr;
    }
    static void free(StreamMemory& stream, HyDevicePtr ptr) { EXPECT_TRUE(stream.free(ptr)); }
    void freeElsewhere(StreamMemory& stream, HyDevicePtr ptr) {
        uint64_t bytes = 0;
        Block* block = fake.addresses.claim(ptr, fake.device.device, bytes);
        ASSERT_NE(block, nullptr);
        stream.keep(*block, bytes);
    }

    FakeDevice fake;
    DevicePools pools;
    std::shared_ptr<Pool> pool;
    HyBackendStream firstImpl = reinterpret_cast<HyBackendStream>(0x100);
    HyBackendStream secondImpl = reinterpret_cast<HyBackendStream>(0x200);
    StreamMemory first{firstImpl};
    StreamMemory second{secondImpl};
};

} // namespace

TEST_F(PoolUnit, TheSteadyStateCallsNoBackend) {
    const HyDevicePtr ptr = allocate(first, 5000);
    free(first, ptr);
    fake.busy = true;
    const unsigned allocations = fake.allocations;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(allocate(first, 5000), ptr);
        free(first, ptr);
    }
    EXPECT_EQ(fake.allocations, allocations);
    EXPECT_EQ(fake.records + fake.waits + fake.streamWaits, 0u);
    fake.busy = false;
}

TEST_F(PoolUnit, AForeignStreamsFreeGoesToItsCache) {
    const HyDevicePtr ptr = allocate(first, 5000);
    EXPECT_FALSE(second.free(ptr)) << "it has not met the slab";
    freeElsewhere(second, ptr);
    EXPECT_FALSE(second.free(ptr)) << "freed already";
    EXPECT_FALSE(first.free(ptr));
    EXPECT_EQ(pool->usage().current(), 0u);
    EXPECT_EQ(allocate(second, 5000), ptr);
    EXPECT_TRUE(second.free(ptr)) << "met by now";
}

TEST_F(PoolUnit, GrowsOnlyWhenLittleIsFreed) {
    fake.capacity = uint64_t{4} << 30;
    std::vector<HyDevicePtr> pointers;
    for (int i = 0; i < 64; ++i)
        pointers.push_back(allocate(first, 4 * kMiB));
    const uint64_t reserved = pool->reserved();
    for (const HyDevicePtr ptr : pointers)
        free(first, ptr);
    // 256 MiB lie in the first stream's cache; its work is done, so the second one has them merged.
    const HyDevicePtr large = allocate(second, 200 * kMiB);
    EXPECT_EQ(pool->reserved(), reserved);
    EXPECT_EQ(fake.records, 0u) << "what an idle stream freed needs no event";
    free(second, large);
}

TEST_F(PoolUnit, ShortMemoryWaitsOnTheStreamFirst) {
    fake.capacity = 100 * kMiB;
    const HyDevicePtr ptr = allocate(first, 90 * kMiB);
    free(first, ptr);
    fake.busy = true;
    EXPECT_EQ(allocate(second, 80 * kMiB), ptr);
    EXPECT_EQ(fake.streamWaits, 1u);
    EXPECT_EQ(fake.waits, 0u);
    // What was left of it is still the first stream's past.
    EXPECT_EQ(allocate(first, 5 * kMiB), ptr + 80 * kMiB);
    EXPECT_EQ(fake.streamWaits, 1u);
    free(first, ptr + 80 * kMiB);
    free(second, ptr);
}

TEST_F(PoolUnit, ShortMemoryWaitsForTheDeviceLast) {
    fake.capacity = 100 * kMiB;
    const HyDevicePtr a = allocate(first, 30 * kMiB);
    const HyDevicePtr b = allocate(first, 30 * kMiB);
    free(first, a);
    free(first, b);
    fake.busy = true;
    // No piece is large enough: the work has to end before they merge.
    const HyDevicePtr c = allocate(second, 62 * kMiB);
    EXPECT_EQ(fake.waits, 1u);
    free(second, c);
}

TEST_F(PoolUnit, FailsWithFiguresAndRecovers) {
    fake.capacity = 100 * kMiB;
    const HyDevicePtr a = allocate(first, 40 * kMiB);
    HyDevicePtr none = 7;
    EXPECT_EQ(pool->allocate(first, 90 * kMiB, none), HY_ERROR_OUT_OF_DEVICE_MEMORY);
    HyErrorInfo info{.structSize = sizeof info};
    ASSERT_EQ(hyGetLastError(&info), HY_SUCCESS);
    const std::string message = info.message;
    for (const uint64_t figure : {90 * kMiB, 40 * kMiB, pool->reserved()})
        EXPECT_NE(message.find(std::to_string(figure)), std::string::npos) << message;
    EXPECT_NE(message.find("the fake device is full"), std::string::npos) << message;
    free(first, a);
    free(first, allocate(first, 90 * kMiB));
}

TEST_F(PoolUnit, OtherPoolsGiveTheirsBack) {
    fake.capacity = 100 * kMiB;
    const std::shared_ptr<Pool> other = pools.create(fake.device, UINT64_MAX);
    HyDevicePtr ptr = 0;
    ASSERT_EQ(other->allocate(first, 90 * kMiB, ptr), HY_SUCCESS);
    free(first, ptr);
    hyClearLastError();
    free(second, allocate(second, 90 * kMiB));
    HyErrorInfo info{.structSize = sizeof info};
    hyGetLastError(&info);
    EXPECT_EQ(info.code, HY_SUCCESS) << "a success leaves the record alone";
    EXPECT_EQ(other->reserved(), 0u);
    pools.close(other);
}

// A stream that failed cannot say how far it came, so only an idle device frees its blocks.
TEST_F(PoolUnit, FailedStreamsBlocksWaitForTheDevice) {
    const HyDevicePtr ptr = allocate(first, 40 * kMiB);
    free(first, ptr);
    fake.streamFailure = HY_ERROR_LAUNCH_FAILED;
    fake.busy = true;
    EXPECT_EQ(pool->release(0, 0), 0u);
    EXPECT_GT(pool->reserved(), 0u);
    fake.busy = false;
    EXPECT_GT(pool->release(0, 0), 0u);
    EXPECT_EQ(pool->reserved(), 0u);
}

TEST_F(PoolUnit, WithoutEventsTheDeviceCounts) {
    fake.failEvents = true;
    free(first, allocate(first, 40 * kMiB));
    fake.busy = true;
    first.retire();
    EXPECT_EQ(pool->release(0, 0), 0u);
    fake.busy = false;
    EXPECT_GT(pool->release(0, 0), 0u);
}

TEST_F(PoolUnit, MemoryThatTheBackendKeepsStaysUsable) {
    const HyDevicePtr ptr = allocate(first, 40 * kMiB);
    free(first, ptr);
    fake.failFree = true;
    EXPECT_EQ(pool->release(0, 0), 0u);
    EXPECT_EQ(allocate(first, 40 * kMiB), ptr);
    EXPECT_TRUE(fake.addresses.find(ptr + 1).has_value());
    free(first, ptr);
}

TEST_F(PoolUnit, ReleaseKeepsWhatItIsAskedTo) {
    std::vector<HyDevicePtr> pointers;
    fake.capacity = uint64_t{8} << 30;
    for (int i = 0; i < 5; ++i)
        pointers.push_back(allocate(first, 300 * kMiB)); // a slab each
    for (const HyDevicePtr ptr : pointers)
        free(first, ptr);
    EXPECT_EQ(pool->reserved(), 1500 * kMiB);
    pool->release(1000 * kMiB, 0);
    EXPECT_EQ(pool->reserved(), 1200 * kMiB);
    pool->release(0, 500 * kMiB);
    EXPECT_EQ(pool->reserved(), 600 * kMiB);
    pool->setReleaseThreshold(300 * kMiB);
    pools.afterSynchronise();
    EXPECT_EQ(pool->reserved(), 300 * kMiB);
    pools.afterSynchronise();
    EXPECT_EQ(pool->reserved(), 300 * kMiB);
}

TEST_F(PoolUnit, AClosedPoolEndsWithItsLastBlock) {
    std::shared_ptr<Pool> other = pools.create(fake.device, UINT64_MAX);
    HyDevicePtr a = 0;
    HyDevicePtr b = 0;
    ASSERT_EQ(other->allocate(first, 1000, a), HY_SUCCESS);
    ASSERT_EQ(other->allocate(second, 3 * kMiB, b), HY_SUCCESS);
    const std::weak_ptr<Pool> watch = other;
    pools.close(other);
    other.reset();
    EXPECT_FALSE(watch.expired());
    free(first, a);
    pools.afterSynchronise();
    EXPECT_FALSE(watch.expired());
    free(second, b);
    pools.afterSynchronise();
    EXPECT_TRUE(watch.expired()) << "nothing holds it any more";
    EXPECT_EQ(fake.live.size(), 0u);
}

TEST_F(PoolUnit, AddressesOfStreamsMayRepeat) {
    // A new stream where a retired one was must not pass for it.
    fake.capacity = 64 * kMiB;
    auto stream = std::make_unique<StreamMemory>(firstImpl);
    const HyDevicePtr ptr = allocate(*stream, 40 * kMiB);
    free(*stream, ptr);
    fake.busy = true;
    StreamMemory* const place = stream.get();
    stream->retire();
    std::destroy_at(place);
    std::construct_at(place, secondImpl);
    EXPECT_EQ(allocate(*place, 40 * kMiB), ptr);
    EXPECT_EQ(fake.streamWaits, 1u) << "it had to wait for the old one";
    free(*place, ptr);
    place->retire();
}
