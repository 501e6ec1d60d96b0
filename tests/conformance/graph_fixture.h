// What the tests of graphs and of capture share.
#pragma once

#include "fixture.h"

#include "graph_cl.spv.h"

namespace halyard::conformance {

// A launch description that keeps what it points to.
struct Launch {
    HyLaunchDesc desc{};
    std::vector<uint64_t> values;
    std::vector<const void*> args;

    Launch(HyKernel kernel, uint32_t groups, uint32_t size, std::vector<uint64_t> arguments)
        : values(std::move(arguments)) {
        for (const uint64_t& value : values)
            args.push_back(&value); // little-endian: the low bytes come first
        desc.structSize = sizeof desc;
        desc.kernel = kernel;
        desc.workgroups = {groups, 1, 1};
        desc.workgroupSize = {size, 1, 1};
        desc.args = args.data();
        desc.argCount = static_cast<uint32_t>(args.size());
    }
    Launch(const Launch&) = delete;
    Launch& operator=(const Launch&) = delete;
};

class GraphTest : public DeviceTest {
protected:
    static constexpr uint32_t kCount = 256;
    static constexpr uint64_t kBytes = kCount * sizeof(uint32_t);

    void SetUp() override {
        DeviceTest::SetUp();
        module = loadModule(graph_cl_spv, graph_cl_spv_size);
        mixTwo = makeKernel(module, "mix_two");
        scaleAdd = makeKernel(module, "scale_add");
        ASSERT_OK(hyGraphCreate(device, 0, &graph));
    }

    HyGraphNode kernelNode(const Launch& launch, const std::vector<HyGraphNode>& before = {},
                           const char* name = nullptr) {
        HyGraphNode node = 0;
        EXPECT_OK(hyGraphAddKernelNode(graph, before.data(), static_cast<uint32_t>(before.size()), name, &launch.desc,
                                       &node));
        return node;
    }
    // out = out * factor + addend
    HyGraphNode scaleNode(HyDevicePtr out, uint32_t factor, uint32_t addend,
                          const std::vector<HyGraphNode>& before = {}, const char* name = nullptr) {
        return kernelNode(Launch(scaleAdd, kCount / 64, 64, {out, factor, addend, kCount}), before, name);
    }
    HyGraphNode fillNode(HyDevicePtr dst, uint32_t value, const std::vector<HyGraphNode>& before = {},
                         const char* name = nullptr) {
        HyGraphNode node = 0;
        EXPECT_OK(hyGraphAddFillNode(graph, before.data(), static_cast<uint32_t>(before.size()), name, dst, &value, 4,
                                     kCount, &node));
        return node;
    }
    HyGraphExec instantiate(uint32_t flags = 0) {
        HyGraphExec exec = nullptr;
        EXPECT_OK(hyGraphInstantiate(graph, flags, &exec));
        return exec;
    }
    void launch(HyGraphExec exec) { EXPECT_OK(hyGraphLaunch(exec, stream)); }
    uint32_t first(HyDevicePtr ptr) { return download<uint32_t>(ptr, 1)[0]; }
    std::vector<uint32_t> whole(HyDevicePtr ptr) { return download<uint32_t>(ptr, kCount); }
    static std::vector<uint32_t> all(uint32_t value) { return std::vector<uint32_t>(kCount, value); }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    HyEvent makeEvent() {
        HyEvent made = nullptr;
        EXPECT_OK(hyEventCreate(device, 0, &made));
        return made;
    }
    // The eager form of scaleNode.
    void scale(HyStream on, HyDevicePtr out, uint32_t factor, uint32_t addend) {
        const uint32_t n = kCount;
        const void* const args[] = {&out, &factor, &addend, &n};
        EXPECT_OK(hyLaunchKernel(on, scaleAdd, {kCount / 64, 1, 1}, {64, 1, 1}, 0, args, 4));
    }
    void mix(HyStream on, HyDevicePtr out, HyDevicePtr a, HyDevicePtr b, uint32_t salt) {
        const uint32_t n = kCount;
        const void* const args[] = {&out, &a, &b, &salt, &n};
        EXPECT_OK(hyLaunchKernel(on, mixTwo, {kCount / 64, 1, 1}, {64, 1, 1}, 0, args, 5));
    }
    std::string lastMessage() { return lastError().message; }

    HyModule module = nullptr;
    HyKernel mixTwo = nullptr;
    HyKernel scaleAdd = nullptr;
    HyGraph graph = nullptr;
};

} // namespace halyard::conformance
