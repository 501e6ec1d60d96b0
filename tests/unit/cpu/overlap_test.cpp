#include "fixture.h"

namespace halyard::cpu_test {
namespace {

// A kernel that waits for what a kernel of another stream does.
struct Awaiter {
    explicit Awaiter(Device& owner)
        : device(owner), await(owner.kernel("await", {pointer(0), pointer(8), pointer(16)})),
          signal(owner.kernel("signal", {pointer(0)})), flag(owner.memory(64)), started(flag + 16), result(flag + 32) {}

    void startAwait(HyBackendStream stream) { device.run(stream, await, 1, 1, {&flag, &started, &result}); }
    void startSignal(HyBackendStream stream) { device.run(stream, signal, 1, 1, {&flag}); }
    bool hasStarted() const { return __atomic_load_n(started, __ATOMIC_ACQUIRE) != 0; }

    Device& device;
    HyBackendKernel await;
    HyBackendKernel signal;
    uint32_t* flag;
    uint32_t* started;
    uint32_t* result;
};

TEST(CpuOverlap, StreamsRunAtTheSameTime) {
    Device device;
    HyBackendStream first = device.stream();
    HyBackendStream second = device.stream();
    Awaiter awaiter(device);
    awaiter.startAwait(first);
    ASSERT_TRUE(eventually([&] { return awaiter.hasStarted(); }));
    awaiter.startSignal(second);
    device.wait(first);
    EXPECT_EQ(*awaiter.result, 1u);
}

TEST(CpuOverlap, SubmissionDoesNotWaitForTheKernel) {
    Device device;
    HyBackendStream first = device.stream();
    Awaiter awaiter(device);
    awaiter.startAwait(first);
    // The host does what the kernel waits for: impossible if submitting waited.
    __atomic_store_n(awaiter.flag, 1, __ATOMIC_RELEASE);
    device.wait(first);
    EXPECT_EQ(*awaiter.result, 1u);
}

TEST(CpuOverlap, StreamsThatWaitHoldNoThread) {
    Device device;
    HyBackendStream runner = device.stream();
    Awaiter awaiter(device);
    awaiter.startAwait(runner);
    HyBackendEvent done = device.event();
    ASSERT_EQ(cpuInterface().event->record(done, runner), HY_SUCCESS);
    // Far more waiting streams than threads, all of which wait for the awaiting kernel.
    HyBackendKernel mix = device.kernel("mix", {pointer(0), value(4, 8)});
    auto* states = device.memory(100);
    for (uint32_t i = 0; i < 100; ++i) {
        HyBackendStream waiter = device.stream();
        ASSERT_EQ(cpuInterface().stream->waitEvent(waiter, done), HY_SUCCESS);
        const uint32_t* state = states + i;
        const uint32_t number = i + 1;
        device.run(waiter, mix, 1, 1, {&state, &number});
    }
    HyBackendStream signaller = device.stream();
    awaiter.startSignal(signaller);
    ASSERT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_SUCCESS);
    EXPECT_EQ(*awaiter.result, 1u);
    for (uint32_t i = 0; i < 100; ++i) {
        EXPECT_EQ(states[i], i + 1);
    }
}

TEST(CpuOverlap, StreamsTakeTurnsOnOneThread) {
    Device device("HALYARD_CPU_THREADS", "1");
    HyBackendStream busy = device.stream();
    HyBackendStream brief = device.stream();
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    auto* count = device.memory(2);
    const uint32_t* other = count + 1;
    for (int i = 0; i < 200; ++i) {
        device.run(busy, slow, 1, 1, {&count});
    }
    device.run(brief, slow, 1, 1, {&other});
    device.wait(brief);
    EXPECT_EQ(cpuInterface().stream->query(busy), HY_NOT_READY)
        << "one stream must not have to drain for another to start";
    device.wait(busy);
    EXPECT_EQ(count[0], 200u);
    EXPECT_EQ(count[1], 1u);
}

} // namespace
} // namespace halyard::cpu_test
