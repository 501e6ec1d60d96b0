// Questions about devices, contexts as a stack of each thread, and access between two devices.
#include "fixture.h"

#include <cstring>
#include <thread>

namespace halyard::cuda {
namespace {

class SoftcudaDevice : public DriverTest {
protected:
    // The second device, with its own context, memory and stream; the first one's context is current afterwards.
    void openSecond() {
        ASSERT_CU(cu().cuDevicePrimaryCtxRetain(&second_, 1));
        ASSERT_CU(cu().cuCtxPushCurrent_v2(second_));
        ASSERT_CU(cu().cuStreamCreateWithPriority(&secondStream_, CU_STREAM_NON_BLOCKING, 0));
        ASSERT_CU(cu().cuMemAlloc_v2(&secondMemory_, 4096));
        CUcontext popped = nullptr;
        ASSERT_CU(cu().cuCtxPopCurrent_v2(&popped));
        ASSERT_EQ(second_, popped);
    }
    void TearDown() override {
        if (second_) {
            EXPECT_CU(CUDA_SUCCESS, cu().cuDevicePrimaryCtxRelease_v2(1));
        }
        DriverTest::TearDown();
    }
    CUcontext second_ = nullptr;
    CUstream secondStream_ = nullptr;
    CUdeviceptr secondMemory_ = 0;
};

TEST_F(SoftcudaDevice, TellsWhatItIs) {
    int count = 0, version = 0, value = 0;
    CUdevice device = -1;
    char label[64] = "";
    size_t bytes = 0;
    CUuuid first{}, again{}, other{};
    ASSERT_CU(cu().cuDeviceGetCount(&count));
    EXPECT_EQ(2, count);
    ASSERT_CU(cu().cuDriverGetVersion(&version));
    EXPECT_EQ(13000, version);
    ASSERT_CU(cu().cuDeviceGet(&device, 1));
    EXPECT_EQ(1, device);
    ASSERT_CU(cu().cuDeviceGetName(label, sizeof label, 0));
    EXPECT_STREQ("Software GPU", label);
    ASSERT_CU(cu().cuDeviceGetName(label, 5, 0));
    EXPECT_STREQ("Soft", label);
    ASSERT_CU(cu().cuDeviceTotalMem_v2(&bytes, 0));
    EXPECT_EQ(size_t{2} << 30, bytes);
    ASSERT_CU(cu().cuDeviceGetUuid(&first, 0));
    ASSERT_CU(cu().cuDeviceGetUuid_v2(&again, 0));
    ASSERT_CU(cu().cuDeviceGetUuid_v2(&other, 1));
    EXPECT_EQ(0, std::memcmp(&first, &again, sizeof first));
    EXPECT_NE(0, std::memcmp(&first, &other, sizeof first));
    ASSERT_CU(cu().cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 0));
    EXPECT_EQ(32, value);
    int least = -9, greatest = 9;
    ASSERT_CU(cu().cuCtxGetStreamPriorityRange(&least, &greatest));
    EXPECT_EQ(0, least);
    EXPECT_LT(greatest, 0);
}

TEST_F(SoftcudaDevice, RefusesWhatIsNoDeviceAndNoPlaceForTheAnswer) {
    int value = 0;
    CUdevice device = 0;
    size_t bytes = 0;
    CUuuid uuid{};
    CUcontext context = nullptr;
    char label[4];
    for (int bad : {-1, 2, 99}) {
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceGet(&device, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceGetName(label, 4, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceTotalMem_v2(&bytes, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceGetUuid(&uuid, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDevicePrimaryCtxRetain(&context, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDevicePrimaryCtxRelease_v2(bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuDeviceCanAccessPeer(&value, 0, bad));
        EXPECT_CU(CUDA_ERROR_INVALID_DEVICE,
                  cu().cuDeviceGetP2PAttribute(&value, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, bad));
    }
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGet(nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGetCount(nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDriverGetVersion(nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGetName(nullptr, 4, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGetName(label, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGetUuid_v2(nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDevicePrimaryCtxRetain(nullptr, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(100000), 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuInit(1));
    const char* words = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGetErrorString(static_cast<CUresult>(12345), &words));
    EXPECT_EQ(nullptr, words);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuGetErrorName(CUDA_SUCCESS, nullptr));
    ASSERT_CU(cu().cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &words));
    EXPECT_STREQ("out of memory", words);
}

TEST_F(SoftcudaDevice, ContextsAreAStackOfEachThread) {
    openSecond();
    CUcontext found = nullptr;
    ASSERT_CU(cu().cuCtxPushCurrent_v2(second_));
    ASSERT_CU(cu().cuCtxGetCurrent(&found));
    EXPECT_EQ(second_, found);
    std::thread([] {
        CUcontext none = reinterpret_cast<CUcontext>(1);
        EXPECT_CU(CUDA_SUCCESS, cu().cuCtxGetCurrent(&none));
        EXPECT_EQ(nullptr, none);
        EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuCtxPopCurrent_v2(&none));
        CUdeviceptr ptr = 0;
        EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuMemAlloc_v2(&ptr, 16));
    }).join();
    ASSERT_CU(cu().cuCtxPopCurrent_v2(nullptr));
    ASSERT_CU(cu().cuCtxGetCurrent(&found));
    EXPECT_EQ(context_, found);
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuCtxSetCurrent(reinterpret_cast<CUcontext>(0x1234)));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuCtxPushCurrent_v2(nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuCtxGetCurrent(nullptr));
}

TEST_F(SoftcudaDevice, WhatIsOfAnotherContextIsRefused) {
    openSecond();
    CUcontext found = nullptr;
    ASSERT_CU(cu().cuStreamGetCtx(secondStream_, &found));
    EXPECT_EQ(second_, found);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuStreamGetCtx(secondStream_, nullptr));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, launch("store", memory_, 1, secondStream_));
    CUevent event = nullptr;
    ASSERT_CU(cu().cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuEventRecord(event, secondStream_));
    ASSERT_CU(cu().cuEventRecord(event, stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuStreamWaitEvent(secondStream_, event, 0)); // this may cross
    ASSERT_CU(cu().cuCtxSetCurrent(second_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, launch("store", secondMemory_, 1, secondStream_)); // the first one's kernel
    ASSERT_CU(cu().cuCtxSetCurrent(context_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuEventDestroy_v2(event));
}

TEST_F(SoftcudaDevice, AReleasedContextTakesItsObjectsAlong) {
    openSecond();
    ASSERT_CU(cu().cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuDevicePrimaryCtxRelease_v2(1));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuCtxPushCurrent_v2(second_));
    EXPECT_CU(CUDA_ERROR_INVALID_HANDLE, cu().cuStreamQuery(secondStream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFree_v2(secondMemory_));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuCtxEnablePeerAccess(second_, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT,
              cu().cuMemcpyPeerAsync(memory_, context_, secondMemory_, second_, 16, stream_));
    second_ = nullptr;
}

TEST_F(SoftcudaDevice, PeersReachEachOthersMemoryWhenAsked) {
    openSecond();
    int can = 0, attribute = -1;
    ASSERT_CU(cu().cuDeviceCanAccessPeer(&can, 0, 1));
    EXPECT_EQ(1, can);
    ASSERT_CU(cu().cuDeviceCanAccessPeer(&can, 1, 1));
    EXPECT_EQ(0, can);
    ASSERT_CU(cu().cuDeviceGetP2PAttribute(&attribute, CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED, 0, 1));
    EXPECT_EQ(1, attribute);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuDeviceGetP2PAttribute(&attribute, static_cast<CUdevice_P2PAttribute>(77), 0, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuCtxEnablePeerAccess(context_, 0)); // itself
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuCtxEnablePeerAccess(second_, 1));
    ASSERT_CU(cu().cuCtxEnablePeerAccess(second_, 0));
    EXPECT_CU(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, cu().cuCtxEnablePeerAccess(second_, 0));
    ASSERT_CU(launch("store", secondMemory_, 7, stream_));
    EXPECT_EQ(7u, read(secondMemory_));
}

TEST_F(SoftcudaDevice, WithoutPeerAccessAKernelFaults) {
    openSecond();
    ASSERT_CU(launch("store", secondMemory_, 7, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
}

TEST_F(SoftcudaDevice, CopiesBetweenDevices) {
    openSecond();
    ASSERT_CU(cu().cuMemsetD32Async(memory_, 0x01020304, 4, stream_));
    ASSERT_CU(cu().cuMemcpyPeerAsync(secondMemory_, second_, memory_, context_, 16, stream_));
    EXPECT_EQ(0x01020304u, read(secondMemory_ + 12));
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT,
              cu().cuMemcpyPeerAsync(secondMemory_, second_, memory_, nullptr, 16, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemcpyPeerAsync(secondMemory_ + 4090, second_, memory_, context_, 16, stream_));
    CUDA_MEMCPY3D_PEER box{};
    box.srcMemoryType = box.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    box.srcContext = context_;
    box.srcDevice = memory_;
    box.srcPitch = 8;
    box.srcHeight = 2;
    box.dstContext = second_;
    box.dstDevice = secondMemory_ + 64;
    box.dstPitch = 32;
    box.dstHeight = 2;
    box.WidthInBytes = 8;
    box.Height = 2;
    box.Depth = 1;
    ASSERT_CU(cu().cuMemsetD8Async(secondMemory_, 0, 4096, stream_));
    ASSERT_CU(cu().cuMemcpy3DPeerAsync(&box, stream_));
    EXPECT_EQ(0x01020304u, read(secondMemory_ + 64 + 32 + 4));
    EXPECT_EQ(0u, read(secondMemory_ + 64 + 8));
    box.dstContext = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_CONTEXT, cu().cuMemcpy3DPeerAsync(&box, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy3DPeerAsync(nullptr, stream_));
}

} // namespace
} // namespace halyard::cuda
