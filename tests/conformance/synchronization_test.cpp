// Host functions and timeline semaphores.
#include "fixture.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <thread>

using namespace halyard::conformance;

namespace {

// A host function that tells what it was called with, and may hold its stream up.
struct Call {
    std::promise<HyResult> called;
    std::future<HyResult> status = called.get_future();
    std::promise<void> gate;
    std::future<void> opened = gate.get_future();
    bool holds = false;

    static void run(void* user, HyResult status) {
        auto& call = *static_cast<Call*>(user);
        const bool holds = call.holds;
        call.called.set_value(status); // unless it holds, the test may end now and `call` be gone
        if (holds)
            call.opened.wait();
    }
};

class Synchronization : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (!isTest("HostFunctionRefusesBadArguments") && !isTest("SemaphoreRefusesBadArguments")) {
            SKIP_WITHOUT(HY_CAP_HOST_FUNCTIONS);
            SKIP_WITHOUT(HY_CAP_TIMELINE_SEMAPHORES);
        }
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    HySemaphore makeSemaphore(uint64_t value = 0) {
        HySemaphoreDesc desc{};
        desc.structSize = sizeof desc;
        desc.initialValue = value;
        HySemaphore made = nullptr;
        EXPECT_OK(hySemaphoreCreate(device, &desc, &made));
        return made;
    }
    static uint64_t valueOf(HySemaphore semaphore) {
        uint64_t value = 0;
        EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
        return value;
    }
    void fill(HyStream on, HyDevicePtr ptr, uint32_t value, uint64_t count) {
        EXPECT_OK(hyMemFillAsync(on, ptr, &value, 4, count));
    }
};

TEST_F(Synchronization, HostFunctionRunsBetweenItsNeighbours) {
    constexpr uint64_t kCount = 1u << 16;
    struct Check {
        std::vector<uint32_t> host = std::vector<uint32_t>(kCount, 0);
        bool seenFirst = false;
    } check;
    const HyDevicePtr ptr = allocate(kCount * 4);
    fill(stream, ptr, 7, kCount);
    ASSERT_OK(hyMemcpyAsync(stream, hyHostAddress(check.host.data()), ptr, kCount * 4));
    ASSERT_OK(hyStreamHostFunction(
        stream,
        [](void* user, HyResult status) {
            auto& seen = *static_cast<Check*>(user);
            seen.seenFirst = status == HY_SUCCESS && seen.host.front() == 7 && seen.host.back() == 7;
            std::fill(seen.host.begin(), seen.host.end(), 9);
        },
        &check));
    ASSERT_OK(hyMemcpyAsync(stream, ptr, hyHostAddress(check.host.data()), kCount * 4));
    synchronize();
    EXPECT_TRUE(check.seenFirst);
    EXPECT_EQ(download<uint32_t>(ptr, kCount), std::vector<uint32_t>(kCount, 9));
}

TEST_F(Synchronization, ManyHostFunctionsKeepTheirOrder) {
    constexpr int kCalls = 500;
    struct Entry {
        std::vector<int>* order;
        int index;
    };
    std::vector<int> order;
    std::vector<Entry> entries;
    for (int i = 0; i < kCalls; ++i)
        entries.push_back({&order, i});
    for (Entry& entry : entries) {
        ASSERT_OK(hyStreamHostFunction(
            stream,
            [](void* user, HyResult) {
                const auto& called = *static_cast<Entry*>(user);
                called.order->push_back(called.index);
            },
            &entry));
    }
    synchronize();
    ASSERT_EQ(order.size(), static_cast<size_t>(kCalls));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(Synchronization, HostFunctionHoldsUpItsStreamAlone) {
    Call call;
    call.holds = true;
    const HyDevicePtr held = upload(std::vector<uint32_t>(4, 1));
    const HyDevicePtr other = upload(std::vector<uint32_t>(4, 1));
    ASSERT_OK(hyStreamHostFunction(stream, Call::run, &call));
    fill(stream, held, 2, 4);
    EXPECT_EQ(call.status.get(), HY_SUCCESS);
    const HyStream second = makeStream();
    fill(second, other, 3, 4);
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, 1'000'000);
    call.gate.set_value();
    synchronize();
    EXPECT_EQ(download<uint32_t>(held, 4), std::vector<uint32_t>(4, 2));
}

TEST_F(Synchronization, CallsInsideAHostFunctionAreRefused) {
    struct Inside {
        HyStream stream;
        HyInstance instance;
        HyResult synchronised, created, counted;
        HyErrorInfo info;
    } inside{stream, instance, HY_SUCCESS, HY_SUCCESS, HY_SUCCESS, {}};
    ASSERT_OK(hyStreamHostFunction(
        stream,
        [](void* user, HyResult) {
            auto& seen = *static_cast<Inside*>(user);
            HyInstance made = nullptr;
            uint32_t count = 0;
            seen.created = hyInstanceCreate(nullptr, &made);
            seen.counted = hyDeviceGetCount(seen.instance, &count);
            seen.synchronised = hyStreamSynchronize(seen.stream, HY_TIMEOUT_INFINITE);
            seen.info.structSize = sizeof seen.info;
            hyGetLastError(&seen.info);
            seen.info.call = std::strcmp(seen.info.call, "hyStreamSynchronize") == 0 ? "as it should be" : "wrong";
        },
        &inside));
    synchronize();
    EXPECT_EQ(inside.created, HY_ERROR_INVALID_STATE);
    EXPECT_EQ(inside.counted, HY_ERROR_INVALID_STATE);
    EXPECT_EQ(inside.synchronised, HY_ERROR_INVALID_STATE);
    EXPECT_EQ(inside.info.code, HY_ERROR_INVALID_STATE);
    EXPECT_STREQ(inside.info.call, "as it should be");
    uint32_t count = 0;
    EXPECT_OK(hyDeviceGetCount(instance, &count)); // and no longer
}

TEST_F(Synchronization, HostFunctionMayThrow) {
    ASSERT_OK(hyStreamHostFunction(
        stream, [](void*, HyResult) { throw 1; }, nullptr));
    synchronize();
}

TEST_F(Synchronization, HostFunctionRefusesBadArguments) {
    if (!claims(HY_CAP_HOST_FUNCTIONS)) {
        Call call;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "stream", hyStreamHostFunction, stream, Call::run, &call);
        return;
    }
    Call call;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamHostFunction, nullptr, Call::run, &call);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamHostFunction, wrongType<HyStream>(device), Call::run,
                 &call);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "function", hyStreamHostFunction, stream, nullptr, &call);
    const HyStream gone = makeStream();
    EXPECT_OK(hyStreamDestroy(gone));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamHostFunction, gone, Call::run, &call);
    synchronize();
    EXPECT_NE(call.status.wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

TEST_F(Synchronization, HostFunctionsFromTwoThreads) {
    constexpr int kCalls = 200;
    std::atomic<int> calls = 0;
    const auto submit = [&] {
        const HyStream own = makeStream();
        for (int i = 0; i < kCalls; ++i) {
            ASSERT_OK(hyStreamHostFunction(
                i % 2 == 0 ? own : stream, [](void* user, HyResult) { ++*static_cast<std::atomic<int>*>(user); },
                &calls));
        }
        EXPECT_OK(hyStreamSynchronize(own, kLimitNs));
    };
    std::thread second(submit);
    submit();
    second.join();
    synchronize();
    EXPECT_EQ(calls, 2 * kCalls);
}

TEST_F(Synchronization, DestroyedStreamStillCallsItsHostFunction) {
    Call call;
    const HyStream gone = makeStream();
    fill(gone, allocate(1u << 20), 1, 1u << 18);
    ASSERT_OK(hyStreamHostFunction(gone, Call::run, &call));
    EXPECT_OK(hyStreamDestroy(gone));
    EXPECT_EQ(call.status.get(), HY_SUCCESS);
}

TEST_F(Synchronization, SemaphoreCountsUpOnTheHost) {
    const HySemaphore semaphore = makeSemaphore(5);
    EXPECT_EQ(valueOf(semaphore), 5u);
    EXPECT_OK(hySemaphoreWait(semaphore, 5, 0));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hySemaphoreWait, semaphore, 6, 1'000'000);
    EXPECT_OK(hySemaphoreSignal(semaphore, 8));
    EXPECT_EQ(valueOf(semaphore), 8u);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "value", hySemaphoreSignal, semaphore, 8);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "value", hySemaphoreSignal, semaphore, 3);
    EXPECT_OK(hySemaphoreSignal(semaphore, UINT64_MAX));
    EXPECT_OK(hySemaphoreDestroy(semaphore));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreDestroy, semaphore);
}

TEST_F(Synchronization, SemaphoreRefusesBadArguments) {
    if (!claims(HY_CAP_TIMELINE_SEMAPHORES)) {
        HySemaphore refused = nullptr;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "device", hySemaphoreCreate, device, nullptr, &refused);
        EXPECT_EQ(refused, nullptr);
        return;
    }
    HySemaphore made = nullptr;
    HySemaphoreDesc desc{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hySemaphoreCreate, device, &desc, &made);
    desc.structSize = sizeof desc;
    desc.flags = 2;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hySemaphoreCreate, device, &desc, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outSemaphore", hySemaphoreCreate, device, nullptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hySemaphoreCreate, nullptr, nullptr, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreSignal, wrongType<HySemaphore>(stream), 1);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreWait, nullptr, 1, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hyStreamWaitSemaphore, stream, nullptr, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hyStreamSignalSemaphore, stream, invented<HySemaphore>(), 1);
    const HySemaphore semaphore = makeSemaphore();
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamWaitSemaphore, nullptr, semaphore, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outValue", hySemaphoreGetValue, semaphore, nullptr);
    EXPECT_OK(hySemaphoreDestroy(semaphore));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreGetValue, semaphore, nullptr);
}

TEST_F(Synchronization, StreamWaitsForTheHost) {
    const HySemaphore semaphore = makeSemaphore();
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(4, 1));
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 2));
    fill(stream, ptr, 2, 4);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, 20'000'000);
    EXPECT_OK(hySemaphoreSignal(semaphore, 1));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, 20'000'000);
    EXPECT_OK(hySemaphoreSignal(semaphore, 2));
    synchronize();
    EXPECT_EQ(download<uint32_t>(ptr, 4), std::vector<uint32_t>(4, 2));
}

TEST_F(Synchronization, StreamsWaitBeforeAnybodySignals) {
    constexpr uint64_t kRounds = 50;
    const HySemaphore ping = makeSemaphore();
    const HySemaphore pong = makeSemaphore();
    const HyStream second = makeStream();
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(1, 0));
    // The second stream's waits come first, for values that only the first one's later work signals.
    for (uint64_t round = 1; round <= kRounds; ++round) {
        ASSERT_OK(hyStreamWaitSemaphore(second, ping, round));
        fill(second, ptr, static_cast<uint32_t>(2 * round + 1), 1);
        ASSERT_OK(hyStreamSignalSemaphore(second, pong, round));
    }
    for (uint64_t round = 1; round <= kRounds; ++round) {
        fill(stream, ptr, static_cast<uint32_t>(2 * round), 1);
        ASSERT_OK(hyStreamSignalSemaphore(stream, ping, round));
        ASSERT_OK(hyStreamWaitSemaphore(stream, pong, round));
    }
    synchronize();
    EXPECT_EQ(valueOf(pong), kRounds);
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 2 * kRounds + 1);
}

TEST_F(Synchronization, HostWaitsForAStream) {
    const HySemaphore semaphore = makeSemaphore();
    Call call;
    call.holds = true;
    ASSERT_OK(hyStreamHostFunction(stream, Call::run, &call));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 1));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hySemaphoreWait, semaphore, 1, 20'000'000);
    std::thread waiter([&] { EXPECT_OK(hySemaphoreWait(semaphore, 1, kLimitNs)); });
    call.gate.set_value();
    waiter.join();
    EXPECT_EQ(valueOf(semaphore), 1u);
}

TEST_F(Synchronization, SignallingDownwardsIsAStickyError) {
    const HySemaphore semaphore = makeSemaphore(10);
    const HyStream failing = makeStream();
    const HySemaphore gate = makeSemaphore();
    Call call;
    ASSERT_OK(hyStreamWaitSemaphore(failing, gate, 1));
    ASSERT_OK(hyStreamSignalSemaphore(failing, semaphore, 10));
    ASSERT_OK(hyStreamHostFunction(failing, Call::run, &call));
    EXPECT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_EQ(call.status.get(), HY_ERROR_INVALID_STATE);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamSynchronize, failing, kLimitNs);
    EXPECT_NE(std::string(lastError().message).find("10"), std::string::npos);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamHostFunction, failing, Call::run, &call);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "", hyStreamWaitSemaphore, failing, semaphore, 1);
    EXPECT_EQ(valueOf(semaphore), 10u);
}

TEST_F(Synchronization, DestroyedSemaphoreStillServesItsStreams) {
    const HySemaphore semaphore = makeSemaphore();
    const HyStream second = makeStream();
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(1, 0));
    Call call;
    call.holds = true;
    ASSERT_OK(hyStreamHostFunction(stream, Call::run, &call));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 1));
    ASSERT_OK(hyStreamWaitSemaphore(second, semaphore, 1));
    fill(second, ptr, 5, 1);
    EXPECT_OK(hySemaphoreDestroy(semaphore));
    call.gate.set_value();
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 5u);
}

} // namespace
