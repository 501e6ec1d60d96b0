// Writable variables at program scope: initialised once a module, shared by its kernels and later launches.
#include "fixture.h"

#include "program_scope_cl.spv.h"

#include <chrono>
#include <thread>
#include <vector>

using namespace halyard::conformance;

namespace {

class ProgramScope : public DeviceTest {
protected:
    HyModule load() { return loadModule(program_scope_cl_spv, program_scope_cl_spv_size); }
    void run(HyKernel kernel, const void* argument, HyDim3 groups = {1, 1, 1}, HyDim3 size = {1, 1, 1}) {
        ASSERT_OK(hyLaunchKernel(stream, kernel, groups, size, 0, &argument, 1));
    }
    void bump(HyModule module, int32_t step) { run(makeKernel(module, "bump"), &step, {4, 1, 1}, {64, 1, 1}); }
    std::vector<int32_t> look(HyModule module) {
        const HyDevicePtr out = allocate(kSeen * sizeof(int32_t));
        run(makeKernel(module, "look"), &out);
        return download<int32_t>(out, kSeen);
    }
    static constexpr size_t kSeen = 9;
    const std::vector<int32_t> fresh{5, 5, 0, 0, 0, 0, 7, 10, 1};
    const std::vector<int32_t> bumped{5 + 256 * 2, 5 + 256 * 2, 0, 0, 1, 0, 7, 14, 1};
};

} // namespace

TEST_F(ProgramScope, StartsAsInitialised) {
    EXPECT_EQ(look(load()), fresh);
}

TEST_F(ProgramScope, IsSharedByKernelsAndKeptBetweenLaunches) {
    HyModule module = load();
    bump(module, 2);
    EXPECT_EQ(look(module), bumped);
    bump(module, 3);
    EXPECT_EQ(look(module), (std::vector<int32_t>{5 + 256 * 5, 5 + 256 * 5, 0, 0, 1, 1, 7, 18, 1}));
}

TEST_F(ProgramScope, EachLoadedModuleHasItsOwn) {
    HyModule first = load();
    HyModule second = load();
    bump(first, 2);
    EXPECT_EQ(look(second), fresh);
    EXPECT_EQ(look(first), bumped);
    ASSERT_OK(hyModuleDestroy(first));
    EXPECT_EQ(look(load()), fresh);
    EXPECT_EQ(look(second), fresh);
}

// The kernel whose code came first may go; the variables stay as long as anything uses them.
TEST_F(ProgramScope, OutlivesTheKernelThatBroughtIt) {
    HyModule module = load();
    int32_t step = 2;
    HyKernel first = makeKernel(module, "bump");
    run(first, &step, {4, 1, 1}, {64, 1, 1});
    synchronize();
    ASSERT_OK(hyKernelDestroy(first));
    EXPECT_EQ(look(module), bumped);
    HyKernel last = makeKernel(module, "look");
    const HyDevicePtr out = allocate(kSeen * sizeof(int32_t));
    run(last, &out);
    ASSERT_OK(hyKernelDestroy(last));
    ASSERT_OK(hyModuleDestroy(module));
    EXPECT_EQ(download<int32_t>(out, kSeen), bumped);
}

TEST_F(ProgramScope, PointersIntoItHold) {
    HyModule module = load();
    const HyDevicePtr address = allocate(8);
    run(makeKernel(module, "publish"), &address);
    run(makeKernel(module, "poke"), &address);
    EXPECT_EQ(look(module), (std::vector<int32_t>{5, 5, 0, 0, 77, 0, 7, 10, 1}));
    int32_t index = 2;
    run(makeKernel(module, "point"), &index);
    EXPECT_EQ(look(module), (std::vector<int32_t>{5, 77, 0, 0, 77, 0, 7, 10, 1}));
}

// Code for the workgroup size in use replaces the general code while a kernel runs again and again.
TEST_F(ProgramScope, StaysTheSameWhenCodeIsReplaced) {
    HyModule module = load();
    HyKernel kernel = makeKernel(module, "bump");
    const int32_t step = 4;
    for (int32_t i = 1; i <= 40; ++i) {
        run(kernel, &step, {4, 1, 1}, {64, 1, 1});
        if (i % 8 == 0) {
            synchronize();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    EXPECT_EQ(look(module), (std::vector<int32_t>{5 + 256 * 160, 5 + 256 * 160, 40, 0, 0, 0, 7, 170, 1}));
}

TEST_F(ProgramScope, KernelsMadeByManyThreadsShareIt) {
    HyModule module = load();
    std::vector<std::thread> threads;
    std::vector<HyKernel> kernels(8);
    for (size_t i = 0; i < kernels.size(); ++i) {
        threads.emplace_back([&, i] { kernels[i] = makeKernel(module, i % 2 == 0 ? "bump" : "point"); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const int32_t step = 1;
    for (size_t i = 0; i < kernels.size(); i += 2) {
        run(kernels[i], &step, {4, 1, 1}, {64, 1, 1});
    }
    EXPECT_EQ(look(module), (std::vector<int32_t>{5 + 256 * 4, 5 + 256 * 4, 0, 4, 0, 0, 7, 26, 1}));
}
