#include "fake_device.h"

#include <random>
#include <thread>

using namespace halyard;

namespace {

constexpr unsigned kThreads = 8;

// What a thread believes that it owns, noted granule by granule where everyone can see it.
class Owners {
public:
    void take(HyDevicePtr ptr, uint64_t bytes, uint32_t owner) { mark(ptr, bytes, 0, owner); }
    void leave(HyDevicePtr ptr, uint64_t bytes, uint32_t owner) { mark(ptr, bytes, owner, 0); }

private:
    void mark(HyDevicePtr ptr, uint64_t bytes, uint32_t from, uint32_t to) {
        const std::lock_guard lock(mutex_);
        for (HyDevicePtr at = ptr; at < ptr + bytes; at += 256) {
            uint32_t& owner = owners_[at];
            EXPECT_EQ(owner, from) << "two owners of " << at;
            owner = to;
        }
    }
    std::mutex mutex_;
    std::map<HyDevicePtr, uint32_t> owners_;
};

} // namespace

// Every way that a block goes, on 8 threads with a stream each, while others trim, look addresses up and read figures.
TEST(PoolThreads, NoBlockHasTwoOwners) {
    FakeDevice fake;
    fake.capacity = uint64_t{4} << 30;
    DevicePools pools;
    const std::shared_ptr<Pool> pool = pools.create(fake.device, uint64_t{1} << 20);
    const std::shared_ptr<Pool> other = pools.create(fake.device, 0);
    Owners owners;
    std::vector<std::unique_ptr<StreamMemory>> streams;
    const HyBackendStream impl = nullptr;
    for (unsigned i = 0; i < kThreads; ++i)
        streams.push_back(std::make_unique<StreamMemory>(impl));
    std::atomic<bool> stop{false};
    std::atomic<HyDevicePtr> seen{0};

    const auto work = [&](unsigned thread) {
        std::mt19937_64 random(thread);
        StreamMemory& own = *streams[thread];
        std::vector<std::pair<HyDevicePtr, uint64_t>> live;
        for (int round = 0; round < 3000 || !live.empty(); ++round) {
            if (round < 3000 && (live.size() < 3 || random() % 2 == 0)) {
                const uint64_t bytes = 1 + random() % (random() % 50 == 0 ? 3'000'000 : 6000);
                HyDevicePtr ptr = 0;
                ASSERT_EQ((random() % 4 == 0 ? other : pool)->allocate(own, bytes, ptr), HY_SUCCESS);
                owners.take(ptr, bytes, thread + 1);
                seen.store(ptr);
                live.emplace_back(ptr, bytes);
                continue;
            }
            const size_t at = random() % live.size();
            const auto [ptr, bytes] = live[at];
            live.erase(live.begin() + static_cast<ptrdiff_t>(at));
            const std::optional<AddressRange> range = fake.addresses.find(ptr + bytes - 1);
            ASSERT_TRUE(range.has_value());
            ASSERT_EQ(range->base, ptr);
            ASSERT_EQ(range->bytes, bytes);
            owners.leave(ptr, bytes, thread + 1);
            if (random() % 8 == 0) {
                uint64_t asked = 0;
                Block* block = fake.addresses.claim(ptr, fake.device.device, asked);
                ASSERT_NE(block, nullptr);
                ASSERT_EQ(asked, bytes);
                streams[random() % kThreads]->keep(*block, asked);
            } else {
                ASSERT_TRUE(own.free(ptr));
            }
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] { work(i); });
    std::thread meddler([&] {
        for (unsigned i = 0; !stop.load(); ++i) {
            pool->release(0, 0, i % 2 == 0);
            pools.afterSynchronise();
            static_cast<void>(fake.addresses.locate(seen.load() + 300));
            EXPECT_GE(pool->usage().peak() + (uint64_t{1} << 40), pool->usage().current());
            std::this_thread::yield();
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    stop.store(true);
    meddler.join();
    EXPECT_EQ(pool->usage().current(), 0u);
    EXPECT_EQ(other->usage().current(), 0u);
    for (const auto& stream : streams)
        stream->retire();
    pools.close(pool);
    pools.close(other);
    EXPECT_EQ(fake.live.size(), 0u) << "memory was lost";
    pools.shutDown();
}
