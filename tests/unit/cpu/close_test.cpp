#include "fixture.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <thread>

namespace halyard::cpu_test {
namespace {

TEST(CpuClose, WaitsForWork) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    uint32_t count = 0; // host memory, so that it can be read after the device has gone
    const uint32_t* counter = &count;
    device.run(stream, slow, 50, 1, {&counter});
    EXPECT_EQ(device.close(kLong), HY_SUCCESS);
    EXPECT_EQ(__atomic_load_n(&count, __ATOMIC_ACQUIRE), 50u);
}

TEST(CpuClose, StopsWorkAtTheNextWorkgroup) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    uint32_t count = 0;
    const uint32_t* counter = &count;
    for (int i = 0; i < 10; ++i) {
        device.run(stream, slow, 100'000, 1, {&counter});
    }
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(device.close(kSecond / 100), HY_ERROR_TIMEOUT);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_LT(__atomic_load_n(&count, __ATOMIC_ACQUIRE), 100'000u);
}

TEST(CpuClose, WithWorkThatWaitsForOtherStreams) {
    Device device;
    HyBackendStream first = device.stream();
    HyBackendStream second = device.stream();
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    uint32_t count = 0;
    const uint32_t* counter = &count;
    HyBackendEvent event = device.event(HY_EVENT_TIMING);
    device.run(first, slow, 100'000, 1, {&counter});
    ASSERT_EQ(cpuInterface().event->record(event, first), HY_SUCCESS);
    ASSERT_EQ(cpuInterface().stream->waitEvent(second, event), HY_SUCCESS);
    device.run(second, slow, 100'000, 1, {&counter});
    EXPECT_EQ(device.close(0), HY_ERROR_TIMEOUT);
}

// What the thread for host functions does after the last one has returned must not be lost: a stream it hands back to
// workers that have gone keeps itself and the device for ever (LeakSanitizer sees it). All threads share one processor
// and the host sleeps meanwhile, so that the end of the function lets the host run on at once.
TEST(CpuClose, RightAfterTheLastHostFunction) {
    cpu_set_t before, one;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    for (int i = 0; i < 100; ++i) {
        Device device;
        HyBackendStream stream = device.stream();
        std::atomic<int> calls = 0;
        const auto count = [](void* user, HyResult) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            ++*static_cast<std::atomic<int>*>(user);
        };
        EXPECT_EQ(cpuInterface().stream->hostFunction(stream, count, &calls), HY_SUCCESS);
        EXPECT_EQ(device.close(kLong), HY_SUCCESS);
        EXPECT_EQ(calls, 1);
    }
    EXPECT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(CpuClose, WithoutAnyWork) {
    Device device;
    EXPECT_EQ(device.close(0), HY_SUCCESS);
}

TEST(CpuClose, OfADeviceWithStreamsThatWereNeverUsed) {
    Device device("HALYARD_CPU_THREADS", "16");
    for (int i = 0; i < 10; ++i) {
        device.stream();
    }
    EXPECT_EQ(device.close(0), HY_SUCCESS);
}

// A kernel that never ends and never looks: closing must come back, and so must leaving the process.
void closeAndExit() {
    auto* device = new Device; // what a lost thread uses must stay
    HyBackendStream stream = device->stream();
    HyBackendKernel forever = device->kernel("forever", {pointer(0)});
    auto* started = device->memory(1);
    device->run(stream, forever, 1, 1, {&started});
    if (!eventually([&] { return __atomic_load_n(started, __ATOMIC_ACQUIRE) != 0; })) {
        std::exit(2);
    }
    const auto begin = std::chrono::steady_clock::now();
    if (device->close(kSecond / 10) != HY_ERROR_TIMEOUT) {
        std::exit(3);
    }
    std::fprintf(stderr, "%s\n", Services::error().message.c_str());
    std::exit(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5) ? 0 : 4);
}

TEST(CpuCloseDeathTest, NeverEndingKernelIsLeftBehind) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(closeAndExit(), testing::ExitedWithCode(0), "could not be stopped");
}

// Without closing at all, as a program that ends early does.
void exitWithoutClosing() {
    auto* device = new Device;
    HyBackendStream stream = device->stream();
    HyBackendKernel forever = device->kernel("forever", {pointer(0)});
    auto* started = device->memory(1);
    device->run(stream, forever, 1, 1, {&started});
    std::exit(eventually([&] { return __atomic_load_n(started, __ATOMIC_ACQUIRE) != 0; }) ? 0 : 2);
}

TEST(CpuCloseDeathTest, ProcessMayEndWhileAKernelRuns) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(exitWithoutClosing(), testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace halyard::cpu_test
