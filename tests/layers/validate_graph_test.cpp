// What the layer "validate" sees of graphs: their nodes when they are made, and their memory when they run.
#include "validate_fixture.h"

namespace halyard::layers {
namespace {

class ValidateGraphTest : public ValidateTest {
protected:
    void SetUp() override {
        ValidateTest::SetUp();
        ASSERT_NE(instance, nullptr);
        ASSERT_OK(hyGraphCreate(device, 0, &graph));
        a = allocateBytes();
        b = allocateBytes();
    }
    void TearDown() override {
        if (instance == nullptr)
            return;
        if (exec != nullptr) {
            EXPECT_OK(hyGraphExecDestroy(exec));
        }
        EXPECT_OK(hyGraphDestroy(graph));
        for (const HyDevicePtr left : {a, b})
            if (left != 0) {
                EXPECT_OK(hyMemFree(device, left));
            }
        ValidateTest::TearDown();
    }
    HyResult addCopy(HyGraph to, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes = kBytes) {
        return hyGraphAddCopyNode(to, nullptr, 0, "copy", dst, src, bytes, &node);
    }
    HyLaunchDesc incrementOf(const HyDevicePtr& data) {
        argument_ = &data;
        HyLaunchDesc desc{};
        desc.structSize = sizeof desc;
        desc.kernel = increment;
        desc.workgroups = {kCount, 1, 1};
        desc.workgroupSize = {1, 1, 1};
        desc.args = &argument_;
        desc.argCount = 1;
        return desc;
    }
    HyResult addIncrement(HyGraph to, const HyDevicePtr& data) {
        const HyLaunchDesc desc = incrementOf(data);
        return hyGraphAddKernelNode(to, nullptr, 0, "increment", &desc, &node);
    }
    void instantiate() { ASSERT_OK(hyGraphInstantiate(graph, 0, &exec)); }
    void free(HyDevicePtr& memory) {
        ASSERT_OK(hyMemFree(device, memory));
        memory = 0;
    }
    void expectLaunchRefused(const char* part) {
        EXPECT_EQ(hyGraphLaunch(exec, stream), HY_ERROR_INVALID_ADDRESS);
        EXPECT_STREQ(lastError().argument, "exec");
        EXPECT_NE(std::string(lastError().message).find(part), std::string::npos) << lastError().message;
        expectFinding("use-after-free", {"hyGraphLaunch at", part, "freed by hyMemFree at"});
    }

    HyGraph graph = nullptr;
    HyGraphExec exec = nullptr;
    HyGraphNode node = 0;
    HyDevicePtr a = 0, b = 0;

private:
    const void* argument_ = nullptr;
};

TEST_F(ValidateGraphTest, RightGraphsHaveNoFindings) {
    HyGraph child = nullptr, copy = nullptr, captured = nullptr;
    HyGraphExec second = nullptr;
    HyGraphNode fill = 0, increments = 0;
    HyDevicePtr own = 0;
    const uint32_t zero = 0;
    ASSERT_OK(hyGraphCreate(device, 0, &child));
    ASSERT_OK(hyGraphAddFillNode(child, nullptr, 0, "fill", a, &zero, 4, kCount, &fill));
    ASSERT_OK(hyGraphAddChildGraphNode(graph, nullptr, 0, "child", child, &node));
    ASSERT_OK(hyGraphAddMemAllocNode(graph, nullptr, 0, "own", kBytes, &own, &node));
    const HyLaunchDesc desc = incrementOf(a);
    ASSERT_OK(hyGraphAddKernelNode(graph, nullptr, 0, "increment", &desc, &increments));
    ASSERT_OK(hyGraphAddCopyNode(graph, &node, 1, "copy", own, b, kBytes, &node));
    ASSERT_OK(hyGraphClone(graph, &copy));
    instantiate();
    ASSERT_OK(hyGraphInstantiate(copy, 0, &second));
    const HyStream other = makeStream();
    for (int i = 0; i < 3; ++i) {
        // Launches of one executable come one after the other, whatever their streams.
        ASSERT_OK(hyGraphLaunch(exec, stream));
        ASSERT_OK(hyGraphLaunch(exec, other));
    }
    HyLaunchDesc changed = incrementOf(b);
    changed.kernel = nullptr;
    ASSERT_OK(hyGraphExecUpdateKernelNode(exec, increments, &changed));
    ASSERT_OK(hyGraphLaunch(exec, other));
    ASSERT_OK(hyStreamSynchronize(other, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(launchIncrement(stream, b));
    ASSERT_OK(hyGraphLaunch(second, stream));
    ASSERT_OK(hyStreamEndCapture(stream, &captured));
    ASSERT_OK(hyStreamDestroy(other));
    ASSERT_OK(hyGraphExecDestroy(second));
    for (const HyGraph each : {child, copy, captured})
        ASSERT_OK(hyGraphDestroy(each));
    expectNothing();
}

TEST_F(ValidateGraphTest, CopyNodeOutOfRange) {
    std::vector<char> host(kBytes + 1);
    EXPECT_EQ(addCopy(graph, a, hyHostAddress(host.data()), kBytes + 1), HY_ERROR_INVALID_ADDRESS);
    expectFinding("out-of-range", {"hyGraphAddCopyNode", "over 65 bytes", "allocation of 64 bytes"});
}

TEST_F(ValidateGraphTest, FillNodeInFreedMemory) {
    const HyDevicePtr gone = a;
    free(a);
    const uint32_t zero = 0;
    EXPECT_EQ(hyGraphAddFillNode(graph, nullptr, 0, "fill", gone, &zero, 4, 1, &node), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"hyGraphAddFillNode", "freed by hyMemFree"});
}

TEST_F(ValidateGraphTest, KernelNodeInFreedMemoryIsRefused) {
    const HyDevicePtr gone = a;
    free(a);
    EXPECT_EQ(addIncrement(graph, gone), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"hyGraphAddKernelNode", "argument 0 of kernel 'increment'"});
}

TEST_F(ValidateGraphTest, KernelNodeOutsideEveryAllocation) {
    const HyDevicePtr nowhere = 0x10;
    EXPECT_OK(addIncrement(graph, nowhere));
    expectFinding("kernel-argument", {"hyGraphAddKernelNode", "in no live allocation"});
}

TEST_F(ValidateGraphTest, LaunchOfAKernelNodeWhoseMemoryIsGone) {
    ASSERT_OK(addCopy(graph, a + 32, a, 16));
    ASSERT_OK(addIncrement(graph, b));
    instantiate();
    ASSERT_OK(hyGraphLaunch(exec, stream));
    free(b);
    expectLaunchRefused("node 1 of the graph, argument 0 of kernel 'increment', uses");
}

TEST_F(ValidateGraphTest, LaunchOfACopyNodeWhoseMemoryIsGone) {
    ASSERT_OK(addCopy(graph, a, b));
    instantiate();
    ASSERT_OK(hyGraphLaunch(exec, stream));
    free(b);
    expectLaunchRefused("node 0 of the graph, a copy, uses");
}

TEST_F(ValidateGraphTest, InstantiationAfterAKernelNodesMemoryIsGone) {
    ASSERT_OK(addIncrement(graph, b));
    free(b);
    EXPECT_EQ(hyGraphInstantiate(graph, 0, &exec), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"hyGraphInstantiate at", "node 0 of the graph", "freed by hyMemFree at"});
}

TEST_F(ValidateGraphTest, CapturedNodesAreSeen) {
    HyGraph captured = nullptr;
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyMemcpyAsync(stream, a, a, 0)); // becomes no node
    ASSERT_OK(hyMemcpyAsync(stream, a + 32, a, 16));
    ASSERT_OK(launchIncrement(stream, b));
    ASSERT_OK(hyStreamEndCapture(stream, &captured));
    ASSERT_OK(hyGraphInstantiate(captured, 0, &exec));
    ASSERT_OK(hyGraphDestroy(captured));
    ASSERT_OK(hyGraphLaunch(exec, stream));
    free(b);
    expectLaunchRefused("node 1 of the graph, argument 0 of kernel");
}

TEST_F(ValidateGraphTest, NodesOfChildrenAreSeen) {
    HyGraph child = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &child));
    ASSERT_OK(addIncrement(child, b));
    ASSERT_OK(hyGraphAddChildGraphNode(graph, nullptr, 0, "child", child, &node));
    ASSERT_OK(hyGraphDestroy(child));
    instantiate();
    free(b);
    expectLaunchRefused("node 0 of the graph, argument 0 of kernel 'increment'");
}

TEST_F(ValidateGraphTest, UpdatesCount) {
    ASSERT_OK(addCopy(graph, a, b));
    const HyGraphNode copies = node;
    ASSERT_OK(addIncrement(graph, b));
    const HyGraphNode increments = node;
    instantiate();
    free(b);
    ASSERT_OK(hyGraphExecUpdateCopyNode(exec, copies, a + 32, a, 32));
    HyLaunchDesc desc = incrementOf(a);
    desc.kernel = nullptr; // its own
    ASSERT_OK(hyGraphExecUpdateKernelNode(exec, increments, &desc));
    EXPECT_OK(hyGraphLaunch(exec, stream));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    expectNothing();
    EXPECT_EQ(hyGraphExecUpdateCopyNode(exec, copies, a + 32, a, 33), HY_ERROR_INVALID_ADDRESS);
    expectFinding("out-of-range", {"hyGraphExecUpdateCopyNode", "over 33 bytes"});
}

TEST_F(ValidateGraphTest, WorkOfGraphsRaces) {
    ASSERT_OK(addIncrement(graph, a));
    instantiate();
    const HyStream other = makeStream();
    ASSERT_OK(hyGraphLaunch(exec, stream));
    ASSERT_OK(launchIncrement(other, a));
    ASSERT_OK(hyDeviceSynchronize(device, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyStreamDestroy(other));
    expectFinding("race", {"kernel 'increment' on stream 2", "node 0 of a graph, argument 0 of kernel", "on stream 1"});
}

TEST_F(ValidateGraphTest, AVoidCaptureIsOver) {
    HyGraph captured = nullptr;
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(launchIncrement(stream, a));
    ASSERT_OK(hyDeviceReset(device, HY_TIMEOUT_INFINITE));
    EXPECT_EQ(hyStreamEndCapture(stream, &captured), HY_ERROR_CANCELLED);
    const HyStream other = makeStream();
    ASSERT_OK(launchIncrement(stream, a));
    ASSERT_OK(launchIncrement(other, a));
    ASSERT_OK(hyDeviceSynchronize(device, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyStreamDestroy(other));
    expectFinding("race", {"kernel 'increment' on stream 2", "kernel 'increment' on stream 1"});
}

} // namespace
} // namespace halyard::layers
