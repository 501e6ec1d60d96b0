// Objects of every kind, for the tests of structures: whatever a call is about, there is one.
#pragma once

#include "fixture.h"
#include "guarded_struct.h"

#include "grid_cl.spv.h"

namespace halyard::conformance {

class StructTest : public DeviceTest {
public:
    static constexpr uint64_t kBytes = 4096;

    void SetUp() override {
        DeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        module = loadModule(grid_cl_spv, grid_cl_spv_size);
        kernel = makeKernel(module, "add_one");
        buffer = allocate(kBytes);
        other = allocate(kBytes);
        ASSERT_OK(hyGraphCreate(device, 0, &graph));
        launch.structSize = sizeof launch;
        launch.kernel = kernel;
        launch.workgroups = {1, 1, 1};
        launch.workgroupSize = {16, 1, 1};
        launch.args = args;
        launch.argCount = 1;
        copy.structSize = sizeof copy;
        copy.dst = buffer;
        copy.src = other;
        copy.dstRowPitch = copy.srcRowPitch = 16;
        copy.dstSlicePitch = copy.srcSlicePitch = 64;
        copy.widthBytes = 16;
        copy.height = 4;
        copy.depth = 2;
        fill.structSize = sizeof fill;
        fill.dst = buffer;
        fill.rowPitch = 16;
        fill.slicePitch = 64;
        fill.width = fill.height = 4;
        fill.depth = 2;
        fill.pattern = &pattern;
        fill.patternBytes = sizeof pattern;
    }
    bool has(HyCapabilities capability) const { return (properties.capabilities & capability) == capability; }
    // A graph with one node, as `add` makes it, ready to be updated.
    template <typename Add> HyGraphExec execOf(HyGraphNode* node, Add add) {
        HyGraphExec exec = nullptr;
        EXPECT_OK(add(node));
        EXPECT_OK(hyGraphInstantiate(graph, 0, &exec));
        return exec;
    }

    using DeviceTest::device;
    using DeviceTest::instance;
    using DeviceTest::properties;
    using DeviceTest::stream;
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyGraph graph = nullptr;
    HyDevicePtr buffer = 0, other = 0;
    uint32_t pattern = 0x01020304;
    const void* args[1] = {&buffer};
    // What the calls take, complete and right.
    HyLaunchDesc launch{};
    HyCopy3D copy{};
    HyFill3D fill{};
};

} // namespace halyard::conformance
