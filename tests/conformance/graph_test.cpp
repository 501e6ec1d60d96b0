// Graphs that are built node by node: what they compute.
#include "graph_fixture.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

using namespace halyard::conformance;

namespace {

// Both ways of launching must give the same.
class Graphs : public GraphTest, public ::testing::WithParamInterface<uint32_t> {
protected:
    HyGraphExec make() { return instantiate(GetParam()); }
};

std::string wayName(const ::testing::TestParamInfo<uint32_t>& info) {
    return info.param == 0 ? "Device" : "Replay";
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Ways, Graphs, ::testing::Values(0u, HY_GRAPH_INSTANTIATE_REPLAY), wayName);

TEST_P(Graphs, AnEmptyGraphRuns) {
    const HyGraphExec exec = make();
    launch(exec);
    synchronize();
}

TEST_P(Graphs, RunsAChainInOrder) {
    const HyDevicePtr x = allocate(kBytes);
    HyGraphNode last = fillNode(x, 1);
    uint32_t expected = 1;
    for (uint32_t i = 0; i < 100; ++i) {
        last = scaleNode(x, 3, i, {last});
        expected = expected * 3 + i;
    }
    const HyGraphExec exec = make();
    for (int round = 0; round < 20; ++round) {
        launch(exec);
        ASSERT_EQ(whole(x), all(expected));
    }
}

TEST_P(Graphs, JoinsBranches) {
    const HyDevicePtr a = allocate(kBytes), b = allocate(kBytes), c = allocate(kBytes), d = allocate(kBytes);
    const HyGraphNode start = fillNode(a, 7);
    const HyGraphNode left = scaleNode(a, 2, 0, {start});
    HyGraphNode right = fillNode(b, 5);
    for (int i = 0; i < 10; ++i)
        right = scaleNode(b, 1, 1, {right});
    const HyGraphNode joined = kernelNode(Launch(mixTwo, kCount / 64, 64, {c, a, b, 9, kCount}), {left, right});
    HyGraphNode copied = 0;
    ASSERT_OK(hyGraphAddCopyNode(graph, &joined, 1, "out", d, c, kBytes, &copied));
    const HyGraphExec exec = make();
    launch(exec);
    EXPECT_EQ(whole(d), all(14 * 3 + 15 * 5 + 9));
}

TEST_P(Graphs, CopiesAndFillsBoxes) {
    const HyDevicePtr x = allocate(64 * 8), y = allocate(64 * 8);
    uint8_t one = 1;
    HyGraphNode clear = 0;
    ASSERT_OK(hyGraphAddFillNode(graph, nullptr, 0, "clear", x, &one, 1, 64 * 8, &clear));
    uint16_t pattern = 0x0505;
    HyFill3D fill{};
    fill.structSize = sizeof fill;
    fill.dst = x + 4;
    fill.rowPitch = 64;
    fill.width = 4;
    fill.height = 3;
    fill.depth = 1;
    fill.pattern = &pattern;
    fill.patternBytes = 2;
    HyGraphNode box = 0;
    ASSERT_OK(hyGraphAddFill3DNode(graph, &clear, 1, "box", &fill, &box));
    pattern = 0; // it was copied
    HyGraphNode clearY = 0;
    const uint8_t zero = 0;
    ASSERT_OK(hyGraphAddFillNode(graph, nullptr, 0, "clear y", y, &zero, 1, 64 * 8, &clearY));
    HyCopy3D copy{};
    copy.structSize = sizeof copy;
    copy.dst = y;
    copy.src = x;
    copy.dstRowPitch = copy.srcRowPitch = 64;
    copy.widthBytes = 16;
    copy.height = 8;
    copy.depth = 1;
    const HyGraphNode before[] = {box, clearY};
    HyGraphNode copied = 0;
    ASSERT_OK(hyGraphAddCopy3DNode(graph, before, 2, "copy", &copy, &copied));
    const HyGraphExec exec = make();
    launch(exec);
    const std::vector<uint8_t> result = download<uint8_t>(y, 64 * 8);
    for (size_t i = 0; i < result.size(); ++i) {
        const size_t row = i / 64, column = i % 64;
        const uint8_t expected = column >= 16 ? 0 : row < 3 && column >= 4 && column < 12 ? 5 : 1;
        ASSERT_EQ(result[i], expected) << row << ", " << column;
    }
}

TEST_P(Graphs, CopiesFromAndToHostMemory) {
    std::vector<uint32_t> in = all(3), out(kCount);
    const HyDevicePtr x = allocate(kBytes);
    HyGraphNode up = 0, down = 0;
    ASSERT_OK(hyGraphAddCopyNode(graph, nullptr, 0, "up", x, hyHostAddress(in.data()), kBytes, &up));
    const HyGraphNode work = scaleNode(x, 5, 1, {up});
    ASSERT_OK(hyGraphAddCopyNode(graph, &work, 1, "down", hyHostAddress(out.data()), x, kBytes, &down));
    const HyGraphExec exec = make();
    for (uint32_t round = 0; round < 3; ++round) {
        std::fill(in.begin(), in.end(), round);
        launch(exec);
        synchronize();
        EXPECT_EQ(out, all(round * 5 + 1));
    }
}

TEST_P(Graphs, KernelAndGraphMayGoBeforeTheLaunch) {
    const HyDevicePtr x = allocate(kBytes);
    scaleNode(x, 2, 3, {fillNode(x, 4)});
    ASSERT_OK(hyKernelDestroy(scaleAdd));
    ASSERT_OK(hyModuleDestroy(module));
    const HyGraphExec exec = make();
    ASSERT_OK(hyGraphDestroy(graph));
    launch(exec);
    EXPECT_EQ(whole(x), all(11));
    launch(exec);
    ASSERT_OK(hyGraphExecDestroy(exec)); // with work in flight
    EXPECT_EQ(whole(x), all(11));
}

TEST_P(Graphs, ChildrenRunAsTheyWere) {
    const HyDevicePtr x = allocate(kBytes), y = allocate(kBytes);
    HyGraph child = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &child));
    std::swap(graph, child);
    scaleNode(x, 2, 1);
    scaleNode(y, 3, 0);
    std::swap(graph, child);
    const HyGraphNode starts[] = {fillNode(x, 1), fillNode(y, 1)};
    HyGraphNode once = 0, twice = 0;
    ASSERT_OK(hyGraphAddChildGraphNode(graph, starts, 2, "once", child, &once));
    ASSERT_OK(hyGraphAddChildGraphNode(graph, &once, 1, "twice", child, &twice));
    HyGraphNode last = scaleNode(x, 10, 0, {twice});
    std::swap(graph, child);
    scaleNode(x, 100, 0); // too late for the parent
    std::swap(graph, child);
    ASSERT_OK(hyGraphDestroy(child));
    HyGraph empty = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &empty));
    ASSERT_OK(hyGraphAddChildGraphNode(graph, &last, 1, "empty", empty, &last));
    scaleNode(y, 1, 1, {last});
    const HyGraphExec exec = make();
    launch(exec);
    EXPECT_EQ(whole(x), all(70));
    EXPECT_EQ(whole(y), all(10));
}

TEST_P(Graphs, CloneHasNodesOfItsOwn) {
    const HyDevicePtr x = allocate(kBytes);
    const HyGraphNode start = fillNode(x, 2);
    scaleNode(x, 5, 0, {start});
    HyGraph clone = nullptr;
    ASSERT_OK(hyGraphClone(graph, &clone));
    HyGraphNode cloned = 0;
    ASSERT_OK(hyGraphGetNode(clone, 1, &cloned));
    HyGraphNode out = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dependencies", hyGraphAddEmptyNode, clone, &start, 1, nullptr, &out);
    std::swap(graph, clone);
    scaleNode(x, 1, 1, {cloned});
    const HyGraphExec changed = make();
    std::swap(graph, clone);
    const HyGraphExec original = make();
    launch(changed);
    EXPECT_EQ(whole(x), all(11));
    launch(original);
    EXPECT_EQ(whole(x), all(10));
}

TEST_P(Graphs, UpdatesChangeLaterLaunchesOnly) {
    const HyDevicePtr x = allocate(kBytes), y = allocate(kBytes), z = allocate(kBytes);
    const HyGraphNode fill = fillNode(x, 1, {}, "fill");
    const HyGraphNode work = scaleNode(x, 2, 0, {fill}, "work");
    HyGraphNode copy = 0;
    ASSERT_OK(hyGraphAddCopyNode(graph, &work, 1, "copy", y, x, kBytes, &copy));
    const HyGraphExec exec = make();
    std::vector<std::vector<uint32_t>> results(50, std::vector<uint32_t>(kCount));
    for (uint32_t i = 0; i < results.size(); ++i) {
        const uint32_t value = i + 1;
        const Launch next(nullptr, kCount / 64, 64, {x, 3, i, kCount});
        ASSERT_OK(hyGraphExecUpdateFillNode(exec, fill, x, &value, 4, kCount));
        ASSERT_OK(hyGraphExecUpdateKernelNode(exec, work, &next.desc));
        launch(exec);
        ASSERT_OK(hyMemcpyAsync(stream, hyHostAddress(results[i].data()), y, kBytes));
    }
    synchronize();
    for (uint32_t i = 0; i < results.size(); ++i)
        EXPECT_EQ(results[i], all((i + 1) * 3 + i)) << i;
    // Another grid, and another end of the copy.
    const Launch half(scaleAdd, 1, 128, {x, 0, 77, kCount});
    ASSERT_OK(hyGraphExecUpdateKernelNode(exec, work, &half.desc));
    ASSERT_OK(hyGraphExecUpdateCopyNode(exec, copy, z, x, kBytes / 2));
    launch(exec);
    EXPECT_EQ(download<uint32_t>(z, kCount / 2), std::vector<uint32_t>(kCount / 2, 77));
    EXPECT_EQ(first(x + kBytes - 4), 50u);
    // Boxes: kinds are one for one and three dimensions.
    HyCopy3D box{};
    box.structSize = sizeof box;
    box.dst = z;
    box.src = x;
    box.dstRowPitch = box.srcRowPitch = 64;
    box.widthBytes = 4;
    box.height = 2;
    box.depth = 1;
    ASSERT_OK(hyGraphExecUpdateCopy3DNode(exec, copy, &box));
    const uint32_t eight = 8;
    HyFill3D fillBox{};
    fillBox.structSize = sizeof fillBox;
    fillBox.dst = x;
    fillBox.rowPitch = 64;
    fillBox.width = 16;
    fillBox.height = 4;
    fillBox.depth = 1;
    fillBox.pattern = &eight;
    fillBox.patternBytes = 4;
    ASSERT_OK(hyGraphExecUpdateFill3DNode(exec, fill, &fillBox));
    const Launch plain(nullptr, kCount / 64, 64, {x, 1, 1, kCount});
    ASSERT_OK(hyGraphExecUpdateKernelNode(exec, work, &plain.desc));
    launch(exec);
    EXPECT_EQ(first(z), 9u);
    EXPECT_EQ(first(z + 4), 77u);
    EXPECT_EQ(first(z + 64), 9u);
}

TEST_P(Graphs, UpdateTakesOverAGraphOfTheSameShape) {
    const HyDevicePtr x = allocate(kBytes), y = allocate(kBytes);
    scaleNode(x, 2, 1, {fillNode(x, 3)});
    const HyGraphExec exec = make();
    HyGraph next = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &next));
    std::swap(graph, next);
    const HyGraphNode fill = fillNode(y, 10);
    scaleNode(y, 4, 2, {fill});
    ASSERT_OK(hyGraphExecUpdate(exec, graph));
    launch(exec);
    EXPECT_EQ(whole(y), all(42));
    const uint32_t value = 20;
    ASSERT_OK(hyGraphExecUpdateFillNode(exec, fill, y, &value, 4, kCount)); // the new graph's nodes name them
    launch(exec);
    EXPECT_EQ(whole(y), all(82));
    fillNode(x, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphExecUpdate, exec, graph);
    HyGraph other = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &other));
    std::swap(graph, other);
    fillNode(x, 1);
    fillNode(y, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "graph", hyGraphExecUpdate, exec, graph);
    EXPECT_NE(lastMessage().find("node 1"), std::string::npos) << lastMessage();
    launch(exec);
    EXPECT_EQ(whole(y), all(82));
}

TEST_P(Graphs, AllocationsBelongToTheGraph) {
    HyDevicePtr temporary = 0;
    const HyDevicePtr x = allocate(kBytes);
    HyGraphNode alloc = 0, free = 0, copy = 0;
    ASSERT_OK(hyGraphAddMemAllocNode(graph, nullptr, 0, "temporary", kBytes, &temporary, &alloc));
    const HyGraphNode work = scaleNode(temporary, 2, 2, {fillNode(temporary, 20, {alloc})});
    ASSERT_OK(hyGraphAddCopyNode(graph, &work, 1, nullptr, x, temporary, kBytes, &copy));
    ASSERT_OK(hyGraphAddMemFreeNode(graph, &copy, 1, nullptr, temporary, &free));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, temporary);
    const HyGraphExec exec = make();
    ASSERT_OK(hyGraphDestroy(graph));
    launch(exec);
    EXPECT_EQ(whole(x), all(42));
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_OK(hyPointerGetInfo(instance, temporary, &info));
    EXPECT_EQ(info.base, temporary);
    launch(exec);
    ASSERT_OK(hyGraphExecDestroy(exec)); // the last owner
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, temporary, &info);
    EXPECT_EQ(whole(x), all(42));
}

TEST_P(Graphs, HostFunctionsRunInTheirPlace) {
    if ((properties.capabilities & HY_CAP_HOST_FUNCTIONS) == 0) {
        HyGraphNode node = 0;
        EXPECT_FAILS(
            HY_ERROR_UNSUPPORTED, "", hyGraphAddHostFunctionNode, graph, nullptr, 0, nullptr, [](void*, HyResult) {},
            nullptr, &node);
        return;
    }
    struct Seen {
        std::vector<uint32_t> data = std::vector<uint32_t>(kCount);
        std::vector<uint32_t> values;
        HyResult inside = HY_SUCCESS;
        HyStream stream = nullptr;
    } seen;
    seen.stream = stream;
    const HyDevicePtr x = allocate(kBytes);
    HyGraphNode down = 0, call = 0, up = 0;
    const HyGraphNode start = scaleNode(x, 2, 0);
    ASSERT_OK(hyGraphAddCopyNode(graph, &start, 1, nullptr, hyHostAddress(seen.data.data()), x, kBytes, &down));
    ASSERT_OK(hyGraphAddHostFunctionNode(
        graph, &down, 1, "add",
        [](void* user, HyResult status) {
            auto& seen = *static_cast<Seen*>(user);
            EXPECT_EQ(status, HY_SUCCESS);
            seen.values.push_back(seen.data[0]);
            for (uint32_t& value : seen.data)
                value += 1;
            seen.inside = hyStreamQuery(seen.stream);
        },
        &seen, &call));
    ASSERT_OK(hyGraphAddCopyNode(graph, &call, 1, nullptr, x, hyHostAddress(seen.data.data()), kBytes, &up));
    const uint32_t one = 1;
    ASSERT_OK(hyMemFillAsync(stream, x, &one, 4, kCount));
    HyGraphExec exec = make();
    for (int i = 0; i < 3; ++i)
        launch(exec);
    ASSERT_OK(hyGraphExecDestroy(exec));
    EXPECT_EQ(whole(x), all(15)); // 1 -> 3 -> 7 -> 15
    EXPECT_EQ(seen.values, (std::vector<uint32_t>{2, 6, 14}));
    EXPECT_EQ(seen.inside, HY_ERROR_INVALID_STATE);
}

TEST_P(Graphs, LaunchesOfOneExecutableNeverOverlap) {
    const HyDevicePtr x = allocate(kBytes);
    const uint32_t zero = 0;
    ASSERT_OK(hyMemFillAsync(stream, x, &zero, 4, kCount));
    synchronize();
    HyGraphNode last = scaleNode(x, 1, 1);
    for (int i = 0; i < 9; ++i)
        last = scaleNode(x, 1, 1, {last});
    const HyGraphExec exec = make();
    std::vector<std::thread> threads;
    std::vector<HyStream> streams;
    for (int i = 0; i < 4; ++i)
        streams.push_back(makeStream());
    for (HyStream on : streams) {
        threads.emplace_back([&, on] {
            for (int round = 0; round < 25; ++round)
                EXPECT_OK(hyGraphLaunch(exec, on));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    for (HyStream on : streams)
        EXPECT_OK(hyStreamSynchronize(on, kLimitNs));
    EXPECT_EQ(whole(x), all(1000));
}

// Nodes of one branch do not wait for nodes of another that take long: here the long one ends only because of them,
// where streams, and so branches, can overlap.
TEST_P(Graphs, BranchesRunSideBySide) {
    const bool overlap = (properties.capabilities & HY_CAP_CONCURRENT_STREAMS) != 0;
    const HyKernel waits = makeKernel(module, "wait_for");
    const HyDevicePtr flag = upload(all(0)), x = upload(all(1));
    const HyGraphNode longOne = kernelNode(Launch(waits, 1, 1, {flag}));
    HyGraphNode last = scaleNode(x, 2, 0);
    last = scaleNode(x, 2, 0, {last});
    last = fillNode(flag, 1, {last});
    scaleNode(x, 2, 1, {last, longOne});
    for (int i = 0; i < 3; ++i) {
        const uint32_t before = overlap ? 0 : 1;
        ASSERT_OK(hyMemFillAsync(stream, flag, &before, 4, kCount));
        const HyGraphExec exec = make();
        launch(exec);
        ASSERT_OK(hyStreamSynchronize(stream, kLimitNs));
        ASSERT_OK(hyGraphExecDestroy(exec));
    }
    EXPECT_EQ(whole(x), all(((8 + 1) * 8 + 1) * 8 + 1));
}

TEST_P(Graphs, ExecutablesRunSideBySide) {
    constexpr int kExecs = 4;
    std::vector<HyDevicePtr> memory;
    std::vector<HyGraphExec> execs;
    std::vector<HyStream> streams;
    for (int i = 0; i < kExecs; ++i) {
        ASSERT_OK(hyGraphCreate(device, 0, &graph));
        memory.push_back(allocate(kBytes));
        HyGraphNode last = fillNode(memory.back(), 0);
        for (int step = 0; step < 50; ++step)
            last = scaleNode(memory.back(), 1, static_cast<uint32_t>(i), {last});
        execs.push_back(make());
        streams.push_back(makeStream());
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < kExecs; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 10; ++round)
                EXPECT_OK(hyGraphLaunch(execs[i], streams[i]));
            EXPECT_OK(hyStreamSynchronize(streams[i], kLimitNs));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    for (int i = 0; i < kExecs; ++i)
        EXPECT_EQ(whole(memory[i]), all(static_cast<uint32_t>(i) * 50));
}

TEST_P(Graphs, UpdatesFromOneThreadAndLaunchesFromAnother) {
    // Each launch sees one state or the other, never a mixture.
    const HyDevicePtr x = allocate(kBytes), y = allocate(kBytes);
    const HyGraphNode fill = fillNode(x, 1);
    HyGraphNode copy = 0;
    ASSERT_OK(hyGraphAddCopyNode(graph, &fill, 1, nullptr, y, x, kBytes, &copy));
    const HyGraphExec exec = make();
    std::atomic<bool> done{false};
    std::thread updater([&] {
        for (uint32_t i = 0; !done; ++i) {
            const uint32_t value = i % 2 == 0 ? 0x11111111 : 0x22222222;
            EXPECT_OK(hyGraphExecUpdateFillNode(exec, fill, x, &value, 4, kCount));
        }
    });
    for (int round = 0; round < 100; ++round) {
        launch(exec);
        const std::vector<uint32_t> result = whole(y);
        EXPECT_EQ(std::count(result.begin(), result.end(), result[0]), kCount);
    }
    done = true;
    updater.join();
}

// Random work on a few buffers, with the order that its hazards ask for and no other, against the same work in a
// stream.
TEST_P(Graphs, RandomGraphsEqualTheStream) {
    constexpr size_t kBuffers = 6;
    for (uint32_t seed = 1; seed <= 12; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](size_t n) { return static_cast<uint32_t>(random() % n); };
        std::vector<HyDevicePtr> eager, lazy;
        for (uint32_t i = 0; i < kBuffers; ++i) {
            eager.push_back(upload(all(i * 1000 + seed)));
            lazy.push_back(upload(all(i * 1000 + seed)));
        }
        ASSERT_OK(hyGraphCreate(device, 0, &graph));
        struct Access {
            int writer = -1;
            std::vector<int> readers;
        };
        std::vector<Access> access(kBuffers);
        std::vector<HyGraphNode> nodes;
        std::vector<HyGraphNode> from, to;
        const uint32_t steps = 20 + below(180);
        for (uint32_t step = 0; step < steps; ++step) {
            const uint32_t out = below(kBuffers), a = below(kBuffers), b = below(kBuffers), salt = below(100);
            std::vector<uint32_t> reads;
            HyGraphNode node = 0;
            switch (below(4)) {
            case 0:
                node = fillNode(lazy[out], salt);
                EXPECT_OK(hyMemFillAsync(stream, eager[out], &salt, 4, kCount));
                break;
            case 1:
                if (a == out) {
                    ASSERT_OK(hyGraphAddEmptyNode(graph, nullptr, 0, nullptr, &node));
                    break;
                }
                ASSERT_OK(hyGraphAddCopyNode(graph, nullptr, 0, nullptr, lazy[out], lazy[a], kBytes, &node));
                EXPECT_OK(hyMemcpyAsync(stream, eager[out], eager[a], kBytes));
                reads = {a};
                break;
            default:
                node = kernelNode(Launch(mixTwo, kCount / 32, 32, {lazy[out], lazy[a], lazy[b], salt, kCount}));
                mix(stream, eager[out], eager[a], eager[b], salt);
                reads = {a, b};
            }
            nodes.push_back(node);
            const int me = static_cast<int>(step);
            const auto after = [&](int before) {
                if (before >= 0 && before != me) {
                    from.push_back(nodes[before]);
                    to.push_back(node);
                }
            };
            for (const uint32_t read : reads) {
                after(access[read].writer);
                access[read].readers.push_back(me);
            }
            after(access[out].writer);
            for (const int reader : access[out].readers)
                after(reader);
            access[out] = {me, {}};
        }
        ASSERT_OK(hyGraphAddDependencies(graph, from.data(), to.data(), static_cast<uint32_t>(from.size())));
        const HyGraphExec exec = make();
        launch(exec);
        for (uint32_t i = 0; i < kBuffers; ++i)
            ASSERT_EQ(whole(lazy[i]), whole(eager[i])) << "seed " << seed << ", buffer " << i;
        ASSERT_OK(hyGraphExecDestroy(exec));
        ASSERT_OK(hyGraphDestroy(graph));
    }
}
