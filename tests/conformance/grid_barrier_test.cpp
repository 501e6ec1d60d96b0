// Barriers of the whole grid: OpControlBarrier with the execution scope Device, in cooperative launches.
#include "builder/kernel.h"
#include "fixture.h"

#include "grid_barrier_cl.spv.h"

#include <algorithm>
#include <numeric>

using namespace halyard::conformance;
namespace spirv = halyard::spirvtest;

namespace {

constexpr uint32_t kGroupSize = 32;
constexpr uint64_t kSoonNs = 10'000'000'000;

class GridBarrier : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (!isTest("OtherLaunchesAreRefused")) {
            SKIP_WITHOUT(HY_CAP_COOPERATIVE_LAUNCH);
            SKIP_WITHOUT(HY_CAP_OCCUPANCY);
        }
        module = loadModule(grid_barrier_cl_spv, grid_barrier_cl_spv_size);
    }

    uint32_t mostGroups(HyKernel kernel, uint64_t localBytes = 0) {
        HyOccupancy found{};
        found.structSize = sizeof found;
        EXPECT_OK(hyKernelGetOccupancy(kernel, {kGroupSize, 1, 1}, localBytes, &found));
        return static_cast<uint32_t>(std::min<uint64_t>(found.activeWorkgroups, 8));
    }

    HyLaunchDesc launchOf(HyKernel kernel, uint32_t groups, const std::vector<const void*>& args) {
        HyLaunchDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = HY_LAUNCH_COOPERATIVE;
        desc.stream = stream;
        desc.kernel = kernel;
        desc.workgroups = {groups, 1, 1};
        desc.workgroupSize = {kGroupSize, 1, 1};
        desc.args = args.data();
        desc.argCount = static_cast<uint32_t>(args.size());
        return desc;
    }
    void launch(HyKernel kernel, uint32_t groups, const std::vector<const void*>& args) {
        const HyLaunchDesc desc = launchOf(kernel, groups, args);
        ASSERT_OK(hyLaunchKernelEx(&desc));
    }

    // Runs `stencil` on the device, and compares.
    void expectStencil(HyKernel kernel, uint32_t groups, uint32_t rounds) {
        std::vector<uint32_t> numbers(size_t{groups} * kGroupSize);
        std::iota(numbers.begin(), numbers.end(), 1);
        const HyDevicePtr a = upload(numbers), b = upload(numbers);
        launch(kernel, groups, {&a, &b, &rounds});
        EXPECT_OK(hyStreamSynchronize(stream, 3 * kLimitNs)); // an interpreter on a loaded machine takes one of them
        const size_t n = numbers.size();
        for (uint32_t round = 0; round < rounds; ++round) {
            const std::vector<uint32_t> before = numbers;
            for (size_t i = 0; i < n; ++i)
                numbers[i] = before[(i + n - 1) % n] + before[i] + before[(i + 1) % n];
        }
        EXPECT_EQ(download<uint32_t>(a, n), numbers) << groups << " workgroups";
    }

    uint32_t flagsOf(HyModule from, const char* name) {
        HyKernelInfo info{};
        info.structSize = sizeof info;
        EXPECT_OK(hyKernelGetInfo(makeKernel(from, name), &info));
        return info.flags;
    }

    // Runs `mirror` on the device: every invocation gets the number of the one at the other end.
    void expectMirror(HyModule from) {
        const HyKernel kernel = makeKernel(from, "mirror");
        const uint32_t groups = mostGroups(kernel), count = groups * kGroupSize;
        std::vector<uint32_t> expected(count);
        const HyDevicePtr data = upload(expected), out = upload(expected);
        launch(kernel, groups, {&data, &out});
        std::iota(expected.rbegin(), expected.rend(), 0);
        EXPECT_EQ(download<uint32_t>(out, count), expected);
    }

    HyModule module = nullptr;
};

constexpr uint32_t kScopeConstant = 7;

// data[i] = i; barrier; out[i] = data[n - 1 - i]. The scope is a constant of the shader, which takes no other, and a
// specialisation constant of the kernel, by default the workgroup.
spirv::Words mirror(spirv::Flavour flavour) {
    const bool shader = flavour == spirv::Flavour::GLCompute;
    spirv::Module m(flavour);
    const spirv::Id u32 = m.intType(32);
    const spirv::Id scope = shader
                                ? m.scope(spirv::Scope::Device)
                                : m.specConstant(u32, kScopeConstant, static_cast<uint32_t>(spirv::Scope::Workgroup));
    const uint32_t semantics = spirv::kAcquireRelease | (shader ? spirv::kUniformMemory : spirv::kCrossWorkgroupMemory);
    spirv::Kernel k(m, "mirror", {u32, u32}, {kGroupSize, 1, 1});
    const spirv::Id i = k.globalId(), groups = k.component(spirv::BuiltIn::NumWorkgroups, 0);
    k.store(0, i, shader ? i : m.value(spirv::Op::UConvert, u32, {i}));
    m.op(spirv::Op::ControlBarrier, {scope, m.scope(spirv::Scope::Device), m.u32(semantics)});
    const auto count = m.value(spirv::Op::IMul, k.indexType(), {groups, k.indexConstant(kGroupSize)});
    const auto last = m.value(spirv::Op::ISub, k.indexType(), {count, k.indexConstant(1)});
    k.store(1, i, k.load(0, m.value(spirv::Op::ISub, k.indexType(), {last, i})));
    k.finish();
    return m.words();
}

uint32_t stepsOf(uint32_t value) {
    uint32_t steps = 0;
    for (uint32_t left = value % 5; left != 0; --left)
        steps += 1 + (left & 1);
    return steps;
}

} // namespace

TEST_F(GridBarrier, OrdersThePhasesOfTheWholeGrid) {
    const HyKernel kernel = makeKernel(module, "stencil");
    const uint32_t most = mostGroups(kernel);
    for (uint32_t groups = 1; groups <= most; ++groups)
        expectStencil(kernel, groups, 20);
}

TEST_F(GridBarrier, ManyRoundsInOneLaunch) {
    const HyKernel kernel = makeKernel(module, "stencil");
    expectStencil(kernel, mostGroups(kernel), std::string(deviceUnderTest()) == "reference" ? 50 : 2000);
}

TEST_F(GridBarrier, WithWorkgroupBarriersAndMemory) {
    const HyKernel kernel = makeKernel(module, "prefix");
    const uint64_t localBytes = kGroupSize * sizeof(uint32_t);
    const uint32_t groups = mostGroups(kernel, localBytes);
    std::vector<uint32_t> numbers(size_t{groups} * kGroupSize);
    for (uint32_t i = 0; i < numbers.size(); ++i)
        numbers[i] = i * i + 1;
    const HyDevicePtr data = upload(numbers), totals = allocate(groups * sizeof(uint32_t));
    launch(kernel, groups, {&data, &totals, &localBytes});
    std::partial_sum(numbers.begin(), numbers.end(), numbers.begin());
    EXPECT_EQ(download<uint32_t>(data, numbers.size()), numbers);
}

TEST_F(GridBarrier, InUniformControlFlow) {
    const HyKernel kernel = makeKernel(module, "conditions");
    const uint32_t groups = mostGroups(kernel), count = groups * kGroupSize, rounds = 4;
    for (uint32_t mode = 0; mode < 4; ++mode) {
        std::vector<uint32_t> values(count);
        std::iota(values.begin(), values.end(), 0);
        const HyDevicePtr data = upload(values), out = upload(values);
        launch(kernel, groups, {&data, &out, &mode, &rounds});
        if ((mode & 1) != 0)
            std::reverse(values.begin(), values.end());
        for (uint32_t& value : values)
            value += (mode & 1) != 0 ? 1 : 3;
        for (uint32_t round = 0; round < rounds; ++round) {
            for (uint32_t& value : values)
                value += stepsOf(value);
            if ((mode & 2) != 0)
                std::reverse(values.begin(), values.end());
        }
        EXPECT_EQ(download<uint32_t>(out, count), values) << "mode " << mode;
    }
}

TEST_F(GridBarrier, BehindDivergentSubgroupOperations) {
    const HyKernel kernel = makeKernel(module, "divergent");
    const uint32_t groups = mostGroups(kernel), count = groups * kGroupSize, rounds = 3;
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    const uint32_t lanes = std::min(info.subgroupSize, kGroupSize);
    std::vector<uint32_t> values(count);
    std::iota(values.begin(), values.end(), 0);
    const HyDevicePtr data = upload(values), out = upload(values);
    launch(kernel, groups, {&data, &out, &rounds});
    for (uint32_t round = 0; round < rounds; ++round) {
        for (uint32_t i = 0; i < count; ++i)
            values[i] += i % 2 != 0 ? std::max(lanes / 2, 1u) : 0;
        std::reverse(values.begin(), values.end());
    }
    EXPECT_EQ(download<uint32_t>(out, count), values);
}

// Both flavours; in one of them a scope that only specialisation makes the grid's.
TEST_F(GridBarrier, ScopeIsKnownWhenTheModuleIsSpecialised) {
    const spirv::Words words = mirror(spirv::Flavour::Kernel);
    const size_t bytes = words.size() * sizeof(uint32_t);
    EXPECT_EQ(flagsOf(loadModule(words.data(), bytes), "mirror"), 0u);
    const HyModule wide =
        loadModule(words.data(), bytes, {{kScopeConstant, 4, static_cast<uint64_t>(spirv::Scope::Device)}});
    EXPECT_EQ(flagsOf(wide, "mirror"), HY_KERNEL_GRID_BARRIER);
    expectMirror(wide);
}

TEST_F(GridBarrier, InComputeShaders) {
    const spirv::Words words = mirror(spirv::Flavour::GLCompute);
    const HyModule shader = loadModule(words.data(), words.size() * sizeof(uint32_t));
    EXPECT_EQ(flagsOf(shader, "mirror"), HY_KERNEL_GRID_BARRIER);
    expectMirror(shader);
}

TEST_F(GridBarrier, OtherLaunchesAreRefused) {
    if (!claims(HY_CAP_COOPERATIVE_LAUNCH)) {
        HyKernel refused = nullptr;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "name", hyKernelCreate, module, "stencil", &refused);
        EXPECT_EQ(refused, nullptr);
        return;
    }
    const HyKernel kernel = makeKernel(module, "stencil");
    const HyDevicePtr a = upload(std::vector<uint32_t>(kGroupSize * 2)), b = allocate(kGroupSize * 8);
    const uint32_t rounds = 1;
    const void* args[] = {&a, &b, &rounds};
    const HyDim3 one{1, 1, 1}, two{2, 1, 1}, size{kGroupSize, 1, 1};
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "kernel", hyLaunchKernel, stream, kernel, one, size, 0, args, 3);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "kernel", hyLaunchKernel, stream, kernel, two, size, 0, args, 3);
    const std::string message = lastError().message;
    EXPECT_NE(message.find("stencil"), std::string::npos) << message;
    HyLaunchDesc desc = launchOf(kernel, 2, {});
    desc.flags = 0;
    desc.argCount = 3;
    desc.args = args;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "kernel", hyLaunchKernelEx, &desc);
    HyGraph graph = nullptr;
    HyGraphNode node = 0;
    ASSERT_OK(hyGraphCreate(device, 0, &graph));
    desc.stream = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "kernel", hyGraphAddKernelNode, graph, nullptr, 0, "late", &desc, &node);
    EXPECT_EQ(flagsOf(module, "no_barrier"), 0u);
    EXPECT_EQ(flagsOf(module, "conditions"), HY_KERNEL_GRID_BARRIER);
    const HyKernel plain = makeKernel(module, "no_barrier");
    EXPECT_OK(hyLaunchKernel(stream, plain, one, size, 0, args, 1));
    EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
}

TEST_F(GridBarrier, MoreWorkgroupsThanAreActiveAreRefused) {
    const HyKernel kernel = makeKernel(module, "stencil");
    HyOccupancy found{};
    found.structSize = sizeof found;
    ASSERT_OK(hyKernelGetOccupancy(kernel, {kGroupSize, 1, 1}, 0, &found));
    const HyDevicePtr a = allocate(64);
    const uint32_t rounds = 0;
    const void* args[] = {&a, &a, &rounds};
    HyLaunchDesc desc = launchOf(kernel, static_cast<uint32_t>(found.activeWorkgroups) + 1, {});
    desc.args = args;
    desc.argCount = 3;
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyLaunchKernelEx, &desc);
}

TEST_F(GridBarrier, InGraphs) {
    const HyKernel kernel = makeKernel(module, "stencil");
    const uint32_t groups = mostGroups(kernel), count = groups * kGroupSize, rounds = 3;
    std::vector<uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1);
    const HyDevicePtr a = upload(numbers), b = upload(numbers), plain = upload(std::vector<uint32_t>(count));
    HyGraph graph = nullptr;
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    const void* args[] = {&plain};
    const HyKernel other = makeKernel(module, "no_barrier");
    ASSERT_OK(hyLaunchKernel(stream, other, {groups, 1, 1}, {kGroupSize, 1, 1}, 0, args, 1));
    launch(kernel, groups, {&a, &b, &rounds});
    launch(kernel, groups, {&a, &b, &rounds});
    ASSERT_OK(hyStreamEndCapture(stream, &graph));
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    for (int i = 0; i < 3; ++i)
        ASSERT_OK(hyGraphLaunch(exec, stream));
    for (uint32_t round = 0; round < 3 * 2 * rounds; ++round) {
        const std::vector<uint32_t> before = numbers;
        for (size_t i = 0; i < count; ++i)
            numbers[i] = before[(i + count - 1) % count] + before[i] + before[(i + 1) % count];
    }
    EXPECT_EQ(download<uint32_t>(a, count), numbers);
    EXPECT_EQ(download<uint32_t>(plain, count), std::vector<uint32_t>(count, 3));
}

// A workgroup that does not come is an error, and never a wait without end.
TEST_F(GridBarrier, WorkgroupsThatDoNotComeAreReported) {
    const HyKernel kernel = makeKernel(module, "incomplete");
    const uint32_t groups = mostGroups(kernel);
    const HyDevicePtr data = upload(std::vector<uint32_t>(size_t{groups} * kGroupSize));
    for (int i = 0; i < 5; ++i) {
        HyStream own = nullptr;
        ASSERT_OK(hyStreamCreate(device, nullptr, &own));
        HyLaunchDesc desc = launchOf(kernel, groups, {});
        const void* args[] = {&data};
        desc.stream = own;
        desc.args = args;
        desc.argCount = 1;
        ASSERT_OK(hyLaunchKernelEx(&desc));
        const HyResult result = hyStreamSynchronize(own, kLimitNs);
        if (groups == 1) { // the only one
            EXPECT_EQ(result, HY_SUCCESS);
        } else {
            EXPECT_EQ(result, HY_ERROR_LAUNCH_FAILED);
            const std::string message = lastError().message;
            EXPECT_NE(message.find("incomplete"), std::string::npos) << message;
            EXPECT_NE(message.find("whole grid"), std::string::npos) << message;
        }
        ASSERT_OK(hyStreamDestroy(own));
    }
    expectStencil(makeKernel(module, "stencil"), groups, 5);
}

TEST_F(GridBarrier, ResetWhileWorkgroupsWait) {
    SKIP_WITHOUT(HY_CAP_DEVICE_RESET);
    const HyKernel kernel = makeKernel(module, "waiting");
    const HyKernel stencil = makeKernel(module, "stencil");
    const uint32_t groups = mostGroups(kernel);
    for (int i = 0; i < 3; ++i) {
        const HyDevicePtr flag = upload(std::vector<uint32_t>(1));
        launch(kernel, groups, {&flag});
        EXPECT_EQ(hyStreamSynchronize(stream, 50'000'000), HY_ERROR_TIMEOUT);
        ASSERT_OK(hyDeviceReset(device, kSoonNs));
        expectStencil(stencil, groups, 5);
    }
}

// Loops of barriers stop as well, also those whose end is known, and in a grid of one workgroup.
TEST_F(GridBarrier, ResetWhileWorkgroupsGoOn) {
    SKIP_WITHOUT(HY_CAP_DEVICE_RESET);
    const HyKernel stencil = makeKernel(module, "stencil");
    const uint32_t most = mostGroups(stencil), forHours = UINT32_MAX;
    for (const uint32_t groups : {1u, most}) {
        const HyDevicePtr a = upload(std::vector<uint32_t>(size_t{groups} * kGroupSize));
        const HyDevicePtr b = upload(std::vector<uint32_t>(size_t{groups} * kGroupSize));
        launch(stencil, groups, {&a, &b, &forHours});
        EXPECT_EQ(hyStreamSynchronize(stream, 50'000'000), HY_ERROR_TIMEOUT);
        ASSERT_OK(hyDeviceReset(device, kSoonNs));
        expectStencil(stencil, groups, 5);
    }
}
