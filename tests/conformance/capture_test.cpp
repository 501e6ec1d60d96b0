// Capture: recorded calls give what eager calls give, and what cannot be recorded is refused without harm.
#include "graph_fixture.h"

#include <thread>

using namespace halyard::conformance;

namespace {

class Capture : public GraphTest {
protected:
    HyGraph end() {
        HyGraph captured = nullptr;
        EXPECT_OK(hyStreamEndCapture(stream, &captured));
        return captured;
    }
    HyGraphExec make(HyGraph from) {
        HyGraphExec exec = nullptr;
        EXPECT_OK(hyGraphInstantiate(from, 0, &exec));
        return exec;
    }
    HyCaptureInfo info(HyStream of) {
        HyCaptureInfo about{};
        about.structSize = sizeof about;
        EXPECT_OK(hyStreamGetCaptureInfo(of, &about));
        return about;
    }
    uint32_t nodeCount(HyGraph of) {
        uint32_t count = 0;
        EXPECT_OK(hyGraphGetNodeCount(of, &count));
        return count;
    }
};

} // namespace

TEST_F(Capture, RecordsAndDoesNotRun) {
    const HyDevicePtr x = upload(all(1)), y = upload(all(0));
    EXPECT_EQ(info(stream).capturing, 0u);
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 2, 1);
    const uint32_t five = 5;
    EXPECT_OK(hyMemFillAsync(stream, y, &five, 4, kCount));
    EXPECT_OK(hyMemcpyAsync(stream, y, x, kBytes / 2));
    EXPECT_OK(hyMemcpyAsync(stream, y, x, 0)); // nothing to record
    EXPECT_EQ(info(stream).capturing, 1u);
    EXPECT_EQ(info(stream).origin, 1u);
    EXPECT_EQ(info(stream).thisThread, 1u);
    EXPECT_EQ(info(stream).nodeCount, 3u);
    EXPECT_EQ(info(stream).streamCount, 1u);
    const HyGraph captured = end();
    EXPECT_EQ(info(stream).capturing, 0u);
    EXPECT_EQ(nodeCount(captured), 3u);
    EXPECT_EQ(whole(x), all(1));
    HyGraphNode node = 0;
    ASSERT_OK(hyGraphGetNode(captured, 0, &node));
    HyGraphNodeInfo about{};
    about.structSize = sizeof about;
    ASSERT_OK(hyGraphGetNodeInfo(captured, node, &about));
    EXPECT_STREQ(about.name, "scale_add");
    const HyGraphExec exec = make(captured);
    launch(exec);
    EXPECT_EQ(whole(x), all(3));
    EXPECT_EQ(first(y), 3u);
    EXPECT_EQ(first(y + kBytes / 2), 5u);
    scale(stream, x, 1, 1); // the stream is as before
    EXPECT_EQ(whole(x), all(4));
}

// As a framework trains: two branches on streams of their own, joined on the first, replayed with other inputs.
TEST_F(Capture, ATrainingStepOnThreeStreamsEqualsTheEagerOne) {
    const HyStream left = makeStream(), right = makeStream();
    const HyEvent fork = makeEvent(), leftDone = makeEvent(), rightDone = makeEvent();
    const HyDevicePtr input = allocate(kBytes), weights = upload(all(3)), a = allocate(kBytes), b = allocate(kBytes),
                      gradient = allocate(kBytes), loss = allocate(kBytes);
    std::vector<uint32_t> batch(kCount), out(kCount);
    const auto step = [&](uint32_t rate) {
        EXPECT_OK(hyMemcpyAsync(stream, input, hyHostAddress(batch.data()), kBytes));
        EXPECT_OK(hyEventRecord(fork, stream));
        EXPECT_OK(hyStreamWaitEvent(left, fork));
        EXPECT_OK(hyStreamWaitEvent(right, fork));
        mix(left, a, input, weights, 1);
        scale(left, a, 7, 2);
        mix(right, b, weights, input, 2);
        EXPECT_OK(hyEventRecord(leftDone, left));
        EXPECT_OK(hyEventRecord(rightDone, right));
        EXPECT_OK(hyStreamWaitEvent(stream, leftDone));
        EXPECT_OK(hyStreamWaitEvent(stream, rightDone));
        mix(stream, gradient, a, b, 0);
        mix(stream, weights, weights, gradient, rate);
        EXPECT_OK(hyMemcpyAsync(stream, loss, gradient, kBytes));
        EXPECT_OK(hyMemcpyAsync(stream, hyHostAddress(out.data()), loss, kBytes));
    };
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    step(0);
    EXPECT_EQ(info(left).capturing, 1u);
    EXPECT_EQ(info(left).origin, 0u);
    EXPECT_EQ(info(left).captureId, info(stream).captureId);
    EXPECT_EQ(info(stream).streamCount, 3u);
    const HyGraph captured = end();
    EXPECT_EQ(info(left).capturing, 0u);
    EXPECT_EQ(info(right).capturing, 0u);
    ASSERT_EQ(nodeCount(captured), 8u);
    HyGraphNode update = 0;
    ASSERT_OK(hyGraphGetNode(captured, 5, &update));
    const HyGraphExec exec = make(captured);

    constexpr uint32_t kSteps = 100;
    std::vector<std::vector<uint32_t>> graphLosses, eagerLosses;
    const auto fillBatch = [&](uint32_t round) {
        for (uint32_t i = 0; i < kCount; ++i)
            batch[i] = round * 31 + i;
    };
    for (uint32_t round = 0; round < kSteps; ++round) {
        fillBatch(round);
        const Launch next(nullptr, kCount / 64, 64, {weights, weights, gradient, round, kCount});
        ASSERT_OK(hyGraphExecUpdateKernelNode(exec, update, &next.desc));
        launch(exec);
        synchronize();
        graphLosses.push_back(out);
    }
    const std::vector<uint32_t> graphWeights = whole(weights);
    const uint32_t three = 3;
    ASSERT_OK(hyMemFillAsync(stream, weights, &three, 4, kCount));
    for (uint32_t round = 0; round < kSteps; ++round) {
        fillBatch(round);
        step(round);
        synchronize();
        eagerLosses.push_back(out);
    }
    EXPECT_EQ(graphLosses, eagerLosses);
    EXPECT_EQ(graphWeights, whole(weights));
}

TEST_F(Capture, ACaptureAgainUpdatesTheExecutable) {
    const HyDevicePtr x = upload(all(1));
    HyGraphExec exec = nullptr;
    uint32_t expected = 1;
    for (uint32_t round = 0; round < 5; ++round) {
        ASSERT_OK(hyStreamBeginCapture(stream, 0));
        scale(stream, x, 2, round);
        scale(stream, x, 3, round);
        const HyGraph captured = end();
        if (exec == nullptr)
            exec = make(captured);
        else
            ASSERT_OK(hyGraphExecUpdate(exec, captured));
        ASSERT_OK(hyGraphDestroy(captured));
        launch(exec);
        expected = (expected * 2 + round) * 3 + round;
    }
    EXPECT_EQ(whole(x), all(expected));
}

TEST_F(Capture, GraphLaunchesBecomeChildren) {
    const HyDevicePtr x = upload(all(1));
    scaleNode(x, 2, 0);
    const HyGraphExec inner = instantiate();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 1, 1);
    launch(inner);
    scale(stream, x, 1, 1);
    const HyGraphExec exec = make(end());
    launch(exec);
    EXPECT_EQ(whole(x), all(5));
}

TEST_F(Capture, HostFunctionsAreRecorded) {
    if ((properties.capabilities & HY_CAP_HOST_FUNCTIONS) == 0) {
        ASSERT_OK(hyStreamBeginCapture(stream, 0));
        EXPECT_FAILS(
            HY_ERROR_UNSUPPORTED, "", hyStreamHostFunction, stream, [](void*, HyResult) {}, nullptr);
        EXPECT_EQ(nodeCount(end()), 0u);
        return;
    }
    uint32_t calls = 0;
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyStreamHostFunction(
        stream, [](void* user, HyResult) { ++*static_cast<uint32_t*>(user); }, &calls));
    const HyGraphExec exec = make(end());
    EXPECT_EQ(calls, 0u);
    launch(exec);
    launch(exec);
    synchronize();
    EXPECT_EQ(calls, 2u);
}

TEST_F(Capture, RefusesAndGoesOn) {
    const HyDevicePtr x = upload(all(1));
    const HyStream second = makeStream();
    const HyEvent before = makeEvent(), inside = makeEvent(), never = makeEvent();
    ASSERT_OK(hyEventRecord(before, second));
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamBeginCapture, stream, 0);
    scale(stream, x, 2, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamQuery, stream);
    EXPECT_NE(lastMessage().find("captured"), std::string::npos) << lastMessage();
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamSynchronize, stream, 0);
    HyNativeHandle native{};
    native.structSize = sizeof native;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyGetNativeHandle, stream, &native);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyStreamWaitEvent, stream, before);
    EXPECT_OK(hyStreamWaitEvent(stream, never)); // holds nothing up
    ASSERT_OK(hyEventRecord(inside, stream));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyEventQuery, inside);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyEventSynchronize, inside, 0);
    uint64_t ns = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "start", hyEventElapsed, inside, inside, &ns);
    // The stream's own checks are as ever.
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, x, x + 4, kBytes + 1);
    // Everything else goes on.
    scale(second, x, 1, 1);
    EXPECT_OK(hyStreamSynchronize(second, kLimitNs));
    EXPECT_OK(hyMemFree(device, allocate(16)));
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    scale(stream, x, 1, 5);
    const HyGraph captured = end();
    EXPECT_EQ(nodeCount(captured), 2u);
    // The event stands for nothing now.
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyStreamWaitEvent, second, inside);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyEventQuery, inside);
    ASSERT_OK(hyEventRecord(inside, second));
    EXPECT_OK(hyEventSynchronize(inside, kLimitNs));
    EXPECT_OK(hyStreamWaitEvent(stream, inside));
    launch(make(captured));
    EXPECT_EQ(whole(x), all(9));
}

TEST_F(Capture, NamesTheStreamThatWasNotJoined) {
    const HyDevicePtr x = upload(all(1)), y = upload(all(1));
    const HyStream side = makeStream();
    const HyEvent fork = makeEvent(), join = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 2, 0);
    ASSERT_OK(hyEventRecord(fork, stream));
    ASSERT_OK(hyStreamWaitEvent(side, fork));
    mix(side, y, x, x, 0);
    HyGraph captured = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, side, &captured);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, stream, &captured);
    EXPECT_NE(lastMessage().find("mix_two"), std::string::npos) << lastMessage();
    char handle[32];
    std::snprintf(handle, sizeof handle, "%#llx", static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(side)));
    EXPECT_NE(lastMessage().find(handle), std::string::npos) << lastMessage();
    ASSERT_OK(hyEventRecord(join, side));
    ASSERT_OK(hyStreamWaitEvent(stream, join));
    captured = end();
    EXPECT_EQ(nodeCount(captured), 2u);
    launch(make(captured));
    EXPECT_EQ(whole(y), all(16));
}

TEST_F(Capture, TwoCapturesDoNotMix) {
    const HyStream second = makeStream(), third = makeStream();
    const HyEvent ofFirst = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyStreamBeginCapture(second, 0));
    ASSERT_OK(hyEventRecord(ofFirst, stream));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "event", hyStreamWaitEvent, second, ofFirst);
    EXPECT_NE(info(stream).captureId, info(second).captureId);
    EXPECT_OK(hyStreamAbortCapture(second));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamAbortCapture, second);
    EXPECT_OK(hyStreamWaitEvent(second, ofFirst)); // joins the first
    EXPECT_EQ(info(second).captureId, info(stream).captureId);
    EXPECT_OK(hyStreamDestroy(third));
    EXPECT_EQ(nodeCount(end()), 0u);
}

TEST_F(Capture, OtherThreadsCannotRecord) {
    const HyDevicePtr x = upload(all(1));
    const HyStream other = makeStream();
    const HyEvent event = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 2, 0);
    ASSERT_OK(hyEventRecord(event, stream));
    std::thread([&] {
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyMemcpyAsync, stream, x, x + kBytes / 2, kBytes / 4);
        const uint32_t one = 1, n = kCount;
        const void* const args[] = {&x, &one, &one, &n};
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyLaunchKernel, stream, scaleAdd, (HyDim3{4, 1, 1}),
                     (HyDim3{64, 1, 1}), 0, args, 4);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyEventRecord, event, stream);
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamWaitEvent, other, event);
        HyGraph captured = nullptr;
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, stream, &captured);
        EXPECT_EQ(info(stream).capturing, 1u);
        EXPECT_EQ(info(stream).thisThread, 0u);
        scale(other, x, 1, 1); // other streams are nobody's business
        EXPECT_OK(hyStreamSynchronize(other, kLimitNs));
    }).join();
    launch(make(end()));
    EXPECT_EQ(whole(x), all(4));
}

TEST_F(Capture, DestroyingTheFirstStreamAborts) {
    const HyDevicePtr x = upload(all(1));
    const HyStream origin = makeStream(), side = makeStream();
    const HyEvent fork = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(origin, 0));
    scale(origin, x, 2, 0);
    ASSERT_OK(hyEventRecord(fork, origin));
    ASSERT_OK(hyStreamWaitEvent(side, fork));
    EXPECT_EQ(info(side).capturing, 1u);
    ASSERT_OK(hyStreamDestroy(origin));
    EXPECT_EQ(info(side).capturing, 0u);
    scale(side, x, 3, 0);
    EXPECT_OK(hyStreamSynchronize(side, kLimitNs));
    EXPECT_EQ(whole(x), all(3));
}

// What was meant for a graph must not run because the capture is void.
TEST_F(Capture, AResetOfTheDeviceVoidsIt) {
    SKIP_WITHOUT(HY_CAP_DEVICE_RESET);
    const HyDevicePtr x = upload(all(1));
    HyStream second = nullptr, third = nullptr;
    HyEvent event = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &second));
    ASSERT_OK(hyStreamCreate(device, nullptr, &third));
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 2, 1);
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(second, event));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    const uint32_t five = 5;
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyMemFillAsync, stream, x, &five, 4, kCount);
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyMemFillAsync, second, x, &five, 4, kCount);
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyEventRecord, event, second);
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyStreamWaitEvent, third, event);
    HyDevicePtr memory = 0;
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyMemAllocAsync, stream, 64, &memory);
    EXPECT_EQ(info(stream).capturing, 1u);
    HyGraph captured = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, second, &captured);
    EXPECT_FAILS(HY_ERROR_CANCELLED, "stream", hyStreamEndCapture, stream, &captured);
    EXPECT_NE(std::string(lastError().message).find("reset"), std::string::npos);
    EXPECT_EQ(captured, nullptr);
    EXPECT_EQ(info(stream).capturing, 0u);
    EXPECT_EQ(info(second).capturing, 0u);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, stream, &captured);
    EXPECT_EQ(whole(x), all(1));
    // All of them work as before, and so does an abort instead of the end.
    ASSERT_OK(hyEventRecord(event, second));
    ASSERT_OK(hyStreamWaitEvent(third, event));
    ASSERT_OK(hyStreamBeginCapture(second, 0));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamAbortCapture(second));
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    scale(stream, x, 2, 1);
    const HyGraph again = end();
    EXPECT_EQ(nodeCount(again), 1u);
}

// A capture on another device, or of another instance, is none of the reset's business.
TEST_F(Capture, AResetLeavesOtherInstancesAlone) {
    SKIP_WITHOUT(HY_CAP_DEVICE_RESET);
    HyInstance other = nullptr;
    HyDevice theirs = nullptr;
    HyStream captured = nullptr;
    HyGraph made = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &other));
    ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &theirs));
    ASSERT_OK(hyStreamCreate(theirs, nullptr, &captured));
    ASSERT_OK(hyStreamBeginCapture(captured, 0));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamEndCapture(captured, &made));
    EXPECT_OK(hyInstanceDestroy(other));
}

TEST_F(Capture, ADestroyedSideStreamIsNamedToo) {
    const HyDevicePtr x = upload(all(1));
    const HyStream side = makeStream();
    const HyEvent fork = makeEvent();
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyEventRecord(fork, stream));
    ASSERT_OK(hyStreamWaitEvent(side, fork));
    scale(side, x, 2, 0);
    ASSERT_OK(hyEventDestroy(fork));
    ASSERT_OK(hyStreamDestroy(side));
    HyGraph captured = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, stream, &captured);
    EXPECT_NE(lastMessage().find("destroyed"), std::string::npos) << lastMessage();
    EXPECT_OK(hyStreamAbortCapture(stream));
    EXPECT_OK(hyStreamQuery(stream));
}

TEST_F(Capture, RefusesBadArguments) {
    HyGraph captured = nullptr;
    HyCaptureInfo about{};
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamBeginCapture, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyStreamBeginCapture, stream, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyStreamEndCapture, stream, &captured);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outGraph", hyStreamEndCapture, stream, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamEndCapture, wrongType<HyStream>(graph), &captured);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamAbortCapture, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outInfo", hyStreamGetCaptureInfo, stream, &about);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyStreamGetCaptureInfo, stream, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamGetCaptureInfo, nullptr, &about);
    const HyStream gone = makeStream();
    ASSERT_OK(hyStreamDestroy(gone));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamBeginCapture, gone, 0);
    // Left open at the end of the instance: nothing is lost but the capture.
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    fillNode(allocate(kBytes), 1);
}

TEST_F(Capture, CapturesOfSeveralThreadsAreTheirOwn) {
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const HyStream own = makeStream();
            HyDevicePtr x = 0;
            ASSERT_OK(hyMemAlloc(device, kBytes, &x));
            for (int round = 0; round < 20; ++round) {
                ASSERT_OK(hyStreamBeginCapture(own, 0));
                const uint32_t start = t;
                EXPECT_OK(hyMemFillAsync(own, x, &start, 4, kCount));
                for (int i = 0; i < 10; ++i)
                    scale(own, x, 1, t + 1);
                HyGraph captured = nullptr;
                ASSERT_OK(hyStreamEndCapture(own, &captured));
                HyGraphExec exec = nullptr;
                ASSERT_OK(hyGraphInstantiate(captured, 0, &exec));
                EXPECT_OK(hyGraphLaunch(exec, own));
                EXPECT_OK(hyGraphExecDestroy(exec));
                EXPECT_OK(hyGraphDestroy(captured));
                std::vector<uint32_t> result(kCount);
                EXPECT_OK(hyMemcpyAsync(own, hyHostAddress(result.data()), x, kBytes));
                EXPECT_OK(hyStreamSynchronize(own, kLimitNs));
                EXPECT_EQ(result, all(t + 10 * (t + 1)));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}
