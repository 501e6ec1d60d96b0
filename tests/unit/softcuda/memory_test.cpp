// Memory and its books, faults that stay, limits of launches, graphs.
#include "fixture.h"

#include <atomic>
#include <vector>

namespace halyard::cuda {
namespace {

class SoftcudaMemory : public DriverTest {};

TEST_F(SoftcudaMemory, BooksMoveAndEnd) {
    size_t before = 0, after = 0, total = 0;
    CUdeviceptr big = 0, more = 0;
    ASSERT_CU(cu().cuMemGetInfo_v2(&before, &total));
    ASSERT_CU(cu().cuMemAlloc_v2(&big, 1 << 20));
    ASSERT_CU(cu().cuMemGetInfo_v2(&after, &total));
    EXPECT_EQ(before - (1 << 20), after);
    EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, cu().cuMemAlloc_v2(&more, after + 1));
    ASSERT_CU(cu().cuMemFree_v2(big));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFree_v2(big));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAlloc_v2(&more, 0));
    ASSERT_CU(cu().cuMemGetInfo_v2(&after, &total));
    EXPECT_EQ(before, after);
}

TEST_F(SoftcudaMemory, CopiesAndFillsStayInsideAllocations) {
    std::vector<char> host(4097);
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemcpyHtoDAsync_v2(memory_, host.data(), 4096, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpyHtoDAsync_v2(memory_, host.data(), 4097, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD8Async(memory_ + 1, 0, 4096, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD32Async(memory_ + 2, 0, 1, stream_));
    ASSERT_CU(cu().cuMemsetD2D16Async(memory_, 64, 0xabcd, 2, 3, stream_));
    EXPECT_EQ(0xabcdabcdu, read(memory_ + 128));
    EXPECT_EQ(0u, read(memory_ + 132));
}

TEST_F(SoftcudaMemory, AFaultStaysUntilTheContextGoes) {
    ASSERT_CU(launch("store", 0x1000, 1, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
    CUdeviceptr ptr = 0;
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuMemAlloc_v2(&ptr, 16));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuMemsetD8Async(memory_, 0, 1, stream_));
    ASSERT_CU(cu().cuDevicePrimaryCtxRelease_v2(0));
    EXPECT_CU(CUDA_ERROR_CONTEXT_IS_DESTROYED, cu().cuMemAlloc_v2(&ptr, 16));
    ASSERT_CU(cu().cuDevicePrimaryCtxRetain(&context_, 0));
    ASSERT_CU(cu().cuCtxSetCurrent(context_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemAlloc_v2(&ptr, 16));
    ASSERT_CU(cu().cuCtxSetCurrent(nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuMemAlloc_v2(&ptr, 16));
}

// The references stay: each owner gives its own back, and a new one makes the context anew.
TEST_F(SoftcudaMemory, AResetThrowsTheContextAway) {
    ASSERT_CU(launch("store", 0x1000, 1, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
    ASSERT_CU(cu().cuDevicePrimaryCtxReset_v2(0));
    CUdeviceptr ptr = 0;
    EXPECT_CU(CUDA_ERROR_CONTEXT_IS_DESTROYED, cu().cuMemAlloc_v2(&ptr, 16));
    ASSERT_CU(cu().cuDevicePrimaryCtxRelease_v2(0));
    ASSERT_CU(cu().cuDevicePrimaryCtxRetain(&context_, 0));
    ASSERT_CU(cu().cuCtxSetCurrent(context_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemAlloc_v2(&ptr, 16));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDevicePrimaryCtxReset_v2(99));
}

TEST_F(SoftcudaMemory, LaunchesBeyondLimitsAreRefused) {
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launch("store", memory_, 1, stream_, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launch("store", memory_, 1, stream_, 1, 1025));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launch("small", memory_, 1, stream_, 1, 65));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launch("required", memory_, 1, stream_, 1, 31));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, launch("shared", memory_, 1, stream_, 1, 1, 20000));
    EXPECT_CU(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, launch("greedy", memory_, 1, stream_, 1, 1024));
    ASSERT_CU(cu().cuFuncSetAttribute(function("shared"), CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 20000));
    EXPECT_CU(CUDA_SUCCESS, launch("shared", memory_, 1, stream_, 1, 1, 20000));
    CUfunction none = nullptr;
    EXPECT_CU(CUDA_ERROR_NOT_FOUND, cu().cuModuleGetFunction(&none, module_, "none"));
    CUmodule module = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_PTX, cu().cuModuleLoadDataEx(&module, "what is this", 0, nullptr, nullptr));
    EXPECT_CU(CUDA_ERROR_UNSUPPORTED_PTX_VERSION,
              cu().cuModuleLoadDataEx(&module, ".version 9.9", 0, nullptr, nullptr));
}

TEST_F(SoftcudaMemory, TwoMappingsOfOnePhysicalMemoryAreTheSameBytes) {
    constexpr size_t kBytes = 2 << 20;
    CUmemAllocationProp prop{CU_MEM_ALLOCATION_TYPE_PINNED, CU_MEM_HANDLE_TYPE_NONE, {CU_MEM_LOCATION_TYPE_DEVICE, 0}};
    CUmemAccessDesc access{{CU_MEM_LOCATION_TYPE_DEVICE, 0}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    CUmemGenericAllocationHandle physical = 0;
    CUdeviceptr base = 0;
    ASSERT_CU(cu().cuMemCreate(&physical, kBytes, &prop, 0));
    ASSERT_CU(cu().cuMemAddressReserve(&base, 2 * kBytes, 0, 0, 0));
    ASSERT_CU(cu().cuMemMap(base, kBytes, 0, physical, 0));
    ASSERT_CU(cu().cuMemMap(base + kBytes, kBytes, 0, physical, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemMap(base, kBytes, 0, physical, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD32Async(base, 5, 1, stream_)); // no access yet
    ASSERT_CU(cu().cuMemSetAccess(base, 2 * kBytes, &access, 1));
    ASSERT_CU(cu().cuMemRelease(physical));
    ASSERT_CU(launch("store", base + 64, 42, stream_));
    EXPECT_EQ(42u, read(base + kBytes + 64));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAddressFree(base, 2 * kBytes)); // still mapped
    ASSERT_CU(cu().cuMemUnmap(base, 2 * kBytes));
    ASSERT_CU(cu().cuMemAddressFree(base, 2 * kBytes));
}

TEST_F(SoftcudaMemory, AGraphRunsInOrderAndTakesNewParameters) {
    CUgraph graph = nullptr;
    CUgraphNode first = nullptr, second = nullptr;
    CUgraphExec exec = nullptr;
    uint32_t value = 1;
    void* parameters[] = {&memory_, &value};
    CUDA_KERNEL_NODE_PARAMS_v2 params{function("store"), 1, 1, 1, 1, 1, 1, 0, parameters, nullptr, nullptr, nullptr};
    ASSERT_CU(cu().cuGraphCreate(&graph, 0));
    ASSERT_CU(cu().cuGraphAddKernelNode_v2(&first, graph, nullptr, 0, &params));
    params.func = function("append");
    value = 2;
    ASSERT_CU(cu().cuGraphAddKernelNode_v2(&second, graph, &first, 1, &params));
    ASSERT_CU(cu().cuGraphInstantiateWithFlags(&exec, graph, 0));
    ASSERT_CU(cu().cuGraphLaunch(exec, stream_));
    EXPECT_EQ(12u, read(memory_));
    value = 7;
    ASSERT_CU(cu().cuGraphExecKernelNodeSetParams_v2(exec, second, &params));
    ASSERT_CU(cu().cuGraphDestroy(graph));
    ASSERT_CU(cu().cuGraphLaunch(exec, stream_));
    EXPECT_EQ(17u, read(memory_));
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphLaunch(exec, stream_));
}

} // namespace
} // namespace halyard::cuda
