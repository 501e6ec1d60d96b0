// The backend itself over a driver: the tests' software driver, or NVIDIA's where there is a device.
#include "driver_fixture.h"
#include "nvcc_files.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

namespace {

using namespace halyard::cuda::testing;

TEST_F(CudaDriver, fillsWithEveryPatternAndLeavesTheRest) {
    const uint8_t pattern[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const HyDevicePtr memory = allocate(1 << 16);
    for (const uint32_t bytes : {1U, 2U, 4U, 8U, 16U}) {
        const uint64_t count = 3001;
        const uint8_t zero = 0;
        ASSERT_EQ(api_->stream->fill(stream_, memory, &zero, 1, 1 << 16), HY_SUCCESS) << lastMessage;
        ASSERT_EQ(api_->stream->fill(stream_, memory + 16, pattern, bytes, count), HY_SUCCESS) << lastMessage;
        const std::vector<uint8_t> found = read(memory, 1 << 16);
        for (size_t i = 0; i < found.size(); ++i) {
            const bool inside = i >= 16 && i < 16 + count * bytes;
            ASSERT_EQ(found[i], inside ? pattern[(i - 16) % bytes] : 0) << bytes << " at " << i;
        }
    }
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaDriver, fillsABoxWithALongPattern) {
    const uint64_t pattern[2] = {0x1111222233334444, 0x5555666677778888};
    const uint64_t rowPitch = 128;
    const uint64_t slicePitch = 128 * 7 + 16;
    const HyDevicePtr memory = allocate(slicePitch * 3);
    const uint8_t zero = 0;
    ASSERT_EQ(api_->stream->fill(stream_, memory, &zero, 1, slicePitch * 3), HY_SUCCESS);
    const HyFill3D box{sizeof(HyFill3D), 0, nullptr, memory, rowPitch, slicePitch, 3, 5, 2, pattern, 16, 0};
    ASSERT_EQ(api_->stream->fill3D(stream_, &box), HY_SUCCESS) << lastMessage;
    const std::vector<uint8_t> found = read(memory, slicePitch * 3);
    for (uint64_t at = 0; at < found.size(); ++at) {
        const uint64_t z = at / slicePitch;
        const uint64_t y = at % slicePitch / rowPitch;
        const uint64_t x = at % slicePitch % rowPitch;
        const bool inside = z < 2 && y < 5 && x < 48;
        ASSERT_EQ(found[at], inside ? reinterpret_cast<const uint8_t*>(pattern)[x % 16] : 0) << at;
    }
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

struct Gate {
    std::atomic<bool> open{false};
    std::vector<uint32_t>* values;
};

// The host function changes the source after the copy was submitted and before the stream gets to it.
TEST_F(CudaDriver, pageableMemoryIsReadAndWrittenInStreamOrder) {
    std::vector<uint32_t> source(3'000'000, 1); // more than the staging memory holds
    std::vector<uint32_t> target(source.size(), 0);
    const uint64_t bytes = source.size() * sizeof(uint32_t);
    const HyDevicePtr memory = allocate(bytes);
    Gate gate{{}, &source};
    const HyHostFunction wait = [](void* user, HyResult status) {
        EXPECT_EQ(status, HY_SUCCESS);
        auto& gate = *static_cast<Gate*>(user);
        while (!gate.open.load())
            std::this_thread::yield();
        std::iota(gate.values->begin(), gate.values->end(), 7U);
    };
    ASSERT_EQ(api_->stream->hostFunction(stream_, wait, &gate), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->copy(stream_, memory, hyHostAddress(source.data()), bytes, HY_BACKEND_COPY_SRC_HOST),
              HY_SUCCESS)
        << lastMessage;
    ASSERT_EQ(api_->stream->copy(stream_, hyHostAddress(target.data()), memory, bytes, HY_BACKEND_COPY_DST_HOST),
              HY_SUCCESS)
        << lastMessage;
    EXPECT_EQ(api_->stream->query(stream_), HY_NOT_READY);
    EXPECT_EQ(api_->stream->synchronize(stream_, 1'000'000), HY_ERROR_TIMEOUT);
    EXPECT_NE(lastMessage.find("stream 'test'"), std::string::npos) << lastMessage;
    gate.open.store(true);
    finish();
    EXPECT_EQ(source[5], 12U);
    EXPECT_EQ(target, source);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaDriver, launchesAKernelOfAPtxModule) {
    const Loaded add = loadAdd();
    HyBackendKernel kernel = add.kernel;
    const HyDevicePtr memory = allocate(128);
    const uint32_t ten = 10;
    const uint32_t five = 5;
    ASSERT_EQ(api_->stream->fill(stream_, memory, &ten, 4, 32), HY_SUCCESS);
    const void* args[2] = {&memory, &five};
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = {1, 1, 1};
    launch.workgroupSize = {32, 1, 1};
    launch.argCount = 2;
    launch.args = args;
    launch.clusterSize = {1, 1, 1};
    ASSERT_EQ(api_->stream->launch(stream_, kernel, &launch), HY_SUCCESS) << lastMessage;
    struct {
        HyDevicePtr memory;
        uint32_t value;
    } packed{memory, 100};
    launch.args = nullptr;
    launch.packedArgs = &packed;
    ASSERT_EQ(api_->stream->launch(stream_, kernel, &launch), HY_SUCCESS) << lastMessage;
    const std::vector<uint8_t> found = read(memory, 128);
    for (size_t i = 0; i < 32; ++i) {
        uint32_t value = 0;
        std::memcpy(&value, found.data() + i * 4, 4);
        EXPECT_EQ(value, 115U) << i;
    }
    unload(add);
    EXPECT_EQ(api_->memory->free(device_, memory), HY_SUCCESS);
}

TEST_F(CudaDriver, refusesPtxThatIsNoneWithTheDriversWords) {
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = HY_MODULE_FORMAT_PTX;
    const std::string text = ".version 7.0\n.target sm_70\n.address_size 64\nnonsense here\n";
    desc.data = text.data();
    desc.dataBytes = text.size();
    HyBackendModule module = nullptr;
    EXPECT_EQ(api_->module->load(device_, &desc, &module), HY_ERROR_INVALID_MODULE);
    EXPECT_NE(lastMessage.find('\n'), std::string::npos) << "no log of the driver in: " << lastMessage;
}

TEST_F(CudaDriver, refusesMoreMemoryThanThereIsAndSaysHowMuch) {
    HyDevicePtr ptr = 0;
    void* host = nullptr;
    EXPECT_EQ(api_->memory->allocate(device_, uint64_t{1} << 50, &ptr, &host), HY_ERROR_OUT_OF_DEVICE_MEMORY);
    EXPECT_NE(lastMessage.find("are free"), std::string::npos) << lastMessage;
}

TEST_F(CudaDriver, eventsTellTimes) {
    HyBackendEvent events[2] = {};
    for (HyBackendEvent& event : events)
        ASSERT_EQ(api_->event->create(device_, HY_EVENT_TIMING, &event), HY_SUCCESS) << lastMessage;
    uint64_t nanoseconds = 0;
    EXPECT_EQ(api_->event->query(events[0]), HY_SUCCESS);
    EXPECT_EQ(api_->event->elapsed(events[0], events[1], &nanoseconds), HY_ERROR_INVALID_STATE);
    ASSERT_EQ(api_->event->record(events[0], stream_), HY_SUCCESS) << lastMessage;
    const HyHostFunction pause = [](void*, HyResult) { std::this_thread::sleep_for(std::chrono::milliseconds(5)); };
    ASSERT_EQ(api_->stream->hostFunction(stream_, pause, nullptr), HY_SUCCESS);
    ASSERT_EQ(api_->event->record(events[1], stream_), HY_SUCCESS);
    ASSERT_EQ(api_->event->synchronize(events[1], kLimit), HY_SUCCESS) << lastMessage;
    EXPECT_EQ(api_->event->elapsed(events[0], events[1], &nanoseconds), HY_SUCCESS) << lastMessage;
    EXPECT_GE(nanoseconds, 4'000'000U);
    for (const HyBackendEvent event : events)
        EXPECT_EQ(api_->event->destroy(event), HY_SUCCESS);
}

struct Called {
    std::atomic<int> times{0};
    std::atomic<HyResult> status{HY_SUCCESS};
};

// The last test: it ends the context.
TEST_F(CudaDriver, aFaultNamesTheKernelAndHostFunctionsAreStillCalledOnce) {
    const std::string text = R"(
.version 7.0
.target sm_70
.address_size 64
.visible .entry astray() {
    .reg .b64 %rd<2>;
    mov.u64 %rd1, 64;
    st.global.u32 [%rd1], 1;
    ret;
}
)";
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = HY_MODULE_FORMAT_PTX;
    desc.data = text.data();
    desc.dataBytes = text.size();
    HyBackendModule module = nullptr;
    ASSERT_EQ(api_->module->load(device_, &desc, &module), HY_SUCCESS) << lastMessage;
    HyBackendKernelDesc kernelDesc{};
    kernelDesc.structSize = sizeof kernelDesc;
    kernelDesc.name = "astray";
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(api_->module->createKernel(module, &kernelDesc, &kernel), HY_SUCCESS) << lastMessage;
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.workgroupSize = launch.clusterSize = {1, 1, 1};
    // The gate keeps the kernel from running before everything is submitted.
    std::atomic<bool> open{false};
    const HyHostFunction wait = [](void* user, HyResult) {
        while (!static_cast<std::atomic<bool>*>(user)->load())
            std::this_thread::yield();
    };
    Called called;
    const HyHostFunction count = [](void* user, HyResult status) {
        static_cast<Called*>(user)->status = status;
        ++static_cast<Called*>(user)->times;
    };
    ASSERT_EQ(api_->stream->hostFunction(stream_, wait, &open), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->launch(stream_, kernel, &launch), HY_SUCCESS) << lastMessage;
    ASSERT_EQ(api_->stream->hostFunction(stream_, count, &called), HY_SUCCESS) << lastMessage;
    open = true;
    // Nobody asks: the host function comes all the same.
    for (int i = 0; i < 2000 && called.times == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(called.times, 1);
    EXPECT_EQ(called.status, HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(api_->stream->synchronize(stream_, kLimit), HY_ERROR_LAUNCH_FAILED);
    EXPECT_NE(lastMessage.find("'astray'"), std::string::npos) << lastMessage;
    EXPECT_EQ(api_->stream->launch(stream_, kernel, &launch), HY_ERROR_LAUNCH_FAILED);
    EXPECT_NE(lastMessage.find("context is gone"), std::string::npos) << lastMessage;
    EXPECT_EQ(api_->module->destroyKernel(kernel), HY_SUCCESS);
    EXPECT_EQ(api_->module->unload(module), HY_SUCCESS);
    EXPECT_EQ(called.times, 1);
}

HyBackendModuleDesc describe(const std::vector<char>& file, HyModuleFormat format) {
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = format;
    desc.data = file.data();
    desc.dataBytes = file.size();
    return desc;
}

TEST_F(CudaDriver, runsAFatBinaryOfNvcc) {
    MAKE_OR_SKIP(file, "-fatbin --compress-mode=none -gencode arch=compute_75,code=[sm_75,compute_75] "
                       "-gencode arch=compute_80,code=sm_80");
    std::vector<char> older = file; // so that a driver older than the toolkit takes it
    const std::string version = ".version ";
    const auto at = std::search(older.begin(), older.end(), version.begin(), version.end());
    ASSERT_NE(at, older.end());
    std::copy_n("7.0", 3, at + static_cast<long>(version.size()));
    const HyBackendModuleDesc desc = describe(older, HY_MODULE_FORMAT_FATBIN);
    HyBackendModule module = nullptr;
    ASSERT_EQ(api_->module->load(device_, &desc, &module), HY_SUCCESS) << lastMessage;
    uint32_t count = 0;
    ASSERT_EQ(api_->module->getKernelCount(module, &count), HY_SUCCESS);
    ASSERT_EQ(count, 3u);
    HyBackendKernelInterface found{};
    found.structSize = sizeof found;
    ASSERT_EQ(api_->module->getKernelInterface(module, 2, &found), HY_SUCCESS);
    ASSERT_STREQ(found.name, "turn");
    ASSERT_EQ(found.parameterCount, 1u);
    HyBackendKernelDesc kernelDesc{};
    kernelDesc.structSize = sizeof kernelDesc;
    kernelDesc.name = found.name;
    kernelDesc.parameters = found.parameters;
    kernelDesc.parameterCount = 1;
    kernelDesc.argumentBytes = found.argumentBytes;
    HyBackendKernel kernel = nullptr;
    ASSERT_EQ(api_->module->createKernel(module, &kernelDesc, &kernel), HY_SUCCESS) << lastMessage;
    const uint8_t pattern[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
    const HyDevicePtr data = allocate(16);
    ASSERT_EQ(api_->stream->fill(stream_, data, pattern, 16, 1), HY_SUCCESS);
    const void* args[] = {&data};
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.clusterSize = {1, 1, 1};
    launch.workgroupSize = {4, 1, 1};
    launch.dynamicLocalBytes = 16;
    launch.argCount = 1;
    launch.args = args;
    ASSERT_EQ(api_->stream->launch(stream_, kernel, &launch), HY_SUCCESS) << lastMessage;
    EXPECT_EQ(read(data, 16), (std::vector<uint8_t>{4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0}));
    EXPECT_EQ(api_->module->destroyKernel(kernel), HY_SUCCESS);
    EXPECT_EQ(api_->module->unload(module), HY_SUCCESS);
    EXPECT_EQ(api_->memory->free(device_, data), HY_SUCCESS);
}

// NVIDIA's driver runs it; the software driver refuses it as a driver refuses code for another processor.
TEST_F(CudaDriver, takesOrRefusesMachineCode) {
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    ASSERT_EQ(api_->device->getProperties(context_, 0, &properties), HY_SUCCESS);
    const std::string options = std::string("-cubin -arch=") + properties.isa;
    MAKE_OR_SKIP(file, options);
    const HyBackendModuleDesc desc = describe(file, HY_MODULE_FORMAT_CUBIN);
    HyBackendModule module = nullptr;
    const HyResult result = api_->module->load(device_, &desc, &module);
    if (result == HY_SUCCESS) {
        EXPECT_EQ(api_->module->unload(module), HY_SUCCESS);
        return;
    }
    EXPECT_EQ(result, HY_ERROR_UNSUPPORTED);
    EXPECT_NE(lastMessage.find(properties.isa), std::string::npos) << lastMessage;
}

} // namespace
