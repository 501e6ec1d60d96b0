// Pinned, registered and managed memory, and what a pointer tells of itself.
#include "fixture.h"

#include <vector>

namespace halyard::cuda {
namespace {

class SoftcudaHostMemory : public DriverTest {
protected:
    template <class Value> Value ask(CUpointer_attribute attribute, CUdeviceptr ptr) {
        Value value{};
        EXPECT_CU(CUDA_SUCCESS, cu().cuPointerGetAttribute(&value, attribute, ptr));
        return value;
    }
};

TEST_F(SoftcudaHostMemory, PointersTellTheirKind) {
    EXPECT_EQ(unsigned{CU_MEMORYTYPE_DEVICE}, ask<unsigned>(CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory_ + 8));
    EXPECT_EQ(unsigned{CU_MEMORYTYPE_HOST}, ask<unsigned>(CU_POINTER_ATTRIBUTE_MEMORY_TYPE, pinned()));
    EXPECT_EQ(context_, ask<CUcontext>(CU_POINTER_ATTRIBUTE_CONTEXT, memory_));
    EXPECT_EQ(memory_, ask<CUdeviceptr>(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, memory_ + 100));
    EXPECT_EQ(4096u, ask<size_t>(CU_POINTER_ATTRIBUTE_RANGE_SIZE, memory_ + 100));
    EXPECT_EQ(pinned() + 4, ask<CUdeviceptr>(CU_POINTER_ATTRIBUTE_HOST_POINTER, pinned() + 4));
    EXPECT_EQ(0, ask<int>(CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, memory_));
    bool answer = true;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuPointerGetAttribute(&answer, CU_POINTER_ATTRIBUTE_HOST_POINTER, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuPointerGetAttribute(&answer, CU_POINTER_ATTRIBUTE_IS_MANAGED, memory_ + 4096));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttribute(nullptr, CU_POINTER_ATTRIBUTE_IS_MANAGED, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuPointerGetAttribute(&answer, static_cast<CUpointer_attribute>(999), memory_));
    ASSERT_CU(cu().cuPointerGetAttribute(&answer, CU_POINTER_ATTRIBUTE_MAPPED, 64));
    EXPECT_FALSE(answer);
}

TEST_F(SoftcudaHostMemory, PointersTellSeveralThingsAtOnce) {
    CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR,
                                        CU_POINTER_ATTRIBUTE_HOST_POINTER};
    unsigned type = 7;
    CUdeviceptr base = 7, host = 7;
    void* data[] = {&type, &base, &host};
    ASSERT_CU(cu().cuPointerGetAttributes(3, attributes, data, memory_ + 8));
    EXPECT_EQ(unsigned{CU_MEMORYTYPE_DEVICE}, type);
    EXPECT_EQ(memory_, base);
    EXPECT_EQ(0u, host);                                                         // an attribute that this memory lacks
    ASSERT_CU(cu().cuPointerGetAttributes(3, attributes, data, memory_ + 4096)); // nothing, and no error
    EXPECT_EQ(0u, type);
    EXPECT_EQ(0u, base);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttributes(0, attributes, data, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttributes(3, nullptr, data, memory_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttributes(3, attributes, nullptr, memory_));
    data[1] = nullptr;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttributes(3, attributes, data, memory_));
    data[1] = &base;
    attributes[1] = static_cast<CUpointer_attribute>(999);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuPointerGetAttributes(3, attributes, data, memory_));
}

TEST_F(SoftcudaHostMemory, PinnedMemoryIsFreedOnceAndByItsBeginning) {
    void* pointer = nullptr;
    CUdeviceptr seen = 0;
    ASSERT_CU(cu().cuMemHostAlloc(&pointer, 100, kMemHostPortable | kMemHostDeviceMap));
    ASSERT_CU(cu().cuMemHostGetDevicePointer_v2(&seen, static_cast<char*>(pointer) + 4, 0));
    EXPECT_EQ(reinterpret_cast<CUdeviceptr>(pointer) + 4, seen);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostGetDevicePointer_v2(&seen, pointer, 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostGetDevicePointer_v2(&seen, &seen, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFreeHost(static_cast<char*>(pointer) + 1));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFree_v2(reinterpret_cast<CUdeviceptr>(pointer)));
    ASSERT_CU(cu().cuMemFreeHost(pointer));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemFreeHost(pointer));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostAlloc(&pointer, 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostAlloc(&pointer, 1, 64));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostAlloc(nullptr, 1, 0));
}

TEST_F(SoftcudaHostMemory, RegisteredMemoryIsTheApplications) {
    std::vector<uint32_t> own(4096, 1);
    auto address = reinterpret_cast<CUdeviceptr>(own.data());
    ASSERT_CU(cu().cuMemHostRegister_v2(own.data(), 4096, 0));
    EXPECT_CU(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, cu().cuMemHostRegister_v2(own.data() + 8, 16, 0));
    EXPECT_CU(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, cu().cuMemHostRegister_v2(pinned_, 16, 0));
    ASSERT_CU(launch("store", address, 77, stream_));
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(77u, own[0]);
    ASSERT_CU(cu().cuMemHostUnregister(own.data()));
    EXPECT_CU(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, cu().cuMemHostUnregister(own.data()));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostRegister_v2(nullptr, 16, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostRegister_v2(own.data(), 0, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostRegister_v2(own.data(), 16, 0x100));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostRegister_v2(own.data(), SIZE_MAX, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemHostRegister_v2(reinterpret_cast<void*>(0x1000), 16, 0));
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuMemHostRegister_v2(own.data(), 16, 4)); // not memory of the host
}

TEST_F(SoftcudaHostMemory, AKernelMayNotWriteWhatIsRegisteredForReading) {
    std::vector<uint32_t> own(1024, 1);
    ASSERT_CU(cu().cuMemHostRegister_v2(own.data(), 4096, kMemHostRegisterReadOnly));
    ASSERT_CU(launch("store", reinterpret_cast<CUdeviceptr>(own.data()), 77, stream_));
    EXPECT_CU(CUDA_ERROR_ILLEGAL_ADDRESS, cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(1u, own[0]);
}

TEST_F(SoftcudaHostMemory, ManagedMemoryIsOfBothSides) {
    CUdeviceptr managed = 0;
    size_t before = 0, after = 0, total = 0;
    ASSERT_CU(cu().cuMemGetInfo_v2(&before, &total));
    ASSERT_CU(cu().cuMemAllocManaged(&managed, 8192, CU_MEM_ATTACH_GLOBAL));
    ASSERT_CU(cu().cuMemGetInfo_v2(&after, &total));
    EXPECT_EQ(before - 8192, after);
    EXPECT_TRUE(ask<bool>(CU_POINTER_ATTRIBUTE_IS_MANAGED, managed));
    ASSERT_CU(launch("store", managed, 5, stream_));
    ASSERT_CU(cu().cuStreamSynchronize(stream_));
    EXPECT_EQ(5u, *reinterpret_cast<uint32_t*>(managed));

    const CUmemLocation device{CU_MEM_LOCATION_TYPE_DEVICE, 0}, host{CU_MEM_LOCATION_TYPE_HOST, 0},
        nowhere{CU_MEM_LOCATION_TYPE_DEVICE, 9};
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemAdvise(managed, 8192, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemAdvise_v2(managed, 4096, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, host));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemAdvise(managed, 8192, CU_MEM_ADVISE_SET_ACCESSED_BY, 9));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemAdvise_v2(managed, 8192, CU_MEM_ADVISE_SET_ACCESSED_BY, nowhere));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAdvise(managed, 8192, static_cast<CUmem_advise>(40), 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAdvise(memory_, 16, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAdvise(managed, 8193, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));

    EXPECT_CU(CUDA_SUCCESS, cu().cuMemPrefetchAsync(managed, 8192, 0, stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemPrefetchAsync(managed, 8192, kDeviceCpu, stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemPrefetchAsync_v2(managed, 8192, device, 0, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemPrefetchAsync(managed, 8192, 9, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_DEVICE, cu().cuMemPrefetchAsync_v2(managed, 8192, nowhere, 0, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemPrefetchAsync_v2(managed, 8192, device, 1, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemPrefetchAsync(managed + 1, 8192, 0, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemPrefetchAsync(memory_, 16, 0, stream_));
    ASSERT_CU(cu().cuMemFree_v2(managed));
    ASSERT_CU(cu().cuMemGetInfo_v2(&after, &total));
    EXPECT_EQ(before, after);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemPrefetchAsync(managed, 8192, 0, stream_));

    EXPECT_CU(CUDA_ERROR_OUT_OF_MEMORY, cu().cuMemAllocManaged(&managed, before + 1, CU_MEM_ATTACH_GLOBAL));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAllocManaged(&managed, 16, 0));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAllocManaged(&managed, 0, CU_MEM_ATTACH_GLOBAL));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemAllocManaged(nullptr, 16, CU_MEM_ATTACH_GLOBAL));
}

} // namespace
} // namespace halyard::cuda
