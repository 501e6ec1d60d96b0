// The order of streams, events, host functions and semaphores, with streams that stand still at a gate: so a wait that
// does not wait shows each time, not only when the timing is unlucky.
#include "fixture.h"

#include "basic_cl.spv.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace halyard::conformance;

namespace {

class Gated : public DeviceTest {
protected:
    static constexpr uint64_t kShortNs = 20'000'000; // of waits that must end without success
    static constexpr uint64_t kSoonNs = 5'000'000'000;

    void SetUp() override {
        DeviceTest::SetUp();
        if ((properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) == 0)
            GTEST_SKIP() << "the device has no HY_CAP_TIMELINE_SEMAPHORES, which make the gate";
        gate = makeSemaphore(0);
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    HySemaphore makeSemaphore(uint64_t value) {
        HySemaphoreDesc desc{};
        desc.structSize = sizeof desc;
        desc.initialValue = value;
        HySemaphore made = nullptr;
        EXPECT_OK(hySemaphoreCreate(device, &desc, &made));
        return made;
    }
    HyEvent makeEvent(uint32_t flags = 0) {
        HyEvent event = nullptr;
        EXPECT_OK(hyEventCreate(device, flags, &event));
        return event;
    }
    void hold(HyStream held, uint64_t value = 1) { EXPECT_OK(hyStreamWaitSemaphore(held, gate, value)); }
    void open(uint64_t value = 1) { EXPECT_OK(hySemaphoreSignal(gate, value)); }
    void fill(HyStream on, HyDevicePtr ptr, uint32_t value, uint64_t count = 1) {
        EXPECT_OK(hyMemFillAsync(on, ptr, &value, 4, count));
    }
    // A stream that fails once the gate has the value.
    HyStream makeFailing(uint64_t value = 1) {
        const HyStream failing = makeStream();
        const HySemaphore semaphore = makeSemaphore(10);
        hold(failing, value);
        EXPECT_OK(hyStreamSignalSemaphore(failing, semaphore, 10));
        return failing;
    }

    HySemaphore gate = nullptr;
};

using Order = Gated;

TEST_F(Order, QueriesTellBusyFromDone) {
    const HyEvent event = makeEvent();
    const HyDevicePtr ptr = allocate(4);
    hold(stream);
    fill(stream, ptr, 1);
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    open();
    synchronize();
    EXPECT_EQ(hyStreamQuery(stream), HY_SUCCESS);
    EXPECT_EQ(hyEventQuery(event), HY_SUCCESS);
}

TEST_F(Order, WaitsEndAtTheirLimitOrWithTheWork) {
    const HyEvent event = makeEvent();
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(1, 0));
    hold(stream);
    fill(stream, ptr, 8);
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyEventSynchronize, event, kShortNs);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, kShortNs);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyDeviceSynchronize, device, kShortNs);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyEventSynchronize, event, 0);
    open();
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 8u);
}

// Whoever waits without a limit although there is one gets an answer in the end, which is the wrong one.
TEST_F(Order, LimitsAreKept) {
    std::mutex mutex;
    std::condition_variable changed;
    bool returned = false;
    hold(stream);
    std::thread rescuer([&] {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::nanoseconds(kSoonNs), [&] { return returned; });
        open();
    });
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, 1'000'000);
    {
        const std::lock_guard lock(mutex);
        returned = true;
    }
    changed.notify_one();
    rescuer.join();
    synchronize();
}

TEST_F(Order, AStreamWaitsForTheEvent) {
    const HyStream second = makeStream();
    const HyEvent event = makeEvent();
    const HyDevicePtr a = upload(std::vector<uint32_t>(1, 7));
    const HyDevicePtr b = upload(std::vector<uint32_t>(1, 0));
    hold(stream);
    fill(stream, a, 8);
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyStreamWaitEvent(second, event));
    EXPECT_OK(hyMemcpyAsync(second, b, a, 4));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, second, kShortNs);
    open();
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    EXPECT_EQ(download<uint32_t>(b, 1)[0], 8u);
}

// Every kind of work that a stream takes stays behind the gate.
TEST_F(Order, NothingOvertakesAWait) {
    constexpr uint32_t kCount = 64, kKinds = 5;
    const HyKernel kernel = makeKernel(loadModule(basic_cl_spv, basic_cl_spv_size), "add_value");
    const HyStream second = makeStream();
    const std::vector<uint32_t> old(kCount * kKinds, 1), source(kCount, 5);
    const HyDevicePtr ptr = upload(old), src = upload(source);
    const auto part = [&](uint32_t kind) { return ptr + uint64_t{kind} * kCount * 4; };
    const uint32_t value = 6;
    hold(stream);
    fill(stream, part(0), 6, kCount);
    EXPECT_OK(hyMemcpyAsync(stream, part(1), src, kCount * 4));
    HyFill3D filled{};
    filled.structSize = sizeof filled;
    filled.dst = part(2);
    filled.rowPitch = 32;
    filled.slicePitch = 256;
    filled.width = 4;
    filled.height = 8;
    filled.depth = 1;
    filled.pattern = &value;
    filled.patternBytes = 4;
    EXPECT_OK(hyMemFill3DAsync(stream, &filled));
    EXPECT_OK(hyMemcpy2DAsync(stream, part(3), 32, src, 16, 16, 8));
    const HyDevicePtr launched = part(4);
    const int added = 2;
    const void* args[] = {&launched, &src, &added, &kCount};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {kCount, 1, 1}, 0, args, 4));
    const auto look = [&](HyStream on) {
        std::vector<uint32_t> seen(old.size());
        EXPECT_OK(hyMemcpyAsync(on, hyHostAddress(seen.data()), ptr, seen.size() * 4));
        EXPECT_OK(hyStreamSynchronize(on, kLimitNs));
        return seen;
    };
    // What overtakes has had time to do so when the limit is over.
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, kShortNs);
    EXPECT_EQ(look(second), old);
    open();
    std::vector<uint32_t> expected = old;
    for (uint32_t i = 0; i < kCount; ++i) {
        expected[i] = 6;
        expected[kCount + i] = 5;
        expected[2 * kCount + i] = i % 8 < 4 ? 6 : 1;
        expected[3 * kCount + i] = i % 8 < 4 ? 5 : 1;
        expected[4 * kCount + i] = 7;
    }
    EXPECT_EQ(look(stream), expected);
}

TEST_F(Order, RecordingAgainReplacesWhatTheEventStandsFor) {
    const HyStream second = makeStream();
    const HyEvent event = makeEvent();
    hold(stream, 1);
    hold(second, 2);
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyEventRecord(event, second));
    open(1);
    synchronize();
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    open(2);
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
}

TEST_F(Order, AWaitHoldsUpItsStreamAlone) {
    const HyStream second = makeStream();
    const HyDevicePtr ptr = allocate(4);
    hold(stream);
    fill(second, ptr, 3);
    EXPECT_OK(hyStreamSynchronize(second, kSoonNs));
    open();
    synchronize();
}

TEST_F(Order, DestroyedModulesAndKernelsFinishTheirWork) {
    constexpr uint32_t kCount = 640;
    const HyModule module = loadModule(basic_cl_spv, basic_cl_spv_size);
    const HyKernel kernel = makeKernel(module, "add_value");
    const HyDevicePtr src = upload(std::vector<int>(kCount, 5));
    const HyDevicePtr dst = upload(std::vector<int>(kCount, 0));
    const int value = 6;
    const void* args[] = {&dst, &src, &value, &kCount};
    hold(stream);
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kCount / 64, 1, 1}, {64, 1, 1}, 0, args, 4));
    EXPECT_OK(hyKernelDestroy(kernel));
    EXPECT_OK(hyModuleDestroy(module));
    open();
    EXPECT_EQ(download<int>(dst, kCount), std::vector<int>(kCount, 11));
}

TEST_F(Order, FailuresStayOnTheirStream) {
    const HyStream failing = makeFailing();
    const HyStream second = makeStream();
    const HyEvent failed = makeEvent(), fine = makeEvent();
    const HyDevicePtr ptr = allocate(4);
    EXPECT_OK(hyEventRecord(failed, failing));
    open();
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamSynchronize, failing, kLimitNs);
    fill(second, ptr, 5);
    EXPECT_OK(hyEventRecord(fine, second));
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    EXPECT_OK(hyStreamQuery(second));
    EXPECT_OK(hyEventSynchronize(fine, kLimitNs));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyEventSynchronize, failed, kLimitNs);
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 5u);
}

TEST_F(Order, FailuresStick) {
    const HyStream failing = makeFailing();
    const HyDevicePtr ptr = allocate(8);
    const uint32_t value = 1;
    open();
    for (int round = 0; round < 2; ++round) {
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamSynchronize, failing, kLimitNs);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamQuery, failing);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyMemFillAsync, failing, ptr, &value, 4, 1);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyMemcpyAsync, failing, ptr, ptr + 4, 4);
    }
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyDeviceSynchronize, device, kLimitNs);
    EXPECT_OK(hyStreamDestroy(failing));
}

TEST_F(Order, AResetEndsFailures) {
    if ((properties.capabilities & HY_CAP_DEVICE_RESET) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_DEVICE_RESET";
    const HyStream failing = makeFailing();
    const HyDevicePtr ptr = allocate(4);
    open();
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamSynchronize, failing, kLimitNs);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamQuery(failing));
    fill(failing, ptr, 4);
    EXPECT_OK(hyStreamSynchronize(failing, kLimitNs));
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 4u);
}

TEST_F(Order, ElapsedTimeIsInNanoseconds) {
    if ((properties.capabilities & HY_CAP_TIMING) == 0 || (properties.capabilities & HY_CAP_HOST_FUNCTIONS) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_TIMING or no HY_CAP_HOST_FUNCTIONS";
    using Clock = std::chrono::steady_clock;
    struct Span {
        Clock::time_point begin, end;
        static void run(void* user, HyResult) {
            auto& span = *static_cast<Span*>(user);
            span.begin = Clock::now();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            span.end = Clock::now();
        }
    } inside;
    const HyEvent start = makeEvent(HY_EVENT_TIMING), end = makeEvent(HY_EVENT_TIMING);
    const Clock::time_point before = Clock::now();
    EXPECT_OK(hyEventRecord(start, stream));
    EXPECT_OK(hyStreamHostFunction(stream, Span::run, &inside));
    EXPECT_OK(hyEventRecord(end, stream));
    synchronize();
    const auto outer = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - before).count();
    const auto inner = std::chrono::duration_cast<std::chrono::nanoseconds>(inside.end - inside.begin).count();
    uint64_t elapsed = 0;
    ASSERT_OK(hyEventElapsed(start, end, &elapsed));
    // The device's clock may run differently, but not by a tenth.
    EXPECT_GE(elapsed, static_cast<uint64_t>(inner / 10 * 9));
    EXPECT_LE(elapsed, static_cast<uint64_t>(outer / 10 * 11));
}

using Visibility = Gated;

TEST_F(Visibility, WhatAnEventFollowsIsSeenByOtherStreamsAndTheHost) {
    constexpr uint32_t kCount = 1024, kRounds = 8;
    const HyStream second = makeStream();
    const HyEvent event = makeEvent();
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(kCount, 0));
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr, &info));
    for (uint32_t round = 1; round <= kRounds; ++round) {
        const std::vector<uint32_t> values(kCount, round);
        std::vector<uint32_t> seen(kCount, 0);
        EXPECT_OK(hyMemcpyAsync(stream, ptr, hyHostAddress(values.data()), kCount * 4));
        EXPECT_OK(hyEventRecord(event, stream));
        EXPECT_OK(hyStreamWaitEvent(second, event));
        EXPECT_OK(hyMemcpyAsync(second, hyHostAddress(seen.data()), ptr, kCount * 4));
        EXPECT_OK(hyEventSynchronize(event, kLimitNs));
        if (info.hostAddress != nullptr) {
            const auto* host = static_cast<const uint32_t*>(info.hostAddress);
            EXPECT_EQ(std::vector<uint32_t>(host, host + kCount), values);
        }
        EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
        ASSERT_EQ(seen, values);
    }
}

TEST_F(Visibility, TheHostReachesDeviceMemoryWhereItIsToldTo) {
    if ((properties.capabilities & HY_CAP_HOST_ACCESS) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_HOST_ACCESS";
    constexpr uint32_t kCount = 1000;
    const HyDevicePtr ptr = allocate(kCount * 4);
    fill(stream, ptr, 21, kCount);
    synchronize();
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr, &info));
    auto* host = static_cast<uint32_t*>(info.hostAddress);
    ASSERT_NE(host, nullptr);
    EXPECT_EQ(std::vector<uint32_t>(host, host + kCount), std::vector<uint32_t>(kCount, 21));
    host[kCount - 1] = 22;
    EXPECT_EQ(download<uint32_t>(ptr + (kCount - 1) * 4, 1)[0], 22u);
}

TEST_F(Visibility, AdviceAndPrefetchesLeaveContentsAlone) {
    if ((properties.capabilities & HY_CAP_MANAGED_MEMORY) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_MANAGED_MEMORY";
    constexpr uint32_t kCount = 16384;
    HyDevicePtr ptr = 0;
    ASSERT_OK(hyMemAllocManaged(device, kCount * 4, &ptr));
    fill(stream, ptr, 33, kCount);
    synchronize();
    for (HyMemoryAdvice advice = HY_ADVICE_PREFER_DEVICE; advice <= HY_ADVICE_NOT_SOON; ++advice) {
        const HyResult result = hyMemAdvise(device, ptr, kCount * 4, advice);
        EXPECT_TRUE(result == HY_SUCCESS || result == HY_ERROR_UNSUPPORTED) << advice << lastError().message;
        ASSERT_EQ(download<uint32_t>(ptr, kCount), std::vector<uint32_t>(kCount, 33)) << "after advice " << advice;
    }
    if ((properties.capabilities & HY_CAP_PREFETCH) != 0) {
        EXPECT_OK(hyMemPrefetchAsync(stream, ptr, kCount * 4, device));
        EXPECT_OK(hyMemPrefetchAsync(stream, ptr, kCount * 4, nullptr));
        ASSERT_EQ(download<uint32_t>(ptr, kCount), std::vector<uint32_t>(kCount, 33)) << "after prefetches";
    }
}

struct Calls {
    std::atomic<int> count{0};
    std::atomic<HyResult> status{HY_SUCCESS};
    static void run(void* user, HyResult status) {
        auto& calls = *static_cast<Calls*>(user);
        calls.status = status;
        ++calls.count;
    }
};

class HostFunctions : public Gated {
protected:
    void SetUp() override {
        Gated::SetUp();
        if (!IsSkipped() && (properties.capabilities & HY_CAP_HOST_FUNCTIONS) == 0)
            GTEST_SKIP() << "the device has no HY_CAP_HOST_FUNCTIONS";
    }
};

TEST_F(HostFunctions, AreCalledOnceAfterAFailureTooAndToldOfIt) {
    Calls before, after, refused;
    const HyStream failing = makeStream();
    const HySemaphore semaphore = makeSemaphore(10);
    hold(failing);
    EXPECT_OK(hyStreamHostFunction(failing, Calls::run, &before));
    EXPECT_OK(hyStreamSignalSemaphore(failing, semaphore, 10));
    EXPECT_OK(hyStreamHostFunction(failing, Calls::run, &after));
    EXPECT_EQ(before.count, 0);
    open();
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamSynchronize, failing, kLimitNs);
    EXPECT_EQ(before.count, 1);
    EXPECT_EQ(before.status, HY_SUCCESS);
    EXPECT_EQ(after.count, 1);
    EXPECT_EQ(after.status, HY_ERROR_INVALID_STATE);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamHostFunction, failing, Calls::run, &refused);
    // Functions of a device run one after another, so this one would come behind a call that is under way.
    Calls last;
    EXPECT_OK(hyStreamHostFunction(stream, Calls::run, &last));
    synchronize();
    EXPECT_EQ(last.count, 1);
    EXPECT_EQ(refused.count, 0);
}

using Semaphores = Gated;

TEST_F(Semaphores, CountIn64Bits) {
    constexpr uint64_t kLarge = (uint64_t{5} << 32) + 7;
    const HySemaphore semaphore = makeSemaphore(kLarge);
    uint64_t value = 0;
    EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
    EXPECT_EQ(value, kLarge);
    EXPECT_OK(hyStreamWaitSemaphore(stream, semaphore, kLarge + 1));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, kShortNs);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hySemaphoreWait, semaphore, kLarge + 1, kShortNs);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "", hySemaphoreSignal, semaphore, 8);
    EXPECT_OK(hySemaphoreSignal(semaphore, kLarge + 1));
    synchronize();
    EXPECT_OK(hyStreamSignalSemaphore(stream, semaphore, uint64_t{1} << 63));
    EXPECT_OK(hySemaphoreWait(semaphore, uint64_t{1} << 63, kLimitNs));
    EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
    EXPECT_EQ(value, uint64_t{1} << 63);
}

} // namespace
