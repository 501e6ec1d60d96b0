// Graphs: each kind of node, changes of executable graphs, and what is refused.
#include "fixture.h"

#include <array>

namespace halyard::cuda {
namespace {

class SoftcudaGraph : public DriverTest {
protected:
    void SetUp() override {
        DriverTest::SetUp();
        ASSERT_CU(cu().cuGraphCreate(&graph_, 0));
    }
    template <class Params> Params kernel(const char* name) {
        Params params{};
        params.func = function(name);
        params.gridDimX = params.gridDimY = params.gridDimZ = 1;
        params.blockDimX = params.blockDimY = params.blockDimZ = 1;
        params.kernelParams = parameters_.data();
        return params;
    }
    CUDA_MEMCPY3D copy(CUdeviceptr to, CUdeviceptr from) const {
        CUDA_MEMCPY3D result{};
        result.srcMemoryType = result.dstMemoryType = CU_MEMORYTYPE_DEVICE;
        result.srcDevice = from;
        result.dstDevice = to;
        result.WidthInBytes = 4;
        result.Height = result.Depth = 1;
        return result;
    }
    CUgraphExec instantiate() {
        CUgraphExec exec = nullptr;
        EXPECT_CU(CUDA_SUCCESS, cu().cuGraphInstantiateWithFlags(&exec, graph_, 0));
        return exec;
    }
    uint32_t run(CUgraphExec exec, CUdeviceptr from) {
        EXPECT_CU(CUDA_SUCCESS, cu().cuGraphLaunch(exec, stream_));
        return read(from);
    }

    CUgraph graph_ = nullptr;
    uint32_t value_ = 1;
    std::array<void*, 2> parameters_{&memory_, &value_};
};

struct Count {
    std::atomic<int> times{0};
    static void call(void* user) { ++static_cast<Count*>(user)->times; }
};

TEST_F(SoftcudaGraph, NodesOfEachKindRunInOrderAndChange) {
    Count first, second;
    CUgraphNode fill = nullptr, append = nullptr, empty = nullptr, moved = nullptr, host = nullptr;
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 4, 4, 1, 1};
    CUDA_HOST_NODE_PARAMS call{Count::call, &first};
    auto v1 = kernel<CUDA_KERNEL_NODE_PARAMS_v1>("append");
    CUDA_MEMCPY3D line = copy(memory_ + 64, memory_);
    ASSERT_CU(cu().cuGraphAddMemsetNode(&fill, graph_, nullptr, 0, &pattern, context_));
    ASSERT_CU(cu().cuGraphAddKernelNode(&append, graph_, &fill, 1, &v1));
    ASSERT_CU(cu().cuGraphAddEmptyNode(&empty, graph_, &append, 1));
    ASSERT_CU(cu().cuGraphAddMemcpyNode(&moved, graph_, &empty, 1, &line, context_));
    ASSERT_CU(cu().cuGraphAddHostNode(&host, graph_, &moved, 1, &call));
    CUgraphExec exec = instantiate();
    ASSERT_CU(cu().cuGraphUpload(exec, stream_));
    EXPECT_EQ(41u, run(exec, memory_ + 64));
    EXPECT_EQ(1, first.times.load());

    pattern.value = 5;
    value_ = 2;
    line.dstDevice = memory_ + 128;
    call.userData = &second;
    ASSERT_CU(cu().cuGraphExecMemsetNodeSetParams(exec, fill, &pattern, context_));
    ASSERT_CU(cu().cuGraphExecKernelNodeSetParams(exec, append, &v1));
    ASSERT_CU(cu().cuGraphExecMemcpyNodeSetParams(exec, moved, &line, context_));
    ASSERT_CU(cu().cuGraphExecHostNodeSetParams(exec, host, &call));
    EXPECT_EQ(52u, run(exec, memory_ + 128));
    EXPECT_EQ(41u, read(memory_ + 64));
    EXPECT_EQ(1, first.times.load());
    EXPECT_EQ(1, second.times.load());

    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphExecMemsetNodeSetParams(exec, append, &pattern, context_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphExecKernelNodeSetParams(exec, fill, &v1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphExecHostNodeSetParams(exec, nullptr, &call));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphExecHostNodeSetParams(nullptr, host, &call));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuGraphExecMemcpyNodeSetParams(exec, moved, &line, nullptr));
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphExecDestroy(exec));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphUpload(exec, stream_));
    ASSERT_CU(cu().cuGraphDestroy(graph_));
}

TEST_F(SoftcudaGraph, AChildIsACopyOfAnotherGraph) {
    CUgraph child = nullptr;
    CUgraphNode inner = nullptr, outer = nullptr;
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 4, 4, 1, 1};
    ASSERT_CU(cu().cuGraphCreate(&child, 0));
    ASSERT_CU(cu().cuGraphAddMemsetNode(&inner, child, nullptr, 0, &pattern, context_));
    ASSERT_CU(cu().cuGraphAddChildGraphNode(&outer, graph_, nullptr, 0, child));
    ASSERT_CU(cu().cuGraphDestroy(child));
    CUgraphExec exec = instantiate();
    EXPECT_EQ(4u, run(exec, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphExecChildGraphNodeSetParams(exec, outer, child));
    ASSERT_CU(cu().cuGraphCreate(&child, 0));
    pattern.value = 9;
    ASSERT_CU(cu().cuGraphAddMemsetNode(&inner, child, nullptr, 0, &pattern, context_));
    ASSERT_CU(cu().cuGraphExecChildGraphNodeSetParams(exec, outer, child));
    EXPECT_EQ(9u, run(exec, memory_));
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
    ASSERT_CU(cu().cuGraphDestroy(child));
    ASSERT_CU(cu().cuGraphDestroy(graph_));
}

TEST_F(SoftcudaGraph, AnUpdateTakesTheSameNodesWithOtherValues) {
    CUgraphNode node = nullptr;
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 4, 4, 1, 1};
    ASSERT_CU(cu().cuGraphAddMemsetNode(&node, graph_, nullptr, 0, &pattern, context_));
    CUgraphExec exec = instantiate();
    CUgraph next = nullptr;
    CUgraphExecUpdateResult result{};
    CUgraphExecUpdateResultInfo info{};
    CUgraphNode at = nullptr;
    ASSERT_CU(cu().cuGraphCreate(&next, 0));
    pattern.value = 8;
    ASSERT_CU(cu().cuGraphAddMemsetNode(&node, next, nullptr, 0, &pattern, context_));
    ASSERT_CU(cu().cuGraphExecUpdate_v2(exec, next, &info));
    EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_SUCCESS, info.result);
    EXPECT_EQ(8u, run(exec, memory_));
    CUgraphNode more = nullptr;
    ASSERT_CU(cu().cuGraphAddEmptyNode(&more, next, nullptr, 0));
    EXPECT_CU(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cu().cuGraphExecUpdate(exec, next, &at, &result));
    EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED, result);
    CUgraph kinds = nullptr;
    ASSERT_CU(cu().cuGraphCreate(&kinds, 0));
    ASSERT_CU(cu().cuGraphAddEmptyNode(&more, kinds, nullptr, 0));
    EXPECT_CU(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cu().cuGraphExecUpdate_v2(exec, kinds, &info));
    EXPECT_EQ(CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED, info.result);
    EXPECT_EQ(more, info.errorNode);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphExecUpdate_v2(exec, next, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphExecUpdate_v2(nullptr, next, &info));
    EXPECT_EQ(8u, run(exec, memory_)); // what failed changed nothing
    for (CUgraph graph : {graph_, next, kinds})
        ASSERT_CU(cu().cuGraphDestroy(graph));
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
}

TEST_F(SoftcudaGraph, AttributesOfKernelNodesAreCheckedAsThoseOfLaunches) {
    CUgraphNode node = nullptr, fill = nullptr;
    auto params = kernel<CUDA_KERNEL_NODE_PARAMS_v2>("store");
    params.gridDimX = 16;
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 4, 4, 1, 1};
    ASSERT_CU(cu().cuGraphAddKernelNode_v2(&node, graph_, nullptr, 0, &params));
    ASSERT_CU(cu().cuGraphAddMemsetNode(&fill, graph_, nullptr, 0, &pattern, context_));
    CUlaunchAttributeValue value{};
    value.clusterDim = {4, 1, 1};
    const auto set = [&](CUgraphNode which, CUlaunchAttributeID id) {
        return cu().cuGraphKernelNodeSetAttribute(which, id, &value);
    };
    EXPECT_CU(CUDA_SUCCESS, set(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, set(fill, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, set(nullptr, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, set(node, CU_LAUNCH_ATTRIBUTE_PRIORITY));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuGraphKernelNodeSetAttribute(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION, nullptr));
    value.clusterDim = {3, 1, 1};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, set(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
    value.clusterDim = {16, 1, 1};
    EXPECT_CU(CUDA_ERROR_INVALID_CLUSTER_SIZE, set(node, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION));
    CUgraphExec exec = instantiate();
    EXPECT_CU(CUDA_SUCCESS, cu().cuGraphExecKernelNodeSetParams_v2(exec, node, &params));
    params.gridDimX = 15; // the node's clusters of four no longer divide it
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphExecKernelNodeSetParams_v2(exec, node, &params));
    ASSERT_CU(cu().cuGraphExecDestroy(exec));
    ASSERT_CU(cu().cuGraphDestroy(graph_));
}

TEST_F(SoftcudaGraph, Refusals) {
    CUgraphNode node = nullptr, second = nullptr;
    CUgraph other = nullptr;
    CUgraphExec exec = nullptr;
    auto params = kernel<CUDA_KERNEL_NODE_PARAMS_v2>("store");
    ASSERT_CU(cu().cuGraphCreate(&other, 0));
    ASSERT_CU(cu().cuGraphAddEmptyNode(&node, other, nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddEmptyNode(&second, graph_, &node, 1)); // of another graph
    const CUgraphNode twice[] = {node, node};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddEmptyNode(&second, other, twice, 2));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddEmptyNode(&second, other, nullptr, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddEmptyNode(nullptr, other, nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphCreate(&other, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphCreate(nullptr, 0));
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuGraphInstantiateWithFlags(&exec, graph_, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphInstantiateWithFlags(nullptr, graph_, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddKernelNode_v2(&node, graph_, nullptr, 0, nullptr));
    params.blockDimX = 2048;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddKernelNode_v2(&node, graph_, nullptr, 0, &params));
    params.func = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphAddKernelNode_v2(&node, graph_, nullptr, 0, &params));
    CUDA_HOST_NODE_PARAMS none{};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddHostNode(&node, graph_, nullptr, 0, &none));
    CUDA_MEMSET_NODE_PARAMS pattern{memory_, 0, 4, 3, 1, 1};
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddMemsetNode(&node, graph_, nullptr, 0, &pattern, context_));
    CUDA_MEMCPY3D line = copy(memory_, 64);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGraphAddMemcpyNode(&node, graph_, nullptr, 0, &line, context_));
    ASSERT_CU(cu().cuGraphDestroy(other));
    ASSERT_CU(cu().cuGraphDestroy(graph_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphDestroy(graph_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphInstantiateWithFlags(&exec, graph_, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuGraphAddEmptyNode(&node, graph_, nullptr, 0));
}

// What a graph uses may be gone when it runs: a fault, never an access to what lies there now.
TEST_F(SoftcudaGraph, MemoryThatIsGoneWhenAGraphRunsIsAFault) {
    CUgraphNode node = nullptr;
    CUdeviceptr gone = 0;
    ASSERT_CU(cu().cuMemAlloc_v2(&gone, 64));
    CUDA_MEMCPY3D line = copy(memory_, gone);
    ASSERT_CU(cu().cuGraphAddMemcpyNode(&node, graph_, nullptr, 0, &line, context_));
    CUgraphExec exec = instantiate();
    ASSERT_CU(cu().cuMemFree_v2(gone));
    ASSERT_CU(cu().cuGraphLaunch(exec, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
    ASSERT_CU(cu().cuGraphDestroy(graph_));
}

} // namespace
} // namespace halyard::cuda
