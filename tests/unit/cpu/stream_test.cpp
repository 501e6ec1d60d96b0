#include "fixture.h"

#include <chrono>
#include <set>
#include <sys/resource.h>
#include <thread>

namespace halyard::cpu_test {
namespace {

const HyBackendStreamTable& streams() {
    return *cpuInterface().stream;
}

struct Mixer {
    explicit Mixer(Device& owner)
        : device(owner), kernel(owner.kernel("mix", {pointer(0), value(4, 8)})), state(owner.memory(1)) {}

    void mix(HyBackendStream stream, uint32_t number) { device.run(stream, kernel, 1, 1, {&state, &number}); }

    Device& device;
    HyBackendKernel kernel;
    uint32_t* state;
};

TEST(CpuStream, RunsInOrder) {
    Device device;
    HyBackendStream stream = device.stream();
    Mixer mixer(device);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 5'000; ++i) {
        mixer.mix(stream, i);
        expected = expected * 3 + i;
    }
    device.wait(stream);
    EXPECT_EQ(*mixer.state, expected);
    EXPECT_EQ(streams().query(stream), HY_SUCCESS);
}

TEST(CpuStream, RunsInOrderAcrossKindsOfCommands) {
    Device device;
    HyBackendStream stream = device.stream();
    Mixer mixer(device);
    auto* shadow = device.memory(1);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 200; ++i) {
        mixer.mix(stream, i);
        const auto state = reinterpret_cast<HyDevicePtr>(mixer.state);
        const auto copy = reinterpret_cast<HyDevicePtr>(shadow);
        ASSERT_EQ(streams().copy(stream, copy, state, 4, 0), HY_SUCCESS);
        ASSERT_EQ(streams().fill(stream, state, &i, 4, 1), HY_SUCCESS);
        mixer.mix(stream, 5);
        ASSERT_EQ(streams().copy(stream, state, copy, 4, 0), HY_SUCCESS);
        expected = expected * 3 + i;
    }
    device.wait(stream);
    EXPECT_EQ(*mixer.state, expected);
}

TEST(CpuStream, EveryInvocationRunsOnce) {
    Device device("HALYARD_CPU_THREADS", "3");
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("ids", {pointer(0)});
    constexpr uint32_t kMost = 40'000;
    auto* out = device.memory(kMost * 4);
    std::vector<uint32_t> expected(kMost * 4);
    for (const uint32_t groups : {1u, 2u, 3u, 4u, 7u, 31u, 32u, 33u, 1'000u, kMost}) {
        device.run(stream, kernel, groups, 4, {&out});
        for (uint32_t i = 0; i < groups * 4; ++i) {
            ++expected[i];
        }
    }
    device.wait(stream);
    EXPECT_EQ(std::vector<uint32_t>(out, out + kMost * 4), expected);
}

TEST(CpuStream, ManyStreams) {
    Device device;
    HyBackendKernel kernel = device.kernel("mix", {pointer(0), value(4, 8)});
    constexpr uint32_t kStreams = 1'000;
    constexpr uint32_t kRounds = 20;
    auto* state = device.memory(kStreams);
    std::vector<HyBackendStream> all;
    for (uint32_t i = 0; i < kStreams; ++i) {
        all.push_back(device.stream(static_cast<int32_t>(i % 3) - 1));
    }
    for (uint32_t round = 0; round < kRounds; ++round) {
        for (uint32_t i = 0; i < kStreams; ++i) {
            const uint32_t* own = state + i;
            const uint32_t number = round + i;
            device.run(all[i], kernel, 1, 1, {&own, &number});
        }
    }
    ASSERT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_SUCCESS);
    for (uint32_t i = 0; i < kStreams; ++i) {
        uint32_t expected = 0;
        for (uint32_t round = 0; round < kRounds; ++round) {
            expected = expected * 3 + round + i;
        }
        ASSERT_EQ(state[i], expected) << i;
    }
}

TEST(CpuStream, EightThreadsSubmitAtOnce) {
    Device device;
    HyBackendKernel kernel = device.kernel("ids", {pointer(0)});
    constexpr uint32_t kThreads = 8;
    constexpr uint32_t kLaunches = 2'000;
    auto* own = device.memory(kThreads * 16);
    auto* shared = device.memory(16);
    HyBackendStream common = device.stream();
    std::vector<HyBackendStream> all;
    for (uint32_t i = 0; i < kThreads; ++i) {
        all.push_back(device.stream());
    }
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            const uint32_t* mine = own + i * 16;
            for (uint32_t launch = 0; launch < kLaunches; ++launch) {
                device.run(all[i], kernel, 4, 4, {&mine});
                device.run(common, kernel, 2, 8, {&shared});
                if (launch % 500 == 0) {
                    device.wait(all[i]);
                }
            }
            device.wait(all[i]);
            device.wait(common);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(std::vector<uint32_t>(own, own + kThreads * 16), std::vector<uint32_t>(kThreads * 16, kLaunches));
    EXPECT_EQ(std::vector<uint32_t>(shared, shared + 16), std::vector<uint32_t>(16, kThreads * kLaunches));
}

TEST(CpuStream, DestroyedStreamStillCompletesItsWork) {
    Device device;
    HyBackendKernel kernel = device.kernel("slow", {pointer(0)});
    auto* count = device.memory(1);
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    HyBackendStream stream = nullptr;
    ASSERT_EQ(streams().create(device.handle(), &desc, &stream), HY_SUCCESS);
    for (int i = 0; i < 5; ++i) {
        device.run(stream, kernel, 4, 1, {&count});
    }
    ASSERT_EQ(streams().destroy(stream), HY_SUCCESS); // that it does not wait is shown by the endless kernels' tests
    ASSERT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_SUCCESS);
    EXPECT_EQ(__atomic_load_n(count, __ATOMIC_ACQUIRE), 20u);
}

TEST(CpuStream, DestroyedKernelStillCompletesItsLaunches) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendModule module = device.module();
    const HyBackendParameter parameter = pointer(0);
    HyBackendKernelDesc desc{};
    desc.structSize = sizeof desc;
    desc.name = "slow";
    desc.parameters = &parameter;
    desc.parameterCount = 1;
    desc.argumentBytes = 8;
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(cpuInterface().module->createKernel(module, &desc, &kernel), HY_SUCCESS);
    auto* count = device.memory(1);
    for (int i = 0; i < 5; ++i) {
        device.run(stream, kernel, 4, 1, {&count});
    }
    ASSERT_EQ(cpuInterface().module->destroyKernel(kernel), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(*count, 20u);
}

TEST(CpuStream, WaitsNoLongerThanAsked) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("slow", {pointer(0)});
    auto* count = device.memory(1);
    device.run(stream, kernel, 200, 1, {&count});
    EXPECT_EQ(streams().query(stream), HY_NOT_READY);
    EXPECT_EQ(streams().synchronize(stream, 0), HY_ERROR_TIMEOUT);
    EXPECT_EQ(Services::error().code, HY_ERROR_TIMEOUT);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(streams().synchronize(stream, kSecond / 100), HY_ERROR_TIMEOUT);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(10));
    EXPECT_EQ(cpuInterface().device->synchronize(device.handle(), 1), HY_ERROR_TIMEOUT);
    EXPECT_EQ(streams().synchronize(stream, HY_TIMEOUT_INFINITE), HY_SUCCESS);
    EXPECT_EQ(*count, 200u);
    EXPECT_EQ(streams().synchronize(stream, 0), HY_SUCCESS);
}

TEST(CpuStream, IdleDeviceUsesNoProcessorTime) {
    Device device;
    HyBackendStream stream = device.stream();
    Mixer mixer(device);
    mixer.mix(stream, 1);
    device.wait(stream);
    std::this_thread::sleep_for(std::chrono::milliseconds(50)); // the workers stop polling
    const auto used = [] {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    const long before = used();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    // Sanitizers have threads of their own that do a little.
    EXPECT_LT(used() - before, 30'000) << "microseconds of 300,000";
}

TEST(CpuStream, FailureSticksAndNamesTheKernel) {
    // Scratch memory beyond what the host can give: the launch is in order, running it is not.
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel greedy = nullptr;
    ASSERT_EQ(device.tryKernel("greedy", {pointer(0)}, &greedy), HY_SUCCESS) << Services::error().message;
    Mixer mixer(device);
    mixer.mix(stream, 1);
    device.run(stream, greedy, 1, 64, {&mixer.state});
    EXPECT_EQ(streams().synchronize(stream, kLong), HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_NE(Services::error().message.find("greedy"), std::string::npos) << Services::error().message;
    const uint32_t number = 2;
    EXPECT_EQ(device.launch(stream, mixer.kernel, {1, 1, 1}, {1, 1, 1}, {&mixer.state, &number}),
              HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(streams().query(stream), HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(*mixer.state, 1u);
    // Other streams go on.
    HyBackendStream other = device.stream();
    mixer.mix(other, 5);
    device.wait(other);
    EXPECT_EQ(*mixer.state, 8u);
}

} // namespace
} // namespace halyard::cpu_test
