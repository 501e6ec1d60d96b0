// Stream-ordered allocation from many threads: memory that two owners have at once shows in its contents.
#include "memory_pool_fixture.h"

#include <atomic>
#include <random>
#include <thread>

using namespace halyard::conformance;

namespace {

constexpr unsigned kThreads = 8;

struct Piece {
    HyDevicePtr ptr;
    uint32_t value;
    uint64_t count;
};

} // namespace

class MemoryPoolThreads : public PoolTest {
protected:
    // How much a thread does: the reference device is an emulator.
    unsigned rounds() const { return properties.type == HY_DEVICE_TYPE_EMULATED ? 60 : 600; }

    // Fills each new allocation with its own value, and looks at old ones before it frees them: another owner would
    // have left a different value. Allocations change hands between streams on the way.
    void work(unsigned thread, HyStream own, const std::vector<HyStream>& streams, HyMemoryPool pool) {
        std::mt19937_64 random(thread + 1);
        std::vector<Piece> live;
        for (unsigned round = 0; round < rounds() && !HasFailure(); ++round) {
            if (live.size() < 4 || random() % 2 == 0) {
                const uint64_t count = 1 + random() % (random() % 8 == 0 ? 600'000 : 3000);
                HyDevicePtr ptr = 0;
                ASSERT_OK(random() % 3 == 0 ? hyMemAllocAsync(own, count * 4, &ptr)
                                            : hyMemAllocFromPoolAsync(own, pool, count * 4, &ptr));
                const uint32_t value = thread << 24 | round;
                ASSERT_OK(hyMemFillAsync(own, ptr, &value, 4, count));
                live.push_back({ptr, value, count});
                continue;
            }
            const size_t at = random() % live.size();
            const Piece piece = live[at];
            live.erase(live.begin() + static_cast<ptrdiff_t>(at));
            uint32_t ends[2] = {};
            ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(&ends[0]), piece.ptr, 4));
            ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(&ends[1]), piece.ptr + (piece.count - 1) * 4, 4));
            const unsigned choice = random() % 8;
            if (choice == 0) { // freed on another thread's stream
                const HyStream other = streams[random() % streams.size()];
                order(own, other);
                ASSERT_OK(hyMemFreeAsync(other, piece.ptr));
            } else if (choice == 1) {
                ASSERT_OK(hyMemFree(device, piece.ptr));
            } else {
                ASSERT_OK(hyMemFreeAsync(own, piece.ptr));
            }
            ASSERT_OK(hyStreamSynchronize(own, kLimitNs));
            ASSERT_EQ(ends[0], piece.value);
            ASSERT_EQ(ends[1], piece.value);
        }
        for (const Piece& piece : live)
            ASSERT_OK(hyMemFreeAsync(own, piece.ptr));
    }
};

TEST_F(MemoryPoolThreads, EightStreamsKeepApart) {
    const HyMemoryPool pool = makePool(1 << 20);
    std::vector<HyStream> streams;
    for (unsigned i = 0; i < kThreads; ++i)
        streams.push_back(makeStream());
    std::atomic<bool> stop{false};
    std::thread trimmer([&] {
        HyPointerInfo info{};
        info.structSize = sizeof info;
        for (uint64_t i = 0; !stop.load(); ++i) {
            EXPECT_OK(hyMemoryPoolTrim(pool, 0));
            const HyMemoryPoolStatistics now = statistics(pool);
            EXPECT_LE(now.usedBytes, now.usedBytesPeak + (uint64_t{1} << 40)) << "not below zero";
            const HyResult result = hyPointerGetInfo(instance, uint64_t{1} << 40 | i << 8, &info);
            EXPECT_TRUE(result == HY_SUCCESS || result == HY_ERROR_INVALID_ADDRESS);
            std::this_thread::yield();
        }
    });
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] { work(i, streams[i], streams, pool); });
    for (std::thread& thread : threads)
        thread.join();
    stop.store(true);
    trimmer.join();
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_EQ(statistics(pool).usedBytes, 0u);
    EXPECT_OK(hyMemoryPoolTrim(pool, 0));
    EXPECT_EQ(statistics(pool).reservedBytes, 0u) << "nothing was lost";
    EXPECT_OK(hyMemoryPoolDestroy(pool));
}

// Pools and streams come and go while others allocate.
TEST_F(MemoryPoolThreads, PoolsAndStreamsComeAndGo) {
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (unsigned round = 0; round < rounds() / 10; ++round) {
                const HyStream own = makeStream();
                const HyMemoryPool pool = makePool(thread % 2 == 0 ? 0 : UINT64_MAX);
                const HyDevicePtr a = allocateAsync(own, 1000 + round, pool);
                const HyDevicePtr b = allocateAsync(own, 2 << 20, pool);
                const HyDevicePtr c = allocateAsync(own, 1 << 12);
                fill(own, a, round, 250);
                fill(own, b, round, 1 << 19);
                EXPECT_OK(hyMemFreeAsync(own, b));
                EXPECT_OK(hyMemoryPoolDestroy(pool));
                EXPECT_OK(hyMemFreeAsync(own, c));
                if (round % 2 == 0) {
                    EXPECT_OK(hyMemFreeAsync(own, a));
                }
                EXPECT_OK(hyStreamDestroy(own));
                if (round % 2 != 0) {
                    EXPECT_OK(hyMemFree(device, a));
                }
                if (round % 5 == 0) {
                    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}
