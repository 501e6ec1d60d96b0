// The barrier of cooperative launches, with threads for workgroups.
#include "grid_barrier.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace halyard::cpu {
namespace {

// Polls for a while, or sleeps at once.
class CpuGridBarrier : public ::testing::TestWithParam<uint64_t> {
protected:
    template <typename Body> void runTogether(uint32_t workgroups, Body&& body) {
        barrier_.open(workgroups);
        std::vector<std::thread> threads;
        for (uint32_t i = 0; i < workgroups; ++i) {
            threads.emplace_back([&, i] {
                body(i);
                barrier_.leave();
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }

    GridBarrier barrier_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(SpinNs, CpuGridBarrier, ::testing::Values(0, 20'000));

TEST_P(CpuGridBarrier, OrdersWhatIsBeforeAndBehind) {
    constexpr uint32_t kWorkgroups = 6, kRounds = 300;
    for (int launch = 0; launch < 3; ++launch) {
        std::vector<uint32_t> numbers(kWorkgroups);
        std::vector<uint32_t> wrong(kWorkgroups);
        runTogether(kWorkgroups, [&](uint32_t own) {
            for (uint32_t round = 1; round <= kRounds; ++round) {
                numbers[own] = round;
                wrong[own] += barrier_.await() ? 0 : 1;
                wrong[own] += numbers[(own + 1) % kWorkgroups] == round ? 0 : 1;
                wrong[own] += barrier_.await() ? 0 : 1;
            }
        });
        EXPECT_EQ(wrong, std::vector<uint32_t>(kWorkgroups));
        EXPECT_FALSE(barrier_.broken());
    }
}

TEST_P(CpuGridBarrier, NobodyWaitsForOneThatEnded) {
    constexpr uint32_t kWorkgroups = 5;
    for (uint32_t rounds = 0; rounds < 20; ++rounds) {
        std::vector<uint32_t> passed(kWorkgroups);
        runTogether(kWorkgroups, [&](uint32_t own) {
            // The first one ends before the others do.
            for (uint32_t round = 0; round < rounds + (own == 0 ? 0 : 3) && barrier_.await(); ++round) {
                ++passed[own];
            }
        });
        EXPECT_TRUE(barrier_.broken());
        EXPECT_EQ(passed[0], rounds);
        for (const uint32_t rest : passed) {
            EXPECT_LE(rest, rounds);
        }
        barrier_.open(1);
        EXPECT_TRUE(barrier_.await());
        EXPECT_FALSE(barrier_.broken());
    }
}

TEST_P(CpuGridBarrier, AGridOfOneWaitsForNobody) {
    EXPECT_EQ(GridBarrier::awaitFromKernel(nullptr), 0);
    barrier_.open(1);
    EXPECT_EQ(GridBarrier::awaitFromKernel(&barrier_), 0);
    barrier_.leave();
    EXPECT_EQ(GridBarrier::awaitFromKernel(&barrier_), 1);
}

} // namespace
} // namespace halyard::cpu
