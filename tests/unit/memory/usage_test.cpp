#include "memory/block_size.h"
#include "memory/usage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

using namespace halyard;

// One thread, many accounts: the peak is exact whatever the order.
TEST(Usage, PeakIsExactInSequence) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Usage usage;
        std::mt19937_64 random(seed);
        uint64_t live[5] = {};
        uint64_t sum = 0;
        uint64_t peak = 0;
        for (int step = 0; step < 200; ++step) {
            const auto account = static_cast<uint32_t>(random() % 5);
            const uint64_t bytes = random() % 1000;
            if (random() % 2 == 0) {
                usage.add(account, bytes);
                live[account] += bytes;
                sum += bytes;
            } else {
                const uint64_t less = std::min(bytes, live[account]);
                usage.subtract(account, less);
                live[account] -= less;
                sum -= less;
            }
            peak = std::max(peak, sum);
            ASSERT_EQ(usage.current(), sum);
            ASSERT_EQ(usage.peak(), peak) << "seed " << seed << " step " << step;
            if (step == 100) {
                usage.resetPeak();
                peak = sum;
            }
        }
    }
}

TEST(Usage, ThreadsLoseNothing) {
    Usage usage;
    std::vector<std::thread> threads;
    for (uint32_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&usage] {
            const uint32_t account = usage.open();
            for (int i = 0; i < 20000; ++i) {
                usage.add(account, 100);
                if (i % 2 == 0)
                    usage.subtract(account, 100);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(usage.current(), 4u * 10000 * 100);
    EXPECT_GE(usage.peak(), usage.current());
}

TEST(BlockSize, RoundsUpByAnEighthAtMost) {
    uint64_t last = 0;
    for (uint64_t bytes = 1; bytes < kSmallLimit; bytes += 97) {
        const BlockSize size = BlockSize::of(bytes);
        const uint64_t held = uint64_t{size.granules} << kHeapShift[size.heap];
        ASSERT_EQ(size.heap, 0u);
        ASSERT_GE(held, bytes);
        ASSERT_LE(held, std::max(bytes + bytes / 8 + 256, uint64_t{256})) << bytes;
        ASSERT_GE(held, last);
        ASSERT_EQ(size.bin, binOf(size.granules));
        last = held;
    }
    EXPECT_EQ(BlockSize::of(1).granules, 1u);
    EXPECT_EQ(BlockSize::of(256).granules, 1u);
    EXPECT_EQ(BlockSize::of(257).granules, 2u);
    EXPECT_EQ(BlockSize::of(kSmallLimit).heap, 1u);
    EXPECT_EQ(BlockSize::of(kSmallLimit).granules, 16u);
    EXPECT_EQ(BlockSize::of((uint64_t{5} << 30) + 1).granules, (5u << 14) + 1);
    EXPECT_EQ(uint64_t{BlockSize::of(kLargestRequest).granules} << 16, kLargestRequest);
}

TEST(BlockSize, BinsGrowWithSizes) {
    uint32_t last = 0;
    for (uint32_t granules = 1; granules < 1u << 20; ++granules) {
        const uint32_t bin = binOf(granules);
        ASSERT_TRUE(bin == last || bin == last + 1) << granules;
        last = bin;
    }
    EXPECT_LT(binOf(UINT32_MAX), kBinCount);
}
