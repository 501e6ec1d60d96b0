#include "fixture.h"

namespace halyard::cpu_test {
namespace {

const HyBackendEventTable& events() {
    return *cpuInterface().event;
}

struct SlowWork {
    explicit SlowWork(Device& owner)
        : device(owner), kernel(owner.kernel("slow", {pointer(0)})), count(owner.memory(1)) {}

    // Some `milliseconds` of work in one go.
    void submit(HyBackendStream stream, uint32_t milliseconds) {
        device.run(stream, kernel, milliseconds, 1, {&count});
    }

    Device& device;
    HyBackendKernel kernel;
    uint32_t* count;
};

TEST(CpuEvent, NeverRecordedIsReadyAndHoldsNothingUp) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendEvent event = device.event();
    EXPECT_EQ(events().query(event), HY_SUCCESS);
    EXPECT_EQ(events().synchronize(event, 0), HY_SUCCESS);
    EXPECT_EQ(cpuInterface().stream->waitEvent(stream, event), HY_SUCCESS);
    device.wait(stream);
}

TEST(CpuEvent, StandsForTheWorkBeforeIt) {
    Device device;
    HyBackendStream stream = device.stream();
    SlowWork work(device);
    HyBackendEvent event = device.event();
    work.submit(stream, 50);
    ASSERT_EQ(events().record(event, stream), HY_SUCCESS);
    work.submit(stream, 300);
    EXPECT_EQ(events().query(event), HY_NOT_READY);
    EXPECT_EQ(events().synchronize(event, 1), HY_ERROR_TIMEOUT);
    EXPECT_EQ(events().synchronize(event, kLong), HY_SUCCESS);
    EXPECT_EQ(events().query(event), HY_SUCCESS);
    EXPECT_EQ(cpuInterface().stream->query(stream), HY_NOT_READY) << "the event must not wait for later work";
    EXPECT_GE(__atomic_load_n(work.count, __ATOMIC_ACQUIRE), 50u);
    device.wait(stream);
}

TEST(CpuEvent, OrdersStreams) {
    Device device;
    HyBackendStream producer = device.stream();
    HyBackendStream consumer = device.stream();
    HyBackendKernel mix = device.kernel("mix", {pointer(0), value(4, 8)});
    auto* state = device.memory(1);
    HyBackendEvent produced = device.event();
    HyBackendEvent consumed = device.event();
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 1'000; ++i) {
        const uint32_t one = i;
        const uint32_t two = i + 7;
        ASSERT_EQ(cpuInterface().stream->waitEvent(producer, consumed), HY_SUCCESS);
        device.run(producer, mix, 1, 1, {&state, &one});
        ASSERT_EQ(events().record(produced, producer), HY_SUCCESS);
        ASSERT_EQ(cpuInterface().stream->waitEvent(consumer, produced), HY_SUCCESS);
        device.run(consumer, mix, 1, 1, {&state, &two});
        ASSERT_EQ(events().record(consumed, consumer), HY_SUCCESS);
        expected = (expected * 3 + one) * 3 + two;
    }
    device.wait(consumer);
    EXPECT_EQ(*state, expected);
}

TEST(CpuEvent, WaitTakesTheRecordingOfTheMoment) {
    Device device;
    HyBackendStream first = device.stream();
    HyBackendStream second = device.stream();
    SlowWork work(device);
    HyBackendEvent event = device.event();
    work.submit(first, 20);
    ASSERT_EQ(events().record(event, first), HY_SUCCESS);
    ASSERT_EQ(cpuInterface().stream->waitEvent(second, event), HY_SUCCESS);
    work.submit(first, 400);
    ASSERT_EQ(events().record(event, first), HY_SUCCESS);
    device.wait(second);
    EXPECT_EQ(cpuInterface().stream->query(first), HY_NOT_READY) << "a later recording must not change the wait";
    EXPECT_EQ(events().query(event), HY_NOT_READY);
    device.wait(first);
}

TEST(CpuEvent, OutlivesItsStream) {
    Device device;
    SlowWork work(device);
    HyBackendStreamDesc desc{};
    desc.structSize = sizeof desc;
    HyBackendStream stream = nullptr;
    ASSERT_EQ(cpuInterface().stream->create(device.handle(), &desc, &stream), HY_SUCCESS);
    HyBackendEvent event = device.event();
    work.submit(stream, 50);
    ASSERT_EQ(events().record(event, stream), HY_SUCCESS);
    ASSERT_EQ(cpuInterface().stream->destroy(stream), HY_SUCCESS);
    EXPECT_EQ(events().synchronize(event, kLong), HY_SUCCESS);
    EXPECT_EQ(__atomic_load_n(work.count, __ATOMIC_ACQUIRE), 50u);
}

TEST(CpuEvent, DestroyedEventStillHoldsWaitsUp) {
    Device device;
    HyBackendStream first = device.stream();
    HyBackendStream second = device.stream();
    SlowWork work(device);
    HyBackendEvent event = nullptr;
    ASSERT_EQ(events().create(device.handle(), HY_EVENT_TIMING, &event), HY_SUCCESS);
    work.submit(first, 50);
    ASSERT_EQ(events().record(event, first), HY_SUCCESS);
    ASSERT_EQ(cpuInterface().stream->waitEvent(second, event), HY_SUCCESS);
    ASSERT_EQ(events().destroy(event), HY_SUCCESS);
    device.wait(second);
    EXPECT_EQ(__atomic_load_n(work.count, __ATOMIC_ACQUIRE), 50u);
}

TEST(CpuEvent, MeasuresTime) {
    Device device("HALYARD_CPU_THREADS", "1");
    HyBackendStream stream = device.stream();
    SlowWork work(device);
    HyBackendEvent start = device.event(HY_EVENT_TIMING);
    HyBackendEvent end = device.event(HY_EVENT_TIMING);
    ASSERT_EQ(events().record(start, stream), HY_SUCCESS);
    work.submit(stream, 20);
    ASSERT_EQ(events().record(end, stream), HY_SUCCESS);
    uint64_t nanoseconds = 0;
    EXPECT_EQ(events().elapsed(start, end, &nanoseconds), HY_NOT_READY);
    device.wait(stream);
    ASSERT_EQ(events().elapsed(start, end, &nanoseconds), HY_SUCCESS);
    EXPECT_GE(nanoseconds, 20'000'000u);
    EXPECT_LT(nanoseconds, 10 * kSecond);
    ASSERT_EQ(events().elapsed(end, start, &nanoseconds), HY_SUCCESS);
    EXPECT_EQ(nanoseconds, 0u);
}

TEST(CpuEvent, TimeNeedsTimingAndARecording) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendEvent plain = device.event();
    HyBackendEvent timing = device.event(HY_EVENT_TIMING);
    HyBackendEvent never = device.event(HY_EVENT_TIMING);
    ASSERT_EQ(events().record(plain, stream), HY_SUCCESS);
    ASSERT_EQ(events().record(timing, stream), HY_SUCCESS);
    device.wait(stream);
    uint64_t nanoseconds = 123;
    EXPECT_EQ(events().elapsed(plain, timing, &nanoseconds), HY_ERROR_INVALID_STATE);
    EXPECT_EQ(Services::error().argument, "start");
    EXPECT_EQ(events().elapsed(timing, never, &nanoseconds), HY_ERROR_INVALID_STATE);
    EXPECT_EQ(Services::error().argument, "end");
    EXPECT_EQ(nanoseconds, 123u);
    EXPECT_EQ(events().elapsed(timing, timing, &nanoseconds), HY_SUCCESS);
    EXPECT_EQ(nanoseconds, 0u);
}

TEST(CpuEvent, RecordedAgainKeepsTheLastTime) {
    Device device("HALYARD_CPU_THREADS", "1");
    HyBackendStream stream = device.stream();
    SlowWork work(device);
    HyBackendEvent start = device.event(HY_EVENT_TIMING);
    HyBackendEvent end = device.event(HY_EVENT_TIMING);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(events().record(start, stream), HY_SUCCESS);
        work.submit(stream, 5);
    }
    ASSERT_EQ(events().record(end, stream), HY_SUCCESS);
    device.wait(stream);
    uint64_t last = 0;
    ASSERT_EQ(events().elapsed(start, end, &last), HY_SUCCESS);
    EXPECT_GE(last, 5'000'000u);
    HyBackendEvent first = device.event(HY_EVENT_TIMING);
    ASSERT_EQ(events().record(first, stream), HY_SUCCESS);
    device.wait(stream);
    uint64_t toNow = 0;
    ASSERT_EQ(events().elapsed(start, first, &toNow), HY_SUCCESS);
    EXPECT_GE(toNow, last);
}

} // namespace
} // namespace halyard::cpu_test
