// halyard.hpp over the null-work device: what the C++ types themselves add. The C calls behind them have tests of their
// own.
#include <gtest/gtest.h>

#include <memory>

#include "halyard/halyard.hpp"

#include "parameters_cl.spv.h"

namespace {

using halyard::Buffer;
using halyard::Device;
using halyard::Error;
using halyard::Instance;
using halyard::Kernel;
using halyard::LocalMemory;
using halyard::Module;
using halyard::Stream;

static_assert(!std::is_copy_constructible_v<Stream> && std::is_nothrow_move_constructible_v<Stream>);
static_assert(!std::is_copy_constructible_v<Buffer<int>> && std::is_nothrow_move_assignable_v<Buffer<int>>);
static_assert(std::is_trivially_copyable_v<Device>);

class CppApi : public testing::Test {
protected:
    Kernel makeKernel() { return Kernel(Module(device, parameters_cl_spv, parameters_cl_spv_size), "parameters"); }

    // The error that `work` throws; fails the test when there is none.
    template <typename Work> Error errorOf(Work work) {
        try {
            work();
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "nothing was thrown";
        return Error(HY_SUCCESS, "", "", "", "");
    }

    Instance instance;
    Device device = instance.device(0u);
};

TEST_F(CppApi, FindsTheDevice) {
    ASSERT_EQ(instance.deviceCount(), 1u);
    EXPECT_STREQ(device.properties().backend, "nullwork");
    EXPECT_EQ(instance.device("nullwork").get(), device.get());
    ASSERT_EQ(instance.backends().size(), 1u);
    EXPECT_EQ(instance.backends()[0].status, HY_BACKEND_LOADED);
}

TEST_F(CppApi, UnknownMemoryStaysUnknown) {
    EXPECT_EQ(device.memoryInfo().first, UINT64_MAX);
    EXPECT_EQ(device.memoryInfo().second, UINT64_MAX);
}

// A backend of before these functions: the runtime refuses for it, and no type is left half made.
TEST_F(CppApi, MemoryThatTheDeviceLacks) {
    EXPECT_EQ(errorOf([&] { halyard::HostBuffer<int>(device, 4); }).code, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(errorOf([&] { halyard::ManagedBuffer<int>(device, 4); }).code, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(errorOf([&] { halyard::PhysicalMemory(device, 4096); }).code, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(errorOf([&] { halyard::AddressRange(device, 4096); }).code, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(errorOf([&] { halyard::ShareableMemory(device, 4096); }).code, HY_ERROR_UNSUPPORTED);
    EXPECT_EQ(errorOf([&] { halyard::OpenedMemory(device, HyIpcHandle{}); }).code, HY_ERROR_INVALID_ARGUMENT);
    EXPECT_EQ(errorOf([&] { halyard::ManagedBuffer<int>(device, UINT64_MAX); }).code, HY_ERROR_OUT_OF_DEVICE_MEMORY);
}

TEST_F(CppApi, ErrorCarriesTheRecord) {
    const Error error = errorOf([&] { instance.device(7u); });
    EXPECT_EQ(error.code, HY_ERROR_NOT_FOUND);
    EXPECT_EQ(error.call, "hyDeviceGet");
    EXPECT_FALSE(error.message.empty());
    EXPECT_NE(std::string(error.what()).find("HY_ERROR_NOT_FOUND"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find(error.message), std::string::npos);
}

TEST_F(CppApi, MovedFromObjectsHoldNothing) {
    Stream first(device);
    const HyStream handle = first.get();
    Stream second(std::move(first));
    EXPECT_EQ(second.get(), handle);
    EXPECT_EQ(errorOf([&] { first.synchronize(); }).code, HY_ERROR_INVALID_HANDLE); // NOLINT(bugprone-use-after-move)

    Buffer<float> a(device, 4);
    const HyDevicePtr address = a.address();
    Buffer<float> b(device, 8);
    b = std::move(a);
    EXPECT_EQ(b.address(), address);
    EXPECT_EQ(b.size(), 4u);
    EXPECT_EQ(a.address(), 0u); // NOLINT(bugprone-use-after-move)
}

TEST_F(CppApi, ObjectsMayOutliveTheInstance) {
    auto brief = std::make_unique<Instance>();
    const Device its = brief->device(0u);
    auto stream = std::make_unique<Stream>(its);
    auto buffer = std::make_unique<Buffer<float>>(its, 16);
    brief.reset();
    EXPECT_EQ(errorOf([&] { stream->synchronize(); }).code, HY_ERROR_INVALID_HANDLE);
    stream.reset();
    buffer.reset();
}

TEST_F(CppApi, BuffersCheckTheirRange) {
    Stream stream(device);
    Buffer<float> buffer(device, 4);
    const std::vector<float> five(5);
    EXPECT_EQ(errorOf([&] { buffer.upload(stream, five); }).code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(errorOf([&] { buffer.upload(stream, five.data(), 1, 4); }).code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(errorOf([&] { buffer.upload(stream, five.data(), UINT64_MAX, 1); }).code, HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(errorOf([&] { Buffer<double>(device, UINT64_MAX / 4); }).code, HY_ERROR_OUT_OF_DEVICE_MEMORY);
}

TEST_F(CppApi, BuffersInStreamOrder) {
    auto stream = std::make_unique<Stream>(device);
    auto pool = std::make_unique<halyard::MemoryPool>(device, UINT64_MAX);
    HyDevicePtr address = 0;
    {
        Buffer<float> first(device, *stream, *pool, 1024);
        address = first.address();
        EXPECT_EQ(pool->statistics().usedBytes, 4096u);
        Buffer<float> moved(device, 1);
        moved = std::move(first);
        EXPECT_EQ(moved.address(), address);
        EXPECT_EQ(moved.size(), 1024u);
    }
    EXPECT_EQ(pool->statistics().usedBytes, 0u);
    EXPECT_EQ(pool->statistics().usedBytesPeak, 4096u);
    pool->resetPeak();
    EXPECT_EQ(pool->statistics().usedBytesPeak, 0u);
    const Buffer<float> again(device, *stream, *pool, 1024);
    EXPECT_EQ(again.address(), address) << "the stream has it again";
    const auto standard = std::make_unique<Buffer<double>>(device, *stream, 8);
    EXPECT_EQ(errorOf([&] { Buffer<double>(device, *stream, UINT64_MAX / 4); }).code, HY_ERROR_OUT_OF_DEVICE_MEMORY);
    EXPECT_EQ(errorOf([&] { Buffer<double>(device, *stream, 0); }).code, HY_ERROR_INVALID_ARGUMENT);
    pool->setReleaseThreshold(0);
    pool->trim();
    EXPECT_GT(pool->statistics().reservedBytes, 0u) << "a buffer lives in it";
    // Buffers may outlive both.
    pool.reset();
    stream.reset();
}

TEST_F(CppApi, LaunchTakesWhatTheKernelTakes) {
    const Kernel kernel = makeKernel();
    const Stream stream(device);
    const Buffer<float> values(device, 64);
    ASSERT_EQ(kernel.parameters().size(), 4u);
    EXPECT_NO_THROW(kernel.launch(stream, {1, 1, 1}, {64, 1, 1}, values, LocalMemory{256}, 1.0f, std::uint32_t{64}));
    stream.synchronize();
}

TEST_F(CppApi, LaunchRefusesArgumentsOfAnotherSizeOrKind) {
    const Kernel kernel = makeKernel();
    const Stream stream(device);
    const Buffer<float> values(device, 64);
    const auto codeOf = [&](const auto&... arguments) {
        return errorOf([&] { kernel.launch(stream, {1, 1, 1}, {64, 1, 1}, arguments...); }).code;
    };
    const LocalMemory local{256};
    const std::uint32_t n = 64;
    EXPECT_EQ(codeOf(values, local, 1.0, n), HY_ERROR_INVALID_KERNEL_ARGS) << "a double for a float";
    EXPECT_EQ(codeOf(values, values, 1.0f, n), HY_ERROR_INVALID_KERNEL_ARGS) << "a buffer for workgroup memory";
    EXPECT_EQ(codeOf(local, local, 1.0f, n), HY_ERROR_INVALID_KERNEL_ARGS) << "workgroup memory for a buffer";
    EXPECT_EQ(codeOf(values, local, 1.0f), HY_ERROR_INVALID_KERNEL_ARGS) << "too few";
    EXPECT_EQ(codeOf(values, local, 1.0f, n, n), HY_ERROR_INVALID_KERNEL_ARGS) << "too many";
}

TEST_F(CppApi, GraphsTakeWhatKernelsTake) {
    const Kernel kernel = makeKernel();
    const Buffer<float> values(device, 64);
    halyard::Graph graph(device);
    const HyGraphNode scale =
        graph.addKernel({}, "scale", kernel, halyard::groups(64, 64), {64, 1, 1}, values, LocalMemory{256}, 2.0f, 64u);
    const HyGraphNode end = graph.addEmpty({scale}, "end");
    EXPECT_EQ(graph.nodes(), (std::vector<HyGraphNode>{scale, end}));
    EXPECT_NE(graph.dot().find("'scale'"), std::string::npos) << graph.dot();
    const halyard::Graph clone = graph.clone();
    ASSERT_EQ(clone.nodes().size(), 2u);
    EXPECT_NE(clone.nodes()[0], scale);
    const Error error = errorOf([&] {
        graph.addKernel({}, "wrong", kernel, halyard::groups(64, 64), {64, 1, 1}, values, LocalMemory{256}, 2.0, 64u);
    });
    EXPECT_EQ(error.code, HY_ERROR_INVALID_KERNEL_ARGS);
    EXPECT_EQ(errorOf([&] { graph.addEmpty(clone.nodes()); }).code, HY_ERROR_INVALID_ARGUMENT);
    // The device has no events, which launches of graphs need.
    EXPECT_EQ(errorOf([&] { halyard::GraphExec exec(graph); }).code, HY_ERROR_UNSUPPORTED);
}

TEST_F(CppApi, ACaptureThatIsNotEndedIsForgotten) {
    const Kernel kernel = makeKernel();
    const Buffer<float> values(device, 64);
    const Stream stream(device);
    const auto launch = [&] {
        kernel.launch(stream, halyard::groups(64, 64), {64, 1, 1}, values, LocalMemory{256}, 2.0f, 64u);
    };
    {
        const halyard::Capture capture(stream);
        launch();
        EXPECT_EQ(errorOf([&] { stream.synchronize(); }).code, HY_ERROR_INVALID_STATE);
    }
    halyard::Capture capture(stream);
    launch();
    launch();
    EXPECT_EQ(capture.end().nodes().size(), 2u);
    stream.synchronize();
}

TEST_F(CppApi, GroupsCoverTheGrid) {
    EXPECT_EQ(halyard::groups(1, 256).x, 1u);
    EXPECT_EQ(halyard::groups(256, 256).x, 1u);
    EXPECT_EQ(halyard::groups(257, 256).x, 2u);
    const HyDim3 two = halyard::groups(17, 5, 16, 4);
    EXPECT_EQ(two.x, 2u);
    EXPECT_EQ(two.y, 2u);
    EXPECT_EQ(two.z, 1u);
}

TEST(CppApiSpecConstant, KeepsTheBits) {
    const HySpecConstant constant = halyard::specConstant(3, -1.5f);
    EXPECT_EQ(constant.id, 3u);
    EXPECT_EQ(constant.sizeBytes, 4u);
    EXPECT_EQ(constant.value, 0xbfc00000u);
    EXPECT_EQ(halyard::specConstant(1, true).sizeBytes, 1u);
    EXPECT_EQ(halyard::specConstant(1, std::int16_t{-1}).value, 0xffffu);
}

} // namespace
