// Activities: when commands ran, on the host's clock, without overlap in a stream.
#include "driver_fixture.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

using namespace halyard::cuda::testing;

uint64_t hostNow() {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

struct Seen {
    HyActivity activity;
    std::string name;
};

class CudaProfile : public CudaDriver {
protected:
    void SetUp() override {
        CudaDriver::SetUp();
        services_.getCorrelation = [](void*) { return correlation; };
    }
    void watch() {
        ASSERT_NE(api_->profiling, nullptr);
        ASSERT_EQ(api_->profiling->setSink(device_, receive, this), HY_SUCCESS) << lastMessage;
    }
    static void receive(void* user, const HyActivity* activity) {
        auto& self = *static_cast<CudaProfile*>(user);
        const std::scoped_lock lock(self.mutex_);
        self.seen_.push_back({*activity, activity->name});
    }
    std::vector<Seen> seen() {
        const std::scoped_lock lock(mutex_);
        return seen_;
    }
    static inline thread_local uint64_t correlation = 0;

    std::mutex mutex_;
    std::vector<Seen> seen_;
};

TEST_F(CudaProfile, tellsEachCommandInOrderOnTheHostsClock) {
    const Loaded add = loadAdd();
    const HyDevicePtr memory = allocate(1 << 16);
    watch();
    const uint64_t before = hostNow();
    const uint32_t ten = 10;
    const uint32_t five = 5;
    const HyDim3 one{1, 1, 1};
    const HyDim3 warp{32, 1, 1};
    const void* args[2] = {&memory, &five};
    std::vector<uint32_t> back(32);
    correlation = 41;
    ASSERT_EQ(api_->stream->fill(stream_, memory, &ten, 4, 1024), HY_SUCCESS) << lastMessage;
    correlation = 42;
    ASSERT_EQ(api_->stream->launchArgs(stream_, add.kernel, &one, &warp, args), HY_SUCCESS) << lastMessage;
    correlation = 0;
    const HyHostFunction pause = [](void*, HyResult) { std::this_thread::sleep_for(std::chrono::milliseconds(3)); };
    ASSERT_EQ(api_->stream->hostFunction(stream_, pause, nullptr), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->copy(stream_, hyHostAddress(back.data()), memory, 128, HY_BACKEND_COPY_DST_HOST),
              HY_SUCCESS)
        << lastMessage;
    finish();
    const uint64_t after = hostNow();
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 4U);
    const HyActivityKind kinds[] = {HY_ACTIVITY_FILL, HY_ACTIVITY_KERNEL, HY_ACTIVITY_HOST_FUNCTION, HY_ACTIVITY_COPY};
    const uint64_t bytes[] = {4096, 0, 0, 128};
    const uint64_t correlations[] = {41, 42, 0, 0};
    constexpr uint64_t kClocks = 100'000'000; // a loaded machine lets the comparison of two clocks be this far off
    for (size_t i = 0; i < all.size(); ++i) {
        const HyActivity& activity = all[i].activity;
        EXPECT_EQ(activity.kind, kinds[i]) << i;
        EXPECT_EQ(activity.bytes, bytes[i]) << i;
        EXPECT_EQ(activity.correlation, correlations[i]) << i;
        EXPECT_EQ(activity.timeline, all[0].activity.timeline) << i;
        EXPECT_NE(activity.timeline, 0U);
        EXPECT_EQ(activity.device, nullptr);
        EXPECT_LE(activity.startNs, activity.endNs) << i;
        EXPECT_GE(activity.startNs + kClocks, before) << i;
        EXPECT_LE(activity.endNs, after + kClocks) << i;
        if (i > 0) {
            EXPECT_GE(activity.startNs, all[i - 1].activity.endNs) << i;
        }
    }
    EXPECT_EQ(all[1].name, "add");
    EXPECT_EQ(all[0].name, "");
    EXPECT_GE(all[2].activity.endNs - all[2].activity.startNs, 2'500'000U);
    EXPECT_EQ(back[31], 15U);
    unload(add);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaProfile, whoWaitsForAnEventHasWhatIsBeforeIt) {
    const HyDevicePtr memory = allocate(4096);
    watch();
    const uint8_t zero = 0;
    HyBackendEvent event = nullptr;
    ASSERT_EQ(api_->event->create(device_, 0, &event), HY_SUCCESS) << lastMessage;
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(api_->stream->fill(stream_, memory, &zero, 1, 4096), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->event->record(event, stream_), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->event->synchronize(event, kLimit), HY_SUCCESS) << lastMessage;
    EXPECT_EQ(seen().size(), 3U);
    ASSERT_EQ(api_->profiling->setSink(device_, nullptr, nullptr), HY_SUCCESS);
    ASSERT_EQ(api_->stream->fill(stream_, memory, &zero, 1, 4096), HY_SUCCESS) << lastMessage;
    finish();
    EXPECT_EQ(seen().size(), 3U);
    EXPECT_EQ(api_->event->destroy(event), HY_SUCCESS);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaProfile, commandsOfADestroyedStreamAreToldWhenTheDeviceIsWaitedFor) {
    const HyDevicePtr memory = allocate(4096);
    watch();
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    HyBackendStream other = nullptr;
    ASSERT_EQ(api_->stream->create(device_, &desc, &other), HY_SUCCESS) << lastMessage;
    const uint8_t zero = 0;
    ASSERT_EQ(api_->stream->fill(other, memory, &zero, 1, 4096), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->destroy(other), HY_SUCCESS);
    for (int i = 0; i < 2000 && seen().empty(); ++i) {
        ASSERT_EQ(api_->device->synchronize(device_, kLimit), HY_SUCCESS) << lastMessage;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(seen().size(), 1U);
    EXPECT_EQ(seen()[0].activity.kind, HY_ACTIVITY_FILL);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaProfile, threadsOfOneStreamDoNotOverlap) {
    constexpr int kThreads = 4;
    constexpr int kEach = 200; // more than what is kept unasked
    const HyDevicePtr memory = allocate(4096);
    watch();
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&] {
            const uint8_t zero = 0;
            for (int i = 0; i < kEach; ++i)
                EXPECT_EQ(api_->stream->fill(stream_, memory, &zero, 1, 4096), HY_SUCCESS) << lastMessage;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    finish();
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), size_t{kThreads} * kEach);
    for (size_t i = 1; i < all.size(); ++i)
        ASSERT_GE(all[i].activity.startNs, all[i - 1].activity.endNs) << i;
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

// The host's memory changes after the submission, and the copy must still be of what is there then.
TEST_F(CudaProfile, pageableCopiesKeepTheirOrder) {
    const HyDevicePtr memory = allocate(64);
    watch();
    std::vector<uint8_t> source(64, 1);
    struct Gate {
        std::atomic<bool> open{false};
        std::vector<uint8_t>* source;
    } gate{{}, &source};
    const HyHostFunction change = [](void* user, HyResult) {
        auto& gate = *static_cast<Gate*>(user);
        while (!gate.open.load())
            std::this_thread::yield();
        gate.source->assign(64, 9);
    };
    ASSERT_EQ(api_->stream->hostFunction(stream_, change, &gate), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->copy(stream_, memory, hyHostAddress(source.data()), 64, HY_BACKEND_COPY_SRC_HOST),
              HY_SUCCESS)
        << lastMessage;
    gate.open = true;
    finish();
    EXPECT_EQ(read(memory, 64), std::vector<uint8_t>(64, 9));
    EXPECT_EQ(seen().size(), 3U);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

} // namespace
