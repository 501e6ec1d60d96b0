// The line of work: order, waiting and ending.
#include "queue.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <future>
#include <vector>

using namespace halyard::reference;

TEST(ReferenceQueue, RunsInTheOrderOfSubmission) {
    Queue queue;
    std::vector<int> seen;
    uint64_t last = 0;
    for (int i = 0; i < 100; ++i)
        last = queue.submit([&seen, i] { seen.push_back(i); });
    EXPECT_EQ(last, 100U);
    EXPECT_EQ(queue.submitted(), 100U);
    EXPECT_TRUE(queue.waitFor(last, kNever));
    EXPECT_TRUE(queue.reached(last));
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(seen[static_cast<size_t>(i)], i);
    EXPECT_TRUE(queue.stop(kNever));
}

TEST(ReferenceQueue, WhatACommandHoldsIsGoneWhenItIsDone) {
    Queue queue;
    auto held = std::make_shared<int>(1);
    const std::weak_ptr<int> seen = held;
    const uint64_t number = queue.submit([held = std::move(held)] {});
    EXPECT_TRUE(queue.waitFor(number, kNever));
    EXPECT_TRUE(seen.expired());
    EXPECT_TRUE(queue.stop(kNever));
}

TEST(ReferenceQueue, WaitsEndAtTheirDeadlineAndStopLeavesWhatDoesNotEnd) {
    std::promise<void> gate;
    auto left = std::make_shared<std::promise<void>>();
    std::future<void> ended = left->get_future();
    {
        Queue queue;
        const uint64_t number = queue.submit([open = gate.get_future().share(), left] {
            open.wait();
            left->set_value();
        });
        EXPECT_FALSE(queue.waitFor(number, nowNs()));
        EXPECT_FALSE(queue.stop(nowNs()));
    }
    // The queue is gone; its thread is not, and ends by itself.
    gate.set_value();
    ended.wait();
}

TEST(ReferenceQueue, NothingSubmittedIsNothingToWaitFor) {
    Queue queue;
    EXPECT_TRUE(queue.waitFor(queue.submitted(), nowNs()));
    EXPECT_TRUE(queue.stop(nowNs()));
}

TEST(ReferenceQueue, NothingRunsAfterStop) {
    Queue queue;
    EXPECT_EQ(queue.submit([] {}), 1U);
    EXPECT_TRUE(queue.stop(kNever));
    EXPECT_EQ(queue.submit([] { ADD_FAILURE(); }), 1U);
}

TEST(ReferenceQueue, StopRunsWhatWasSubmitted) {
    int runs = 0;
    Queue queue;
    for (int i = 0; i < 10; ++i)
        queue.submit([&runs] { ++runs; });
    EXPECT_TRUE(queue.stop(kNever));
    EXPECT_EQ(runs, 10);
}

TEST(ReferenceQueue, RoundsToNearestWhateverItsMakerDoes) {
    Queue queue;
    int mode = -1;
    std::fesetround(FE_UPWARD);
    const uint64_t number = queue.submit([&mode] { mode = std::fegetround(); });
    std::fesetround(FE_TONEAREST);
    EXPECT_TRUE(queue.waitFor(number, kNever));
    EXPECT_EQ(mode, FE_TONEAREST);
    EXPECT_TRUE(queue.stop(kNever));
}
