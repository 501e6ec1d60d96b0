// Memory from the driver's own calls, as a framework in the process makes it, in copies, fills, queries, launches and
// graphs of Halyard.
#include "driver_types.h"

#include "halyard/halyard.h"

#include "length_comp.spv.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

using namespace halyard::cuda;

constexpr uint64_t kLimitNs = 20'000'000'000;
constexpr uint64_t kBytes = 4096;

std::string lastMessage() {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    hyGetLastError(&info);
    return info.message;
}

#define ASSERT_OK(call) ASSERT_EQ(call, HY_SUCCESS) << lastMessage()
#define EXPECT_OK(call) EXPECT_EQ(call, HY_SUCCESS) << lastMessage()

class OthersMemory : public ::testing::Test {
protected:
    void SetUp() override {
        void* library = dlopen("libcuda.so.1", RTLD_NOW);
        ASSERT_NE(library, nullptr) << dlerror();
        const auto find = [&](auto& function, const char* name) {
            function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
            ASSERT_NE(function, nullptr) << name;
        };
        find(retain, "cuDevicePrimaryCtxRetain");
        find(setCurrent, "cuCtxSetCurrent");
        find(memAlloc, "cuMemAlloc_v2");
        find(memAllocManaged, "cuMemAllocManaged");
        find(hostAlloc, "cuMemHostAlloc");
        find(memFree, "cuMemFree_v2");
        find(freeHost, "cuMemFreeHost");
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        ASSERT_OK(hyDeviceFind(instance, "cuda:0", &device));
        ASSERT_OK(hyDeviceFind(instance, "cuda:1", &second));
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        ASSERT_OK(hyStreamCreate(second, nullptr, &secondStream));
    }
    void TearDown() override {
        if (instance != nullptr) {
            EXPECT_OK(hyInstanceDestroy(instance));
        }
    }

    // In the primary context of a device, as the CUDA runtime does it.
    CUdeviceptr allocate(int ordinal = 0, bool managed = false) {
        CUcontext context = nullptr;
        EXPECT_EQ(retain(&context, ordinal), CUDA_SUCCESS);
        EXPECT_EQ(setCurrent(context), CUDA_SUCCESS);
        CUdeviceptr ptr = 0;
        EXPECT_EQ(managed ? memAllocManaged(&ptr, kBytes, CU_MEM_ATTACH_GLOBAL) : memAlloc(&ptr, kBytes), CUDA_SUCCESS);
        return ptr;
    }
    void finish() { ASSERT_OK(hyStreamSynchronize(stream, kLimitNs)); }
    std::vector<uint32_t> download(HyDevicePtr ptr) {
        std::vector<uint32_t> words(kBytes / 4);
        EXPECT_OK(hyMemcpyAsync(stream, hyHostAddress(words.data()), ptr, kBytes));
        EXPECT_OK(hyStreamSynchronize(stream, kLimitNs));
        return words;
    }
    HyPointerInfo describe(HyDevicePtr ptr) {
        HyPointerInfo info{};
        info.structSize = sizeof info;
        EXPECT_OK(hyPointerGetInfo(instance, ptr, &info));
        return info;
    }

    CUresult (*retain)(CUcontext*, CUdevice) = nullptr;
    CUresult (*setCurrent)(CUcontext) = nullptr;
    CUresult (*memAlloc)(CUdeviceptr*, size_t) = nullptr;
    CUresult (*memAllocManaged)(CUdeviceptr*, size_t, unsigned) = nullptr;
    CUresult (*hostAlloc)(void**, size_t, unsigned) = nullptr;
    CUresult (*memFree)(CUdeviceptr) = nullptr;
    CUresult (*freeHost)(void*) = nullptr;
    HyInstance instance = nullptr;
    HyDevice device = nullptr, second = nullptr;
    HyStream stream = nullptr, secondStream = nullptr;
};

TEST_F(OthersMemory, IsFilledAndCopied) {
    const CUdeviceptr ptr = allocate();
    const CUdeviceptr managed = allocate(0, true);
    const uint32_t nine = 9;
    ASSERT_OK(hyMemFillAsync(stream, ptr, &nine, 4, kBytes / 4));
    EXPECT_EQ(download(ptr), std::vector<uint32_t>(kBytes / 4, 9));
    ASSERT_OK(hyMemcpyAsync(stream, managed, ptr, kBytes));
    EXPECT_EQ(download(managed), std::vector<uint32_t>(kBytes / 4, 9));
    const HyPointerInfo info = describe(ptr + 100);
    EXPECT_EQ(info.kind, HY_MEMORY_DEVICE);
    EXPECT_EQ(info.device, device);
    EXPECT_EQ(info.base, ptr);
    EXPECT_EQ(info.bytes, kBytes);
    EXPECT_EQ(info.offset, 100u);
    EXPECT_EQ(info.hostAddress, nullptr);
    EXPECT_EQ(describe(managed).kind, HY_MEMORY_MANAGED);
    EXPECT_EQ(hyHostAddress(describe(managed).hostAddress), managed);
    EXPECT_EQ(memFree(ptr), CUDA_SUCCESS);
    EXPECT_EQ(memFree(managed), CUDA_SUCCESS);
}

TEST_F(OthersMemory, OfTheHostIsTheDevicesToo) {
    allocate();
    void* host = nullptr;
    ASSERT_EQ(hostAlloc(&host, kBytes, 0), CUDA_SUCCESS);
    const uint32_t seven = 7;
    ASSERT_OK(hyMemFillAsync(stream, hyHostAddress(host), &seven, 4, kBytes / 4)); // pageable memory is refused
    finish();
    EXPECT_EQ(static_cast<uint32_t*>(host)[kBytes / 4 - 1], 7u);
    EXPECT_EQ(describe(hyHostAddress(host)).kind, HY_MEMORY_HOST_ALLOCATED);
    EXPECT_EQ(freeHost(host), CUDA_SUCCESS);
}

TEST_F(OthersMemory, HasBoundsAndAnEnd) {
    const CUdeviceptr ptr = allocate();
    HyDevicePtr own = 0;
    ASSERT_OK(hyMemAlloc(device, 2 * kBytes, &own));
    EXPECT_EQ(hyMemcpyAsync(stream, own, ptr, kBytes + 1), HY_ERROR_INVALID_ADDRESS);
    EXPECT_NE(lastMessage().find("its allocation of 4096 bytes"), std::string::npos) << lastMessage();
    const uint32_t nine = 9;
    EXPECT_EQ(hyMemFillAsync(stream, ptr + 4, &nine, 4, kBytes / 4), HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(hyMemFree(device, ptr), HY_ERROR_INVALID_ADDRESS); // not Halyard's to free
    ASSERT_EQ(memFree(ptr), CUDA_SUCCESS);
    EXPECT_EQ(hyMemcpyAsync(stream, own, ptr, kBytes), HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(hyMemFillAsync(stream, ptr, &nine, 4, 1), HY_ERROR_INVALID_ADDRESS);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_EQ(hyPointerGetInfo(instance, ptr, &info), HY_ERROR_INVALID_ADDRESS);
}

TEST_F(OthersMemory, OfAnotherDeviceIsCopiedBetweenTheTwo) {
    const uint32_t five = 5;
    HyDevicePtr onSecond = 0; // opens the second device
    ASSERT_OK(hyMemAlloc(second, kBytes, &onSecond));
    const CUdeviceptr ptr = allocate(1);
    EXPECT_EQ(describe(ptr).device, second);
    EXPECT_EQ(hyMemFillAsync(stream, ptr, &five, 4, 1), HY_ERROR_UNSUPPORTED);
    ASSERT_OK(hyMemFillAsync(secondStream, ptr, &five, 4, kBytes / 4));
    ASSERT_OK(hyStreamSynchronize(secondStream, kLimitNs));
    HyDevicePtr own = 0;
    ASSERT_OK(hyMemAlloc(device, kBytes, &own));
    ASSERT_OK(hyMemcpyPeerAsync(stream, device, own, second, ptr, kBytes));
    EXPECT_EQ(download(own), std::vector<uint32_t>(kBytes / 4, 5));
    EXPECT_EQ(memFree(ptr), CUDA_SUCCESS);
}

TEST_F(OthersMemory, HasALengthAndGoesIntoGraphs) {
    HyModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.data = length_comp_spv;
    desc.dataBytes = length_comp_spv_size;
    HyModule module = nullptr;
    ASSERT_OK(hyModuleLoad(device, &desc, &module));
    HyKernel kernel = nullptr;
    ASSERT_OK(hyKernelCreate(module, "main", &kernel));
    const CUdeviceptr ptr = allocate();
    HyDevicePtr at = ptr + 64;
    const void* args[] = {&at};
    HyLaunchDesc launch{};
    launch.structSize = sizeof launch;
    launch.kernel = kernel;
    launch.workgroups = launch.workgroupSize = {1, 1, 1};
    launch.args = args;
    launch.argCount = 1;
    launch.stream = stream;
    ASSERT_OK(hyLaunchKernelEx(&launch));
    launch.stream = nullptr;
    EXPECT_EQ(download(ptr)[16], (kBytes - 64) / 4);

    HyGraph graph = nullptr;
    ASSERT_OK(hyGraphCreate(device, 0, &graph));
    const uint32_t three = 3;
    HyGraphNode fill = 0, run = 0, copy = 0;
    ASSERT_OK(hyGraphAddFillNode(graph, nullptr, 0, "fill", ptr, &three, 4, kBytes / 4, &fill));
    at = ptr + 128;
    ASSERT_OK(hyGraphAddKernelNode(graph, &fill, 1, "run", &launch, &run));
    ASSERT_OK(hyGraphAddCopyNode(graph, &run, 1, "copy", ptr, ptr + 128, 4, &copy));
    HyGraphExec exec = nullptr;
    ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
    ASSERT_OK(hyGraphLaunch(exec, stream));
    const std::vector<uint32_t> words = download(ptr);
    EXPECT_EQ(words[0], (kBytes - 128) / 4);
    EXPECT_EQ(words[1], 3u);
    ASSERT_EQ(memFree(ptr), CUDA_SUCCESS);
    HyGraphExec late = nullptr;
    EXPECT_EQ(hyGraphInstantiate(graph, 0, &late), HY_ERROR_INVALID_ADDRESS);
}

} // namespace
