// Workgroup variables above PTX's 48 KiB: they lie in dynamic memory, which every way to launch must give.
#include "halyard/halyard.h"

#include "large_cl.spv.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

constexpr uint64_t kLimitNs = 60'000'000'000;
constexpr uint32_t kItems = 64, kGroups = 3;
constexpr uint32_t kHalf = 16384;

std::string lastMessage() {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    hyGetLastError(&info);
    return info.message;
}

#define ASSERT_OK(call) ASSERT_EQ(call, HY_SUCCESS) << lastMessage()
#define EXPECT_OK(call) EXPECT_EQ(call, HY_SUCCESS) << lastMessage()

class LargeLocalMemory : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        ASSERT_OK(hyDeviceFind(instance, "cuda:0", &device));
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = large_cl_spv;
        desc.dataBytes = large_cl_spv_size;
        ASSERT_OK(hyModuleLoad(device, &desc, &module));
        ASSERT_OK(hyMemAlloc(device, kBytes, &out));
    }
    void TearDown() override {
        if (instance != nullptr) {
            EXPECT_OK(hyInstanceDestroy(instance));
        }
    }
    void create(const char* name) { ASSERT_OK(hyKernelCreate(module, name, &kernel)); }
    HyLaunchDesc describe(const void* const* args, uint32_t argCount) const {
        HyLaunchDesc launch{};
        launch.structSize = sizeof launch;
        launch.kernel = kernel;
        launch.workgroups = {kGroups, 1, 1};
        launch.workgroupSize = {kItems, 1, 1};
        launch.args = args;
        launch.argCount = argCount;
        return launch;
    }
    void clear() {
        const uint32_t none = 0xffffffff;
        ASSERT_OK(hyMemFillAsync(stream, out, &none, sizeof none, kItems * kGroups));
    }
    std::vector<uint32_t> download() {
        std::vector<uint32_t> words(kItems * kGroups);
        EXPECT_OK(hyMemcpyAsync(stream, hyHostAddress(words.data()), out, kBytes));
        EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
        return words;
    }
    static std::vector<uint32_t> sums() {
        std::vector<uint32_t> expected;
        for (uint32_t group = 0; group < kGroups; ++group) {
            for (uint32_t id = 0; id < kItems; ++id) {
                uint32_t sum = 0;
                for (uint32_t i = 0; i < 256; ++i)
                    sum += (kHalf - 1 - id - 64 * i) * (group + 1) + group + 1;
                expected.push_back(sum);
            }
        }
        return expected;
    }

    static constexpr uint64_t kBytes = kItems * kGroups * sizeof(uint32_t);
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyDevicePtr out = 0;
};

TEST_F(LargeLocalMemory, IsThereInEveryKindOfLaunch) {
    create("variables");
    const void* args[] = {&out};
    clear();
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kItems, 1, 1}, 0, args, 1));
    EXPECT_EQ(download(), sums());

    HyLaunchDesc launch = describe(args, 1);
    launch.stream = stream;
    clear();
    ASSERT_OK(hyLaunchKernelEx(&launch));
    EXPECT_EQ(download(), sums());

    launch.stream = nullptr;
    HyGraph graph = nullptr;
    HyGraphNode node = 0;
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &graph));
    ASSERT_OK(hyGraphAddKernelNode(graph, nullptr, 0, "run", &launch, &node));
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    clear();
    ASSERT_OK(hyGraphLaunch(exec, stream));
    EXPECT_EQ(download(), sums());
}

TEST_F(LargeLocalMemory, LiesBesideTheBlocksOfParameters) {
    create("besideParameters");
    const uint64_t block = kItems * sizeof(uint32_t);
    const void* args[] = {&out, &block, &block};
    clear();
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kItems, 1, 1}, 0, args, 3));
    const std::vector<uint32_t> words = download();
    for (uint32_t i = 0; i < words.size(); ++i) {
        const uint32_t id = i % kItems;
        ASSERT_EQ(words[i], 1000 + 63 - id + 2000 + (id ^ 1)) << i;
    }
}

TEST_F(LargeLocalMemory, CountsInOccupancy) {
    create("variables");
    HyOccupancy found{};
    found.structSize = sizeof found;
    ASSERT_OK(hyKernelGetOccupancy(kernel, {kItems, 1, 1}, 0, &found));
    EXPECT_EQ(found.workgroupsPerUnit, 3u); // 228 KiB (sm_90) by 64.25 KiB and the driver's 1 KiB
    EXPECT_EQ(found.limit, HY_OCCUPANCY_LIMIT_LOCAL_MEMORY);
}

TEST_F(LargeLocalMemory, BeyondTheDevicesIsRefusedInWords) {
    create("tooLarge");
    const void* args[] = {&out};
    EXPECT_EQ(hyLaunchKernel(stream, kernel, {1, 1, 1}, {kItems, 1, 1}, 0, args, 1), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_NE(lastMessage().find("262144 bytes"), std::string::npos) << lastMessage();
}

} // namespace
