// The end of things: in any order, with work in flight, from any thread, at exit and after fork.
#include "every_call.h"
#include "fixture.h"

#include "grid_cl.spv.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace halyard::conformance;

namespace {

// One of everything, and work in flight that uses it.
struct Busy {
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream streams[2] = {};
    HyEvent events[2] = {};
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyDevicePtr data = 0;
    HyCapabilities capabilities = 0;
    static constexpr uint32_t kItems = 4096;
    std::vector<int> host = std::vector<int>(kItems, 7);

    void create() {
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
        for (HyStream& stream : streams)
            ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        HyDeviceProperties properties{};
        properties.structSize = sizeof properties;
        ASSERT_OK(hyDeviceGetProperties(device, &properties));
        capabilities = properties.capabilities;
        const uint32_t flags = (capabilities & HY_CAP_TIMING) != 0 ? HY_EVENT_TIMING : 0;
        for (HyEvent& event : events)
            ASSERT_OK(hyEventCreate(device, flags, &event));
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = grid_cl_spv;
        desc.dataBytes = grid_cl_spv_size;
        ASSERT_OK(hyModuleLoad(device, &desc, &module));
        ASSERT_OK(hyKernelCreate(module, "add_one", &kernel));
        ASSERT_OK(hyMemAlloc(device, kItems * sizeof(int), &data));
    }
    // Each stream waits for the other now and then.
    void submit(int rounds) {
        const void* args[] = {&data};
        ASSERT_OK(hyMemcpyAsync(streams[0], data, hyHostAddress(host.data()), kItems * sizeof(int)));
        for (int i = 0; i < rounds; ++i) {
            const HyStream stream = streams[i % 2];
            ASSERT_OK(hyLaunchKernel(stream, kernel, {kItems / 64, 1, 1}, {64, 1, 1}, 0, args, 1));
            ASSERT_OK(hyEventRecord(events[i % 2], stream));
            ASSERT_OK(hyStreamWaitEvent(streams[(i + 1) % 2], events[i % 2]));
        }
    }
    std::vector<std::function<HyResult()>> destroyers() {
        return {[this] { return hyStreamDestroy(streams[0]); }, [this] { return hyStreamDestroy(streams[1]); },
                [this] { return hyEventDestroy(events[0]); },   [this] { return hyEventDestroy(events[1]); },
                [this] { return hyKernelDestroy(kernel); },     [this] { return hyModuleDestroy(module); },
                [this] { return hyMemFree(device, data); }};
    }
};

constexpr int kRounds = 20;

int childStatus(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WEXITSTATUS(status);
}

} // namespace

TEST(Teardown, InEveryOrderWithWorkInFlight) {
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        Busy busy;
        ASSERT_NO_FATAL_FAILURE(busy.create());
        ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
        auto destroyers = busy.destroyers();
        std::shuffle(destroyers.begin(), destroyers.end(), random);
        for (const auto& destroy : destroyers)
            EXPECT_OK(destroy());
        EXPECT_OK(hyInstanceDestroy(busy.instance));
    }
}

TEST(Teardown, FromOtherThreadsAtOnce) {
    for (int round = 0; round < 10; ++round) {
        Busy busy;
        ASSERT_NO_FATAL_FAILURE(busy.create());
        ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
        std::vector<std::thread> threads;
        for (auto& destroy : busy.destroyers())
            threads.emplace_back([destroy] { EXPECT_OK(destroy()); });
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_OK(hyInstanceDestroy(busy.instance));
    }
}

TEST(Teardown, TheInstanceTakesTheRestAlong) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
    std::thread([&] { EXPECT_OK(hyInstanceDestroy(busy.instance)); }).join();
    for (auto& destroy : busy.destroyers())
        EXPECT_EQ(destroy(), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(hyInstanceDestroy(busy.instance), HY_ERROR_INVALID_HANDLE);
}

TEST(Teardown, TwiceIsRefused) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
    for (auto& destroy : busy.destroyers()) {
        EXPECT_OK(destroy());
        EXPECT_LT(destroy(), 0);
    }
    EXPECT_OK(hyInstanceDestroy(busy.instance));
    EXPECT_EQ(hyInstanceDestroy(busy.instance), HY_ERROR_INVALID_HANDLE);
}

// Of two threads that destroy the same object one does.
TEST(Teardown, OnceFromManyThreads) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
    const auto destroyers = busy.destroyers();
    std::vector<std::atomic<int>> successes(destroyers.size());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (size_t k = 0; k < destroyers.size(); ++k)
                successes[k] += destroyers[k]() == HY_SUCCESS ? 1 : 0;
        });
    for (std::thread& thread : threads)
        thread.join();
    for (const auto& count : successes)
        EXPECT_EQ(count, 1);
    EXPECT_OK(hyInstanceDestroy(busy.instance));
}

TEST(Teardown, EveryCallRefusesWhatIsGone) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    ASSERT_OK(hyInstanceDestroy(busy.instance));
    for (void* handle : {static_cast<void*>(nullptr), static_cast<void*>(busy.instance),
                         static_cast<void*>(busy.streams[0]), reinterpret_cast<void*>(0x1234)})
        for (const EveryCall& each : everyCall()) {
            hyClearLastError();
            EXPECT_EQ(each.call(handle), HY_ERROR_INVALID_HANDLE) << each.name << " " << lastError().message;
            EXPECT_STREQ(lastError().call, each.name);
        }
}

// Errors and the state of a thread that ends while others use the same objects.
TEST(Teardown, ThreadsComeAndGo) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    for (int round = 0; round < 50; ++round)
        std::thread([&] {
            EXPECT_EQ(lastError().code, HY_SUCCESS);
            EXPECT_LT(hyStreamDestroy(nullptr), 0);
            ASSERT_NO_FATAL_FAILURE(busy.submit(2));
        }).join();
    EXPECT_OK(hyDeviceSynchronize(busy.device, 30'000'000'000));
    EXPECT_OK(hyInstanceDestroy(busy.instance));
}

TEST(Teardown, ForkedChildIsToldByEveryCall) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    ASSERT_NO_FATAL_FAILURE(busy.submit(kRounds));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // The child reports by its exit status: gtest's own state belongs to the parent.
        int wrong = 0;
        for (void* handle :
             {static_cast<void*>(busy.instance), static_cast<void*>(busy.streams[0]), static_cast<void*>(busy.kernel)})
            for (const EveryCall& each : everyCall())
                if (each.call(handle) != HY_ERROR_FORKED) {
                    dprintf(STDERR_FILENO, "%s does not tell\n", each.name);
                    wrong = 1;
                }
        Busy own;
        own.create();
        own.submit(kRounds);
        const bool right = hyDeviceSynchronize(own.device, 30'000'000'000) == HY_SUCCESS &&
                           hyInstanceDestroy(own.instance) == HY_SUCCESS && !::testing::Test::HasFailure();
        _exit(wrong + (right ? 0 : 2));
    }
    EXPECT_EQ(childStatus(child), 0);
    EXPECT_OK(hyDeviceSynchronize(busy.device, 30'000'000'000));
    EXPECT_OK(hyInstanceDestroy(busy.instance));
}

namespace {

// In a process of its own: work in flight, some of it endless, then the end.
[[noreturn]] void endWhileBusy(void (*end)(int)) {
    Busy busy;
    busy.create();
    busy.submit(kRounds);
    HyKernel endless = nullptr;
    HyDevicePtr flag = 0;
    const int zero = 0;
    hyKernelCreate(busy.module, "endless", &endless);
    hyMemAlloc(busy.device, 64, &flag);
    hyMemFillAsync(busy.streams[1], flag, &zero, 4, 1);
    const void* args[] = {&flag};
    hyLaunchKernel(busy.streams[1], endless, {1, 1, 1}, {1, 1, 1}, 0, args, 1);
    std::thread([&] { busy.submit(kRounds); }).join();
    end(::testing::Test::HasFailure() ? 1 : 0);
    abort();
}

} // namespace

class TeardownDeathTest : public ::testing::Test {
protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(TeardownDeathTest, ExitWithWorkInFlight) {
    EXPECT_EXIT(endWhileBusy(std::exit), ::testing::ExitedWithCode(0), "");
}

TEST_F(TeardownDeathTest, QuickExitWithWorkInFlight) {
    EXPECT_EXIT(endWhileBusy(std::quick_exit), ::testing::ExitedWithCode(0), "");
    EXPECT_EXIT(endWhileBusy(_exit), ::testing::ExitedWithCode(0), "");
}

// The instance is destroyed by a function that runs at exit, with work in flight.
TEST_F(TeardownDeathTest, DestroyedAtExit) {
    static Busy busy;
    EXPECT_EXIT(
        {
            busy.create();
            busy.submit(kRounds);
            std::atexit([] {
                if (hyInstanceDestroy(busy.instance) != HY_SUCCESS)
                    _exit(3);
            });
            std::exit(::testing::Test::HasFailure() ? 1 : 0);
        },
        ::testing::ExitedWithCode(0), "");
}

// Every kind of call from four threads at once, on the same objects. What this finds is for ThreadSanitizer to say.
TEST(Threads, HammerTheSameObjects) {
    Busy busy;
    ASSERT_NO_FATAL_FAILURE(busy.create());
    const bool tellsOccupancy = (busy.capabilities & HY_CAP_OCCUPANCY) != 0;
    const bool together = tellsOccupancy && (busy.capabilities & HY_CAP_COOPERATIVE_LAUNCH) != 0;
    std::vector<std::thread> threads;
    for (uint32_t seed = 0; seed < 4; ++seed)
        threads.emplace_back([&busy, seed, tellsOccupancy, together] {
            std::mt19937 random(seed);
            std::vector<int> host(Busy::kItems);
            for (int round = 0; round < 40; ++round) {
                const HyStream stream = busy.streams[random() % 2];
                const HyEvent event = busy.events[random() % 2];
                const void* args[] = {&busy.data};
                HyKernelInfo info{};
                info.structSize = sizeof info;
                HyOccupancy occupancy{};
                occupancy.structSize = sizeof occupancy;
                HyPointerInfo pointer{};
                pointer.structSize = sizeof pointer;
                HyDim3 size{};
                uint64_t free = 0, total = 0;
                uint32_t sizes[4], count = 0;
                EXPECT_OK(hyLaunchKernel(stream, busy.kernel, {4, 1, 1}, {64, 1, 1}, 0, args, 1));
                EXPECT_OK(hyEventRecord(event, stream));
                EXPECT_OK(hyStreamWaitEvent(busy.streams[random() % 2], event));
                EXPECT_GE(hyEventQuery(event), 0);
                EXPECT_GE(hyStreamQuery(stream), 0);
                EXPECT_OK(hyKernelGetInfo(busy.kernel, &info));
                EXPECT_EQ(hyKernelGetOccupancy(busy.kernel, {64, 1, 1}, 0, &occupancy),
                          tellsOccupancy ? HY_SUCCESS : HY_ERROR_UNSUPPORTED);
                EXPECT_OK(hyKernelSuggestWorkgroupSize(busy.kernel, {1000, 1, 1}, &size));
                EXPECT_OK(hyDeviceGetSubgroupSizes(busy.device, 4, sizes, &count));
                EXPECT_OK(hyDeviceGetMemoryInfo(busy.device, &free, &total));
                EXPECT_OK(hyPointerGetInfo(busy.instance, busy.data, &pointer));
                for (const EveryCall& each : everyCall())
                    EXPECT_LT(each.call(nullptr), 0) << each.name;
                HyStream own = nullptr;
                HyEvent mark = nullptr;
                HyKernel kernel = nullptr;
                HyDevicePtr memory = 0;
                EXPECT_OK(hyStreamCreate(busy.device, nullptr, &own));
                EXPECT_OK(hyEventCreate(busy.device, 0, &mark));
                EXPECT_OK(hyKernelCreate(busy.module, "add_one", &kernel));
                EXPECT_OK(hyMemAlloc(busy.device, Busy::kItems * sizeof(int), &memory));
                const int value = 3;
                const void* ownArgs[] = {&memory};
                EXPECT_OK(hyMemFillAsync(own, memory, &value, 4, Busy::kItems));
                HyLaunchDesc desc{};
                desc.structSize = sizeof desc;
                desc.flags = together ? HY_LAUNCH_COOPERATIVE : 0;
                desc.stream = own;
                desc.kernel = kernel;
                desc.workgroups = {1, 1, 1};
                if (together)
                    desc.workgroups.x = static_cast<uint32_t>(std::min<uint64_t>(occupancy.activeWorkgroups, 4));
                desc.workgroupSize = {64, 1, 1};
                desc.args = ownArgs;
                desc.argCount = 1;
                EXPECT_OK(hyLaunchKernelEx(&desc));
                EXPECT_OK(hyMemcpyAsync(own, hyHostAddress(host.data()), memory, Busy::kItems * sizeof(int)));
                EXPECT_OK(hyEventRecord(mark, own));
                EXPECT_OK(hyStreamWaitEvent(stream, mark));
                EXPECT_OK(hyKernelDestroy(kernel));
                EXPECT_OK(hyEventSynchronize(mark, 30'000'000'000));
                EXPECT_EQ(host[0], 4);
                EXPECT_EQ(host.back(), 3);
                EXPECT_OK(hyEventDestroy(mark));
                EXPECT_OK(hyMemFree(busy.device, memory));
                EXPECT_OK(hyStreamDestroy(own));
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_OK(hyDeviceSynchronize(busy.device, 30'000'000'000));
    EXPECT_OK(hyInstanceDestroy(busy.instance));
}
