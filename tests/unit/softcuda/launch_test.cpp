// Launches that are more than a grid: packed arguments, cooperative ones, clusters; and what a kernel tells of itself.
#include "fixture.h"

#include <set>
#include <vector>

namespace halyard::cuda {
namespace {

class SoftcudaLaunch : public DriverTest {
protected:
    CUlaunchConfig config(unsigned grid, unsigned block = 1) {
        CUlaunchConfig result{};
        result.gridDimX = grid;
        result.gridDimY = result.gridDimZ = 1;
        result.blockDimX = block;
        result.blockDimY = result.blockDimZ = 1;
        result.hStream = stream_;
        return result;
    }
    static CUlaunchAttribute cluster(unsigned x, unsigned y = 1, unsigned z = 1) {
        CUlaunchAttribute result{};
        result.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
        result.value.clusterDim = {x, y, z};
        return result;
    }
    CUresult launchClusters(unsigned grid, CUlaunchAttribute attribute, const char* kernel = "store") {
        CUlaunchConfig c = config(grid);
        c.attrs = &attribute;
        c.numAttrs = 1;
        uint32_t value = 3;
        void* parameters[] = {&memory_, &value};
        return cu().cuLaunchKernelEx(&c, function(kernel), parameters, nullptr);
    }
};

TEST_F(SoftcudaLaunch, TakesArgumentsInABlock) {
    struct {
        CUdeviceptr address;
        uint32_t value;
    } block{memory_, 55};
    size_t bytes = 12;
    void* extra[] = {reinterpret_cast<void*>(1), &block, reinterpret_cast<void*>(2), &bytes, nullptr};
    ASSERT_CU(cu().cuLaunchKernel(function("store"), 1, 1, 1, 1, 1, 1, 0, stream_, nullptr, extra));
    EXPECT_EQ(55u, read(memory_));
    void* parameters[] = {&block.address, &block.value};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuLaunchKernel(function("store"), 1, 1, 1, 1, 1, 1, 0, stream_, parameters, extra));
    bytes = 11; // less than the kernel has
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuLaunchKernel(function("store"), 1, 1, 1, 1, 1, 1, 0, stream_, nullptr, extra));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuLaunchKernel(function("store"), 1, 1, 1, 1, 1, 1, 0, stream_, nullptr, nullptr));
    parameters[1] = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuLaunchKernel(function("store"), 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE,
              cu().cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr));
}

TEST_F(SoftcudaLaunch, ACooperativeGridMustFitTheDevice) {
    int blocks = 0, multiprocessors = 0;
    ASSERT_CU(cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("store"), 256, 0));
    ASSERT_CU(cu().cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0));
    const auto most = static_cast<unsigned>(blocks * multiprocessors);
    uint32_t value = 9;
    void* parameters[] = {&memory_, &value};
    const auto cooperative = [&](unsigned grid) {
        return cu().cuLaunchCooperativeKernel(function("store"), grid, 1, 1, 256, 1, 1, 0, stream_, parameters);
    };
    EXPECT_CU(CUDA_SUCCESS, cooperative(most));
    EXPECT_CU(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, cooperative(most + 1));
    EXPECT_EQ(9u, read(memory_));
    CUlaunchAttribute attribute{};
    attribute.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
    attribute.value.cooperative = 1;
    CUlaunchConfig c = config(most + 1, 256);
    c.attrs = &attribute;
    c.numAttrs = 1;
    EXPECT_CU(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE,
              cu().cuLaunchKernelEx(&c, function("store"), parameters, nullptr));
    attribute.value.cooperative = 0;
    EXPECT_CU(CUDA_SUCCESS, cu().cuLaunchKernelEx(&c, function("store"), parameters, nullptr));
}

TEST_F(SoftcudaLaunch, ClustersDivideTheGridAndAreEightBlocksAtMost) {
    EXPECT_CU(CUDA_SUCCESS, launchClusters(16, cluster(8)));
    EXPECT_EQ(3u, read(memory_));
    EXPECT_CU(CUDA_SUCCESS, launchClusters(16, cluster(1)));
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, launchClusters(16, cluster(16)));
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, launchClusters(16, cluster(0)));
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, launchClusters(16, cluster(~0u, 2, 2)));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launchClusters(15, cluster(2)));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launchClusters(16, cluster(2, 2)));
    ASSERT_CU(cu().cuFuncSetAttribute(function("store"), CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1));
    EXPECT_CU(CUDA_SUCCESS, launchClusters(16, cluster(16)));
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, launchClusters(32, cluster(32)));
}

TEST_F(SoftcudaLaunch, OccupancyOfClusters) {
    CUlaunchAttribute attribute = cluster(4);
    CUlaunchConfig c = config(16, 1024);
    c.attrs = &attribute;
    c.numAttrs = 1;
    int clusters = 0, size = 0, blocks = 0, multiprocessors = 0;
    ASSERT_CU(cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("store"), 1024, 0));
    ASSERT_CU(cu().cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 0));
    ASSERT_CU(cu().cuOccupancyMaxActiveClusters(&clusters, function("store"), &c));
    EXPECT_EQ(blocks * multiprocessors / 4, clusters);
    ASSERT_CU(cu().cuOccupancyMaxPotentialClusterSize(&size, function("store"), &c));
    EXPECT_EQ(8, size);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuOccupancyMaxActiveClusters(nullptr, function("store"), &c));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuOccupancyMaxActiveClusters(&clusters, function("store"), nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuOccupancyMaxActiveClusters(&clusters, nullptr, &c));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuOccupancyMaxPotentialClusterSize(&size, nullptr, &c));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuOccupancyMaxPotentialClusterSize(nullptr, function("store"), &c));
    attribute = cluster(9);
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, cu().cuOccupancyMaxActiveClusters(&clusters, function("store"), &c));
    attribute = cluster(1u << 31, 2);
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, cu().cuOccupancyMaxActiveClusters(&clusters, function("store"), &c));
}

TEST_F(SoftcudaLaunch, AttributesThatNobodyKnowsAreRefused) {
    CUlaunchAttribute attribute{};
    attribute.id = static_cast<CUlaunchAttributeID>(6);
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, launchClusters(1, attribute));
    attribute.id = CU_LAUNCH_ATTRIBUTE_PRIORITY;
    EXPECT_CU(CUDA_SUCCESS, launchClusters(1, attribute));
    CUlaunchConfig c = config(1);
    c.numAttrs = 1;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLaunchKernelEx(&c, function("store"), nullptr, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuLaunchKernelEx(nullptr, function("store"), nullptr, nullptr));
}

TEST_F(SoftcudaLaunch, Occupancy) {
    int blocks = -1;
    ASSERT_CU(cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("greedy"), 1024, 0));
    EXPECT_EQ(0, blocks);
    ASSERT_CU(cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("shared"), 32, 60000));
    EXPECT_EQ(2, blocks); // 233472 / (40000 + 60000 + 1024)
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function("store"), 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(nullptr, function("store"), 1, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, nullptr, 1, 0));
}

TEST_F(SoftcudaLaunch, AFunctionTellsOfItself) {
    int value = 0;
    ASSERT_CU(cu().cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, function("greedy")));
    EXPECT_EQ(255, value);
    ASSERT_CU(cu().cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function("small")));
    EXPECT_EQ(64, value);
    ASSERT_CU(cu().cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function("shared")));
    EXPECT_EQ(40000, value);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuFuncGetAttribute(&value, static_cast<CUfunction_attribute>(99), function("small")));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuFuncGetAttribute(nullptr, CU_FUNC_ATTRIBUTE_NUM_REGS, function("small")));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuFuncSetAttribute(function("shared"), CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 1 << 20));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuFuncSetAttribute(function("shared"), CU_FUNC_ATTRIBUTE_NUM_REGS, 1));
    size_t offset = 0, bytes = 0;
    ASSERT_CU(cu().cuFuncGetParamInfo(function("store"), 1, &offset, &bytes));
    EXPECT_EQ(8u, offset);
    EXPECT_EQ(4u, bytes);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuFuncGetParamInfo(function("store"), 2, &offset, &bytes));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuFuncGetParamInfo(function("store"), 0, nullptr, &bytes));
}

TEST_F(SoftcudaLaunch, AModuleListsItsFunctions) {
    unsigned count = 0;
    ASSERT_CU(cu().cuModuleGetFunctionCount(&count, module_));
    ASSERT_EQ(10u, count); // of kModule
    std::vector<CUfunction> all(count, nullptr);
    ASSERT_CU(cu().cuModuleEnumerateFunctions(all.data(), count, module_));
    std::set<std::string> names;
    for (CUfunction each : all) {
        const char* text = nullptr;
        ASSERT_CU(cu().cuFuncGetName(&text, each));
        names.insert(text);
    }
    EXPECT_EQ((std::set<std::string>{"store", "wait", "append", "trap", "crooked", "unknown", "greedy", "shared",
                                     "small", "required"}),
              names);
    std::vector<CUfunction> some(2, nullptr);
    ASSERT_CU(cu().cuModuleEnumerateFunctions(some.data(), 1, module_));
    EXPECT_NE(nullptr, some[0]);
    EXPECT_EQ(nullptr, some[1]); // it was given room for one
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuModuleGetFunctionCount(nullptr, module_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuModuleEnumerateFunctions(nullptr, count, module_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuFuncGetName(nullptr, all[0]));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuModuleGetFunctionCount(&count, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuModuleEnumerateFunctions(all.data(), count, nullptr));
}

TEST_F(SoftcudaLaunch, AModuleThatIsUnloadedHasNoFunctions) {
    CUfunction store = function("store");
    CUdeviceptr global = 0;
    size_t bytes = 0;
    ASSERT_CU(cu().cuModuleGetGlobal_v2(&global, &bytes, module_, "data"));
    EXPECT_EQ(64u, bytes);
    EXPECT_CU(CUDA_ERROR_NOT_FOUND, cu().cuModuleGetGlobal_v2(&global, &bytes, module_, "none"));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuModuleGetGlobal_v2(nullptr, nullptr, module_, "data"));
    ASSERT_CU(cu().cuModuleUnload(module_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuModuleUnload(module_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuModuleGetFunction(&store, module_, "store"));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuModuleGetGlobal_v2(&global, &bytes, module_, "data"));
    int value = 0;
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_NUM_REGS, store));
    uint32_t number = 1;
    void* parameters[] = {&memory_, &number};
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuLaunchKernel(store, 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuModuleLoadDataEx(nullptr, kModule, 0, nullptr, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuModuleLoadDataEx(&module_, nullptr, 0, nullptr, nullptr));
}

} // namespace
} // namespace halyard::cuda
