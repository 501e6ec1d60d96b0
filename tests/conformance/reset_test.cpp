// hyDeviceReset: a device whose work hangs or whose streams failed works again, with everything that was made on it.
#include "fixture.h"

#include "grid_cl.spv.h"

#include <atomic>
#include <chrono>
#include <thread>

using namespace halyard::conformance;

namespace {

class Reset : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (!isTest("AnIdleDeviceMayBeReset"))
            SKIP_WITHOUT(HY_CAP_DEVICE_RESET);
        module = loadModule(grid_cl_spv, grid_cl_spv_size);
        flag = upload(std::vector<int>{0});
        data = upload(std::vector<int>(16, 1));
        endless = makeKernel(module, "endless");
        addOne = makeKernel(module, "add_one");
    }
    void launchEndless(HyStream on) {
        const void* args[] = {&flag};
        ASSERT_OK(hyLaunchKernel(on, endless, {1, 1, 1}, {4, 1, 1}, 0, args, 1));
    }
    HyResult launchAddOne(HyStream on) {
        const void* args[] = {&data};
        return hyLaunchKernel(on, addOne, {1, 1, 1}, {16, 1, 1}, 0, args, 1);
    }
    void expectWorks(HyStream on) {
        const int one = 1;
        ASSERT_OK(hyMemFillAsync(on, data, &one, 4, 16));
        ASSERT_OK(launchAddOne(on));
        ASSERT_OK(hyStreamSynchronize(on, kLimitNs));
        EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 2));
    }

    HyModule module = nullptr;
    HyKernel endless = nullptr, addOne = nullptr;
    HyDevicePtr flag = 0, data = 0;
};

} // namespace

TEST_F(Reset, AnEndlessKernelIsStoppedAndTheStreamWorks) {
    launchEndless(stream);
    ASSERT_OK(launchAddOne(stream)); // dropped
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyStreamQuery(stream));
    EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 1));
    expectWorks(stream);
}

TEST_F(Reset, AnEndlessLargeGridIsStopped) {
    const HyDevicePtr flags = upload(std::vector<int>(4));
    const void* args[] = {&flags};
    const HyKernel kernel = makeKernel(module, "endless_somewhere");
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1u << 21, 1, 1}, {2048, 1, 1}, 0, args, 1));
    EXPECT_EQ(hyStreamSynchronize(stream, 50'000'000), HY_ERROR_TIMEOUT);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectWorks(stream);
}

TEST_F(Reset, AnIdleDeviceMayBeReset) {
    if (claims(HY_CAP_DEVICE_RESTART))
        GTEST_SKIP() << "the device is started anew (Restart)";
    if (!claims(HY_CAP_DEVICE_RESET)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "device", hyDeviceReset, device, kLimitNs);
        expectWorks(stream); // the device is as it was
        return;
    }
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    ASSERT_OK(hyDeviceReset(device, HY_TIMEOUT_INFINITE));
    expectWorks(stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceReset, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceReset, wrongType<HyDevice>(stream), 0);
}

TEST_F(Reset, ACooperativeLaunchIsStopped) {
    const HyKernel waiting = makeKernel(module, "wait_for_nobody");
    HyStream second = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &second));
    const HyDevicePtr arrived = upload(std::vector<uint32_t>{0});
    const void* args[] = {&arrived};
    HyOccupancy found{};
    found.structSize = sizeof found;
    ASSERT_OK(hyKernelGetOccupancy(waiting, {4, 1, 1}, 0, &found));
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_LAUNCH_COOPERATIVE;
    desc.kernel = waiting;
    desc.workgroups = {static_cast<uint32_t>(std::min<uint64_t>(found.activeWorkgroups, 8)), 1, 1};
    desc.workgroupSize = {4, 1, 1};
    desc.args = args;
    desc.argCount = 1;
    // One runs, or waits for workers behind the endless kernel; the other waits for its turn.
    launchEndless(stream);
    for (const HyStream each : {second, stream}) {
        desc.stream = each;
        ASSERT_OK(hyLaunchKernelEx(&desc));
    }
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    const uint32_t zero = 0; // what stopped work would have written is undefined
    ASSERT_OK(hyMemFillAsync(second, arrived, &zero, 4, 1));
    desc.stream = second;
    ASSERT_OK(hyLaunchKernelEx(&desc));
    EXPECT_EQ(hyStreamSynchronize(second, 10'000'000), HY_ERROR_TIMEOUT);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectWorks(stream);
    expectWorks(second);
}

// Work of a stream that waits for another goes with it; timing events of dropped work have no time.
TEST_F(Reset, EventsAndWaitingStreams) {
    HyStream second = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &second));
    HyEvent before = nullptr, behind = nullptr;
    ASSERT_OK(hyEventCreate(device, HY_EVENT_TIMING, &before));
    ASSERT_OK(hyEventCreate(device, HY_EVENT_TIMING, &behind));
    ASSERT_OK(hyEventRecord(before, stream));
    ASSERT_OK(hyEventSynchronize(before, kLimitNs));
    launchEndless(stream);
    ASSERT_OK(hyEventRecord(behind, stream));
    ASSERT_OK(hyStreamWaitEvent(second, behind));
    ASSERT_OK(launchAddOne(second));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyEventQuery(behind));
    EXPECT_OK(hyEventSynchronize(behind, 0));
    uint64_t nanoseconds = 0;
    EXPECT_EQ(hyEventElapsed(before, behind, &nanoseconds), HY_ERROR_INVALID_STATE);
    EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 1));
    ASSERT_OK(hyEventRecord(behind, second));
    ASSERT_OK(hyEventSynchronize(behind, kLimitNs));
    EXPECT_OK(hyEventElapsed(before, behind, &nanoseconds));
    expectWorks(second);
}

TEST_F(Reset, WaitingThreadsAreTold) {
    launchEndless(stream);
    std::atomic<int> entering{0};
    std::vector<HyResult> results(3);
    std::vector<std::thread> threads;
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyEventRecord(event, stream));
    const std::function<HyResult()> waits[] = {[&] { return hyStreamSynchronize(stream, kLimitNs); },
                                               [&] { return hyEventSynchronize(event, kLimitNs); },
                                               [&] { return hyDeviceSynchronize(device, kLimitNs); }};
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&, i] {
            ++entering;
            results[i] = waits[i]();
        });
    while (entering != 3)
        std::this_thread::yield();
    // A thread that has not got into its wait yet would find the work gone, which is a success, too.
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    for (std::thread& thread : threads)
        thread.join();
    for (const HyResult result : results)
        EXPECT_TRUE(result == HY_ERROR_CANCELLED || result == HY_SUCCESS) << hyResultName(result);
    EXPECT_NE(std::count(results.begin(), results.end(), HY_ERROR_CANCELLED), 0);
    expectWorks(stream);
}

// Threads submit and wait while others reset: every call gives one of the results that the manual names, and what was
// submitted after the last reset runs.
TEST_F(Reset, BesideOtherThreads) {
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            HyStream own = nullptr;
            EXPECT_OK(hyStreamCreate(device, nullptr, &own));
            while (!stop) {
                const HyResult submitted = launchAddOne(own);
                EXPECT_TRUE(submitted == HY_SUCCESS || submitted == HY_ERROR_INVALID_STATE) << lastError().message;
                const HyResult waited = hyStreamSynchronize(own, kLimitNs);
                EXPECT_TRUE(waited == HY_SUCCESS || waited == HY_ERROR_CANCELLED) << lastError().message;
                ++done;
            }
            EXPECT_OK(hyStreamDestroy(own));
        });
    threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i)
            EXPECT_OK(hyDeviceReset(device, kLimitNs));
    });
    for (int i = 0; i < 20; ++i)
        EXPECT_OK(hyDeviceReset(device, kLimitNs));
    threads.back().join();
    threads.pop_back();
    for (const uint64_t target = done + 10; done < target;)
        std::this_thread::yield();
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    expectWorks(stream);
}
