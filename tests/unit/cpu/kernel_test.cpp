#include "fixture.h"

#include <cstring>

namespace halyard::cpu_test {
namespace {

TEST(CpuKernel, RefusesOtherFormatsInWords) {
    Device device;
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.data = "//";
    desc.dataBytes = 2;
    for (const auto& [format, words] :
         std::map<HyModuleFormat, std::string>{{HY_MODULE_FORMAT_PTX, "PTX"},
                                               {HY_MODULE_FORMAT_AMD_CODE_OBJECT, "AMD"},
                                               {HY_MODULE_FORMAT_HOST_ELF, "shared object"}}) {
        desc.format = format;
        HyBackendModule module = nullptr;
        EXPECT_EQ(cpuInterface().module->load(device.handle(), &desc, &module), HY_ERROR_UNSUPPORTED);
        EXPECT_NE(Services::error().message.find(words), std::string::npos) << Services::error().message;
    }
}

TEST(CpuKernel, RefusesCodeThatDoesNotFit) {
    Device device;
    HyBackendKernel kernel = nullptr;
    for (const char* name : {"wrong_magic", "wrong_abi", "wrong_arguments", "wrong_subgroup"}) {
        EXPECT_EQ(device.tryKernel(name, {}, &kernel), HY_ERROR_INVALID_MODULE) << name;
        EXPECT_NE(Services::error().message.find(name), std::string::npos) << Services::error().message;
    }
    EXPECT_EQ(device.tryKernel("not_there", {}, &kernel), HY_ERROR_COMPILE_FAILED);
    EXPECT_EQ(kernel, nullptr);
}

TEST(CpuKernel, RefusesMoreArgumentsThanARecordHolds) {
    Device device;
    HyBackendKernel kernel = nullptr;
    EXPECT_EQ(device.tryKernel("empty", {}, &kernel, {0, 0, 0}, {}, 5000), HY_ERROR_UNSUPPORTED);
}

TEST(CpuKernel, LoadsManyKernels) {
    // Far more objects than one name or one descriptor could serve, and each must be the one asked for.
    Device device;
    HyBackendStream stream = device.stream();
    auto* out = device.memory(1);
    for (int i = 0; i < 40; ++i) {
        HyBackendKernel general = device.kernel("variant", {pointer(0)});
        HyBackendKernel sized = nullptr;
        ASSERT_EQ(device.tryKernel("variant", {pointer(0)}, &sized, {64, 1, 1}), HY_SUCCESS);
        *out = 99;
        device.run(stream, general, 1, 64, {&out});
        device.wait(stream);
        ASSERT_EQ(*out, 0u);
        device.run(stream, sized, 1, 64, {&out});
        device.wait(stream);
        ASSERT_EQ(*out, 64u);
    }
}

TEST(CpuKernel, TellsAboutItself) {
    Device device;
    HyBackendKernelInfo info{};
    info.structSize = sizeof info;
    HyBackendKernel general = device.kernel("variant", {pointer(0)});
    ASSERT_EQ(cpuInterface().module->getKernelInfo(general, &info), HY_SUCCESS);
    EXPECT_EQ(info.subgroupSize, 8u);
    EXPECT_EQ(info.maxWorkgroupInvocations, 4096u);
    EXPECT_EQ(info.suggestedWorkgroupSize.x, 256u);
    HyBackendKernel sized = nullptr;
    ASSERT_EQ(device.tryKernel("variant", {pointer(0)}, &sized, {64, 1, 1}), HY_SUCCESS);
    ASSERT_EQ(cpuInterface().module->getKernelInfo(sized, &info), HY_SUCCESS);
    EXPECT_EQ(info.suggestedWorkgroupSize.x, 64u);
    HyNativeHandle native{};
    native.structSize = sizeof native;
    ASSERT_EQ(cpuInterface().module->getKernelNativeHandle(sized, &native), HY_SUCCESS);
    EXPECT_STREQ(native.typeName, "HyHostKernelRun");
    EXPECT_NE(native.value, 0u);
}

TEST(CpuKernel, RunsWithStackNameAndBlockedSignals) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("thread", {pointer(0)});
    auto* out = device.memory(3);
    device.run(stream, kernel, 1, 1, {&out});
    device.wait(stream);
    EXPECT_EQ(out[0], 1u);
    EXPECT_EQ(out[1], 1u) << "signals";
    EXPECT_EQ(out[2], 1u) << "name";
}

TEST(CpuKernel, PassesHiddenLengths) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(device.tryKernel("length", {pointer(0), pointer(8)}, &kernel, {0, 0, 0}, {16}, 24), HY_SUCCESS);
    const uint64_t buffer = 0x1234;
    auto* out = device.memory<uint64_t>(3);
    ASSERT_EQ(device.launch(stream, kernel, {1, 1, 1}, {1, 1, 1}, {&buffer, &out}, {777}), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(out[0], 777u);
    EXPECT_EQ(out[1], 0x1234u);
    EXPECT_EQ(out[2], 0u) << "the argument block must be 16-byte aligned";
}

TEST(CpuKernel, TakesPackedArguments) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(device.tryKernel("length", {pointer(0), pointer(8)}, &kernel, {0, 0, 0}, {16}, 24), HY_SUCCESS);
    auto* out = device.memory<uint64_t>(3);
    const uint64_t packed[2] = {0x5678, reinterpret_cast<uint64_t>(out)};
    const uint64_t length = 888;
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.workgroupSize = launch.clusterSize = {1, 1, 1};
    launch.packedArgs = packed;
    launch.bufferLengths = &length;
    ASSERT_EQ(cpuInterface().stream->launch(stream, kernel, &launch), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(out[0], 888u);
    EXPECT_EQ(out[1], 0x5678u);
}

TEST(CpuKernel, GivesWorkgroupAndScratchMemory) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("local", {localPointer(0), pointer(8)});
    auto* out = device.memory(16);
    for (const uint64_t bytes : {1ul, 127ul, 1000ul, 200'000ul}) {
        ASSERT_EQ(device.launch(stream, kernel, {16, 1, 1}, {100, 2, 1}, {&bytes, &out}), HY_SUCCESS);
        device.wait(stream);
        for (uint32_t i = 0; i < 16; ++i) {
            EXPECT_EQ(out[i], (i + 1) * 1001) << bytes;
        }
    }
    for (const uint64_t bytes : {256ul * 1024, UINT64_MAX, UINT64_MAX - 200}) {
        EXPECT_EQ(device.launch(stream, kernel, {1, 1, 1}, {1, 1, 1}, {&bytes, &out}), HY_ERROR_INVALID_LAUNCH_SIZE);
        EXPECT_NE(Services::error().message.find("local"), std::string::npos);
    }
    EXPECT_EQ(cpuInterface().stream->query(stream), HY_SUCCESS) << "a refused launch must not fail the stream";
}

TEST(CpuKernel, RefusesSizesThatOverflow) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel kernel = device.kernel("empty", {});
    constexpr uint32_t kMost = INT32_MAX;
    EXPECT_EQ(device.launch(stream, kernel, {kMost, kMost, kMost}, {1, 1, 1}, {}), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(device.launch(stream, kernel, {kMost, kMost, 1}, {4096, 1, 1}, {}), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(device.launch(stream, kernel, {1, 1, 1}, {4097, 1, 1}, {}), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(device.launch(stream, kernel, {1, 1, 1}, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, {}),
              HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(device.launch(stream, kernel, {1, 0, 1}, {1, 1, 1}, {}), HY_ERROR_INVALID_LAUNCH_SIZE);
    EXPECT_EQ(device.launch(stream, kernel, {1'000'000, 1, 1}, {4096, 1, 1}, {}), HY_SUCCESS);
    device.wait(stream);
}

TEST(CpuKernel, RefusesACooperativeLaunchOfMoreWorkgroupsThanThreads) {
    Device device("HALYARD_CPU_THREADS", "2");
    HyBackendStream stream = device.stream();
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.flags = HY_LAUNCH_COOPERATIVE;
    launch.workgroups = launch.workgroupSize = launch.clusterSize = {1, 1, 1};
    HyBackendKernel kernel = device.kernel("empty", {});
    for (const uint32_t groups : {1u, 2u}) {
        launch.workgroups.x = groups;
        EXPECT_EQ(cpuInterface().stream->launch(stream, kernel, &launch), HY_SUCCESS);
    }
    launch.workgroups.x = 3;
    EXPECT_EQ(cpuInterface().stream->launch(stream, kernel, &launch), HY_ERROR_INVALID_LAUNCH_SIZE);
    device.wait(stream);
}

} // namespace
} // namespace halyard::cpu_test
