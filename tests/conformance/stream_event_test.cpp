#include "fixture.h"

#include <atomic>
#include <thread>

using namespace halyard::conformance;

class Streams : public DeviceTest {
protected:
    HyEvent makeEvent(uint32_t flags = 0) {
        HyEvent event = nullptr;
        EXPECT_OK(hyEventCreate(device, flags, &event));
        return event;
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    void fill(HyStream on, HyDevicePtr ptr, uint32_t value, uint64_t count) {
        EXPECT_OK(hyMemFillAsync(on, ptr, &value, 4, count));
    }
};

TEST_F(Streams, RefuseBadArguments) {
    HyStream made = nullptr;
    HyStreamDesc desc{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyStreamCreate, device, &desc, &made);
    desc.structSize = sizeof desc;
    desc.flags = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyStreamCreate, device, &desc, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outStream", hyStreamCreate, device, nullptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyStreamCreate, nullptr, nullptr, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyStreamCreate, wrongType<HyDevice>(stream), nullptr, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamQuery, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamSynchronize, wrongType<HyStream>(device), 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamDestroy, invented<HyStream>(0x7fff12345678));
    const HyEvent event = makeEvent();
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyStreamWaitEvent, stream, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamWaitEvent, nullptr, event);
    made = makeStream();
    EXPECT_OK(hyStreamDestroy(made));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamDestroy, made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamQuery, made);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyEventRecord, event, made);
}

TEST_F(Streams, EventsRefuseBadArguments) {
    HyEvent event = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyEventCreate, device, 0x80, &event);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outEvent", hyEventCreate, device, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyEventCreate, nullptr, 0, &event);
    event = makeEvent();
    uint64_t ns = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventRecord, wrongType<HyEvent>(stream), stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventQuery, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventSynchronize, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "end", hyEventElapsed, event, nullptr, &ns);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outNanoseconds", hyEventElapsed, event, event, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "start", hyEventElapsed, event, event, &ns);
    if (claims(HY_CAP_TIMING)) {
        const HyEvent timed = makeEvent(HY_EVENT_TIMING);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "start", hyEventElapsed, timed, timed, &ns);
    } else {
        HyEvent timed = nullptr;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "flags", hyEventCreate, device, HY_EVENT_TIMING, &timed);
    }
    EXPECT_OK(hyEventDestroy(event));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventDestroy, event);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventRecord, event, stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyStreamWaitEvent, stream, event);
}

TEST_F(Streams, KeepTheirOrder) {
    constexpr uint64_t kCount = 1 << 18;
    const HyDevicePtr a = allocate(kCount * 4);
    const HyDevicePtr b = allocate(kCount * 4);
    for (uint32_t round = 1; round <= 50; ++round) {
        fill(stream, a, round, kCount);
        EXPECT_OK(hyMemcpyAsync(stream, b, a, kCount * 4));
    }
    const std::vector<uint32_t> result = download<uint32_t>(b, kCount);
    EXPECT_EQ(result, std::vector<uint32_t>(kCount, 50));
}

TEST_F(Streams, AnEmptyStreamIsDone) {
    EXPECT_OK(hyStreamQuery(stream));
    EXPECT_OK(hyStreamSynchronize(stream, 0));
    EXPECT_OK(hyDeviceSynchronize(device, 0));
}

TEST_F(Streams, EventsThatWereNeverRecordedHoldNothingUp) {
    const HyEvent event = makeEvent();
    EXPECT_OK(hyEventQuery(event));
    EXPECT_OK(hyEventSynchronize(event, 0));
    EXPECT_OK(hyStreamWaitEvent(stream, event));
    synchronize();
}

TEST_F(Streams, WaitEventOrdersTwoStreams) {
    constexpr uint64_t kCount = 1 << 20;
    const HyStream second = makeStream();
    const HyDevicePtr a = allocate(kCount * 4);
    const HyDevicePtr b = allocate(kCount * 4);
    const HyEvent written = makeEvent();
    const HyEvent read = makeEvent();
    for (uint32_t round = 1; round <= 20; ++round) {
        EXPECT_OK(hyStreamWaitEvent(stream, read));
        fill(stream, a, round, kCount);
        EXPECT_OK(hyEventRecord(written, stream));
        EXPECT_OK(hyStreamWaitEvent(second, written));
        EXPECT_OK(hyMemcpyAsync(second, b, a, kCount * 4));
        EXPECT_OK(hyEventRecord(read, second));
        EXPECT_OK(hyEventSynchronize(read, kLimitNs));
        EXPECT_OK(hyEventQuery(read));
        ASSERT_EQ(download<uint32_t>(b + (kCount - 1) * 4, 1)[0], round);
    }
}

TEST_F(Streams, AWaitKeepsTheRecordingItSaw) {
    // The event is recorded again, behind work that waits for the first recording's waiter: a wait that followed the
    // event would deadlock.
    const HyStream second = makeStream();
    const HyEvent event = makeEvent();
    const HyEvent back = makeEvent();
    const HyDevicePtr ptr = allocate(4096);
    fill(stream, ptr, 1, 1024);
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyStreamWaitEvent(second, event));
    fill(second, ptr, 2, 1024);
    EXPECT_OK(hyEventRecord(back, second));
    EXPECT_OK(hyStreamWaitEvent(stream, back));
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyEventDestroy(event));
    EXPECT_OK(hyEventDestroy(back));
    EXPECT_EQ(download<uint32_t>(ptr, 1)[0], 2u);
}

TEST_F(Streams, TimingMeasuresWork) {
    if ((properties.capabilities & HY_CAP_TIMING) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_TIMING";
    const HyEvent start = makeEvent(HY_EVENT_TIMING);
    const HyEvent end = makeEvent(HY_EVENT_TIMING);
    constexpr uint64_t kBytes = 64 << 20;
    const HyDevicePtr ptr = allocate(kBytes);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_OK(hyEventRecord(start, stream));
    for (uint32_t i = 0; i < 4; ++i)
        fill(stream, ptr, i, kBytes / 4);
    EXPECT_OK(hyEventRecord(end, stream));
    EXPECT_OK(hyEventSynchronize(end, kLimitNs));
    const auto host =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - before).count();
    uint64_t ns = 0;
    ASSERT_OK(hyEventElapsed(start, end, &ns));
    EXPECT_GT(ns, 0u);
    EXPECT_LE(ns, static_cast<uint64_t>(host));
    ASSERT_OK(hyEventElapsed(end, start, &ns));
    EXPECT_EQ(ns, 0u);
}

TEST_F(Streams, DestroyedWhileBusyStillFinish) {
    constexpr uint64_t kCount = 1 << 22;
    const HyDevicePtr ptr = allocate(kCount * 4);
    const HyStream busy = makeStream();
    const HyEvent done = makeEvent();
    for (uint32_t i = 0; i < 10; ++i)
        fill(busy, ptr, i, kCount);
    EXPECT_OK(hyEventRecord(done, busy));
    EXPECT_OK(hyStreamDestroy(busy));
    EXPECT_OK(hyEventSynchronize(done, kLimitNs));
    EXPECT_EQ(download<uint32_t>(ptr + (kCount - 1) * 4, 1)[0], 9u);
}

TEST_F(Streams, OneStreamFromManyThreads) {
    constexpr int kThreads = 8, kRounds = 200;
    const HyDevicePtr ptr = allocate(kThreads * 4);
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (uint32_t round = 1; round <= kRounds; ++round)
                fill(stream, ptr + t * 4, t * 1000 + round, 1);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const std::vector<uint32_t> result = download<uint32_t>(ptr, kThreads);
    for (uint32_t t = 0; t < kThreads; ++t)
        EXPECT_EQ(result[t], t * 1000 + kRounds);
}

TEST_F(Streams, Hundreds) {
    std::vector<HyStream> many(300);
    const HyDevicePtr ptr = allocate(many.size() * 4);
    for (size_t i = 0; i < many.size(); ++i) {
        many[i] = makeStream();
        fill(many[i], ptr + i * 4, static_cast<uint32_t>(i), 1);
    }
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    const std::vector<uint32_t> result = download<uint32_t>(ptr, many.size());
    for (size_t i = 0; i < many.size(); ++i) {
        EXPECT_EQ(result[i], i);
        EXPECT_OK(hyStreamDestroy(many[i]));
    }
}

TEST_F(Streams, CreatedAndDestroyedFromManyThreads) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 40; ++i) {
                const HyStream made = makeStream();
                const HyEvent event = makeEvent();
                EXPECT_OK(hyEventRecord(event, made));
                EXPECT_OK(hyStreamDestroy(made));
                EXPECT_OK(hyEventSynchronize(event, kLimitNs));
                EXPECT_OK(hyEventDestroy(event));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(Streams, NativeHandlesOrAReason) {
    HyNativeHandle native{};
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outHandle", hyGetNativeHandle, stream, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "object", hyGetNativeHandle, nullptr, &native);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "object", hyGetNativeHandle, &native, &native);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "object", hyGetNativeHandle, instance, &native);
    const HyEvent event = makeEvent();
    for (const void* object :
         {static_cast<const void*>(device), static_cast<const void*>(stream), static_cast<const void*>(event)}) {
        native.structSize = sizeof native;
        const HyResult result = hyGetNativeHandle(object, &native);
        if (result == HY_SUCCESS) {
            EXPECT_NE(native.typeName, nullptr);
        } else {
            EXPECT_EQ(result, HY_ERROR_UNSUPPORTED) << lastError().message;
            EXPECT_STRNE(lastError().message, "");
        }
    }
}
