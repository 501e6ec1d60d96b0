// The limits of a device as it claims them: what is at the limit works, what is one beyond is refused.
#include "fixture.h"

#include "limits_cl.spv.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <numeric>
#include <ostream>

using namespace halyard::conformance;

namespace {

class Limits : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        module = loadModule(limits_cl_spv, limits_cl_spv_size);
    }
    bool has(HyCapabilities capability) const { return (properties.capabilities & capability) == capability; }
    HyResult launch(const char* name, HyDim3 groups, HyDim3 size, std::initializer_list<const void*> args) {
        return hyLaunchKernel(stream, makeKernel(module, name), groups, size, 0, args.begin(),
                              static_cast<uint32_t>(args.size()));
    }
    // `limit` in one dimension, 1 in the others.
    static HyDim3 along(int dimension, uint32_t limit) {
        return {dimension == 0 ? limit : 1, dimension == 1 ? limit : 1, dimension == 2 ? limit : 1};
    }
    static uint64_t volume(HyDim3 size) { return uint64_t{size.x} * size.y * size.z; }

    HyModule module = nullptr;
};

class PerDimension : public Limits, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Limits, PerDimension, testing::Values(0, 1, 2),
                         [](const auto& about) { return std::string(1, "XYZ"[about.param]); });

TEST_P(PerDimension, LargestWorkgroupRuns) {
    const HyDim3 size = along(GetParam(), properties.maxWorkgroupSize[GetParam()]);
    const HyDevicePtr out = upload(std::vector<uint32_t>(volume(size)));
    ASSERT_OK(launch("count_members", {2, 1, 1}, size, {&out}));
    EXPECT_EQ(download<uint32_t>(out, volume(size)), std::vector<uint32_t>(volume(size), 2));
}

TEST_P(PerDimension, LargerWorkgroupIsRefused) {
    const HyDevicePtr out = allocate(4096);
    for (const uint32_t size : {properties.maxWorkgroupSize[GetParam()] + 1, uint32_t(1) << 31, UINT32_MAX}) {
        const HyDim3 bad = along(GetParam(), size);
        const HyKernel kernel = makeKernel(module, "count_members");
        const void* args[] = {&out};
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, kernel, {1, 1, 1}, bad, 0,
                     args, 1);
    }
    EXPECT_OK(hyStreamQuery(stream)) << "nothing was submitted";
}

TEST_P(PerDimension, ManyWorkgroupsRun) {
    // As many as a test has time for: an emulated device takes a thousand times as long.
    const uint32_t time = properties.type == HY_DEVICE_TYPE_EMULATED ? 3'001 : 1'000'003;
    const uint32_t count = std::min(properties.maxWorkgroups[GetParam()], time);
    const HyDevicePtr out = upload(std::vector<uint32_t>(4));
    const HyDim3 groups = along(GetParam(), count);
    ASSERT_OK(launch("count_groups", groups, {1, 1, 1}, {&out}));
    EXPECT_EQ(download<uint32_t>(out, 4), (std::vector<uint32_t>{count, groups.x - 1, groups.y - 1, groups.z - 1}));
}

TEST_P(PerDimension, LargestGridIsTaken) {
    if (!has(HY_CAP_DEVICE_RESET))
        GTEST_SKIP() << "the device claims no HY_CAP_DEVICE_RESET: the grid may run for minutes";
    const HyDevicePtr out = upload(std::vector<uint32_t>(4));
    ASSERT_OK(launch("count_groups", along(GetParam(), properties.maxWorkgroups[GetParam()]), {1, 1, 1}, {&out}));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamQuery(stream));
}

TEST_P(PerDimension, LargerGridIsRefused) {
    const HyDevicePtr out = upload(std::vector<uint32_t>(4));
    if (properties.maxWorkgroups[GetParam()] == UINT32_MAX)
        GTEST_SKIP() << "no 32-bit number is above the limit";
    const HyKernel kernel = makeKernel(module, "count_groups");
    const void* args[] = {&out};
    for (const uint32_t count : {properties.maxWorkgroups[GetParam()] + 1, UINT32_MAX}) {
        const HyDim3 bad = along(GetParam(), count);
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyLaunchKernel, stream, kernel, bad, {1, 1, 1}, 0,
                     args, 1);
    }
    EXPECT_EQ(download<uint32_t>(out, 1)[0], 0u);
}

TEST_F(Limits, WorkgroupsOfEveryShapeRun) {
    const uint32_t most = properties.maxWorkgroupInvocations;
    const HyDevicePtr out = allocate(most * sizeof(uint32_t));
    const uint32_t zero = 0;
    for (uint32_t x = 1; x <= properties.maxWorkgroupSize[0]; x *= 4) {
        for (uint32_t y = 1; y <= properties.maxWorkgroupSize[1] && uint64_t{x} * y <= most; y *= 4) {
            const uint32_t z = std::min(most / (x * y), properties.maxWorkgroupSize[2]);
            const uint32_t all = x * y * z;
            EXPECT_OK(hyMemFillAsync(stream, out, &zero, sizeof zero, most));
            ASSERT_OK(launch("count_members", {1, 1, 1}, {x, y, z}, {&out})) << x << " " << y << " " << z;
            ASSERT_EQ(download<uint32_t>(out, all), std::vector<uint32_t>(all, 1)) << x << " " << y << " " << z;
        }
    }
}

TEST_F(Limits, MoreInvocationsThanAllowedAreRefused) {
    const HyDevicePtr out = allocate(4096);
    const void* args[] = {&out};
    const HyKernel kernel = makeKernel(module, "count_members");
    const uint32_t x = properties.maxWorkgroupSize[0], y = properties.maxWorkgroupSize[1];
    std::vector<HyDim3> shapes = {
        {x, y, properties.maxWorkgroupSize[2]}, {65536, 65536, 1}, {1 << 22, 1 << 21, 1 << 21}};
    if (uint64_t{x} * 2 > properties.maxWorkgroupInvocations)
        shapes.push_back({x, 2, 1});
    for (const HyDim3 shape : shapes) {
        if (volume(shape) != 0 && volume(shape) <= properties.maxWorkgroupInvocations)
            continue;
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, kernel, {1, 1, 1}, shape, 0,
                     args, 1);
    }
}

TEST_F(Limits, GridsBeyondSixtyThreeBitsAreRefused) {
    const HyDim3 most = {properties.maxWorkgroups[0], properties.maxWorkgroups[1], properties.maxWorkgroups[2]};
    uint64_t plane = uint64_t{most.x} * most.y, all = 0;
    if (!__builtin_mul_overflow(plane, uint64_t{most.z}, &all) && all <= INT64_MAX)
        GTEST_SKIP() << "the largest grid of the device has fewer than 2^63 workgroups";
    const HyDevicePtr out = allocate(64);
    const void* args[] = {&out};
    const HyKernel kernel = makeKernel(module, "count_groups");
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyLaunchKernel, stream, kernel, most, {1, 1, 1}, 0, args,
                 1);
}

TEST_F(Limits, AllWorkgroupMemoryIsUsable) {
    if (properties.maxLocalBytes == 0)
        GTEST_SKIP() << "the device has no workgroup memory";
    const uint64_t bytes = properties.maxLocalBytes / 128 * 128;
    const uint32_t words = static_cast<uint32_t>(bytes / 4);
    const HyDevicePtr out = upload(std::vector<uint32_t>(1));
    ASSERT_OK(launch("use_local", {3, 1, 1}, {64, 1, 1}, {&out, &bytes, &words}));
    EXPECT_EQ(download<uint32_t>(out, 1)[0], 3 * words);
}

TEST_F(Limits, MoreWorkgroupMemoryIsRefused) {
    const HyDevicePtr out = allocate(64);
    const uint32_t words = 1;
    const HyKernel kernel = makeKernel(module, "use_local");
    for (const uint64_t bytes : {properties.maxLocalBytes + uint64_t{1}, uint64_t{1} << 32, (uint64_t{1} << 32) + 128,
                                 uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 127}) {
        const void* args[] = {&out, &bytes, &words};
        EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "args", hyLaunchKernel, stream, kernel, {1, 1, 1}, {64, 1, 1}, 0,
                     args, 3)
            << bytes;
    }
}

// Argument blocks of many sizes: those that fit arrive whole, the others are refused by name.
struct Block {
    const char* kernel;
    uint32_t words;
};
void PrintTo(const Block& block, std::ostream* out) {
    *out << block.kernel;
}
class ArgumentBlock : public Limits, public testing::WithParamInterface<Block> {};
INSTANTIATE_TEST_SUITE_P(Limits, ArgumentBlock,
                         testing::Values(Block{"takes_1", 1}, Block{"takes_62", 62}, Block{"takes_254", 254},
                                         Block{"takes_1022", 1022}, Block{"takes_1024", 1024},
                                         Block{"takes_4096", 4096}),
                         [](const auto& about) { return std::string(about.param.kernel); });
TEST_P(ArgumentBlock, ArrivesWholeOrIsRefused) {
    const Block& block = GetParam();
    const uint64_t bytes = sizeof(HyDevicePtr) + block.words * sizeof(uint32_t);
    HyKernel kernel = nullptr;
    if (properties.maxArgumentBytes != 0 && bytes > properties.maxArgumentBytes) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "name", hyKernelCreate, module, block.kernel, &kernel);
        EXPECT_EQ(kernel, nullptr);
        return;
    }
    ASSERT_OK(hyKernelCreate(module, block.kernel, &kernel));
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    EXPECT_GE(info.argumentBytes, bytes);
    std::vector<uint32_t> words(block.words);
    std::iota(words.begin(), words.end(), 0x10000);
    const HyDevicePtr out = allocate(words.size() * sizeof(uint32_t));
    const void* args[] = {&out, words.data()};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {16, 1, 1}, 0, args, 2));
    const std::vector<uint32_t> sent = words;
    std::fill(words.begin(), words.end(), 0); // copied before the call returned
    EXPECT_EQ(download<uint32_t>(out, sent.size()), sent);
}

// Names that no kernel has.
class UnknownName : public Limits, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Limits, UnknownName, testing::Range(0, 8));
TEST_P(UnknownName, IsNotFound) {
    const std::string names[] = {"",        " ", "SPIN", "spin ", " spin", "spi\xff\xfe", std::string(1 << 20, 'n'),
                                 "%s%n%s%n"};
    const std::string& name = names[GetParam()];
    HyKernel kernel = nullptr;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "name", hyKernelCreate, module, name.c_str(), &kernel);
    EXPECT_EQ(kernel, nullptr);
    EXPECT_STRNE(lastError().message, "");
}

// A kernel that runs for about a second.
class LongKernel : public Limits {
protected:
    void SetUp() override {
        Limits::SetUp();
        if (HasFatalFailure())
            return;
        out = upload(std::vector<uint32_t>{1});
        rounds = 1000;
        for (;;) {
            const auto begin = std::chrono::steady_clock::now();
            ASSERT_OK(launch("spin", {1, 1, 1}, {1, 1, 1}, {&out, &rounds}));
            synchronize();
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
            if (took.count() > 0.05) {
                rounds = static_cast<uint64_t>(static_cast<double>(rounds) / took.count());
                return;
            }
            rounds *= 4;
        }
    }
    void start() { ASSERT_OK(launch("spin", {1, 1, 1}, {1, 1, 1}, {&out, &rounds})); }

    HyDevicePtr out = 0;
    uint64_t rounds = 0;
};

TEST_F(LongKernel, QueriesSayNotReady) {
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    start();
    ASSERT_OK(hyEventRecord(event, stream));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    ASSERT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_OK(hyEventQuery(event));
    EXPECT_OK(hyStreamQuery(stream));
}

TEST_F(LongKernel, WaitsEndAtTheirLimitAndTheWorkGoesOn) {
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    const uint32_t before = download<uint32_t>(out, 1)[0];
    start();
    ASSERT_OK(hyEventRecord(event, stream));
    for (const uint64_t limit : {0ull, 1ull, 1'000'000ull}) {
        EXPECT_EQ(hyStreamSynchronize(stream, limit), HY_ERROR_TIMEOUT);
        EXPECT_EQ(hyEventSynchronize(event, limit), HY_ERROR_TIMEOUT);
        EXPECT_EQ(hyDeviceSynchronize(device, limit), HY_ERROR_TIMEOUT);
    }
    synchronize();
    uint32_t expected = before;
    for (uint64_t i = 0; i < rounds; ++i)
        expected = expected * 1664525u + 1013904223u + (expected >> 16);
    EXPECT_EQ(download<uint32_t>(out, 1)[0], expected);
}

TEST_F(LongKernel, SubmittingBehindItDoesNotWaitForIt) {
    const HyDevicePtr other = upload(std::vector<uint32_t>(16));
    start();
    const uint32_t seven = 7;
    for (int i = 0; i < 1000; ++i)
        ASSERT_OK(hyMemFillAsync(stream, other, &seven, sizeof seven, 16));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY) << "the fills were submitted while the kernel ran";
    EXPECT_EQ(download<uint32_t>(other, 16), std::vector<uint32_t>(16, 7));
}

TEST_F(LongKernel, FreeingItsMemoryWaitsForIt) {
    const HyDevicePtr copy = allocate(sizeof(uint32_t));
    start();
    ASSERT_OK(hyMemcpyAsync(stream, copy, out, sizeof(uint32_t)));
    EXPECT_OK(hyMemFree(device, out));
    EXPECT_OK(hyStreamQuery(stream)) << "hyMemFree waits for submitted work";
    EXPECT_NE(download<uint32_t>(copy, 1)[0], 0u);
}

TEST_F(LongKernel, OutlivesItsHandles) {
    const HyKernel kernel = makeKernel(module, "spin");
    HyStream own = nullptr;
    HyEvent event = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &own));
    ASSERT_OK(hyEventCreate(device, 0, &event));
    const uint32_t before = download<uint32_t>(out, 1)[0];
    const void* args[] = {&out, &rounds};
    ASSERT_OK(hyLaunchKernel(own, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 2));
    ASSERT_OK(hyEventRecord(event, own));
    EXPECT_OK(hyKernelDestroy(kernel));
    EXPECT_OK(hyModuleDestroy(module));
    EXPECT_OK(hyStreamDestroy(own));
    ASSERT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_NE(download<uint32_t>(out, 1)[0], before);
}

} // namespace
