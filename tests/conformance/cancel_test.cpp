// The end of an instance whose streams wait for ever. HALYARD_SHUTDOWN_TIMEOUT_MS is short here; what stuck work uses
// is never freed, so this is a program of its own.
#include "fixture.h"

#include <future>

using namespace halyard::conformance;

namespace {

// What nobody will ever signal ends with the instance, and every host function behind it is told.
TEST(Cancel, InstanceDestroyEndsWhatWaits) {
    HyInstance instance = nullptr;
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
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

} // namespace
