// hyDeviceReset on a device that is started anew: everything made on it is gone, and what is made then works.
#include "fixture.h"

#include "grid_cl.spv.h"

#include <atomic>
#include <thread>

using namespace halyard::conformance;

namespace {

class Restart : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        SKIP_WITHOUT(HY_CAP_DEVICE_RESTART);
        makeAll();
    }
    // What a program has.
    void makeAll() {
        module = loadModule(grid_cl_spv, grid_cl_spv_size);
        flag = upload(std::vector<int>{0});
        data = upload(std::vector<int>(16, 1));
        endless = makeKernel(module, "endless");
        addOne = makeKernel(module, "add_one");
        ASSERT_OK(hyEventCreate(device, 0, &event));
    }
    void launchEndless() {
        const void* args[] = {&flag};
        ASSERT_OK(hyLaunchKernel(stream, endless, {1, 1, 1}, {4, 1, 1}, 0, args, 1));
    }
    HyResult launchAddOne(HyDevicePtr on) {
        const void* args[] = {&on};
        return hyLaunchKernel(stream, addOne, {1, 1, 1}, {16, 1, 1}, 0, args, 1);
    }
    void expectWorksAnew() {
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        makeAll();
        ASSERT_OK(launchAddOne(data));
        EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 2));
    }
    void expectGone() {
        EXPECT_EQ(hyStreamQuery(stream), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(hyStreamDestroy(stream), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(hyEventQuery(event), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(hyKernelDestroy(addOne), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(hyModuleDestroy(module), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(launchAddOne(data), HY_ERROR_INVALID_HANDLE);
        EXPECT_EQ(hyMemFree(device, data), HY_ERROR_INVALID_ADDRESS);
    }
    uint64_t freeMemory() {
        uint64_t free = 0;
        EXPECT_OK(hyDeviceGetMemoryInfo(device, &free, nullptr));
        return free;
    }

    HyModule module = nullptr;
    HyKernel endless = nullptr, addOne = nullptr;
    HyEvent event = nullptr;
    HyDevicePtr flag = 0, data = 0;
};

} // namespace

TEST_F(Restart, AnIdleDeviceStartsAnew) {
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectGone();
    expectWorksAnew();
    ASSERT_OK(hyDeviceReset(device, HY_TIMEOUT_INFINITE));
    ASSERT_OK(hyDeviceReset(device, kLimitNs)); // with nothing on it
    expectWorksAnew();
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceReset, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceReset, wrongType<HyDevice>(stream), 0);
}

TEST_F(Restart, ADeviceThatWasNeverUsed) {
    HyInstance other = nullptr;
    HyDevice same = nullptr;
    ASSERT_OK(hyInstanceDestroy(instance));
    instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &other));
    ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &same));
    EXPECT_OK(hyDeviceReset(same, kLimitNs));
    EXPECT_OK(hyInstanceDestroy(other));
}

TEST_F(Restart, AnEndlessKernelIsEnded) {
    launchEndless();
    ASSERT_OK(launchAddOne(data));
    EXPECT_EQ(hyStreamSynchronize(stream, 10'000'000), HY_ERROR_TIMEOUT);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectGone();
    expectWorksAnew();
}

TEST_F(Restart, AfterATimeoutTheNextCallGoesOn) {
    launchEndless();
    const HyResult first = hyDeviceReset(device, 0);
    EXPECT_TRUE(first == HY_SUCCESS || first == HY_ERROR_TIMEOUT) << lastError().message;
    expectGone();
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectWorksAnew();
}

TEST_F(Restart, AFaultIsForgotten) {
    ASSERT_OK(launchAddOne(4096)); // nobody's
    ASSERT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    HyDevicePtr more = 0;
    EXPECT_EQ(hyMemAlloc(device, 64, &more), HY_ERROR_LAUNCH_FAILED);
    EXPECT_NE(std::string(lastError().hint).find("hyDeviceReset"), std::string::npos) << lastError().hint;
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    expectWorksAnew();
}

TEST_F(Restart, MemoryOfEveryKindIsGone) {
    const uint64_t before = freeMemory();
    HyDevicePtr pooled = 0, managed = 0, registered = 0, base = 0, granule = 0;
    ASSERT_OK(hyMemAllocAsync(stream, 1 << 20, &pooled));
    std::vector<std::byte> host(1 << 16);
    if (claims(HY_CAP_HOST_REGISTRATION)) {
        ASSERT_OK(hyHostRegister(device, host.data(), host.size(), &registered));
    }
    if (claims(HY_CAP_MANAGED_MEMORY)) {
        ASSERT_OK(hyMemAllocManaged(device, 1 << 16, &managed));
    }
    HyPhysicalMemory physical = nullptr;
    if (claims(HY_CAP_VIRTUAL_MEMORY)) {
        ASSERT_OK(hyVirtualGetGranularity(device, &granule, nullptr));
        HyPhysicalMemoryDesc desc{};
        desc.structSize = sizeof desc;
        desc.bytes = granule;
        ASSERT_OK(hyPhysicalMemoryCreate(device, &desc, &physical));
        ASSERT_OK(hyVirtualReserve(device, 2 * granule, 0, &base));
        ASSERT_OK(hyVirtualMap(device, base, granule, physical, 0));
    }
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    for (const HyDevicePtr address : {pooled, managed, base}) {
        HyPointerInfo info{};
        info.structSize = sizeof info;
        if (address != 0) {
            EXPECT_EQ(hyPointerGetInfo(instance, address, &info), HY_ERROR_INVALID_ADDRESS);
        }
    }
    if (base != 0) {
        EXPECT_EQ(hyVirtualUnmap(device, base, granule), HY_ERROR_INVALID_ADDRESS);
        EXPECT_EQ(hyPhysicalMemoryDestroy(physical), HY_ERROR_INVALID_HANDLE);
    }
    expectWorksAnew();
    EXPECT_GE(freeMemory(), before);
    if (registered != 0) {
        EXPECT_EQ(hyHostUnregister(device, host.data()), HY_ERROR_INVALID_ADDRESS);
        ASSERT_OK(hyHostRegister(device, host.data(), host.size(), &registered));
    }
    ASSERT_OK(hyMemAllocAsync(stream, 1 << 20, &pooled));
    ASSERT_OK(hyMemFreeAsync(stream, pooled));
    synchronize();
}

TEST_F(Restart, HostFunctionsOfDroppedWorkAreToldOnce) {
    SKIP_WITHOUT(HY_CAP_HOST_FUNCTIONS);
    struct Calls {
        std::atomic<int> count{0};
        std::atomic<HyResult> status{HY_SUCCESS};
    } calls;
    launchEndless();
    ASSERT_OK(hyStreamHostFunction(
        stream,
        [](void* user, HyResult status) {
            auto& to = *static_cast<Calls*>(user);
            to.status = status;
            ++to.count;
        },
        &calls));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_EQ(calls.count, 1);
    EXPECT_EQ(calls.status, HY_ERROR_CANCELLED);
    expectWorksAnew();
    EXPECT_EQ(calls.count, 1);
}

// What a stream waits for may come after the reset, when the memory by which the driver learns of it is gone.
TEST_F(Restart, AStreamThatWaitsForASemaphore) {
    SKIP_WITHOUT(HY_CAP_TIMELINE_SEMAPHORES);
    HyInstance other = nullptr;
    HyDevice same = nullptr;
    HyStream theirStream = nullptr;
    HySemaphore ours = nullptr, theirs = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &other));
    ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &same));
    ASSERT_OK(hyStreamCreate(same, nullptr, &theirStream));
    ASSERT_OK(hySemaphoreCreate(same, nullptr, &theirs));
    ASSERT_OK(hyStreamWaitSemaphore(theirStream, theirs, 1));
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &ours));
    ASSERT_OK(hyStreamWaitSemaphore(stream, ours, 1));
    ASSERT_OK(launchAddOne(data));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_EQ(hySemaphoreSignal(ours, 1), HY_ERROR_INVALID_HANDLE);
    EXPECT_OK(hySemaphoreSignal(theirs, 1));
    EXPECT_EQ(hyStreamSynchronize(theirStream, kLimitNs), HY_ERROR_DEVICE_LOST);
    expectWorksAnew();
    EXPECT_OK(hyInstanceDestroy(other));
}

TEST_F(Restart, GraphsAndCapturesAreGone) {
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(launchAddOne(data));
    HyGraph graph = nullptr, captured = nullptr;
    ASSERT_OK(hyStreamEndCapture(stream, &graph));
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    ASSERT_OK(hyGraphLaunch(exec, stream));
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_EQ(hyStreamEndCapture(stream, &captured), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(hyGraphInstantiate(graph, 0, &exec), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(hyGraphExecDestroy(exec), HY_ERROR_INVALID_HANDLE);
    expectWorksAnew();
}

// The driver's context is the process's.
TEST_F(Restart, AnotherInstanceIsTold) {
    HyInstance other = nullptr;
    HyDevice same = nullptr;
    HyStream theirs = nullptr;
    HyDevicePtr memory = 0;
    ASSERT_OK(hyInstanceCreate(nullptr, &other));
    ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &same));
    ASSERT_OK(hyStreamCreate(same, nullptr, &theirs));
    ASSERT_OK(hyMemAlloc(same, 64, &memory));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_EQ(hyStreamSynchronize(theirs, kLimitNs), HY_ERROR_DEVICE_LOST);
    EXPECT_NE(std::string(lastError().message).find("another instance"), std::string::npos) << lastError().message;
    EXPECT_EQ(hyMemAlloc(same, 64, &memory), HY_ERROR_DEVICE_LOST);
    expectWorksAnew();
    EXPECT_OK(hyDeviceReset(same, kLimitNs)); // takes its turn, and this one's with it
    EXPECT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_DEVICE_LOST);
    ASSERT_OK(hyStreamCreate(same, nullptr, &theirs));
    EXPECT_OK(hyStreamSynchronize(theirs, kLimitNs));
    EXPECT_OK(hyInstanceDestroy(other));
}

TEST_F(Restart, OneAtATime) {
    std::vector<std::thread> threads;
    std::vector<HyResult> results(3, HY_ERROR_INTERNAL);
    for (HyResult& result : results)
        threads.emplace_back([&] { result = hyDeviceReset(device, kLimitNs); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(results, std::vector<HyResult>(3, HY_SUCCESS));
    expectWorksAnew();
}
