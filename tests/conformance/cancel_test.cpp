// The end of an instance whose streams wait for ever. HALYARD_SHUTDOWN_TIMEOUT_MS is short here; what stuck work uses
// is never freed, so this is a program of its own.
#include "fixture.h"

#include "grid_barrier_cl.spv.h"

#include <algorithm>
#include <future>

using namespace halyard::conformance;

namespace {

bool claims(HyDevice device, HyCapabilities needed) {
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    EXPECT_OK(hyDeviceGetProperties(device, &properties));
    return (properties.capabilities & needed) == needed;
}

// What nobody will ever signal ends with the instance, and every host function behind it is told.
TEST(Cancel, InstanceDestroyEndsWhatWaits) {
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
    if (!claims(device, HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_HOST_FUNCTIONS)) {
        EXPECT_OK(hyInstanceDestroy(instance));
        GTEST_SKIP() << "the device has no timeline semaphores or no host functions";
    }
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &semaphore));
    std::promise<HyResult> called;
    std::future<HyResult> status = called.get_future();
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 1));
    ASSERT_OK(hyStreamHostFunction(
        stream, [](void* user, HyResult result) { static_cast<std::promise<HyResult>*>(user)->set_value(result); },
        &called));
    EXPECT_EQ(hyInstanceDestroy(instance), HY_ERROR_TIMEOUT);
    ASSERT_EQ(status.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(status.get(), HY_ERROR_CANCELLED);
}

// Workgroups at a barrier of the whole grid that one never comes to.
TEST(Cancel, InstanceDestroyEndsWorkgroupsThatWait) {
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyDevicePtr flag = 0;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
    if (!claims(device, HY_CAP_COOPERATIVE_LAUNCH | HY_CAP_OCCUPANCY | HY_CAP_HOST_FUNCTIONS)) {
        EXPECT_OK(hyInstanceDestroy(instance));
        GTEST_SKIP() << "the device has no cooperative launches, tells no occupancy or has no host functions";
    }
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    HyModuleDesc source{};
    source.structSize = sizeof source;
    source.data = grid_barrier_cl_spv;
    source.dataBytes = grid_barrier_cl_spv_size;
    ASSERT_OK(hyModuleLoad(device, &source, &module));
    ASSERT_OK(hyKernelCreate(module, "waiting", &kernel));
    ASSERT_OK(hyMemAlloc(device, sizeof(uint32_t), &flag));
    const uint32_t zero = 0;
    ASSERT_OK(hyMemFillAsync(stream, flag, &zero, sizeof zero, 1));
    HyOccupancy most{};
    most.structSize = sizeof most;
    ASSERT_OK(hyKernelGetOccupancy(kernel, {16, 1, 1}, 0, &most));
    const void* args[] = {&flag};
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_LAUNCH_COOPERATIVE;
    desc.stream = stream;
    desc.kernel = kernel;
    desc.workgroups = {static_cast<uint32_t>(std::min<uint64_t>(most.activeWorkgroups, 4)), 1, 1};
    desc.workgroupSize = {16, 1, 1};
    desc.args = args;
    desc.argCount = 1;
    ASSERT_OK(hyLaunchKernelEx(&desc));
    std::promise<HyResult> called;
    std::future<HyResult> status = called.get_future();
    ASSERT_OK(hyStreamHostFunction(
        stream, [](void* user, HyResult result) { static_cast<std::promise<HyResult>*>(user)->set_value(result); },
        &called));
    EXPECT_EQ(hyInstanceDestroy(instance), HY_ERROR_TIMEOUT);
    ASSERT_EQ(status.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    EXPECT_EQ(status.get(), HY_ERROR_CANCELLED);
}

} // namespace
