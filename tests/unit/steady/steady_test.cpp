// Submitting allocates nothing once a stream is warm: neither memory of the host nor events of the driver.
#include "allocations.h"
#include "three_cl.spv.h"

#include <cstdlib>
#include <future>

#include <gtest/gtest.h>

#include "halyard/halyard.hpp"

namespace halyard::steady_test {
namespace {

// The driver's events that the first test has made before its rounds, of which one is the executable graph's: the next
// one is refused.
constexpr int kEvents = 3;

class Steady : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        const std::string refusal = "fail=cuEventCreate@" + std::to_string(kEvents + 1) + ":2";
        setenv("HALYARD_SOFTWARE_CUDA", refusal.c_str(), 1); // read when the first instance opens the driver
        instance_.emplace();
        HyDevice found = nullptr;
        if (hyDeviceFind(instance_->get(), GetParam(), &found) != HY_SUCCESS)
            GTEST_SKIP() << "there is no device " << GetParam();
        device_.emplace(found);
    }

    std::optional<Instance> instance_;
    std::optional<Device> device_;
};

TEST_P(Steady, SubmittingAllocatesNothing) {
    const Stream stream(*device_);
    const Stream other(*device_);
    const Buffer<float> out(*device_, 16);
    const Buffer<float> from(*device_, 16);
    const Kernel kernel(Module(*device_, three_cl_spv, three_cl_spv_size), "three");
    HyEvent plain = nullptr;
    HyEvent timing = nullptr;
    ASSERT_EQ(hyEventCreate(device_->get(), 0, &plain), HY_SUCCESS);
    ASSERT_EQ(hyEventCreate(device_->get(), HY_EVENT_TIMING, &timing), HY_SUCCESS);
    const float value = 1.0f;
    const uint32_t n = 1;
    const uint32_t pattern = 7;
    const void* const args[] = {&out.address(), &value, &n};
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream.get();
    desc.kernel = kernel.get();
    desc.workgroups = desc.workgroupSize = {2, 2, 1};
    desc.args = args;
    desc.argCount = 3;
    const GraphExec exec = [&] {
        Capture capture(stream);
        kernel.launch(stream, {1, 1, 1}, {1, 1, 1}, out, value, n);
        return GraphExec(capture.end());
    }();
    HyResult results[9] = {};
    const auto round = [&] {
        results[0] = hyLaunchKernel(stream.get(), kernel.get(), {1, 1, 1}, {1, 1, 1}, 0, args, 3);
        results[1] = hyLaunchKernelEx(&desc);
        results[2] = hyEventRecord(plain, stream.get());
        results[3] = hyEventRecord(timing, stream.get());
        results[4] = hyStreamWaitEvent(other.get(), plain);
        results[5] = hyGraphLaunch(exec.get(), stream.get());
        results[6] = hyMemcpyAsync(stream.get(), out.address(), from.address(), 64);
        results[7] = hyMemFillAsync(stream.get(), out.address(), &pattern, sizeof pattern, 16);
        results[8] = hyEventQuery(plain);
        for (const HyResult result : results)
            EXPECT_GE(result, 0) << hyResultName(result);
    };
    constexpr int kRounds = 100;
    // While its first work does not end, the queue gets longer than it will be later.
    std::promise<void> opened;
    std::future<void> gate = opened.get_future();
    ASSERT_EQ(hyStreamHostFunction(
                  stream.get(), [](void* user, HyResult) { static_cast<std::future<void>*>(user)->wait(); }, &gate),
              HY_SUCCESS);
    for (int i = 0; i < 3 * kRounds; ++i)
        round();
    opened.set_value();
    stream.synchronize();
    other.synchronize();

    // The cpu asks for code for the size in use some time after the first launches, and only once.
    uint64_t allocations = UINT64_MAX;
    for (int phase = 0; phase < 20 && allocations != 0; ++phase) {
        {
            const CountAllocations counted;
            for (int i = 0; i < kRounds; ++i)
                round();
            allocations = counted.ours();
        }
        stream.synchronize();
        other.synchronize();
    }
    EXPECT_EQ(allocations, 0u);
    HyEvent third = nullptr;
    if (std::string(GetParam()) == "cuda:0") {
        EXPECT_EQ(hyEventCreate(device_->get(), 0, &third), HY_ERROR_OUT_OF_DEVICE_MEMORY)
            << "it is not the driver's event number " << kEvents + 1;
    }
    // That allocations of the runtime and the backend are seen at all.
    {
        const CountAllocations counted;
        EXPECT_EQ(hyEventCreate(device_->get(), 0, &third), HY_SUCCESS);
        EXPECT_GE(counted.ours(), 1u);
    }
    for (HyEvent event : {plain, timing, third})
        EXPECT_EQ(hyEventDestroy(event), HY_SUCCESS);
}

// hyLaunchKernel decides by a few comparisons that a launch is usual; hyLaunchKernelEx makes every check.
TEST_P(Steady, UsualLaunchesPassNothingThatTheLongWayRefuses) {
    const Stream stream(*device_);
    const Buffer<float> out(*device_, 1024);
    const Module module(*device_, three_cl_spv, three_cl_spv_size);
    const Kernel kernel(module, "three");
    const HyDeviceProperties limits = device_->properties();
    HyStream gone = nullptr;
    ASSERT_EQ(hyStreamCreate(device_->get(), nullptr, &gone), HY_SUCCESS);
    ASSERT_EQ(hyStreamDestroy(gone), HY_SUCCESS);
    const float value = 1.0f;
    const uint32_t n = 1;
    const HyDevicePtr odd = out.address() + 2;
    const auto compare = [&](HyStream on, HyKernel code, HyDim3 groups, HyDim3 size, const void* const* args,
                             uint32_t count) {
        HyLaunchDesc desc{};
        desc.structSize = sizeof desc;
        desc.stream = on;
        desc.kernel = code;
        desc.workgroups = groups;
        desc.workgroupSize = size;
        desc.args = args;
        desc.argCount = count;
        const HyResult expected = hyLaunchKernelEx(&desc);
        const HyResult result = hyLaunchKernel(on, code, groups, size, 0, args, count);
        EXPECT_EQ(result, expected);
        if (result < 0) {
            HyErrorInfo record{};
            record.structSize = sizeof record;
            hyGetLastError(&record);
            EXPECT_STREQ(record.call, "hyLaunchKernel");
        }
        return result;
    };
    const void* const good[] = {&out.address(), &value, &n};
    const void* const misaligned[] = {&odd, &value, &n};
    const HyDim3 one{1, 1, 1};
    const auto asHandle = [](const auto* object) {
        return reinterpret_cast<HyStream>(const_cast<void*>(static_cast<const void*>(object)));
    };
    EXPECT_EQ(compare(stream.get(), kernel.get(), one, one, good, 3), HY_SUCCESS);
    EXPECT_EQ(compare(nullptr, kernel.get(), one, one, good, 3), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(stream.get(), nullptr, one, one, good, 3), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(gone, kernel.get(), one, one, good, 3), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(asHandle(kernel.get()), kernel.get(), one, one, good, 3), HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(stream.get(), reinterpret_cast<HyKernel>(module.get()), one, one, good, 3),
              HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(asHandle(reinterpret_cast<void*>(UINT64_MAX)), kernel.get(), one, one, good, 3),
              HY_ERROR_INVALID_HANDLE);
    EXPECT_EQ(compare(stream.get(), kernel.get(), one, one, misaligned, 3), HY_ERROR_MISALIGNED);
    EXPECT_EQ(compare(stream.get(), kernel.get(), one, one, nullptr, 3), HY_ERROR_INVALID_KERNEL_ARGS);
    for (const uint32_t count : {0u, 2u, 4u, UINT32_MAX})
        EXPECT_EQ(compare(stream.get(), kernel.get(), one, one, good, count), HY_ERROR_INVALID_KERNEL_ARGS);
    for (int missing = 0; missing < 3; ++missing) {
        const void* args[] = {&out.address(), &value, &n};
        args[missing] = nullptr;
        EXPECT_EQ(compare(stream.get(), kernel.get(), one, one, args, 3), HY_ERROR_INVALID_KERNEL_ARGS);
    }
    for (const HyDim3 shape : {HyDim3{3, 1, 1}, HyDim3{1, 2, 1}, HyDim3{1, 1, 3}, HyDim3{2, 2, 2}}) {
        EXPECT_EQ(compare(stream.get(), kernel.get(), shape, one, good, 3), HY_SUCCESS);
        EXPECT_EQ(compare(stream.get(), kernel.get(), one, shape, good, 3), HY_SUCCESS);
    }
    constexpr uint32_t kMost = UINT32_MAX;
    const uint32_t* groups = limits.maxWorkgroups;
    const uint32_t* sizes = limits.maxWorkgroupSize;
    for (const HyDim3 shape :
         {HyDim3{0, 1, 1}, HyDim3{1, 0, 1}, HyDim3{1, 1, 0}, HyDim3{0, 2, 1}, HyDim3{kMost, kMost, kMost}}) {
        EXPECT_EQ(compare(stream.get(), kernel.get(), shape, one, good, 3), HY_ERROR_INVALID_LAUNCH_SIZE);
        EXPECT_EQ(compare(stream.get(), kernel.get(), one, shape, good, 3), HY_ERROR_INVALID_LAUNCH_SIZE);
    }
    for (const HyDim3 shape : {HyDim3{groups[0] + 1, 1, 1}, HyDim3{1, groups[1] + 1, 1}, HyDim3{1, 1, groups[2] + 1}})
        EXPECT_EQ(compare(stream.get(), kernel.get(), shape, one, good, 3), HY_ERROR_INVALID_LAUNCH_SIZE);
    for (const HyDim3 shape : {HyDim3{sizes[0] + 1, 1, 1}, HyDim3{1, sizes[1] + 1, 1}, HyDim3{1, 1, sizes[2] + 1}})
        EXPECT_EQ(compare(stream.get(), kernel.get(), one, shape, good, 3), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(hyLaunchKernel(stream.get(), kernel.get(), one, one, 4, good, 3), HY_ERROR_INVALID_ARGUMENT);
    stream.synchronize();
}

// More handles than the table has room for at first, and each is told apart from the others and from its ghost.
TEST_P(Steady, ManyHandlesWork) {
    const Stream kept(*device_);
    std::vector<HyGraph> graphs(3'000);
    for (HyGraph& graph : graphs)
        ASSERT_EQ(hyGraphCreate(device_->get(), 0, &graph), HY_SUCCESS);
    EXPECT_EQ(hyStreamQuery(kept.get()), HY_SUCCESS);
    for (HyGraph graph : graphs) {
        ASSERT_EQ(hyGraphDestroy(graph), HY_SUCCESS);
        ASSERT_EQ(hyGraphDestroy(graph), HY_ERROR_INVALID_HANDLE);
    }
    EXPECT_EQ(hyStreamQuery(kept.get()), HY_SUCCESS);
}

INSTANTIATE_TEST_SUITE_P(Devices, Steady, testing::Values("cpu:0", "cuda:0"), [](const auto& about) {
    return std::string(about.param).substr(0, std::string(about.param).find(':'));
});

} // namespace
} // namespace halyard::steady_test
