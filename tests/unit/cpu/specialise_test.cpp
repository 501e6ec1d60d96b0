#include "fixture.h"

#include <chrono>
#include <thread>

namespace halyard::cpu_test {
namespace {

// Launches kernel "variant" once and tells which code ran.
struct Probe {
    explicit Probe(Device& owner)
        : device(owner), stream(owner.stream()), kernel(owner.kernel("variant", {pointer(0)})), out(owner.memory(1)) {}

    uint32_t run(HyDim3 size) {
        __atomic_store_n(out, 99, __ATOMIC_RELAXED);
        EXPECT_EQ(device.launch(stream, kernel, {1, 1, 1}, size, {&out}), HY_SUCCESS);
        device.wait(stream);
        return *out;
    }

    Device& device;
    HyBackendStream stream;
    HyBackendKernel kernel;
    uint32_t* out;
};

TEST(CpuSpecialise, SwapsFasterCodeInAfterTheSecondLaunch) {
    Device device;
    Probe probe(device);
    EXPECT_EQ(probe.run({64, 1, 1}), 0u);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(device.services().sizedCompiles, 0u) << "one launch is no reason to compile";
    EXPECT_EQ(probe.run({64, 1, 1}), 0u);
    EXPECT_TRUE(eventually([&] { return probe.run({64, 1, 1}) == 64; }));
    // Each size has its own.
    EXPECT_EQ(probe.run({32, 1, 1}), 0u);
    EXPECT_TRUE(eventually([&] { return probe.run({32, 1, 1}) == 32; }));
    EXPECT_EQ(probe.run({64, 1, 1}), 64u);
    EXPECT_EQ(device.services().sizedCompiles, 2u);
    EXPECT_TRUE(device.services().warnings().empty());
}

TEST(CpuSpecialise, FailingHurtsNothing) {
    Device device;
    device.services().failSizedCompiles = true;
    Probe probe(device);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(probe.run({64, 1, 1}), 0u);
    }
    EXPECT_TRUE(eventually([&] { return device.services().warnings().size() == 1; }));
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(probe.run({64, 1, 1}), 0u);
    }
    EXPECT_EQ(device.services().sizedCompiles, 1u) << "a size that failed is not tried again";
    EXPECT_EQ(device.services().warnings().size(), 1u);
}

TEST(CpuSpecialise, CanBeSwitchedOff) {
    Device device("HALYARD_CPU_SPECIALISE", "0");
    Probe probe(device);
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(probe.run({64, 1, 1}), 0u);
    }
    EXPECT_EQ(device.services().compiles, 1u);
}

TEST(CpuSpecialise, CompilesAtTheFirstLaunchWhenAsked) {
    Device device("HALYARD_CPU_SPECIALISE", "sync");
    Probe probe(device);
    EXPECT_EQ(probe.run({64, 1, 1}), 64u);
    EXPECT_EQ(probe.run({64, 1, 1}), 64u);
    EXPECT_EQ(probe.run({32, 1, 1}), 32u);
    EXPECT_EQ(probe.run({16, 2, 1}), 0u) << "there is no such code, so the general one runs";
    EXPECT_EQ(device.services().sizedCompiles, 3u);
}

TEST(CpuSpecialise, StopsAtEightSizes) {
    Device device("HALYARD_CPU_SPECIALISE", "sync");
    Probe probe(device);
    for (uint32_t size = 1; size <= 20; ++size) {
        probe.run({size, 3, 1});
    }
    EXPECT_EQ(device.services().sizedCompiles, 8u);
}

TEST(CpuSpecialise, RequiredSizeNeedsNoVariant) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(device.tryKernel("variant", {pointer(0)}, &kernel, {64, 1, 1}), HY_SUCCESS);
    auto* out = device.memory(1);
    for (int i = 0; i < 10; ++i) {
        device.run(stream, kernel, 1, 64, {&out});
    }
    device.wait(stream);
    EXPECT_EQ(*out, 64u);
    EXPECT_EQ(device.services().compiles, 1u);
}

TEST(CpuSpecialise, KernelAndModuleMayGoWhileItIsCompiled) {
    Device device;
    device.services().sizedCompileDelayMs = 50;
    HyBackendStream stream = device.stream();
    auto* out = device.memory(1);
    const HyBackendParameter parameter = pointer(0);
    HyBackendKernelDesc desc{};
    desc.structSize = sizeof desc;
    desc.name = "variant";
    desc.parameters = &parameter;
    desc.parameterCount = 1;
    desc.argumentBytes = 8;
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(cpuInterface().module->createKernel(device.module(), &desc, &kernel), HY_SUCCESS);
    for (int i = 0; i < 3; ++i) {
        device.run(stream, kernel, 1, 64, {&out});
    }
    ASSERT_TRUE(eventually([&] { return device.services().sizedCompiles == 1; }));
    EXPECT_EQ(cpuInterface().module->destroyKernel(kernel), HY_SUCCESS);
    device.wait(stream);
    // The compilation, which still runs, works on its own copy of the module: closing waits for it.
}

TEST(CpuSpecialise, LaunchesFromManyThreadsMeetOneSwap) {
    Device device;
    HyBackendKernel kernel = device.kernel("variant", {pointer(0)});
    auto* out = device.memory(4);
    std::vector<HyBackendStream> streams;
    for (int i = 0; i < 4; ++i) {
        streams.push_back(device.stream());
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            const uint32_t* own = out + i;
            EXPECT_TRUE(eventually([&] {
                device.run(streams[i], kernel, 1, 64, {&own});
                device.wait(streams[i]);
                return *own == 64;
            }));
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(device.services().sizedCompiles, 1u);
}

} // namespace
} // namespace halyard::cpu_test
