// Slots behind capabilities, without the runtime: what is claimed works, and what is not claimed is refused where there
// is a slot at all.
#include "backend_work.h"

#include <condition_variable>
#include <mutex>

using namespace halyard::conformance;

namespace {

#define SKIP_UNCLAIMED(capability)                                                                                     \
    if (!claims(capability))                                                                                           \
    GTEST_SKIP() << "the device claims no " #capability

class BackendClaims : public BackendWork {
protected:
    // Holds a stream until opened.
    struct Gate {
        std::mutex mutex;
        std::condition_variable changed;
        bool begun = false, opened = false;

        static void wait(void* user, HyResult) {
            auto& gate = *static_cast<Gate*>(user);
            std::unique_lock lock(gate.mutex);
            gate.begun = true;
            gate.changed.notify_all();
            gate.changed.wait(lock, [&] { return gate.opened; });
        }
        void awaitBegin() {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return begun; });
        }
        void open() {
            const std::scoped_lock lock(mutex);
            opened = true;
            changed.notify_all();
        }
    };
    void fill(HyBackendStream on, HyDevicePtr dst, uint32_t value, uint64_t count) {
        EXPECT_DONE(interface_->stream->fill(on, dst, &value, 4, count));
    }
    std::vector<uint32_t> words(HyDevicePtr src, uint64_t count) {
        std::vector<uint32_t> got(count);
        toHost(got.data(), src, count * 4);
        return got;
    }
};

TEST_F(BackendClaims, WhatIsNotClaimedIsLeftOutOrRefused) {
    HyDevicePtr ptr = 7;
    void* host = nullptr;
    const auto* memory = interface_->memory;
    if (!claims(HY_CAP_MANAGED_MEMORY) && memory->allocateManaged != nullptr) {
        EXPECT_TRUE(backendRefuses(HY_ERROR_UNSUPPORTED, [&] { return memory->allocateManaged(device, 4096, &ptr); }));
    }
    if (!claims(HY_CAP_IPC) && memory->allocateShareable != nullptr) {
        EXPECT_TRUE(
            backendRefuses(HY_ERROR_UNSUPPORTED, [&] { return memory->allocateShareable(device, 4096, &ptr, &host); }));
    }
    if (!claims(HY_CAP_HOST_REGISTRATION) && memory->registerHost != nullptr) {
        EXPECT_TRUE(backendRefuses(HY_ERROR_UNSUPPORTED, [&] { return memory->registerHost(device, &host, 8, &ptr); }));
    }
    const auto* table = interface_->device;
    constexpr size_t kResetEnd = offsetof(HyBackendDeviceTable, reset) + sizeof table->reset;
    if (!claims(HY_CAP_DEVICE_RESET) && !claims(HY_CAP_DEVICE_RESTART) && table->structSize >= kResetEnd &&
        table->reset != nullptr) {
        EXPECT_TRUE(backendRefuses(HY_ERROR_UNSUPPORTED, [&] { return table->reset(device, kLimitNs); }));
    }
    EXPECT_EQ(ptr, 7u);
    const std::vector<uint8_t> sent = counting();
    const HyDevicePtr there = allocate(kBytes);
    toDevice(there, sent.data(), kBytes);
    std::vector<uint8_t> got(kBytes);
    toHost(got.data(), there, kBytes);
    EXPECT_EQ(got, sent) << "the device is as it was";
}

TEST_F(BackendClaims, ManagedMemoryHasOneAddress) {
    SKIP_UNCLAIMED(HY_CAP_MANAGED_MEMORY);
    HyDevicePtr ptr = 0;
    EXPECT_TRUE(backendRefuses(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                               [&] { return interface_->memory->allocateManaged(device, uint64_t(1) << 60, &ptr); }));
    ASSERT_DONE(interface_->memory->allocateManaged(device, kBytes, &ptr));
    const std::vector<uint8_t> sent = counting();
    std::memcpy(reinterpret_cast<void*>(ptr), sent.data(), kBytes);
    std::vector<uint8_t> got(kBytes);
    toHost(got.data(), ptr, kBytes);
    EXPECT_EQ(got, sent) << "the device does not see what the host stored";
    if (claims(HY_CAP_PREFETCH)) {
        EXPECT_DONE(interface_->memory->prefetch(stream, ptr, kBytes, 0));
        EXPECT_DONE(interface_->memory->prefetch(stream, ptr, kBytes, 1));
    }
    fill(stream, ptr, 5, kBytes / 4);
    wait();
    EXPECT_EQ(*reinterpret_cast<const uint32_t*>(ptr + kBytes - 4), 5u) << "the host does not see the fill";
    EXPECT_DONE(interface_->memory->free(device, ptr));
}

TEST_F(BackendClaims, ShareableMemoryIsOpenedAgain) {
    SKIP_UNCLAIMED(HY_CAP_IPC);
    const HyBackendMemoryTable& table = *interface_->memory;
    HyDevicePtr own = 0, opened = 0;
    void* host = nullptr;
    ASSERT_DONE(table.allocateShareable(device, kBytes, &own, &host));
    HyBackendIpcHandle handle{};
    ASSERT_DONE(table.getIpcHandle(device, own, &handle));
    ASSERT_DONE(table.openIpcHandle(device, &handle, kBytes, &opened, &host));
    EXPECT_NE(opened, own) << "the address must be new";
    fill(stream, own, 11, kBytes / 4);
    EXPECT_EQ(words(opened, kBytes / 4), std::vector<uint32_t>(kBytes / 4, 11));
    EXPECT_DONE(table.closeIpcHandle(device, opened));
    EXPECT_EQ(words(own, 2), std::vector<uint32_t>(2, 11)) << "the owner's memory stays";
    EXPECT_DONE(table.free(device, own));
}

TEST_F(BackendClaims, DamagedIpcHandlesAreRefused) {
    SKIP_UNCLAIMED(HY_CAP_IPC);
    const HyBackendMemoryTable& table = *interface_->memory;
    HyDevicePtr own = 0;
    void* host = nullptr;
    ASSERT_DONE(table.allocateShareable(device, kBytes, &own, &host));
    HyBackendIpcHandle good{};
    ASSERT_DONE(table.getIpcHandle(device, own, &good));
    HyBackendIpcHandle zeros{}, ones{};
    std::memset(&ones, 0xff, sizeof ones);
    for (const HyBackendIpcHandle& bad : {zeros, ones}) {
        HyDevicePtr opened = 0;
        BackendServices::error() = {};
        const HyResult result = table.openIpcHandle(device, &bad, kBytes, &opened, &host);
        EXPECT_LT(result, 0);
        EXPECT_EQ(BackendServices::error().code, result);
        EXPECT_FALSE(BackendServices::error().message.empty());
        EXPECT_EQ(opened, 0u);
    }
    EXPECT_DONE(table.free(device, own));
}

TEST_F(BackendClaims, ResetStopsWhatWaits) {
    SKIP_UNCLAIMED(HY_CAP_DEVICE_RESET | HY_CAP_TIMELINE_SEMAPHORES);
    HyBackendSemaphore never = nullptr;
    ASSERT_DONE(interface_->semaphore->create(device, 0, &never));
    const HyDevicePtr there = allocate(16);
    fill(stream, there, 1, 4);
    wait();
    EXPECT_DONE(interface_->stream->waitSemaphore(stream, never, 1));
    fill(stream, there, 2, 4); // dropped
    EXPECT_DONE(interface_->device->reset(device, kLimitNs));
    EXPECT_DONE(interface_->stream->query(stream));
    EXPECT_EQ(words(there, 4), std::vector<uint32_t>(4, 1));
    EXPECT_DONE(interface_->semaphore->destroy(never));
}

TEST_F(BackendClaims, ResetThatIsNotOverKeepsWorkOut) {
    SKIP_UNCLAIMED(HY_CAP_DEVICE_RESET | HY_CAP_HOST_FUNCTIONS);
    Gate gate;
    ASSERT_DONE(interface_->stream->hostFunction(stream, Gate::wait, &gate));
    gate.awaitBegin();
    EXPECT_TRUE(backendRefuses(HY_ERROR_TIMEOUT, [&] { return interface_->device->reset(device, 20'000'000); }));
    const HyDevicePtr there = allocate(16);
    const uint32_t one = 1;
    EXPECT_TRUE(
        backendRefuses(HY_ERROR_INVALID_STATE, [&] { return interface_->stream->fill(stream, there, &one, 4, 4); }));
    gate.open();
    EXPECT_DONE(interface_->device->reset(device, kLimitNs));
    fill(stream, there, 3, 4);
    EXPECT_EQ(words(there, 4), std::vector<uint32_t>(4, 3));
}

class BackendGraphSlots : public BackendClaims {
protected:
    void SetUp() override {
        BackendClaims::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        SKIP_UNCLAIMED(HY_CAP_GRAPHS);
        from = allocate(64);
        to = allocate(64);
    }
    static HyBackendGraphNode nodeOf(HyGraphNodeKind kind) {
        HyBackendGraphNode node{};
        node.structSize = sizeof node;
        node.kind = kind;
        node.name = "a node of a test";
        return node;
    }
    // Fills `from` with a value.
    HyBackendGraphNode fillNode(const uint32_t& value) {
        box = {};
        box.structSize = sizeof box;
        box.dst = from;
        box.rowPitch = box.slicePitch = 64;
        box.width = 16;
        box.height = box.depth = 1;
        box.pattern = &value;
        box.patternBytes = 4;
        HyBackendGraphNode node = nodeOf(HY_GRAPH_NODE_FILL);
        node.fill = &box;
        return node;
    }
    // And then copies it to `to`.
    HyBackendGraph build(const uint32_t& value) {
        HyCopy3D copy{};
        copy.structSize = sizeof copy;
        copy.dst = to;
        copy.src = from;
        copy.dstRowPitch = copy.dstSlicePitch = copy.srcRowPitch = copy.srcSlicePitch = copy.widthBytes = 64;
        copy.height = copy.depth = 1;
        const HyBackendGraphNode first = fillNode(value);
        HyBackendGraphNode second = nodeOf(HY_GRAPH_NODE_COPY);
        const uint32_t before = 0;
        second.copy = &copy;
        second.dependencies = &before;
        second.dependencyCount = 1;
        const HyBackendGraphNode* nodes[] = {&first, &second};
        HyBackendGraph graph = nullptr;
        EXPECT_DONE(interface_->graph->build(device, nodes, 2, &graph));
        return graph;
    }

    HyFill3D box{};
    HyDevicePtr from = 0, to = 0;
};

TEST_F(BackendGraphSlots, RunInOrderAndAgain) {
    const uint32_t eight = 8;
    const HyBackendGraph graph = build(eight);
    ASSERT_NE(graph, nullptr);
    for (int round = 0; round < 2; ++round) {
        fill(stream, to, 1, 16);
        EXPECT_DONE(interface_->graph->launch(stream, graph));
        EXPECT_EQ(words(to, 16), std::vector<uint32_t>(16, 8));
    }
    EXPECT_DONE(interface_->graph->destroy(graph));
}

TEST_F(BackendGraphSlots, UpdatesCountForLaterLaunches) {
    const uint32_t eight = 8;
    const HyBackendGraph graph = build(eight);
    ASSERT_NE(graph, nullptr);
    EXPECT_DONE(interface_->graph->launch(stream, graph));
    const HyDevicePtr kept = allocate(64);
    EXPECT_DONE(interface_->stream->copy(stream, kept, to, 64, 0));
    const uint32_t nine = 9, first = 0;
    const HyBackendGraphNode changed = fillNode(nine);
    const HyBackendGraphNode* nodes[] = {&changed};
    EXPECT_DONE(interface_->graph->update(graph, &first, nodes, 1));
    EXPECT_DONE(interface_->graph->launch(stream, graph));
    EXPECT_EQ(words(to, 16), std::vector<uint32_t>(16, 9));
    EXPECT_EQ(words(kept, 16), std::vector<uint32_t>(16, 8));
    EXPECT_DONE(interface_->graph->destroy(graph));
}

TEST_F(BackendGraphSlots, LeaveWithALaunchInFlight) {
    SKIP_UNCLAIMED(HY_CAP_HOST_FUNCTIONS);
    const uint32_t eight = 8;
    const HyBackendGraph graph = build(eight);
    ASSERT_NE(graph, nullptr);
    Gate gate;
    ASSERT_DONE(interface_->stream->hostFunction(stream, Gate::wait, &gate));
    EXPECT_DONE(interface_->graph->launch(stream, graph));
    EXPECT_DONE(interface_->graph->destroy(graph));
    gate.open();
    EXPECT_EQ(words(to, 16), std::vector<uint32_t>(16, 8));
}

} // namespace
