#include "fixture.h"

#include <deque>
#include <functional>
#include <random>

namespace halyard::cpu_test {
namespace {

uint64_t address(const void* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

// The nodes of a graph and what they point to.
class Nodes {
public:
    uint32_t kernel(HyBackendKernel kernel, std::vector<uint64_t> arguments, std::vector<uint32_t> before = {},
                    const char* name = "", uint32_t groups = 1, uint32_t size = 64) {
        Entry& entry = add(HY_GRAPH_NODE_KERNEL, std::move(before), name);
        entry.arguments = std::move(arguments);
        entry.launch.structSize = sizeof entry.launch;
        entry.launch.workgroups = {groups, 1, 1};
        entry.launch.workgroupSize = {size, 1, 1};
        entry.launch.argCount = static_cast<uint32_t>(entry.arguments.size());
        entry.launch.packedArgs = entry.arguments.data();
        entry.launch.clusterSize = {1, 1, 1};
        entry.node.kernel = kernel;
        entry.node.launch = &entry.launch;
        return count() - 1;
    }
    uint32_t host(HyHostFunction function, void* user, void (*release)(void*), std::vector<uint32_t> before = {}) {
        HyBackendGraphNode& node = add(HY_GRAPH_NODE_HOST_FUNCTION, std::move(before), "").node;
        node.hostFunction = function;
        node.hostUser = user;
        node.hostRelease = release;
        return count() - 1;
    }
    uint32_t copy(uint32_t* dst, const uint32_t* src, std::vector<uint32_t> before) {
        Entry& entry = add(HY_GRAPH_NODE_COPY, std::move(before), "");
        entry.copy.structSize = sizeof entry.copy;
        entry.copy.dst = address(dst);
        entry.copy.src = address(src);
        entry.copy.widthBytes = entry.copy.dstRowPitch = entry.copy.srcRowPitch = sizeof *dst;
        entry.copy.dstSlicePitch = entry.copy.srcSlicePitch = sizeof *dst;
        entry.copy.height = entry.copy.depth = 1;
        entry.node.copy = &entry.copy;
        return count() - 1;
    }
    uint32_t empty(std::vector<uint32_t> before) {
        add(HY_GRAPH_NODE_EMPTY, std::move(before), "");
        return count() - 1;
    }

    const HyBackendGraphNode* const* data() const { return pointers_.data(); }
    uint32_t count() const { return static_cast<uint32_t>(pointers_.size()); }
    HyBackendLaunch& launch(uint32_t index) { return entries_[index].launch; }
    uint64_t& argument(uint32_t index, uint32_t argument) { return entries_[index].arguments[argument]; }

private:
    struct Entry {
        HyBackendGraphNode node{};
        HyBackendLaunch launch{};
        HyCopy3D copy{};
        std::vector<uint64_t> arguments;
        std::vector<uint32_t> before;
    };
    Entry& add(HyGraphNodeKind kind, std::vector<uint32_t> before, const char* name) {
        Entry& entry = entries_.emplace_back();
        entry.before = std::move(before);
        entry.node.structSize = sizeof entry.node;
        entry.node.kind = kind;
        entry.node.name = name;
        entry.node.dependencies = entry.before.data();
        entry.node.dependencyCount = static_cast<uint32_t>(entry.before.size());
        pointers_.push_back(&entry.node);
        return entry;
    }

    std::deque<Entry> entries_;
    std::vector<const HyBackendGraphNode*> pointers_;
};

const HyBackendGraphTable& table() {
    return *cpuInterface().graph;
}

HyBackendGraph build(Device& device, const Nodes& nodes) {
    HyBackendGraph graph = nullptr;
    EXPECT_EQ(table().build(device.handle(), nodes.data(), nodes.count(), &graph), HY_SUCCESS)
        << Services::error().message;
    return graph;
}

TEST(CpuGraph, BranchesRunAtTheSameTime) {
    Device device;
    HyBackendKernel await = device.kernel("await", {pointer(0), pointer(8), pointer(16)});
    HyBackendKernel signal = device.kernel("signal", {pointer(0)});
    auto* words = device.memory(3);
    Nodes nodes;
    nodes.kernel(await, {address(&words[0]), address(&words[1]), address(&words[2])});
    nodes.kernel(signal, {address(&words[0])});
    nodes.empty({0, 1});
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(words[2], 1u) << "the second branch never ran beside the first";
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
}

// The long node ends only because nodes that come later in the other branch run meanwhile.
TEST(CpuGraph, ALongNodeHoldsUpNoOtherBranch) {
    Device device;
    HyBackendKernel await = device.kernel("await", {pointer(0), pointer(8), pointer(16)});
    HyBackendKernel signal = device.kernel("signal", {pointer(0)});
    HyBackendKernel mix = device.kernel("mix", {pointer(0), value(4, 8)});
    auto* words = device.memory(6);
    Nodes nodes;
    const uint32_t longOne = nodes.kernel(await, {address(&words[0]), address(&words[1]), address(&words[2])});
    uint32_t last = nodes.kernel(mix, {address(&words[3]), 1});
    last = nodes.empty({last});
    last = nodes.kernel(mix, {address(&words[3]), 2}, {last});
    last = nodes.kernel(mix, {address(&words[3]), 3}, {last});
    last = nodes.kernel(signal, {address(&words[0])}, {last});
    nodes.kernel(mix, {address(&words[4]), 1}, {longOne, last});
    nodes.kernel(mix, {address(&words[4]), 2}, {nodes.count() - 1});
    HyBackendStream stream = device.stream();
    for (uint32_t launch = 1; launch <= 3; ++launch) {
        words[0] = words[2] = words[3] = words[4] = 0;
        // A new one each time: it knows no node to be short.
        HyBackendGraph graph = build(device, nodes);
        ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
        device.wait(stream);
        EXPECT_EQ(words[2], 1u) << "the other branch waited for the long node";
        EXPECT_EQ(words[3], (1u * 3 + 2) * 3 + 3);
        EXPECT_EQ(words[4], 1u * 3 + 2);
        EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
    }
}

// Programs of steps that change a word or copy it, with no more order than they need, give what they give in order.
TEST(CpuGraph, BranchesKeepTheOrderOfTheirNodes) {
    Device device("HALYARD_CPU_THREADS", "4");
    HyBackendKernel mix = device.kernel("mix", {pointer(0), value(4, 8)});
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    constexpr uint32_t kWords = 6, kSteps = 120, kLaunches = 6, kPrograms = 12;
    std::minstd_rand random(20);
    for (uint32_t program = 0; program < kPrograms; ++program) {
        auto* words = device.memory(kWords + 1);
        std::vector<uint32_t> expected(words, words + kWords);
        std::vector<std::function<void()>> steps;
        std::vector<std::vector<uint32_t>> users(kWords); // the last node that wrote, then those that read
        Nodes nodes;
        for (uint32_t step = 0; step < kSteps; ++step) {
            const uint32_t to = random() % kWords, salt = random() % 1000;
            const uint32_t from = random() % 2 == 0 ? to : random() % kWords;
            std::vector<uint32_t> before = users[to];
            if (from != to && !users[from].empty()) {
                before.push_back(users[from].front());
            }
            if (random() % 8 == 0) {
                before = {nodes.empty(before)};
            }
            if (random() % 16 == 0) {
                before.push_back(nodes.kernel(slow, {address(&words[kWords])}, {}, "", 1 + random() % 4));
            }
            if (from == to) {
                users[to] = {nodes.kernel(mix, {address(&words[to]), salt}, before)};
                steps.emplace_back([&expected, to, salt] { expected[to] = expected[to] * 3 + salt; });
            } else {
                users[to] = {nodes.copy(&words[to], &words[from], before)};
                users[from].push_back(users[to].front());
                steps.emplace_back([&expected, to, from] { expected[to] = expected[from]; });
            }
        }
        HyBackendStream stream = device.stream();
        HyBackendGraph graph = build(device, nodes);
        for (uint32_t launch = 0; launch < kLaunches; ++launch) {
            ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
            for (const auto& step : steps) {
                step();
            }
        }
        device.wait(stream);
        EXPECT_EQ(std::vector<uint32_t>(words, words + kWords), expected) << "program " << program;
        EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
    }
}

TEST(CpuGraph, LaunchesInFlightOutliveTheGraphAndItsUpdates) {
    Device device;
    HyBackendKernel await = device.kernel("await", {pointer(0), pointer(8), pointer(16)});
    HyBackendKernel variant = device.kernel("variant", {pointer(0)});
    auto* words = device.memory(5);
    words[3] = words[4] = 99;
    Nodes nodes;
    nodes.kernel(await, {address(&words[0]), address(&words[1]), address(&words[2])});
    const uint32_t second = nodes.kernel(variant, {address(&words[3])}, {0});
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    nodes.argument(second, 0) = address(&words[4]);
    ASSERT_EQ(table().update(graph, &second, &nodes.data()[second], 1), HY_SUCCESS);
    ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
    EXPECT_EQ(words[3], 99u);
    __atomic_store_n(&words[0], 1, __ATOMIC_RELEASE);
    device.wait(stream);
    EXPECT_EQ(words[3], 0u);
    EXPECT_EQ(words[4], 0u);
}

TEST(CpuGraph, TakesUpFasterCode) {
    Device device;
    HyBackendKernel variant = device.kernel("variant", {pointer(0)});
    auto* words = device.memory(2);
    Nodes nodes;
    nodes.kernel(variant, {address(&words[0])});
    nodes.kernel(variant, {address(&words[1])}, {0}, "", 1, 32);
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    EXPECT_TRUE(eventually([&] {
        EXPECT_EQ(table().launch(stream, graph), HY_SUCCESS);
        device.wait(stream);
        return words[0] == 64 && words[1] == 32;
    }));
    EXPECT_EQ(device.services().sizedCompiles, 2u);
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
}

TEST(CpuGraph, AFailureNamesKernelAndNodeAndStopsTheRest) {
    Device device;
    HyBackendKernel greedy = device.kernel("greedy", {pointer(0)});
    HyBackendKernel variant = device.kernel("variant", {pointer(0)});
    auto* words = device.memory(1);
    words[0] = 7;
    HyResult status = HY_SUCCESS;
    Nodes nodes;
    nodes.kernel(greedy, {address(words)}, {}, "big one");
    nodes.kernel(variant, {address(words)}, {0});
    nodes.host([](void* user, HyResult given) { *static_cast<HyResult*>(user) = given; }, &status, nullptr, {1});
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    EXPECT_EQ(cpuInterface().stream->synchronize(stream, kLong), HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_NE(Services::error().message.find("greedy"), std::string::npos) << Services::error().message;
    EXPECT_NE(Services::error().message.find("big one"), std::string::npos) << Services::error().message;
    EXPECT_EQ(words[0], 7u);
    EXPECT_EQ(status, HY_ERROR_OUT_OF_HOST_MEMORY) << "host functions are called all the same";
    EXPECT_EQ(table().launch(stream, graph), HY_ERROR_OUT_OF_HOST_MEMORY);
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
}

TEST(CpuGraph, HostFunctionsAreReleasedOnce) {
    static std::atomic<int> calls, releases;
    calls = releases = 0;
    Device device;
    HyBackendKernel variant = device.kernel("variant", {pointer(0)});
    auto* words = device.memory(1);
    Nodes nodes;
    const uint32_t host = nodes.host([](void*, HyResult) { ++calls; }, nullptr, [](void*) { ++releases; });
    const uint32_t kernel = nodes.kernel(variant, {address(words)}, {host});
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    }
    device.wait(stream);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(releases, 0);
    // All or none: the second change fails, so the first is not made and its function stays the caller's.
    const uint32_t indices[] = {host, kernel};
    nodes.launch(kernel).workgroupSize = {1u << 20, 1, 1};
    EXPECT_EQ(table().update(graph, indices, nodes.data(), 2), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(releases, 0);
    nodes.launch(kernel).workgroupSize = {64, 1, 1};
    nodes.launch(kernel).flags = HY_LAUNCH_COOPERATIVE;
    EXPECT_EQ(table().update(graph, indices, nodes.data(), 2), HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(releases, 0);
    nodes.launch(kernel).flags = 0;
    EXPECT_EQ(table().update(graph, indices, nodes.data(), 2), HY_SUCCESS);
    ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
    EXPECT_TRUE(eventually([&] { return releases == 2; }));
}

// Every workgroup of every node runs once, whether steps run alone or are shared out.
TEST(CpuGraph, SharesOutWideSteps) {
    Device device("HALYARD_CPU_THREADS", "4");
    HyBackendKernel ids = device.kernel("ids", {pointer(0)});
    constexpr uint32_t kNodes = 37, kGroups = 19, kSize = 8, kLaunches = 50;
    auto* words = device.memory(kNodes * kGroups * kSize);
    Nodes nodes;
    for (uint32_t i = 0; i < kNodes; ++i) {
        nodes.kernel(ids, {address(&words[i * kGroups * kSize])}, {}, "", i % 3 == 0 ? 1 : kGroups, kSize);
    }
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    for (uint32_t i = 0; i < kLaunches; ++i) {
        ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    }
    device.wait(stream);
    for (uint32_t i = 0; i < kNodes * kGroups * kSize; ++i) {
        const uint32_t node = i / (kGroups * kSize), group = i / kSize % kGroups;
        ASSERT_EQ(words[i], node % 3 == 0 && group > 0 ? 0 : kLaunches) << i;
    }
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
}

// A branch of small nodes is in the middle of one when the long branch beside it ends, and what is left costs little.
TEST(CpuGraph, NodesBegunInBranchesRunOnce) {
    Device device;
    HyBackendKernel ids = device.kernel("ids", {pointer(0)});
    constexpr uint32_t kSmallNodes = 48, kGroups = 8, kSize = 8, kLongGroups = 256, kLongSize = 1024, kLaunches = 2000;
    constexpr uint32_t kWords = (kSmallNodes + 1) * kGroups * kSize;
    auto* words = device.memory(kWords + kLongGroups * kLongSize);
    Nodes nodes;
    nodes.kernel(ids, {address(&words[kWords])}, {}, "", kLongGroups, kLongSize);
    uint32_t last = nodes.kernel(ids, {address(words)}, {}, "", kGroups, kSize);
    for (uint32_t i = 1; i <= kSmallNodes; ++i) {
        last = nodes.kernel(ids, {address(&words[i * kGroups * kSize])}, {last}, "", kGroups, kSize);
    }
    HyBackendStream stream = device.stream();
    HyBackendGraph graph = build(device, nodes);
    for (uint32_t i = 0; i < kLaunches; ++i) {
        ASSERT_EQ(table().launch(stream, graph), HY_SUCCESS);
    }
    device.wait(stream);
    for (uint32_t i = 0; i < kWords; ++i) {
        ASSERT_EQ(words[i], kLaunches) << "node " << i / (kGroups * kSize) << ", workgroup " << i / kSize % kGroups;
    }
    EXPECT_EQ(table().destroy(graph), HY_SUCCESS);
}

} // namespace
} // namespace halyard::cpu_test
