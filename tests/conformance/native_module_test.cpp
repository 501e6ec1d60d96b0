// Modules in a device's own formats: taken where they are claimed, refused in words where not, and never read beyond
// their end.
#include "native_modules.h"

#include <algorithm>
#include <thread>

using namespace halyard::conformance;

namespace {

class NativeModules : public NativeTest {
protected:
    void SetUp() override {
        NativeTest::SetUp();
        if (!isTest("WhatIsNotClaimedIsRefused"))
            SKIP_WITHOUT(HY_CAP_MODULE_PTX);
    }
    HyModule loadPtx(const std::string& text) {
        HyModule module = nullptr;
        EXPECT_OK(load(bytesOf(text), module));
        return module;
    }
};

struct Form {
    HyCapabilities capability;
    HyModuleFormat format;
    Bytes bytes;
    const char* name;
};

} // namespace

TEST_F(NativeModules, WhatIsNotClaimedIsRefused) {
    Bytes amd = emptyCubin(70);
    amd[18] = std::byte{224};
    Bytes host = emptyCubin(70);
    host[18] = std::byte{62};
    const Form forms[] = {
        {HY_CAP_MODULE_PTX, HY_MODULE_FORMAT_PTX, bytesOf(addPtx()), "PTX"},
        {HY_CAP_MODULE_CUBIN, HY_MODULE_FORMAT_CUBIN, emptyCubin(70), "cubin"},
        {HY_CAP_MODULE_FATBIN, HY_MODULE_FORMAT_FATBIN, fatBinary({{false, 70, bytesOf(addPtx())}}), "fat binary"},
        {0, HY_MODULE_FORMAT_AMD_CODE_OBJECT, amd, "AMD code object"},
        {0, HY_MODULE_FORMAT_HOST_ELF, host, "host ELF"}};
    for (const Form& form : forms) {
        if (form.capability != 0 && claims(form.capability))
            continue;
        HyModuleDesc desc{};
        desc.structSize = sizeof desc;
        desc.data = form.bytes.data();
        desc.dataBytes = form.bytes.size();
        for (const HyModuleFormat format : {HY_MODULE_FORMAT_AUTO, form.format}) {
            desc.format = format;
            HyModule module = nullptr;
            EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "format", hyModuleLoad, device, &desc, &module);
            EXPECT_TRUE(saysInError(form.name) && saysInError("SPIR-V")) << lastError().message;
            EXPECT_EQ(module, nullptr);
        }
    }
}

TEST_F(NativeModules, PtxRunsWithoutCompilerAndCache) {
    const uint64_t before = compiles();
    const HyModule module = loadPtx(addPtx());
    uint32_t count = 0;
    ASSERT_OK(hyModuleGetKernelCount(module, &count));
    ASSERT_EQ(count, 2u);
    const char* name = nullptr;
    ASSERT_OK(hyModuleGetKernelName(module, 0, &name));
    EXPECT_STREQ(name, "add");
    EXPECT_EQ(addTo(makeKernel(module, "add"), 7), 1007u);
    EXPECT_EQ(addTo(makeKernel(module, "add_twice"), 7), 1014u);
    EXPECT_EQ(compiles(), before);
    HyKernel kernel = nullptr;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "name", hyKernelCreate, module, "subtract", &kernel);
    EXPECT_TRUE(saysInError("add, add_twice"));
}

TEST_F(NativeModules, AKernelOutlivesItsModule) {
    const HyModule module = loadPtx(addPtx());
    const HyKernel kernel = makeKernel(module, "add");
    ASSERT_OK(hyModuleDestroy(module));
    EXPECT_EQ(addTo(kernel, 1), 1001u);
}

TEST_F(NativeModules, ParametersAreThoseOfTheCode) {
    const HyModule module = loadPtx(mixedPtx());
    uint32_t count = 0;
    ASSERT_OK(hyModuleGetKernelCount(module, &count));
    ASSERT_EQ(count, 1u);
    const HyKernel kernel = makeKernel(module, "mixed");
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(kernel, &info));
    ASSERT_EQ(info.parameterCount, 5u);
    constexpr uint32_t kBytes[] = {1, 24, 2, 8, 4};
    constexpr uint32_t kOffsets[] = {0, 8, 32, 40, 48};
    EXPECT_EQ(info.argumentBytes, 52u);
    for (uint32_t i = 0; i < 5; ++i) {
        HyParameterInfo parameter{};
        parameter.structSize = sizeof parameter;
        ASSERT_OK(hyKernelGetParameter(kernel, i, &parameter));
        EXPECT_EQ(parameter.kind, HY_PARAMETER_VALUE);
        EXPECT_EQ(parameter.bytes, kBytes[i]) << i;
        EXPECT_EQ(parameter.offset, kOffsets[i]) << i;
        EXPECT_STREQ(parameter.name, "");
    }
    const HyDevicePtr data = upload(std::vector<float>{0, 0});
    const float value = 2.5f;
    std::vector<std::byte> packed(info.argumentBytes);
    std::memcpy(packed.data() + 40, &data, sizeof data);
    std::memcpy(packed.data() + 48, &value, sizeof value);
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream;
    desc.kernel = kernel;
    desc.workgroups = desc.workgroupSize = {1, 1, 1};
    desc.packedArgs = packed.data();
    desc.packedArgBytes = packed.size();
    ASSERT_OK(hyLaunchKernelEx(&desc));
    EXPECT_EQ(download<float>(data, 2), (std::vector<float>{2.5f, 0}));
    desc.packedArgBytes = packed.size() - 1;
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "packedArgBytes", hyLaunchKernelEx, &desc);
    const void* args[] = {&data};
    EXPECT_FAILS(HY_ERROR_INVALID_KERNEL_ARGS, "argCount", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1},
                 HyDim3{1, 1, 1}, 0, args, 1);
}

TEST_F(NativeModules, WorkgroupMemoryWithoutAName) {
    const HyModule module = loadPtx(addPtx("sm_70", "7.0", true));
    const HyKernel kernel = makeKernel(module, "turn");
    const HyDevicePtr data = upload(std::vector<uint32_t>{1, 2, 3, 4});
    const void* args[] = {&data};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {4, 1, 1}, 16, args, 1));
    EXPECT_EQ(download<uint32_t>(data, 4), (std::vector<uint32_t>{4, 3, 2, 1}));
    const uint32_t most = properties.maxLocalBytes;
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {4, 1, 1}, most, args, 1));
    EXPECT_EQ(download<uint32_t>(data, 4), (std::vector<uint32_t>{1, 2, 3, 4}));
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "dynamicLocalBytes", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1},
                 HyDim3{4, 1, 1}, most + 1, args, 1);
    if (!claims(HY_CAP_OCCUPANCY))
        return;
    HyOccupancy none{}, all{};
    none.structSize = all.structSize = sizeof none;
    ASSERT_OK(hyKernelGetOccupancy(kernel, {32, 1, 1}, 0, &none));
    ASSERT_OK(hyKernelGetOccupancy(kernel, {32, 1, 1}, most, &all));
    EXPECT_LT(all.activeWorkgroups, none.activeWorkgroups);
    EXPECT_EQ(hyKernelGetOccupancy(kernel, {32, 1, 1}, uint64_t{most} + 1, &all), HY_ERROR_INVALID_LAUNCH_SIZE);
}

// Only the driver knows it.
TEST_F(NativeModules, AWorkgroupSizeThatTheCodeRequires) {
    std::string text = addPtx();
    text.insert(text.find("{", text.find(".entry add(")), " .reqntid 32, 1, 1 ");
    const HyKernel kernel = makeKernel(loadPtx(text), "add");
    const HyDevicePtr data = upload(std::vector<uint32_t>(32, 1));
    const uint32_t value = 5;
    const void* args[] = {&data, &value};
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1},
                 HyDim3{16, 1, 1}, 0, args, 2);
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {32, 1, 1}, 0, args, 2));
    EXPECT_EQ(download<uint32_t>(data, 32), std::vector<uint32_t>(32, 1006));
}

TEST_F(NativeModules, InAGraph) {
    const HyKernel kernel = makeKernel(loadPtx(addPtx()), "add");
    const HyDevicePtr data = upload(std::vector<uint32_t>(16, 1));
    const uint32_t value = 5;
    const void* args[] = {&data, &value};
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {16, 1, 1}, 0, args, 2));
    HyGraph graph = nullptr;
    ASSERT_OK(hyStreamEndCapture(stream, &graph));
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    ASSERT_OK(hyGraphLaunch(exec, stream));
    ASSERT_OK(hyGraphLaunch(exec, stream));
    EXPECT_EQ(download<uint32_t>(data, 16), std::vector<uint32_t>(16, 1 + 2 * 1005));
}

TEST_F(NativeModules, WhatSpirvAloneHasIsRefused) {
    HyModule module = nullptr;
    EXPECT_EQ(load(bytesOf(addPtx()), module, HY_MODULE_FORMAT_AUTO, {{1, 4, 2}}), HY_ERROR_INVALID_ARGUMENT);
    EXPECT_STREQ(lastError().argument, "desc->specConstants");
    EXPECT_EQ(module, nullptr);
}

TEST_F(NativeModules, InvalidPtxNamesTheLine) {
    std::string text = addPtx();
    text.replace(text.find("add.s64"), 7, "ADD.s64");
    HyModule module = nullptr;
    EXPECT_EQ(load(bytesOf(text), module), HY_ERROR_INVALID_MODULE);
    const auto line = std::count(text.begin(), text.begin() + static_cast<long>(text.find("ADD")), '\n') + 1;
    EXPECT_TRUE(saysInError(std::to_string(line)) && saysInError("ADD")) << lastError().message;
    EXPECT_STRNE(lastError().nativeName, "");
    EXPECT_NE(lastError().nativeCode, 0);
}

TEST_F(NativeModules, PtxForANewerProcessorOrDriverIsNamed) {
    HyModule module = nullptr;
    EXPECT_EQ(load(bytesOf(addPtx("sm_250", "7.0")), module), HY_ERROR_UNSUPPORTED);
    EXPECT_TRUE(saysInError("sm_250") && saysInError(properties.isa)) << lastError().message;
    EXPECT_EQ(load(bytesOf(addPtx("sm_70", "9.9")), module), HY_ERROR_UNSUPPORTED);
    EXPECT_TRUE(saysInError("9.9")) << lastError().message;
}

TEST_F(NativeModules, MachineCodeForAnotherProcessorIsNamed) {
    SKIP_WITHOUT(HY_CAP_MODULE_CUBIN);
    for (const uint32_t other : {30u, 250u}) { // no device that Halyard knows
        const std::string name = "sm_" + std::to_string(other);
        HyModule module = nullptr;
        EXPECT_EQ(load(emptyCubin(other), module), HY_ERROR_UNSUPPORTED);
        EXPECT_TRUE(saysInError(name) && saysInError(properties.isa)) << lastError().message;
        if (claims(HY_CAP_MODULE_FATBIN)) {
            EXPECT_EQ(load(fatBinary({{true, other, emptyCubin(other)}}), module), HY_ERROR_UNSUPPORTED);
            EXPECT_TRUE(saysInError(name) && saysInError(properties.isa)) << lastError().message;
        }
    }
}

TEST_F(NativeModules, PtxOfAFatBinaryRuns) {
    SKIP_WITHOUT(HY_CAP_MODULE_FATBIN);
    HyModule module = nullptr;
    ASSERT_OK(
        load(fatBinary(
                 {{true, 30, emptyCubin(30)}, {false, 250, bytesOf(addPtx("sm_250"))}, {false, 70, bytesOf(addPtx())}}),
             module));
    EXPECT_EQ(addTo(makeKernel(module, "add"), 7), 1007u);
}

// Damaged files have one code, and nothing is read that is not there.
TEST_F(NativeModules, EveryTruncationIsRefused) {
    const Bytes files[] = {emptyCubin(70), fatBinary({{false, 70, bytesOf(addPtx())}})};
    const HyModuleFormat formats[] = {HY_MODULE_FORMAT_CUBIN, HY_MODULE_FORMAT_FATBIN};
    for (size_t file = 0; file < 2; ++file) {
        for (size_t bytes = 1; bytes < files[file].size(); ++bytes) {
            HyModule module = nullptr;
            ASSERT_EQ(load(std::span(files[file]).first(bytes), module, formats[file]), HY_ERROR_INVALID_MODULE)
                << file << ": " << bytes << " " << lastError().message;
            ASSERT_STRNE(lastError().message, "");
        }
    }
    const Bytes text = bytesOf(addPtx());
    for (size_t bytes = 1; bytes < text.size(); bytes += 17) {
        HyModule module = nullptr;
        const HyResult result = load(std::span(text).first(bytes), module, HY_MODULE_FORMAT_PTX);
        EXPECT_TRUE(result == HY_SUCCESS || result == HY_ERROR_INVALID_MODULE) << bytes << lastError().message;
        if (result == HY_SUCCESS) { // it ends behind a kernel
            EXPECT_OK(hyModuleDestroy(module));
        }
    }
}

TEST_F(NativeModules, ChangedBytesAreRefusedOrHarmless) {
    const Bytes file = fatBinary({{false, 70, bytesOf(addPtx())}});
    uint32_t random = 1;
    for (int round = 0; round < 400; ++round) {
        Bytes changed = file;
        random = random * 1664525 + 1013904223;
        changed[(random >> 8) % 160] ^= static_cast<std::byte>(1u << (random % 8));
        HyModule module = nullptr;
        const HyResult result = load(changed, module, HY_MODULE_FORMAT_FATBIN);
        ASSERT_TRUE(result == HY_SUCCESS || result == HY_ERROR_INVALID_MODULE || result == HY_ERROR_UNSUPPORTED)
            << hyResultName(result) << " " << lastError().message;
        if (module != nullptr) {
            EXPECT_OK(hyModuleDestroy(module));
        }
    }
}

TEST_F(NativeModules, ANulInPtxIsRefused) {
    std::string text = addPtx();
    text[text.size() / 2] = '\0';
    HyModule module = nullptr;
    EXPECT_EQ(load(bytesOf(text), module, HY_MODULE_FORMAT_PTX), HY_ERROR_INVALID_MODULE);
    EXPECT_TRUE(saysInError("nul"));
    EXPECT_OK(load(bytesOf(addPtx() + std::string(3, '\0')), module));
}

TEST_F(NativeModules, LoadedByManyThreads) {
    std::vector<std::thread> threads;
    std::vector<HyResult> results(4, HY_ERROR_INTERNAL);
    for (size_t i = 0; i < results.size(); ++i) {
        threads.emplace_back([&, i] {
            HyModule module = nullptr;
            HyKernel kernel = nullptr;
            results[i] = load(bytesOf(addPtx()), module);
            if (results[i] == HY_SUCCESS)
                results[i] = hyKernelCreate(module, "add", &kernel);
            if (results[i] == HY_SUCCESS)
                results[i] = hyModuleDestroy(module);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(results, std::vector<HyResult>(4, HY_SUCCESS));
}
