// What the worker threads cost beside the work: nothing when there is none, and no more threads than the process may
// use.
#include "fixture.h"

#include <chrono>
#include <ctime>
#include <optional>
#include <sched.h>
#include <thread>

namespace halyard::cpu_test {
namespace {

double processSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint32_t threadsByDefault() {
    const Services services; // of an empty environment
    HyBackendContext context = nullptr;
    EXPECT_EQ(cpuInterface().initialise(services.table(), &context), HY_SUCCESS);
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    EXPECT_EQ(cpuInterface().device->getProperties(context, 0, &properties), HY_SUCCESS);
    cpuInterface().shutdown(context);
    return properties.computeUnits;
}

// Polling ends 30 microseconds after the last work; a fifth of a second is far more than a busy machine makes of that.
TEST(CpuSchedule, IdleThreadsUseNoProcessorTime) {
    Device device("HALYARD_CPU_THREADS", "8");
    HyBackendKernel empty = device.kernel("empty", {});
    std::vector<HyBackendStream> streams;
    for (int i = 0; i < 4; ++i) {
        streams.push_back(device.stream());
    }
    const double before = processSeconds();
    for (int round = 0; round < 200; ++round) {
        for (HyBackendStream stream : streams) {
            device.run(stream, empty, 16, 1, {});
        }
    }
    ASSERT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_SUCCESS);
    EXPECT_GT(processSeconds() - before, 0.0);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double idle = processSeconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    // One thread that polls for one turn of 30 microseconds in ten milliseconds would use 1.5 ms.
    EXPECT_LT(processSeconds() - idle, 1e-3);
}

TEST(CpuSchedule, NoMoreThreadsThanTheAffinityMaskAllows) {
    cpu_set_t before;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    EXPECT_LE(threadsByDefault(), static_cast<uint32_t>(CPU_COUNT(&before)));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    const uint32_t threads = threadsByDefault();
    EXPECT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
    EXPECT_EQ(threads, 1u);
}

// A device whose two workers are bound to two processors, and a host thread that binds itself to either.
class TwoProcessors : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
        if (CPU_COUNT(&before_) < 2) {
            GTEST_SKIP() << "there is one processor";
        }
        for (uint32_t cpu = 0, found = 0; found < 2; ++cpu) {
            if (CPU_ISSET(cpu, &before_)) {
                processors_[found++] = cpu;
            }
        }
        device_.emplace();
        stream_ = device_->stream();
        place_ = device_->kernel("place", {pointer(0), pointer(8)});
        ran_ = device_->memory(2);
        auto* processors = device_->memory(2);
        processors[0] = processors_[0];
        processors[1] = processors_[1];
        const void* args[] = {&processors, &ran_};
        HyBackendLaunch launch = launchOf(args);
        launch.workgroups = {2, 1, 1};
        launch.flags = HY_LAUNCH_COOPERATIVE; // a worker each
        ASSERT_EQ(cpuInterface().stream->launch(stream_, place_, &launch), HY_SUCCESS);
        device_->wait(stream_);
        ASSERT_EQ(ran_[0], processors_[0]);
        ASSERT_EQ(ran_[1], processors_[1]);
    }
    void TearDown() override { sched_setaffinity(0, sizeof before_, &before_); }

    static HyBackendLaunch launchOf(const void* const* args) {
        HyBackendLaunch launch{};
        launch.structSize = sizeof launch;
        launch.workgroups = launch.workgroupSize = launch.clusterSize = {1, 1, 1};
        launch.args = args;
        launch.argCount = 2;
        return launch;
    }
    void bindHost(uint32_t processor) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    }
    void launchOne() {
        const uint32_t* none = nullptr;
        const void* args[] = {&none, &ran_};
        const HyBackendLaunch launch = launchOf(args);
        ASSERT_EQ(cpuInterface().stream->launch(stream_, place_, &launch), HY_SUCCESS);
    }
    uint32_t whereOneRuns() {
        launchOne();
        device_->wait(stream_);
        return ran_[0];
    }

    cpu_set_t before_{};
    uint32_t processors_[2] = {};
    std::optional<Device> device_;
    HyBackendStream stream_ = nullptr;
    HyBackendKernel place_ = nullptr;
    uint32_t* ran_ = nullptr;
};

// The one that slept last is not woken where the host is. (On a busy machine it may not sleep yet.)
TEST_F(TwoProcessors, WorkersAwayFromTheHostAreWoken) {
    for (int round = 0; round < 4; ++round) {
        bindHost(processors_[round % 2]);
        EXPECT_TRUE(eventually([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            return whereOneRuns() == processors_[1 - round % 2];
        }));
    }
}

// A worker that got the host as a neighbour while it was at work makes way for the other one.
TEST_F(TwoProcessors, AWorkerBesideTheHostGivesItsStreamAway) {
    for (int round = 0; round < 4; ++round) {
        const uint32_t from = processors_[round % 2];
        const uint32_t to = processors_[1 - round % 2];
        bindHost(from);
        ASSERT_TRUE(eventually([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            return whereOneRuns() == to;
        }));
        for (int i = 0; i < 5'000; ++i) { // work until the host is there
            launchOne();
        }
        bindHost(to);
        bool gone = false;
        for (int i = 0; i < 20'000 && !gone; ++i) {
            gone = whereOneRuns() == from;
        }
        EXPECT_TRUE(gone);
    }
}

} // namespace
} // namespace halyard::cpu_test
