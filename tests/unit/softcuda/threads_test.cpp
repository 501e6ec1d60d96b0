// The driver from two threads at once: objects come and go beside work that uses others.
#include "fixture.h"

#include <functional>
#include <thread>
#include <vector>

namespace halyard::cuda {
namespace {

constexpr int kRounds = 60;

class SoftcudaThreads : public DriverTest {
protected:
    // Runs `body(thread)` in two threads with the context current.
    void inTwoThreads(const std::function<void(int)>& body) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([&, i] {
                EXPECT_CU(CUDA_SUCCESS, cu().cuCtxSetCurrent(context_));
                body(i);
            });
        for (std::thread& thread : threads)
            thread.join();
    }
};

TEST_F(SoftcudaThreads, StreamsEventsAndMemory) {
    inTwoThreads([&](int thread) {
        for (int i = 0; i < kRounds; ++i) {
            CUstream stream = nullptr;
            CUevent event = nullptr;
            CUdeviceptr memory = 0;
            const auto wanted = static_cast<uint32_t>(thread * 1000 + i);
            EXPECT_CU(CUDA_SUCCESS, cu().cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0));
            EXPECT_CU(CUDA_SUCCESS, cu().cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
            EXPECT_CU(CUDA_SUCCESS, cu().cuMemAlloc_v2(&memory, 64));
            EXPECT_CU(CUDA_SUCCESS, launch("store", memory, wanted, stream));
            EXPECT_CU(CUDA_SUCCESS, cu().cuEventRecord(event, stream));
            EXPECT_CU(CUDA_SUCCESS, cu().cuStreamWaitEvent(stream_, event, 0));
            uint32_t found = 0;
            EXPECT_CU(CUDA_SUCCESS, cu().cuMemcpyDtoHAsync_v2(&found, memory, 4, stream));
            EXPECT_CU(CUDA_SUCCESS, cu().cuStreamSynchronize(stream));
            EXPECT_EQ(wanted, found);
            EXPECT_CU(CUDA_SUCCESS, cu().cuEventDestroy_v2(event));
            EXPECT_CU(CUDA_SUCCESS, cu().cuStreamDestroy_v2(stream));
            EXPECT_CU(CUDA_SUCCESS, cu().cuMemFree_v2(memory));
        }
    });
}

// One frees and destroys what the other still names: a handle or nothing, never an old object.
TEST_F(SoftcudaThreads, AHandleIsGivenBackOnce) {
    for (int i = 0; i < kRounds; ++i) {
        CUstream stream = nullptr;
        CUdeviceptr memory = 0;
        CUmodule module = nullptr;
        ASSERT_CU(cu().cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0));
        ASSERT_CU(cu().cuMemAlloc_v2(&memory, 64));
        ASSERT_CU(cu().cuModuleLoadDataEx(&module, kModule, 0, nullptr, nullptr));
        std::atomic<int> streams{0}, frees{0}, unloads{0};
        inTwoThreads([&](int) {
            streams += cu().cuStreamDestroy_v2(stream) == CUDA_SUCCESS;
            frees += cu().cuMemFree_v2(memory) == CUDA_SUCCESS;
            unloads += cu().cuModuleUnload(module) == CUDA_SUCCESS;
        });
        ASSERT_EQ(1, streams.load());
        ASSERT_EQ(1, frees.load());
        ASSERT_EQ(1, unloads.load());
    }
}

TEST_F(SoftcudaThreads, GraphsAreLaunchedWhileTheyChange) {
    CUgraph graph = nullptr;
    CUgraphNode node = nullptr;
    CUgraphExec exec = nullptr;
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 3, 4, 1, 1};
    ASSERT_CU(cu().cuGraphCreate(&graph, 0));
    ASSERT_CU(cu().cuGraphAddMemsetNode(&node, graph, nullptr, 0, &pattern, context_));
    ASSERT_CU(cu().cuGraphInstantiateWithFlags(&exec, graph, 0));
    inTwoThreads([&](int thread) {
        for (int i = 0; i < kRounds; ++i) {
            CUDA_MEMSET_NODE_PARAMS other{memory_, 0, static_cast<unsigned>(3 + i % 2), 4, 1, 1};
            if (thread == 0)
                EXPECT_CU(CUDA_SUCCESS, cu().cuGraphExecMemsetNodeSetParams(exec, node, &other, context_));
            else
                EXPECT_CU(CUDA_SUCCESS, cu().cuGraphLaunch(exec, stream_));
        }
    });
    const uint32_t found = read(memory_);
    EXPECT_TRUE(found == 3 || found == 4) << found;
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
    ASSERT_CU(cu().cuGraphDestroy(graph));
}

TEST_F(SoftcudaThreads, PrimaryContextsAreRetainedAndReleased) {
    inTwoThreads([&](int) {
        for (int i = 0; i < kRounds; ++i) {
            CUcontext second = nullptr;
            CUdeviceptr memory = 0;
            EXPECT_CU(CUDA_SUCCESS, cu().cuDevicePrimaryCtxRetain(&second, 1));
            EXPECT_CU(CUDA_SUCCESS, cu().cuCtxPushCurrent_v2(second));
            EXPECT_CU(CUDA_SUCCESS, cu().cuMemAlloc_v2(&memory, 64));
            EXPECT_CU(CUDA_SUCCESS, cu().cuMemFree_v2(memory));
            EXPECT_CU(CUDA_SUCCESS, cu().cuCtxPopCurrent_v2(nullptr));
            EXPECT_CU(CUDA_SUCCESS, cu().cuDevicePrimaryCtxRelease_v2(1));
        }
    });
}

} // namespace
} // namespace halyard::cuda
