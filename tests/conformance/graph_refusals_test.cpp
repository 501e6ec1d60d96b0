// What graphs refuse, and what they say about themselves.
#include "graph_fixture.h"

#include <thread>

using namespace halyard::conformance;

namespace {

class GraphRefusals : public GraphTest {
protected:
    HyGraphNode out = 0;
};

} // namespace

TEST_F(GraphRefusals, Handles) {
    HyGraph made = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyGraphCreate, nullptr, 0, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyGraphCreate, wrongType<HyDevice>(stream), 0, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyGraphCreate, device, 2, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outGraph", hyGraphCreate, device, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphClone, wrongType<HyGraph>(stream), &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outGraph", hyGraphClone, graph, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphDestroy, invented<HyGraph>());
    HyGraphExec exec = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphInstantiate, nullptr, 0, &exec);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outExec", hyGraphInstantiate, graph, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyGraphInstantiate, graph, 0x100, &exec);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "exec", hyGraphLaunch, wrongType<HyGraphExec>(graph), stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "exec", hyGraphExecDestroy, nullptr);
    exec = instantiate();
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyGraphLaunch, exec, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphExecUpdate, exec, nullptr);
    ASSERT_OK(hyGraphExecDestroy(exec));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "exec", hyGraphExecDestroy, exec);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "exec", hyGraphLaunch, exec, stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "exec", hyGraphExecUpdate, exec, graph);
    ASSERT_OK(hyGraphDestroy(graph));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphDestroy, graph);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "graph", hyGraphAddEmptyNode, graph, nullptr, 0, nullptr, &out);
}

TEST_F(GraphRefusals, Nodes) {
    const HyDevicePtr x = allocate(kBytes);
    const HyGraphNode stray = 12345;
    const uint32_t value = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outNode", hyGraphAddEmptyNode, graph, nullptr, 0, nullptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dependencies", hyGraphAddEmptyNode, graph, nullptr, 1, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dependencies", hyGraphAddEmptyNode, graph, &stray, 1, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyGraphAddCopyNode, graph, nullptr, 0, nullptr, x, x, 0, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "src", hyGraphAddCopyNode, graph, nullptr, 0, nullptr, x, 0, 4, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyGraphAddCopyNode, graph, nullptr, 0, nullptr, x, x + 4, 8, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyGraphAddCopyNode, graph, nullptr, 0, nullptr, x,
                 hyHostAddress(this), kBytes + 1, &out);
    HyCopy3D copy{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "copy", hyGraphAddCopy3DNode, graph, nullptr, 0, nullptr, &copy, &out);
    copy.structSize = sizeof copy;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "widthBytes", hyGraphAddCopy3DNode, graph, nullptr, 0, nullptr, &copy,
                 &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "copy", hyGraphAddCopy3DNode, graph, nullptr, 0, nullptr, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "count", hyGraphAddFillNode, graph, nullptr, 0, nullptr, x, &value, 4, 0,
                 &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "patternBytes", hyGraphAddFillNode, graph, nullptr, 0, nullptr, x, &value,
                 3, 1, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pattern", hyGraphAddFillNode, graph, nullptr, 0, nullptr, x, nullptr, 4, 1,
                 &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyGraphAddFillNode, graph, nullptr, 0, nullptr, x, &value, 4,
                 UINT64_MAX / 4, &out);
    HyFill3D fill{};
    fill.structSize = sizeof fill;
    fill.patternBytes = 4;
    fill.width = fill.height = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "depth", hyGraphAddFill3DNode, graph, nullptr, 0, nullptr, &fill, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "child", hyGraphAddChildGraphNode, graph, nullptr, 0, nullptr, nullptr, &out);
    HyDevicePtr ptr = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyGraphAddMemAllocNode, graph, nullptr, 0, nullptr, 0, &ptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyGraphAddMemAllocNode, graph, nullptr, 0, nullptr, 4, nullptr,
                 &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyGraphAddMemFreeNode, graph, nullptr, 0, nullptr, x, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "function", hyGraphAddHostFunctionNode, graph, nullptr, 0, nullptr, nullptr,
                 nullptr, &out);
    EXPECT_EQ(out, 0u);
    uint32_t count = 1;
    ASSERT_OK(hyGraphGetNodeCount(graph, &count));
    EXPECT_EQ(count, 0u); // nothing of it was added
}

TEST_F(GraphRefusals, Kernels) {
    const HyDevicePtr x = allocate(kBytes);
    const auto add = [&](const HyLaunchDesc* desc) {
        return hyGraphAddKernelNode(graph, nullptr, 0, nullptr, desc, &out);
    };
    EXPECT_EQ(add(nullptr), HY_ERROR_INVALID_ARGUMENT);
    Launch launch(scaleAdd, 4, 64, {x, 1, 1, kCount});
    launch.desc.stream = stream;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "stream", hyGraphAddKernelNode, graph, nullptr, 0, nullptr, &launch.desc,
                 &out);
    launch.desc.stream = nullptr;
    launch.desc.argCount = 3;
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "argCount", hyGraphAddKernelNode, graph, nullptr, 0, nullptr,
                 &launch.desc, &out);
    launch.desc.argCount = 4;
    launch.desc.workgroups.y = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", hyGraphAddKernelNode, graph, nullptr, 0, nullptr,
                 &launch.desc, &out);
    launch.desc.workgroups.y = 1;
    launch.desc.kernel = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "kernel", hyGraphAddKernelNode, graph, nullptr, 0, nullptr, &launch.desc,
                 &out);
    launch.values[0] = x + 2;
    launch.desc.kernel = scaleAdd;
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "args", hyGraphAddKernelNode, graph, nullptr, 0, nullptr, &launch.desc, &out);
    EXPECT_EQ(out, 0u);
}

TEST_F(GraphRefusals, DependenciesAndCycles) {
    HyGraphNode a = 0, b = 0, c = 0;
    ASSERT_OK(hyGraphAddEmptyNode(graph, nullptr, 0, "first", &a));
    ASSERT_OK(hyGraphAddEmptyNode(graph, &a, 1, "second", &b));
    ASSERT_OK(hyGraphAddEmptyNode(graph, &b, 1, "third", &c));
    const HyGraphNode stray = a ^ 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "from", hyGraphAddDependencies, graph, nullptr, &a, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "to", hyGraphAddDependencies, graph, &a, nullptr, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "from", hyGraphAddDependencies, graph, &stray, &a, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "to", hyGraphAddDependencies, graph, &a, &a, 1);
    EXPECT_OK(hyGraphAddDependencies(graph, nullptr, nullptr, 0));
    EXPECT_OK(hyGraphAddDependencies(graph, &a, &b, 1)); // is there already
    ASSERT_OK(hyGraphAddDependencies(graph, &c, &b, 1));
    HyGraphExec exec = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphInstantiate, graph, 0, &exec);
    const std::string words = lastMessage();
    EXPECT_NE(words.find("'second'"), std::string::npos) << words;
    EXPECT_NE(words.find("'third'"), std::string::npos) << words;
    EXPECT_EQ(words.find("'first'"), std::string::npos) << words;
    HyGraph parent = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &parent));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphAddChildGraphNode, parent, nullptr, 0, nullptr, graph, &out);
}

TEST_F(GraphRefusals, MemoryThatIsGone) {
    const HyDevicePtr x = allocate(kBytes), y = allocate(kBytes);
    scaleNode(x, 1, 1, {}, "early");
    HyGraphExec exec = instantiate();
    HyGraph copies = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &copies));
    ASSERT_OK(hyGraphAddCopyNode(copies, nullptr, 0, "lost", x, y, kBytes, &out));
    ASSERT_OK(hyMemFree(device, y));
    HyGraphExec made = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyGraphInstantiate, copies, 0, &made);
    EXPECT_NE(lastMessage().find("'lost'"), std::string::npos) << lastMessage();
    const Launch stale(scaleAdd, 4, 64, {y, 1, 1, kCount});
    HyGraphNode node = 0;
    ASSERT_OK(hyGraphGetNode(graph, 0, &node));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "graph", hyGraphExecUpdateKernelNode, exec, node, &stale.desc);
    ASSERT_OK(hyMemFree(device, x));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "graph", hyGraphInstantiate, graph, 0, &made);
    EXPECT_NE(lastMessage().find("'early'"), std::string::npos) << lastMessage();
    EXPECT_NE(lastMessage().find("scale_add"), std::string::npos) << lastMessage();
}

TEST_F(GraphRefusals, UseOutsideAnAllocationsLife) {
    HyDevicePtr memory = 0;
    HyGraphNode alloc = 0, free = 0;
    ASSERT_OK(hyGraphAddMemAllocNode(graph, nullptr, 0, "scratch", kBytes, &memory, &alloc));
    const HyGraphNode use = fillNode(memory, 1, {}, "use");
    HyGraphExec exec = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphInstantiate, graph, 0, &exec);
    EXPECT_NE(lastMessage().find("'use'"), std::string::npos) << lastMessage();
    EXPECT_NE(lastMessage().find("'scratch'"), std::string::npos) << lastMessage();
    ASSERT_OK(hyGraphAddDependencies(graph, &alloc, &use, 1));
    ASSERT_OK(hyGraphExecDestroy(instantiate()));
    ASSERT_OK(hyGraphAddMemFreeNode(graph, &alloc, 1, "gone", memory, &free));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphInstantiate, graph, 0, &exec);
    EXPECT_NE(lastMessage().find("'gone'"), std::string::npos) << lastMessage();
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyGraphAddMemFreeNode, graph, nullptr, 0, nullptr, memory, &out);
    ASSERT_OK(hyGraphAddDependencies(graph, &use, &free, 1));
    ASSERT_OK(hyGraphExecDestroy(instantiate()));
}

TEST_F(GraphRefusals, Updates) {
    const HyDevicePtr x = allocate(kBytes);
    const HyGraphNode fill = fillNode(x, 1);
    const HyGraphNode work = scaleNode(x, 2, 0, {fill});
    const HyGraphExec exec = instantiate();
    const HyGraphNode late = fillNode(x, 2);
    const uint32_t value = 3;
    const Launch launch(scaleAdd, 4, 64, {x, 1, 1, kCount});
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphExecUpdateFillNode, exec, work, x, &value, 4, kCount);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphExecUpdateFillNode, exec, late, x, &value, 4, kCount);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphExecUpdateKernelNode, exec, fill, &launch.desc);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphExecUpdateCopyNode, exec, 0, x, x, 4);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "count", hyGraphExecUpdateFillNode, exec, fill, x, &value, 4, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyGraphExecUpdateFillNode, exec, fill, x, &value, 4, kCount + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "desc", hyGraphExecUpdateKernelNode, exec, work, nullptr);
    HyFill3D box{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "fill", hyGraphExecUpdateFill3DNode, exec, fill, &box);
    HyCopy3D copy{};
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphExecUpdateCopy3DNode, exec, fill, &copy);
    this->launch(exec);
    EXPECT_EQ(whole(x), all(2)); // as it was made
}

TEST_F(GraphRefusals, DescribesItself) {
    const HyDevicePtr x = allocate(kBytes);
    const HyGraphNode fill = fillNode(x, 1, {}, "the \"first\" node");
    const HyGraphNode work = scaleNode(x, 2, 0, {fill, fill});
    HyGraphNodeInfo info{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outInfo", hyGraphGetNodeInfo, graph, fill, &info);
    info.structSize = sizeof info;
    ASSERT_OK(hyGraphGetNodeInfo(graph, fill, &info));
    EXPECT_EQ(info.kind, HY_GRAPH_NODE_FILL);
    EXPECT_STREQ(info.name, "the \"first\" node");
    ASSERT_OK(hyGraphGetNodeInfo(graph, work, &info));
    EXPECT_EQ(info.kind, HY_GRAPH_NODE_KERNEL);
    EXPECT_EQ(info.index, 1u);
    EXPECT_EQ(info.dependencyCount, 1u);
    ASSERT_OK(hyGraphGetDependency(graph, work, 0, &out));
    EXPECT_EQ(out, fill);
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyGraphGetDependency, graph, work, 1, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphGetDependency, graph, 0, 0, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outNode", hyGraphGetDependency, graph, work, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "node", hyGraphGetNodeInfo, graph, 7, &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyGraphGetNodeInfo, graph, work, nullptr);
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyGraphGetNode, graph, 2, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outNode", hyGraphGetNode, graph, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyGraphGetNodeCount, graph, nullptr);
    const std::string longName(300, 'n');
    ASSERT_OK(hyGraphAddEmptyNode(graph, nullptr, 0, longName.c_str(), &out));
    ASSERT_OK(hyGraphGetNodeInfo(graph, out, &info));
    EXPECT_EQ(std::string(info.name), longName.substr(0, 127));

    uint64_t bytes = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outBytes", hyGraphExportDot, graph, 0, nullptr, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyGraphExportDot, graph, 8, nullptr, 0, &bytes);
    ASSERT_OK(hyGraphExportDot(graph, HY_GRAPH_DOT_DETAILS, nullptr, 0, &bytes));
    std::string text(bytes, '?');
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bufferBytes", hyGraphExportDot, graph, HY_GRAPH_DOT_DETAILS, text.data(),
                 bytes - 1, &bytes);
    ASSERT_OK(hyGraphExportDot(graph, HY_GRAPH_DOT_DETAILS, text.data(), text.size(), &bytes));
    ASSERT_EQ(bytes, text.size());
    EXPECT_EQ(text.back(), '\0');
    EXPECT_EQ(text.rfind("digraph", 0), 0u);
    EXPECT_NE(text.find("the \\\"first\\\" node"), std::string::npos) << text;
    EXPECT_NE(text.find("n0 -> n1;"), std::string::npos) << text;
    EXPECT_NE(text.find("4 x 1 x 1 workgroups of 64 x 1 x 1"), std::string::npos) << text;
}

TEST_F(GraphRefusals, OtherDevices) {
    HyDevice other = nullptr;
    uint32_t count = 0;
    ASSERT_OK(hyDeviceGetCount(instance, &count));
    for (uint32_t i = 0; i < count; ++i) {
        HyDevice candidate = nullptr;
        ASSERT_OK(hyDeviceGet(instance, i, &candidate));
        HyDeviceProperties about{};
        about.structSize = sizeof about;
        ASSERT_OK(hyDeviceGetProperties(candidate, &about));
        if (candidate != device && (about.capabilities & HY_CAP_KERNELS) != 0)
            other = candidate;
    }
    ASSERT_NE(other, nullptr) << "the build has at least cpu and reference";
    HyGraph foreign = nullptr;
    ASSERT_OK(hyGraphCreate(other, 0, &foreign));
    const HyDevicePtr x = allocate(kBytes);
    const Launch launch(scaleAdd, 4, 64, {x, 1, 1, kCount});
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "kernel", hyGraphAddKernelNode, foreign, nullptr, 0, nullptr, &launch.desc,
                 &out);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "child", hyGraphAddChildGraphNode, foreign, nullptr, 0, nullptr, graph, &out);
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyGraphInstantiate(foreign, 0, &exec));
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "stream", hyGraphLaunch, exec, stream);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "graph", hyGraphExecUpdate, exec, graph);
}

TEST_F(GraphRefusals, NodesFromSeveralThreads) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            HyGraphNode before = 0;
            for (int i = 0; i < 200; ++i)
                EXPECT_OK(hyGraphAddEmptyNode(graph, &before, i == 0 ? 0 : 1, nullptr, &before));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    uint32_t count = 0;
    ASSERT_OK(hyGraphGetNodeCount(graph, &count));
    EXPECT_EQ(count, 800u);
    launch(instantiate());
    synchronize();
}
