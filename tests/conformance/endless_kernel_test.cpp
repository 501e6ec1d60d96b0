// A kernel that never ends: waits end at their limits, other streams go on, and the process gets rid of it. In a
// program of its own, because what the kernel uses is never freed.
#include "fixture.h"

#include "basic_cl.spv.h"

using namespace halyard::conformance;

class EndlessKernel : public DeviceTest {
protected:
    void TearDown() override {} // each test destroys the instance itself
    HyDevicePtr start() {
        const HyModule module = loadModule(basic_cl_spv, basic_cl_spv_size);
        kernel = makeKernel(module, "wait_for_flag");
        flag = upload(std::vector<int>{0});
        const void* args[] = {&flag};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 1));
        return flag;
    }
    HyKernel kernel = nullptr;
    HyDevicePtr flag = 0;
};

TEST_F(EndlessKernel, WaitsEndAtTheirLimit) {
    start();
    constexpr uint64_t kShortNs = 50'000'000;
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, stream, kShortNs);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyDeviceSynchronize, device, kShortNs);
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyEventRecord(event, stream));
    EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyEventSynchronize, event, kShortNs);
    // Set the flag from another stream: the kernel ends and the waits succeed.
    HyStream second = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &second));
    const int one = 1;
    ASSERT_OK(hyMemFillAsync(second, flag, &one, 4, 1));
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
    EXPECT_OK(hyInstanceDestroy(instance));
}

TEST_F(EndlessKernel, MemoryInUseIsNotFreed) {
    start();
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyMemFree, device, flag);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_OK(hyPointerGetInfo(instance, flag, &info));
    EXPECT_OK(hyKernelDestroy(kernel));
    EXPECT_OK(hyStreamDestroy(stream));
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "instance", hyInstanceDestroy, instance);
    // The process goes on: a new instance works beside the stuck one.
    HyInstance next = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &next));
    ASSERT_OK(hyDeviceFind(next, deviceUnderTest(), &device));
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    instance = next;
    EXPECT_EQ(download<int>(upload(std::vector<int>{5}), 1)[0], 5);
    EXPECT_OK(hyInstanceDestroy(next));
}
