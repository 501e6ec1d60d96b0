// Modules, kernels and launches through the slots alone. These services have no compiler but one kernel for the target
// "host", so a backend that needs none or that target runs it, and others pass the compiler's failure on.
#include "backend_work.h"

#include "grid_cl.spv.h"
#include "host_add_one.h"

#include <thread>
#include <utility>

using namespace halyard::conformance;

namespace {

class BackendModules : public BackendWork {
protected:
    void SetUp() override {
        BackendWork::SetUp();
        if (HasFatalFailure() || IsSkipped())
            return;
        std::memcpy(code, host_add_one, host_add_one_size);
        services.offerHostKernel("add_one", code, host_add_one_size);
        HyBackendModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.format = HY_MODULE_FORMAT_SPIRV;
        desc.data = words;
        desc.dataBytes = grid_cl_spv_size;
        desc.spirvDigest = digest;
        std::memcpy(words, grid_cl_spv, grid_cl_spv_size);
        ASSERT_DONE(interface_->module->load(device, &desc, &module));
        ASSERT_NE(module, nullptr);
    }
    void TearDown() override {
        if (module != nullptr) {
            EXPECT_DONE(interface_->module->unload(module));
        }
        BackendWork::TearDown();
        EXPECT_EQ(services.artifacts(), 0) << "compiled code was not released";
    }
    // `add_one(global int* data)`, as the runtime would describe it.
    HyResult create(HyBackendKernel* outKernel, const char* name = "add_one") const {
        HyBackendKernelDesc desc{};
        desc.structSize = sizeof desc;
        desc.name = name;
        desc.parameters = &parameter;
        desc.parameterCount = 1;
        desc.argumentBytes = 8;
        return interface_->module->createKernel(module, &desc, outKernel);
    }
    // Whether there is a kernel to launch; else the backend must have said why not.
    bool makeKernel(HyBackendKernel& kernel) const {
        BackendServices::error() = {};
        const HyResult result = create(&kernel);
        if (result == HY_SUCCESS)
            return true;
        EXPECT_EQ(result, HY_ERROR_COMPILER_LOST) << BackendServices::error().message;
        EXPECT_EQ(BackendServices::error().code, result);
        EXPECT_FALSE(BackendServices::error().message.empty());
        EXPECT_EQ(kernel, nullptr);
        return false;
    }
    static HyBackendLaunch launchOf(uint32_t groups, const void* const* args, const void* packed) {
        HyBackendLaunch launch{};
        launch.structSize = sizeof launch;
        launch.workgroups = {groups, 1, 1};
        launch.workgroupSize = {16, 1, 1};
        launch.args = args;
        launch.argCount = 1;
        launch.packedArgs = packed;
        launch.clusterSize = {1, 1, 1};
        return launch;
    }

    static constexpr const char* kNoCompiler = "the backend compiles for a target that these services do not have";
    const HyBackendParameter parameter{HY_PARAMETER_GLOBAL_POINTER, 8, 8, 0};
    const uint8_t digest[32] = {};
    alignas(16) uint32_t words[sizeof grid_cl_spv / 4] = {};
    alignas(16) uint32_t code[sizeof host_add_one / 4] = {};
    HyBackendModule module = nullptr;
};

TEST_F(BackendModules, TheCompilersFailureIsPassedOn) {
    HyBackendKernel kernel = nullptr;
    BackendServices::error() = {};
    const HyResult result = create(&kernel, "endless"); // another kernel of the module, which has the same parameter
    if (result == HY_SUCCESS) {                         // a backend that needs no compiler
        EXPECT_DONE(interface_->module->destroyKernel(kernel));
        return;
    }
    EXPECT_EQ(result, HY_ERROR_COMPILER_LOST) << BackendServices::error().message;
    EXPECT_EQ(BackendServices::error().code, result);
    EXPECT_EQ(kernel, nullptr);
}

TEST_F(BackendModules, KernelsAreMadeOrRefusedWithTheCompilersFailure) {
    HyBackendKernel kernel = nullptr;
    if (!makeKernel(kernel))
        return;
    HyBackendKernelInfo info{};
    info.structSize = sizeof info;
    EXPECT_DONE(interface_->module->getKernelInfo(kernel, &info));
    EXPECT_EQ(info.structSize, sizeof info);
    EXPECT_LE(info.maxWorkgroupInvocations, properties_.maxWorkgroupInvocations);
    EXPECT_GE(info.suggestedWorkgroupSize.x, 1u);
    EXPECT_DONE(interface_->module->destroyKernel(kernel));
}

TEST_F(BackendModules, LaunchesTakeTheirArgumentsBeforeTheyReturn) {
    HyBackendKernel kernel = nullptr;
    if (!makeKernel(kernel))
        GTEST_SKIP() << kNoCompiler;
    const std::vector<int> before(64, 41);
    HyDevicePtr data = allocate(256);
    toDevice(data, before.data(), 256);
    HyDevicePtr gone = data;
    const void* args[] = {&gone};
    for (const bool packed : {false, true}) {
        gone = data;
        const HyBackendLaunch launch = launchOf(4, packed ? nullptr : args, packed ? &gone : nullptr);
        EXPECT_DONE(interface_->stream->launch(stream, kernel, &launch));
        gone = 0;
    }
    // The work in flight keeps what it needs.
    EXPECT_DONE(interface_->module->destroyKernel(kernel));
    EXPECT_DONE(interface_->module->unload(std::exchange(module, nullptr)));
    std::vector<int> after(64);
    toHost(after.data(), data, 256);
    EXPECT_EQ(after, std::vector<int>(64, 43));
}

TEST_F(BackendModules, MoreWorkgroupsThanCanBeCountedAreRefused) {
    HyBackendKernel kernel = nullptr;
    if (!makeKernel(kernel))
        GTEST_SKIP() << kNoCompiler;
    const HyDevicePtr data = allocate(256);
    const void* args[] = {&data};
    HyBackendLaunch launch = launchOf(1, args, nullptr);
    // Each within its limit, which is all that the runtime looks at.
    launch.workgroups = {properties_.maxWorkgroups[0], properties_.maxWorkgroups[1], properties_.maxWorkgroups[2]};
    const double all = double(launch.workgroups.x) * launch.workgroups.y * launch.workgroups.z * 16;
    if (all < 0x1p64)
        GTEST_SKIP() << "the largest grid has fewer than 2^64 invocations";
    EXPECT_TRUE(backendRefuses(HY_ERROR_INVALID_LAUNCH_SIZE,
                               [&] { return interface_->stream->launch(stream, kernel, &launch); }));
    EXPECT_DONE(interface_->stream->query(stream)) << "a refusal is no failure of the stream";
    EXPECT_DONE(interface_->module->destroyKernel(kernel));
}

TEST_F(BackendModules, FromManyThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 10; ++round) {
                HyBackendKernel kernel = nullptr;
                if (makeKernel(kernel)) {
                    EXPECT_DONE(interface_->module->destroyKernel(kernel));
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

} // namespace
