// Occupancy, cooperative launches, subgroup sizes and cooperative matrices.
#include "fixture.h"

#include "grid_cl.spv.h"

#include <algorithm>
#include <bit>
#include <thread>

using namespace halyard::conformance;

namespace {

constexpr uint32_t kGroupSize = 16;

class Shape : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        module = loadModule(grid_cl_spv, grid_cl_spv_size);
    }

    HyOccupancy occupancy(HyKernel kernel, HyDim3 size = {kGroupSize, 1, 1}, uint64_t localBytes = 0) {
        HyOccupancy found{};
        found.structSize = sizeof found;
        EXPECT_OK(hyKernelGetOccupancy(kernel, size, localBytes, &found));
        return found;
    }

    static HyLaunchDesc launchOf(HyStream stream, HyKernel kernel, uint32_t groups, const void* const* args,
                                 uint32_t count) {
        HyLaunchDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = HY_LAUNCH_COOPERATIVE;
        desc.stream = stream;
        desc.kernel = kernel;
        desc.workgroups = {groups, 1, 1};
        desc.workgroupSize = {kGroupSize, 1, 1};
        desc.args = args;
        desc.argCount = count;
        return desc;
    }

    HyKernel kernelOfSize(const char* name, uint32_t size) {
        HyKernelDesc desc{};
        desc.structSize = sizeof desc;
        desc.name = name;
        desc.requiredSubgroupSize = size;
        HyKernel kernel = nullptr;
        EXPECT_OK(hyKernelCreateEx(module, &desc, &kernel));
        return kernel;
    }

    // What `exchange` leaves: every workgroup has the numbers of the one `rounds` places to its right, plus `rounds`.
    static std::vector<uint32_t> exchanged(const std::vector<uint32_t>& before, uint32_t groups, uint32_t rounds) {
        std::vector<uint32_t> after(before.size());
        for (uint32_t i = 0; i < after.size(); ++i)
            after[i] = before[(i / kGroupSize + rounds) % groups * kGroupSize + i % kGroupSize] + rounds;
        return after;
    }
    static std::vector<uint32_t> counting(size_t count) {
        std::vector<uint32_t> numbers(count);
        for (uint32_t i = 0; i < count; ++i)
            numbers[i] = 1000 * i;
        return numbers;
    }

    HyModule module = nullptr;
};

using Occupancy = Shape;
using Cooperative = Shape;
using SubgroupSize = Shape;
using CooperativeMatrixList = Shape;

} // namespace

TEST_F(Occupancy, FitsTheDevice) {
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const HyKernel kernel = makeKernel(module, "local_memory");
    const HyOccupancy found = occupancy(kernel);
    EXPECT_GE(found.activeWorkgroups, 1u);
    EXPECT_GE(found.activeWorkgroups, found.workgroupsPerUnit);
    EXPECT_LE(found.activeWorkgroups, uint64_t{found.workgroupsPerUnit} * properties.computeUnits);
    EXPECT_NE(found.limit, HY_OCCUPANCY_LIMIT_UNKNOWN);
    // A larger workgroup with more memory never leaves room for more.
    const HyOccupancy large = occupancy(kernel, {64, 1, 1}, properties.maxLocalBytes / 2);
    EXPECT_LE(large.activeWorkgroups, found.activeWorkgroups);
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    EXPECT_EQ(occupancy(kernel, {0, 0, 0}).activeWorkgroups,
              occupancy(kernel, info.suggestedWorkgroupSize).activeWorkgroups);
}

TEST_F(Occupancy, RefusesWhatCannotRun) {
    const HyKernel kernel = makeKernel(module, "local_memory");
    HyOccupancy found{};
    found.structSize = sizeof found;
    if (!claims(HY_CAP_OCCUPANCY)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "kernel", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1}, 0, &found);
        return;
    }
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelGetOccupancy, nullptr, HyDim3{1, 1, 1}, 0, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelGetOccupancy, wrongType<HyKernel>(stream), HyDim3{1, 1, 1},
                 0, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outOccupancy", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1}, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyKernelGetOccupancy, kernel, HyDim3{1, 0, 1}, 0,
                 &found);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyKernelGetOccupancy, kernel,
                 HyDim3{properties.maxWorkgroupInvocations, 2, 1}, 0, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "dynamicLocalBytes", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1},
                 properties.maxLocalBytes, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "dynamicLocalBytes", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1},
                 UINT64_MAX, &found);
    found.structSize = 8;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outOccupancy", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1}, 0, &found);
    ASSERT_OK(hyKernelDestroy(kernel));
    found.structSize = sizeof found;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyKernelGetOccupancy, kernel, HyDim3{1, 1, 1}, 0, &found);
}

TEST_F(Cooperative, GridBarriersExchangeData) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_LAUNCH);
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const HyKernel kernel = makeKernel(module, "exchange");
    const auto most = static_cast<uint32_t>(std::min<uint64_t>(occupancy(kernel).activeWorkgroups, 32));
    constexpr uint32_t kRounds = 5;
    for (uint32_t groups = 1; groups <= most; groups = groups == most ? most + 1 : std::min(groups * 2, most)) {
        const std::vector<uint32_t> before = counting(size_t{groups} * kGroupSize);
        const HyDevicePtr arrived = upload(std::vector<uint32_t>{0});
        const HyDevicePtr numbers = upload(before);
        const void* args[] = {&arrived, &numbers, &kRounds};
        const HyLaunchDesc desc = launchOf(stream, kernel, groups, args, 3);
        ASSERT_OK(hyLaunchKernelEx(&desc));
        EXPECT_EQ(download<uint32_t>(numbers, before.size()), exchanged(before, groups, kRounds)) << groups;
    }
}

// Two at a time would each hold a part of the device and wait for the rest, for ever.
TEST_F(Cooperative, LaunchesOnManyStreamsTakeTurns) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_LAUNCH);
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const HyKernel kernel = makeKernel(module, "exchange");
    const HyKernel plain = makeKernel(module, "add_one");
    const auto groups = static_cast<uint32_t>(std::min<uint64_t>(occupancy(kernel).activeWorkgroups, 8));
    constexpr uint32_t kStreams = 4, kLaunches = 5, kRounds = 2;
    std::vector<HyStream> streams(kStreams);
    std::vector<HyDevicePtr> arrived(kStreams), numbers(kStreams), counters(kStreams);
    const std::vector<uint32_t> before = counting(size_t{groups} * kGroupSize);
    for (uint32_t i = 0; i < kStreams; ++i) {
        ASSERT_OK(hyStreamCreate(device, nullptr, &streams[i]));
        arrived[i] = upload(std::vector<uint32_t>(kLaunches));
        numbers[i] = upload(before);
        counters[i] = upload(std::vector<int>(1024));
    }
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kStreams; ++i)
        threads.emplace_back([&, i] {
            for (uint32_t launch = 0; launch < kLaunches; ++launch) {
                const HyDevicePtr own = arrived[i] + launch * sizeof(uint32_t);
                const void* args[] = {&own, &numbers[i], &kRounds};
                const HyLaunchDesc desc = launchOf(streams[i], kernel, groups, args, 3);
                EXPECT_OK(hyLaunchKernelEx(&desc));
                const void* plainArgs[] = {&counters[i]};
                EXPECT_OK(hyLaunchKernel(streams[i], plain, {64, 1, 1}, {16, 1, 1}, 0, plainArgs, 1));
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    for (uint32_t i = 0; i < kStreams; ++i) {
        ASSERT_OK(hyStreamSynchronize(streams[i], kLimitNs));
        EXPECT_EQ(download<uint32_t>(numbers[i], before.size()), exchanged(before, groups, kLaunches * kRounds));
        EXPECT_EQ(download<int>(counters[i], 1024), std::vector<int>(1024, kLaunches));
    }
}

// The workgroups come though other streams always have more to do.
TEST_F(Cooperative, BusyStreamsDoNotKeepWorkersAway) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_LAUNCH);
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const HyKernel kernel = makeKernel(module, "exchange");
    const HyKernel plain = makeKernel(module, "add_one");
    const auto groups = static_cast<uint32_t>(std::min<uint64_t>(occupancy(kernel).activeWorkgroups, 8));
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            HyStream busy = nullptr;
            HyDevicePtr data = 0;
            EXPECT_OK(hyStreamCreate(device, nullptr, &busy));
            EXPECT_OK(hyMemAlloc(device, 64, &data));
            const int zero = 0;
            EXPECT_OK(hyMemFillAsync(busy, data, &zero, 4, 16));
            const void* args[] = {&data};
            while (!stop) {
                for (int launch = 0; launch < 100; ++launch)
                    EXPECT_OK(hyLaunchKernel(busy, plain, {1, 1, 1}, {16, 1, 1}, 0, args, 1));
                EXPECT_OK(hyStreamSynchronize(busy, kLimitNs));
            }
        });
    const std::vector<uint32_t> before = counting(size_t{groups} * kGroupSize);
    constexpr uint32_t kRounds = 2, kLaunches = 10;
    const HyDevicePtr arrived = upload(std::vector<uint32_t>(kLaunches));
    const HyDevicePtr numbers = upload(before);
    for (uint32_t launch = 0; launch < kLaunches; ++launch) {
        const HyDevicePtr own = arrived + launch * sizeof(uint32_t);
        const void* args[] = {&own, &numbers, &kRounds};
        const HyLaunchDesc desc = launchOf(stream, kernel, groups, args, 3);
        EXPECT_OK(hyLaunchKernelEx(&desc));
        EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(download<uint32_t>(numbers, before.size()), exchanged(before, groups, kLaunches * kRounds));
}

// In graphs that run on several streams at once, beside launches that are not cooperative.
TEST_F(Cooperative, InGraphs) {
    SKIP_WITHOUT(HY_CAP_COOPERATIVE_LAUNCH);
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const HyKernel kernel = makeKernel(module, "exchange");
    const HyKernel plain = makeKernel(module, "add_one");
    const auto groups = static_cast<uint32_t>(std::min<uint64_t>(occupancy(kernel).activeWorkgroups, 8));
    constexpr uint32_t kStreams = 2, kLaunches = 10, kRounds = 2;
    const std::vector<uint32_t> before = counting(size_t{groups} * kGroupSize);
    const uint32_t zero = 0;
    HyStream streams[kStreams] = {};
    HyDevicePtr numbers[kStreams] = {}, counters[kStreams] = {};
    HyGraphExec execs[kStreams] = {};
    for (uint32_t i = 0; i < kStreams; ++i) {
        ASSERT_OK(hyStreamCreate(device, nullptr, &streams[i]));
        const HyDevicePtr arrived = upload(std::vector<uint32_t>(1));
        numbers[i] = upload(before);
        counters[i] = upload(std::vector<int>(1024));
        const void* args[] = {&arrived, &numbers[i], &kRounds};
        const void* plainArgs[] = {&counters[i]};
        const HyLaunchDesc desc = launchOf(streams[i], kernel, groups, args, 3);
        HyGraph graph = nullptr;
        ASSERT_OK(hyStreamBeginCapture(streams[i], 0));
        ASSERT_OK(hyLaunchKernel(streams[i], plain, {64, 1, 1}, {16, 1, 1}, 0, plainArgs, 1));
        ASSERT_OK(hyMemFillAsync(streams[i], arrived, &zero, 4, 1));
        ASSERT_OK(hyLaunchKernelEx(&desc));
        ASSERT_OK(hyLaunchKernel(streams[i], plain, {64, 1, 1}, {16, 1, 1}, 0, plainArgs, 1));
        ASSERT_OK(hyStreamEndCapture(streams[i], &graph));
        ASSERT_OK(hyGraphInstantiate(graph, 0, &execs[i]));
        ASSERT_OK(hyGraphDestroy(graph));
    }
    for (uint32_t launch = 0; launch < kLaunches; ++launch)
        for (uint32_t i = 0; i < kStreams; ++i)
            ASSERT_OK(hyGraphLaunch(execs[i], streams[i]));
    for (uint32_t i = 0; i < kStreams; ++i) {
        ASSERT_OK(hyStreamSynchronize(streams[i], kLimitNs));
        EXPECT_EQ(download<uint32_t>(numbers[i], before.size()), exchanged(before, groups, kLaunches * kRounds));
        EXPECT_EQ(download<int>(counters[i], 1024), std::vector<int>(1024, 2 * kLaunches));
    }
}

TEST_F(Cooperative, MoreThanAreActiveIsRefused) {
    const HyKernel kernel = makeKernel(module, "exchange");
    if (!claims(HY_CAP_COOPERATIVE_LAUNCH)) {
        const HyDevicePtr none = allocate(4);
        const void* args[] = {&none, &none, &kGroupSize};
        const HyLaunchDesc desc = launchOf(stream, kernel, 1, args, 3);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "flags", hyLaunchKernelEx, &desc);
        return;
    }
    SKIP_WITHOUT(HY_CAP_OCCUPANCY);
    const auto most = static_cast<uint32_t>(occupancy(kernel).activeWorkgroups);
    const HyDevicePtr arrived = upload(std::vector<uint32_t>{0});
    const uint32_t rounds = 0;
    const void* args[] = {&arrived, &arrived, &rounds};
    const HyLaunchDesc desc = launchOf(stream, kernel, most + 1, args, 3);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyLaunchKernelEx, &desc);
    const std::string message = lastError().message;
    EXPECT_NE(message.find(std::to_string(most)), std::string::npos) << message;
    EXPECT_NE(message.find(std::to_string(most + 1)), std::string::npos) << message;
    EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
}

TEST_F(SubgroupSize, EveryListedSizeCanBeRequired) {
    SKIP_WITHOUT(HY_CAP_SUBGROUP_SIZE_CONTROL);
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetSubgroupSizes(device, 0, nullptr, &count));
    std::vector<uint32_t> sizes(count);
    ASSERT_OK(hyDeviceGetSubgroupSizes(device, count, sizes.data(), &count));
    ASSERT_FALSE(sizes.empty());
    EXPECT_EQ(sizes.front(), properties.subgroupSizeMin);
    EXPECT_EQ(sizes.back(), properties.subgroupSizeMax);
    constexpr uint32_t kItems = 256;
    for (const uint32_t size : sizes) {
        const HyKernel kernel = kernelOfSize("subgroup_shape", size);
        HyKernelInfo info{};
        info.structSize = sizeof info;
        ASSERT_OK(hyKernelGetInfo(kernel, &info));
        EXPECT_EQ(info.subgroupSize, size);
        const HyDevicePtr out = allocate(kItems * 3 * sizeof(uint32_t));
        const void* args[] = {&out};
        ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {kItems, 1, 1}, 0, args, 1));
        EXPECT_EQ(download<uint32_t>(out, kItems * 3), std::vector<uint32_t>(kItems * 3, size));
    }
    std::vector<uint32_t> few(1, 12345);
    ASSERT_OK(hyDeviceGetSubgroupSizes(device, 1, few.data(), &count));
    EXPECT_EQ(few[0], sizes[0]);
    EXPECT_EQ(count, sizes.size());
}

TEST_F(SubgroupSize, TheKernelsOwnSizeStays) {
    SKIP_WITHOUT(HY_CAP_SUBGROUP_SIZE_CONTROL);
    if (properties.subgroupSizeMin > 8 || properties.subgroupSizeMax < 8)
        GTEST_SKIP() << "the device has no subgroups of 8";
    const HyKernel kernel = kernelOfSize("subgroups_of_8", 8);
    const HyKernel same = kernelOfSize("subgroups_of_8", 0);
    const HyDevicePtr out = allocate(32 * sizeof(uint32_t));
    const void* args[] = {&out};
    for (const HyKernel each : {kernel, same}) {
        ASSERT_OK(hyLaunchKernel(stream, each, {1, 1, 1}, {32, 1, 1}, 0, args, 1));
        EXPECT_EQ(download<uint32_t>(out, 32), std::vector<uint32_t>(32, 8));
    }
}

TEST_F(SubgroupSize, WrongSizesAreRefused) {
    HyKernelDesc desc{};
    desc.structSize = sizeof desc;
    desc.name = "subgroup_shape";
    HyKernel kernel = nullptr;
    if (!claims(HY_CAP_SUBGROUP_SIZE_CONTROL)) {
        desc.requiredSubgroupSize = properties.subgroupSizeMax;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "requiredSubgroupSize", hyKernelCreateEx, module, &desc, &kernel);
        EXPECT_EQ(kernel, nullptr);
        return;
    }
    for (const uint32_t size : {3u, properties.subgroupSizeMax * 2, UINT32_MAX}) {
        desc.requiredSubgroupSize = size;
        EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "requiredSubgroupSize", hyKernelCreateEx, module, &desc, &kernel);
    }
    desc.name = "subgroups_of_8";
    desc.requiredSubgroupSize = 16;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "requiredSubgroupSize", hyKernelCreateEx, module, &desc, &kernel);
    desc.requiredSubgroupSize = 0;
    desc.name = "no such kernel";
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "name", hyKernelCreateEx, module, &desc, &kernel);
    desc.name = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "name", hyKernelCreateEx, module, &desc, &kernel);
    desc.name = "subgroup_shape";
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outKernel", hyKernelCreateEx, module, &desc, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "desc", hyKernelCreateEx, module, nullptr, &kernel);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "module", hyKernelCreateEx, nullptr, &desc, &kernel);
    desc.flags = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyKernelCreateEx, module, &desc, &kernel);
    desc.flags = 0;
    desc.structSize = 4;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyKernelCreateEx, module, &desc, &kernel);
    uint32_t count = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyDeviceGetSubgroupSizes, device, 0, nullptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "sizes", hyDeviceGetSubgroupSizes, device, 1, nullptr, &count);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetSubgroupSizes, nullptr, 0, nullptr, &count);
}

TEST_F(CooperativeMatrixList, TheListAndTheCapabilityAgree) {
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetCooperativeMatrixCount(device, &count));
    HyCooperativeMatrixInfo info{};
    info.structSize = sizeof info;
    const bool has = (properties.capabilities & HY_CAP_COOPERATIVE_MATRIX) != 0;
    EXPECT_EQ(has, count != 0);
    for (uint32_t i = 0; i < count; ++i) {
        ASSERT_OK(hyDeviceGetCooperativeMatrix(device, i, &info));
        EXPECT_EQ(info.structSize, sizeof info);
        EXPECT_TRUE(info.m != 0 && info.n != 0 && info.k != 0);
        EXPECT_TRUE(info.scope == HY_SCOPE_SUBGROUP || info.scope == HY_SCOPE_WORKGROUP);
        EXPECT_LE(std::max({info.a, info.b, info.c, info.result}), HY_COMPONENT_UINT64);
    }
    EXPECT_FAILS(has ? HY_ERROR_NOT_FOUND : HY_ERROR_UNSUPPORTED, has ? "index" : "device",
                 hyDeviceGetCooperativeMatrix, device, count, &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyDeviceGetCooperativeMatrix, device, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyDeviceGetCooperativeMatrixCount, device, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetCooperativeMatrixCount, nullptr, &count);
}
