// Races between streams: what orders work, and what does not.
#include "validate_fixture.h"

namespace halyard::layers {
namespace {

class RaceTest : public ValidateTest {
protected:
    void SetUp() override {
        ValidateTest::SetUp();
        ASSERT_NE(instance, nullptr);
        other = makeStream();
        event = makeEvent();
        data = allocateBytes();
    }
    void TearDown() override {
        if (instance == nullptr)
            return;
        EXPECT_OK(hyMemFree(device, data));
        EXPECT_OK(hyEventDestroy(event));
        EXPECT_OK(hyStreamDestroy(other));
        ValidateTest::TearDown();
    }
    HyResult fill(HyStream on, HyDevicePtr at, uint64_t bytes) {
        const uint8_t zero = 0;
        return hyMemFillAsync(on, at, &zero, 1, bytes);
    }

    HyStream other = nullptr;
    HyEvent event = nullptr;
    HyDevicePtr data = 0;
};

TEST_F(RaceTest, LaunchesOnTwoStreams) {
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(launchIncrement(other, data));
    expectFinding("race", {"kernel 'increment' on stream 2", "kernel 'increment' on stream 1", "allocation of 64 bytes",
                           "hyStreamWaitEvent"});
}

TEST_F(RaceTest, FillsThatOverlap) {
    ASSERT_OK(fill(stream, data, 40));
    ASSERT_OK(fill(other, data + 39, 10));
    expectFinding("race", {"a fill on stream 2", "a fill on stream 1"});
}

TEST_F(RaceTest, FillsOfParts) {
    ASSERT_OK(fill(stream, data, 32));
    ASSERT_OK(fill(other, data + 32, 32));
    expectNothing();
}

TEST_F(RaceTest, FreeInStreamOrderWhileAnotherStreamUsesTheMemory) {
    HyDevicePtr block = 0;
    ASSERT_OK(hyMemAllocAsync(stream, kBytes, &block));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(launchIncrement(other, block));
    ASSERT_OK(hyMemFreeAsync(stream, block));
    expectFinding("use-after-free", {"hyMemFreeAsync on stream 1", "kernel 'increment' on stream 2"});
}

TEST_F(RaceTest, FreeInStreamOrderAfterTheOtherStream) {
    HyDevicePtr block = 0;
    ASSERT_OK(hyMemAllocAsync(stream, kBytes, &block));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(launchIncrement(other, block));
    ASSERT_OK(hyEventRecord(event, other));
    ASSERT_OK(hyStreamWaitEvent(stream, event));
    ASSERT_OK(hyMemFreeAsync(stream, block));
    expectNothing();
}

TEST_F(RaceTest, MemoryUsedBeforeItsAllocationIsOrdered) {
    HyDevicePtr block = 0;
    ASSERT_OK(hyMemAllocAsync(stream, kBytes, &block));
    ASSERT_OK(fill(other, block, kBytes));
    expectFinding("race", {"a fill on stream 2", "hyMemAllocAsync on stream 1"});
    ASSERT_OK(hyStreamSynchronize(other, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyMemFreeAsync(stream, block));
}

TEST_F(RaceTest, OneStreamIsInOrder) {
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(fill(stream, data, kBytes));
    expectNothing();
}

TEST_F(RaceTest, EventOrders) {
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(launchIncrement(other, data));
    expectNothing();
}

TEST_F(RaceTest, EventRecordedTooEarlyDoesNot) {
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(launchIncrement(other, data));
    expectFinding("race", {"increment"});
}

TEST_F(RaceTest, EventsOrderAcrossAThirdStream) {
    const HyStream third = makeStream();
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(third, event));
    ASSERT_OK(hyEventRecord(event, third));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(hyStreamDestroy(third));
    expectNothing();
}

TEST_F(RaceTest, HostOrders) {
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(hyDeviceSynchronize(device, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyEventSynchronize(event, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(other, data));
    while (hyStreamQuery(other) == HY_NOT_READY) {
    }
    ASSERT_OK(launchIncrement(stream, data));
    expectNothing();
}

TEST_F(RaceTest, WorkOfADestroyedStream) {
    const HyStream brief = makeStream();
    ASSERT_OK(launchIncrement(brief, data));
    ASSERT_OK(hyStreamDestroy(brief));
    ASSERT_OK(hyDeviceSynchronize(device, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(stream, data));
    expectNothing();
}

TEST_F(RaceTest, ReadersDoNotRace) {
    const HyDevicePtr one = allocateBytes();
    const HyDevicePtr two = allocateBytes();
    ASSERT_OK(launchScale(stream, one, data));
    ASSERT_OK(launchScale(other, two, data)); // the kernel only reads its second argument, and its module says so
    std::vector<float> host(kCount);
    ASSERT_OK(hyMemcpyAsync(other, hyHostAddress(host.data()), data, kBytes));
    expectNothing();
    ASSERT_OK(launchIncrement(other, one));
    expectFinding("race", {"kernel 'scale' on stream 1"});
    ASSERT_OK(hyMemFree(device, one));
    ASSERT_OK(hyMemFree(device, two));
}

TEST_F(RaceTest, SemaphoreOrders) {
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &semaphore));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 5));
    ASSERT_OK(hyStreamWaitSemaphore(other, semaphore, 3));
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(hyStreamSignalSemaphore(other, semaphore, 6));
    ASSERT_OK(hySemaphoreWait(semaphore, 6, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(stream, data));
    expectNothing();
    ASSERT_OK(hySemaphoreDestroy(semaphore));
}

TEST_F(RaceTest, WaitForASignalThatIsYetToComeIsNotJudged) {
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &semaphore));
    ASSERT_OK(hyStreamWaitSemaphore(other, semaphore, 1));
    ASSERT_OK(launchIncrement(other, data)); // runs second
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 1));
    expectNothing();
    ASSERT_OK(hyStreamSynchronize(other, HY_TIMEOUT_INFINITE));
    // From here on it is judged again.
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(launchIncrement(stream, data));
    expectFinding("race", {"increment"});
    ASSERT_OK(hySemaphoreDestroy(semaphore));
}

// The other handle stands for another process: the layer cannot know what it recorded, and invents no races.
TEST_F(RaceTest, WaitForWhatAnotherProcessMayHaveRecordedComesAfterAll) {
    HyEvent shared = nullptr, opened = nullptr;
    HyIpcHandle handle{};
    ASSERT_OK(hyEventCreate(device, HY_EVENT_INTERPROCESS, &shared));
    ASSERT_OK(hyEventGetIpcHandle(shared, &handle));
    ASSERT_OK(hyEventOpenIpcHandle(device, &handle, &opened));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyEventRecord(shared, stream));
    ASSERT_OK(hyStreamWaitEvent(other, opened));
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(hyStreamSynchronize(other, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(other, data));
    expectNothing();
    // What came later is judged.
    ASSERT_OK(launchIncrement(stream, data));
    expectFinding("race", {"increment"});
    ASSERT_OK(hyEventDestroy(opened));
    ASSERT_OK(hyEventDestroy(shared));
}

TEST_F(RaceTest, StreamsThatOtherProcessesOrderAreNotJudged) {
    HySemaphoreDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_SEMAPHORE_SHAREABLE;
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hySemaphoreCreate(device, &desc, &semaphore));
    ASSERT_OK(hyStreamWaitSemaphore(other, semaphore, 2));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 1));
    ASSERT_OK(hySemaphoreWait(semaphore, 1, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hySemaphoreSignal(semaphore, 2)); // as another process would
    ASSERT_OK(launchIncrement(other, data));
    ASSERT_OK(hyStreamSynchronize(other, HY_TIMEOUT_INFINITE));
    ASSERT_OK(launchIncrement(other, data));
    expectNothing();
    ASSERT_OK(hySemaphoreDestroy(semaphore));
}

TEST_F(RaceTest, KernelOnAPartMayReachTheRest) {
    const void* args[] = {&data};
    ASSERT_OK(hyLaunchKernel(stream, increment, {8, 1, 1}, {1, 1, 1}, 0, args, 1));
    ASSERT_OK(fill(other, data + 32, 32));
    expectFinding("race", {"HALYARD_VALIDATE_RACES=exact"});
}

class ExactRaceTest : public RaceTest {
private:
    const Variable mode_{"HALYARD_VALIDATE_RACES", "exact"};
};

TEST_F(ExactRaceTest, KernelsKeepToTheirParts) {
    const void* args[] = {&data};
    ASSERT_OK(hyLaunchKernel(stream, increment, {8, 1, 1}, {1, 1, 1}, 0, args, 1));
    ASSERT_OK(fill(other, data + 32, 32));
    expectNothing();
    ASSERT_OK(fill(other, data, 32));
    expectFinding("race", {"a fill on stream 2", "kernel 'increment' on stream 1"});
}

class NoRaceTest : public RaceTest {
private:
    const Variable mode_{"HALYARD_VALIDATE_RACES", "off"};
};

TEST_F(NoRaceTest, NothingIsJudged) {
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(launchIncrement(other, data));
    expectNothing();
}

} // namespace
} // namespace halyard::layers
