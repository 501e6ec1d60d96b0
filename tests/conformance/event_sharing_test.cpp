// Events that several processes use. The other process is memory_peer.cpp; a second handle in this process is as good
// where nothing has to end.
#include "peer_process.h"
#include "virtual_memory_fixture.h"

#include "halyard/halyard.hpp"

#include <array>
#include <thread>

using namespace halyard::conformance;

namespace {

class EventSharing : public VirtualMemoryTest {
protected:
    HyEvent makeEvent() {
        HyEvent made = nullptr;
        EXPECT_OK(hyEventCreate(device, HY_EVENT_INTERPROCESS, &made));
        return made;
    }
    static HyIpcHandle handleOf(HyEvent event) {
        HyIpcHandle handle{};
        EXPECT_OK(hyEventGetIpcHandle(event, &handle));
        return handle;
    }
    HyEvent opened(HyEvent event) {
        const HyIpcHandle handle = handleOf(event);
        HyEvent made = nullptr;
        EXPECT_OK(hyEventOpenIpcHandle(device, &handle, &made));
        return made;
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    // Work that ends when the semaphore is signalled.
    HySemaphore hold(HyStream held, uint64_t value = 1) {
        HySemaphoreDesc desc{};
        desc.structSize = sizeof desc;
        HySemaphore gate = nullptr;
        EXPECT_OK(hySemaphoreCreate(device, &desc, &gate));
        EXPECT_OK(hyStreamWaitSemaphore(held, gate, value));
        return gate;
    }
    // A semaphore to talk with the peer, and its descriptor.
    std::pair<HySemaphore, int> makeShared() {
        HySemaphoreDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = HY_SEMAPHORE_SHAREABLE;
        HySemaphore made = nullptr;
        int64_t descriptor = -1;
        EXPECT_OK(hySemaphoreCreate(device, &desc, &made));
        EXPECT_OK(hySemaphoreExport(made, HY_SHARE_OPAQUE_FD, &descriptor));
        return {made, static_cast<int>(descriptor)};
    }
    bool hasAll() const { return has(HY_CAP_IPC_EVENTS) && has(HY_CAP_SHARE_SEMAPHORES); }
};

TEST_F(EventSharing, IsRefusedWhereThereIsNone) {
    HyEvent made = nullptr;
    HyIpcHandle handle{};
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyEventCreate, device, 4, &made);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyEventCreate, device, HY_EVENT_TIMING | HY_EVENT_INTERPROCESS,
                 &made);
    if (!has(HY_CAP_IPC_EVENTS)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "flags", hyEventCreate, device, HY_EVENT_INTERPROCESS, &made);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "device", hyEventOpenIpcHandle, device, &handle, &made);
    }
    EXPECT_EQ(made, nullptr);
}

TEST_F(EventSharing, AnotherProcessWaits) {
    if (!hasAll())
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const auto [semaphore, descriptor] = makeShared();
    const HyEvent event = makeEvent();
    const HySemaphore gate = hold(stream);
    ASSERT_OK(hyEventRecord(event, stream));
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    Peer peer({"event-wait", "100", toHex(handleOf(event))}, descriptor);
    ASSERT_OK(hySemaphoreWait(semaphore, 1, kLimitNs));
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_EQ(peer.wait(), 0);
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    close(descriptor);
}

TEST_F(EventSharing, AnotherProcessRecords) {
    if (!hasAll())
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const auto [semaphore, descriptor] = makeShared();
    const HyEvent event = makeEvent();
    EXPECT_OK(hyEventQuery(event)) << "nothing was recorded";
    Peer peer({"event-record", "100", toHex(handleOf(event))}, descriptor);
    ASSERT_OK(hySemaphoreWait(semaphore, 1, kLimitNs));
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyEventSynchronize, event, 1'000'000);
    ASSERT_OK(hyStreamWaitEvent(stream, event));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    ASSERT_OK(hySemaphoreSignal(semaphore, 2));
    synchronize();
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_OK(hyEventQuery(event));
    ASSERT_OK(hySemaphoreSignal(semaphore, 3));
    EXPECT_EQ(peer.wait(), 0);
    close(descriptor);
}

TEST_F(EventSharing, AProcessThatIsKilledLeavesItsRecordingOpen) {
    if (!hasAll())
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const auto [semaphore, descriptor] = makeShared();
    const HyEvent event = makeEvent();
    Peer peer({"event-record", "100", toHex(handleOf(event))}, descriptor);
    ASSERT_OK(hySemaphoreWait(semaphore, 1, kLimitNs));
    peer.kill();
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyEventSynchronize, event, 20'000'000);
    ASSERT_OK(hyEventRecord(event, stream)); // and it can be recorded again
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    const HyEvent other = opened(event);
    EXPECT_OK(hyEventSynchronize(other, kLimitNs));
    close(descriptor);
}

TEST_F(EventSharing, AWaitTakesTheRecordingOfItsTime) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent(), other = opened(event);
    const HyStream early = makeStream(), late = makeStream(), recorder = makeStream();
    ASSERT_OK(hyStreamWaitEvent(early, other)) << "nothing was recorded, so it holds nothing up";
    EXPECT_OK(hyStreamSynchronize(early, kLimitNs));
    const HySemaphore gate = hold(stream);
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(early, other));
    EXPECT_EQ(hyEventQuery(other), HY_NOT_READY);
    // Work of another stream is done long before: that releases nobody who waits for the first.
    ASSERT_OK(hyEventRecord(event, recorder));
    EXPECT_OK(hyEventSynchronize(other, kLimitNs));
    ASSERT_OK(hyStreamWaitEvent(late, other));
    EXPECT_OK(hyStreamSynchronize(late, kLimitNs));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, early, 300'000'000);
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_OK(hyStreamSynchronize(early, kLimitNs));
}

TEST_F(EventSharing, RecordingsOfOneStreamEndOneAfterTheOther) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent(), other = opened(event);
    const HyStream first = makeStream(), second = makeStream();
    const HySemaphore gate = hold(stream);
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(first, other));
    ASSERT_OK(hyStreamWaitSemaphore(stream, gate, 2));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(second, other));
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_OK(hyStreamSynchronize(first, kLimitNs));
    EXPECT_EQ(hyStreamQuery(second), HY_NOT_READY);
    EXPECT_EQ(hyEventQuery(other), HY_NOT_READY);
    ASSERT_OK(hySemaphoreSignal(gate, 2));
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    // Any number of them, by both sides in turn.
    for (int i = 0; i < 1000; ++i)
        ASSERT_OK(hyEventRecord(i % 2 == 0 ? event : other, i % 3 == 0 ? first : stream));
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_OK(hyEventSynchronize(other, kLimitNs));
}

TEST_F(EventSharing, TooManyUnfinishedRecordingsAreRefused) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent();
    HySemaphoreDesc desc{};
    desc.structSize = sizeof desc;
    HySemaphore gate = nullptr;
    ASSERT_OK(hySemaphoreCreate(device, &desc, &gate));
    std::vector<HyStream> streams;
    for (int i = 0; i < 33; ++i) {
        streams.push_back(makeStream());
        ASSERT_OK(hyStreamWaitSemaphore(streams.back(), gate, 1));
        if (i < 32) {
            ASSERT_OK(hyEventRecord(event, streams.back()));
        }
    }
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyEventRecord, event, streams.back());
    ASSERT_OK(hyEventRecord(event, streams[31])) << "the last one's stream again";
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    for (const HyStream held : streams)
        EXPECT_OK(hyStreamSynchronize(held, kLimitNs));
    EXPECT_OK(hyEventRecord(event, streams.back()));
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
}

TEST_F(EventSharing, DroppedWorkIsTold) {
    if (!has(HY_CAP_IPC_EVENTS) || !has(HY_CAP_DEVICE_RESET))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    HyInstance second = nullptr;
    HyDevice theirs = nullptr;
    HyEvent other = nullptr;
    HyStream waiting = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &second));
    ASSERT_OK(hyDeviceFind(second, deviceUnderTest(), &theirs));
    ASSERT_OK(hyStreamCreate(theirs, nullptr, &waiting));
    const HyEvent event = makeEvent();
    const HyIpcHandle handle = handleOf(event);
    ASSERT_OK(hyEventOpenIpcHandle(theirs, &handle, &other));
    hold(stream);
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(waiting, other));
    EXPECT_EQ(hyEventQuery(other), HY_NOT_READY);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamSynchronize(waiting, kLimitNs)) << "a stream goes on";
    EXPECT_EQ(hyEventSynchronize(other, kLimitNs), HY_ERROR_CANCELLED);
    EXPECT_EQ(hyEventQuery(other), HY_ERROR_CANCELLED);
    ASSERT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyEventSynchronize(other, kLimitNs)) << "the next recording is another one";
    EXPECT_OK(hyInstanceDestroy(second));
}

TEST_F(EventSharing, DestroyedByItsOwnerItStaysForTheOthers) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent(), other = opened(event);
    const HyIpcHandle handle = handleOf(event);
    const HyStream waiting = makeStream();
    const HySemaphore gate = hold(stream);
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(waiting, other));
    ASSERT_OK(hyEventDestroy(event));
    EXPECT_EQ(hyEventQuery(other), HY_NOT_READY);
    ASSERT_OK(hyEventDestroy(other));
    EXPECT_EQ(hyStreamQuery(waiting), HY_NOT_READY);
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_OK(hyStreamSynchronize(waiting, kLimitNs));
    synchronize();
    HyEvent late = nullptr;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "handle", hyEventOpenIpcHandle, device, &handle, &late);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventQuery, other);
    HyIpcHandle again{};
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventGetIpcHandle, event, &again);
}

TEST_F(EventSharing, RefusesBadArguments) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    HyEvent ordinary = nullptr, out = nullptr;
    HyIpcHandle handle{};
    ASSERT_OK(hyEventCreate(device, 0, &ordinary));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyEventGetIpcHandle, ordinary, &handle);
    const HyEvent event = makeEvent();
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outHandle", hyEventGetIpcHandle, event, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventGetIpcHandle, nullptr, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventGetIpcHandle, reinterpret_cast<HyEvent>(stream), &handle);
    ASSERT_OK(hyEventGetIpcHandle(event, &handle));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyEventOpenIpcHandle, nullptr, &handle, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hyEventOpenIpcHandle, device, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outEvent", hyEventOpenIpcHandle, device, &handle, nullptr);
    for (size_t word = 0; word < std::size(handle.words); ++word) {
        HyIpcHandle damaged = handle;
        damaged.words[word] = ~damaged.words[word];
        EXPECT_LT(hyEventOpenIpcHandle(device, &damaged, &out), 0) << "word " << word;
    }
    // Memory is no event, and the other way round.
    HyDevicePtr shared = 0, address = 0;
    HyIpcHandle ofMemory{};
    ASSERT_OK(hyMemAllocShareable(device, 4096, &shared));
    ASSERT_OK(hyMemGetIpcHandle(device, shared, &ofMemory));
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hyEventOpenIpcHandle, device, &ofMemory, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hyMemOpenIpcHandle, device, &handle, &address);
    EXPECT_OK(hyMemFree(device, shared));
    uint64_t nanoseconds = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "start", hyEventElapsed, event, event, &nanoseconds);
    EXPECT_EQ(out, nullptr);
}

TEST_F(EventSharing, CapturesDoNotTakeIt) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyEventRecord, event, stream);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamWaitEvent, stream, event);
    HyGraph graph = nullptr;
    EXPECT_OK(hyStreamEndCapture(stream, &graph));
    EXPECT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
}

TEST_F(EventSharing, ManyThreads) {
    if (!has(HY_CAP_IPC_EVENTS))
        GTEST_SKIP() << "the device shares no events; IsRefusedWhereThereIsNone asks it";
    const HyEvent event = makeEvent();
    const HyIpcHandle handle = handleOf(event);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            const HyStream own = makeStream();
            for (int i = 0; i < 50; ++i) {
                HyEvent mine = nullptr;
                ASSERT_OK(hyEventOpenIpcHandle(device, &handle, &mine));
                ASSERT_OK(hyEventRecord(mine, own));
                ASSERT_OK(hyStreamWaitEvent(own, event));
                ASSERT_OK(hyEventSynchronize(mine, kLimitNs));
                ASSERT_OK(hyEventDestroy(mine));
            }
            ASSERT_OK(hyStreamSynchronize(own, kLimitNs));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
}

TEST_F(EventSharing, InCpp) {
    const halyard::Instance runtime;
    const halyard::Device target = runtime.device(deviceUnderTest());
    if (!has(HY_CAP_IPC_EVENTS)) {
        EXPECT_THROW(halyard::Event::interprocess(target), halyard::Error);
        return;
    }
    const halyard::Stream work(target);
    auto event = halyard::Event::interprocess(target);
    const auto other = halyard::Event::opened(target, event.ipcHandle());
    event.record(work);
    other.synchronize(kLimitNs);
    EXPECT_TRUE(other.query());
}

} // namespace
