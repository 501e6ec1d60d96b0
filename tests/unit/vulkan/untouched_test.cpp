// GLCompute kernels that the driver gets as they are, and those that are translated: which way was taken is in the log,
// and what comes out is the same as on the reference device.
#include "halyard/halyard.hpp"

#include "interface_comp.spv.h"
#include "remainder_comp.spv.h"
#include "saxpy_comp.spv.h"
#include "softmax_comp.spv.h"

#include <gmock/gmock.h>

#include <mutex>

namespace {

using halyard::Buffer;
using halyard::Device;
using halyard::Kernel;
using halyard::Module;
using halyard::Stream;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAsItIs = "the driver gets the module as it is";
constexpr const char* kTranslated = "is translated: ";
constexpr const char* kForALaunch = "is translated for a launch: ";

struct Log {
    std::mutex mutex;
    std::vector<std::string> lines;

    static void write(void* user, HyLogLevel, const char*, const char* message) {
        auto& log = *static_cast<Log*>(user);
        const std::scoped_lock lock(log.mutex);
        log.lines.emplace_back(message);
    }
    std::vector<std::string> copy() {
        const std::scoped_lock lock(mutex);
        return lines;
    }
};

HyInstanceDesc describe(Log& log) {
    auto desc = halyard::detail::sized<HyInstanceDesc>();
    desc.logCallback = Log::write;
    desc.logUser = &log;
    desc.logLevel = HY_LOG_DEBUG;
    return desc;
}

class Untouched : public testing::Test {
protected:
    Log log;
    halyard::Instance instance{describe(log)};
    Device device = instance.device("vulkan:0");
    Device reference = instance.device("reference:0");
    Stream stream{device};
};

struct Saxpy {
    float a;
    uint32_t n;
};

std::vector<float> ramp(size_t count, float step) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i)
        values[i] = static_cast<float>(i % 97) * step - 3.0f;
    return values;
}

// y of saxpy over `count` elements that begin at element `from` of their buffers.
std::vector<float> runSaxpy(const Device& device, uint32_t count, uint32_t from) {
    const Stream stream(device);
    const Kernel kernel(Module(device, saxpy_comp_spv, saxpy_comp_spv_size), "main");
    const std::vector<float> x = ramp(count + from, 0.25f);
    std::vector<float> y = ramp(count + from, -0.5f);
    Buffer<float> bufferX(device, x.size());
    Buffer<float> bufferY(device, y.size());
    bufferX.upload(stream, x.data(), x.size());
    bufferY.upload(stream, y.data(), y.size());
    const HyDevicePtr addressX = bufferX.address() + from * sizeof(float);
    const HyDevicePtr addressY = bufferY.address() + from * sizeof(float);
    const Saxpy push{1.75f, count};
    const void* args[] = {&addressX, &addressY, &push};
    halyard::check(
        hyLaunchKernel(stream.get(), kernel.get(), {(count + 255) / 256, 1, 1}, {256, 1, 1}, 0, args, std::size(args)));
    bufferY.download(stream, y.data(), y.size());
    stream.synchronize();
    return y;
}

TEST_F(Untouched, Saxpy) {
    EXPECT_EQ(runSaxpy(device, 1000, 0), runSaxpy(reference, 1000, 0));
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kAsItIs)));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kTranslated))));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kForALaunch))));
}

TEST_F(Untouched, AddressesThatDescriptorsCannotHaveAreTranslatedFor) {
    EXPECT_EQ(runSaxpy(device, 1000, 1), runSaxpy(reference, 1000, 1));
    EXPECT_THAT(log.copy(), Contains(HasSubstr(std::string(kForALaunch) + "an address is not aligned")));
}

std::vector<float> runSoftmax(const Device& device) {
    constexpr uint32_t kColumns = 300;
    constexpr uint32_t kRows = 3;
    const Stream stream(device);
    const Kernel kernel(Module(device, softmax_comp_spv, softmax_comp_spv_size), "main");
    const std::vector<float> in = ramp(kRows * kColumns, 0.1f);
    std::vector<float> out(in.size());
    Buffer<float> bufferIn(device, in.size());
    Buffer<float> bufferOut(device, in.size());
    bufferIn.upload(stream, in.data(), in.size());
    kernel.launch(stream, {kRows, 1, 1}, {256, 1, 1}, bufferIn, bufferOut, kColumns);
    bufferOut.download(stream, out.data(), out.size());
    stream.synchronize();
    return out;
}

TEST_F(Untouched, Softmax) {
    const std::vector<float> got = runSoftmax(device);
    const std::vector<float> want = runSoftmax(reference);
    for (size_t i = 0; i < want.size(); ++i)
        ASSERT_NEAR(got[i], want[i], 1e-4f * want[i]) << i; // Vulkan allows exp 3 + 2 |x| units
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kAsItIs)));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kTranslated))));
}

std::vector<uint32_t> runInterface(const Device& device, uint32_t groups) {
    constexpr uint32_t kGroup = 8;
    constexpr uint32_t kN = 20;
    const Stream stream(device);
    const Kernel kernel(Module(device, interface_comp_spv, interface_comp_spv_size,
                               {halyard::specConstant(0, kGroup), halyard::specConstant(1, 7u)}),
                        "main");
    const std::vector<uint32_t> factor(4, 11);
    std::vector<uint32_t> first(kN), second(kN), result(kN);
    for (uint32_t i = 0; i < kN; ++i) {
        first[i] = i;
        second[i] = 100 * i;
    }
    Buffer<uint32_t> factors(device, factor.size()), one(device, kN), two(device, kN), out(device, kN);
    factors.upload(stream, factor.data(), factor.size());
    one.upload(stream, first.data(), kN);
    two.upload(stream, second.data(), kN);
    kernel.launch(stream, {groups, 1, 1}, {kGroup, 1, 1}, factors, out, one, two, kN);
    out.download(stream, result.data(), kN);
    stream.synchronize();
    return result;
}

TEST_F(Untouched, UniformBlocksLengthsArraysAndConstants) {
    const std::vector<uint32_t> got = runInterface(device, 3);
    EXPECT_EQ(got, runInterface(reference, 3));
    EXPECT_EQ(got[2], 11u * 2 + 200 * 7 + 20 * 1000 + 3 * 100000);
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kAsItIs)));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kForALaunch))));
}

TEST_F(Untouched, TheSizeOfAGridOfManyDispatchesIsTranslatedFor) {
    constexpr uint32_t kGroups = 70000; // more than one dispatch has
    EXPECT_EQ(runInterface(device, kGroups)[2], 11u * 2 + 200 * 7 + 20 * 1000 + kGroups * 100000);
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kForALaunch)));
}

TEST_F(Untouched, WhatVulkanLeavesOpenIsTranslated) {
    const Kernel kernel(Module(device, remainder_comp_spv, remainder_comp_spv_size), "main");
    std::vector<int32_t> values = {-7, 7, -10, 3};
    Buffer<int32_t> data(device, values.size());
    data.upload(stream, values.data(), values.size());
    kernel.launch(stream, {4, 1, 1}, {1, 1, 1}, data);
    data.download(stream, values.data(), values.size());
    stream.synchronize();
    EXPECT_EQ(values, (std::vector<int32_t>{3, 2, 0, 3}));
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kTranslated)));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kAsItIs))));
}

// Descriptors are part of a recording, so other arguments are another one.
TEST_F(Untouched, GraphsTakeOtherArguments) {
    constexpr uint32_t kCount = 256;
    const Kernel kernel(Module(device, saxpy_comp_spv, saxpy_comp_spv_size), "main");
    const std::vector<float> ones(kCount, 1.0f);
    Buffer<float> x(device, kCount), y(device, kCount), z(device, kCount);
    for (Buffer<float>* buffer : {&x, &y, &z})
        buffer->upload(stream, ones.data(), kCount);
    halyard::Graph graph(device);
    const HyGraphNode node = graph.addKernel({}, "saxpy", kernel, {1, 1, 1}, {256, 1, 1}, x, y, Saxpy{2.0f, kCount});
    halyard::GraphExec exec(graph);
    exec.launch(stream);
    exec.updateKernel(node, kernel, {1, 1, 1}, {256, 1, 1}, x, z, Saxpy{5.0f, kCount});
    exec.launch(stream);
    exec.launch(stream);
    std::vector<float> gotY(kCount), gotZ(kCount);
    y.download(stream, gotY.data(), kCount);
    z.download(stream, gotZ.data(), kCount);
    stream.synchronize();
    EXPECT_EQ(gotY, std::vector<float>(kCount, 3.0f));
    EXPECT_EQ(gotZ, std::vector<float>(kCount, 11.0f));
    EXPECT_THAT(log.copy(), Contains(HasSubstr(kAsItIs)));
    EXPECT_THAT(log.copy(), Not(Contains(HasSubstr(kForALaunch))));
}

// More launches than a batch holds, each with arguments of its own, reach the device in order: with descriptors, and
// translated with arguments in memory.
TEST_F(Untouched, ManyLaunchesWithOtherBuffersInTurns) {
    constexpr uint32_t kCount = 64;
    constexpr int kLaunches = 2500;
    const Kernel kernel(Module(device, saxpy_comp_spv, saxpy_comp_spv_size), "main");
    const std::vector<float> ones(kCount + 1, 1.0f);
    for (const uint64_t from : {0, 1}) {
        Buffer<float> x(device, ones.size()), y(device, ones.size()), z(device, ones.size());
        for (Buffer<float>* buffer : {&x, &y, &z})
            buffer->upload(stream, ones.data(), ones.size());
        const HyDevicePtr first = x.address() + from * sizeof(float);
        for (int i = 0; i < kLaunches; ++i) {
            const HyDevicePtr second = (i % 5 == 0 ? y : z).address() + from * sizeof(float);
            kernel.launch(stream, {1, 1, 1}, {256, 1, 1}, first, second, Saxpy{1.0f, kCount});
        }
        std::vector<float> gotY(kCount), gotZ(kCount);
        y.download(stream, gotY.data(), kCount, from);
        z.download(stream, gotZ.data(), kCount, from);
        stream.synchronize();
        EXPECT_EQ(gotY, std::vector<float>(kCount, 1.0f + kLaunches / 5));
        EXPECT_EQ(gotZ, std::vector<float>(kCount, 1.0f + kLaunches / 5 * 4));
    }
}

} // namespace
