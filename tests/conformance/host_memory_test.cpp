// Host memory that the runtime allocates.
#include "memory_fixture.h"

#include <thread>

using namespace halyard::conformance;

namespace {

class HostMemory : public MemoryTest {};

TEST_F(HostMemory, IsReachedByHostAndDevice) {
    if (!has(HY_CAP_HOST_REGISTRATION)) {
        void* pointer = nullptr;
        HyDevicePtr ptr = 0;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyHostAlloc, device, 4096, 0, &pointer, &ptr);
        return;
    }
    constexpr uint32_t kCount = 100000;
    void* pointer = nullptr;
    HyDevicePtr ptr = 0;
    ASSERT_OK(hyHostAlloc(device, kCount * sizeof(uint32_t), 0, &pointer, &ptr));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pointer) % 4096, 0u);
    auto* values = static_cast<uint32_t*>(pointer);
    EXPECT_EQ(values[kCount - 1], 0u);
    for (uint32_t i = 0; i < kCount; ++i)
        values[i] = i * 3;
    increment(ptr, kCount);
    for (uint32_t i = 0; i < kCount; ++i)
        ASSERT_EQ(values[i], i * 3 + 1);

    const HyDevicePtr copy = allocate(kCount * sizeof(uint32_t));
    ASSERT_OK(hyMemcpyAsync(stream, copy, hyHostAddress(pointer), kCount * sizeof(uint32_t)));
    EXPECT_EQ(download<uint32_t>(copy, kCount)[kCount - 1], (kCount - 1) * 3 + 1);

    const HyPointerInfo info = describe(ptr + 8);
    EXPECT_EQ(info.kind, HY_MEMORY_HOST_ALLOCATED);
    EXPECT_EQ(info.device, device);
    EXPECT_EQ(info.base, ptr);
    EXPECT_EQ(info.bytes, kCount * sizeof(uint32_t));
    EXPECT_EQ(info.hostAddress, values + 2);
    EXPECT_EQ(info.access, HY_ACCESS_READ_WRITE);
    EXPECT_EQ(info.flags, 0u);
    EXPECT_OK(hyHostFree(device, pointer));
    HyPointerInfo gone{};
    gone.structSize = sizeof gone;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, ptr, &gone);
}

TEST_F(HostMemory, RefusesBadArguments) {
    SKIP_WITHOUT(HY_CAP_HOST_REGISTRATION);
    void* pointer = nullptr;
    HyDevicePtr ptr = 7;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyHostAlloc, nullptr, 16, 0, &pointer, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyHostAlloc, wrongType<HyDevice>(stream), 16, 0, &pointer, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyHostAlloc, device, 0, 0, &pointer, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyHostAlloc, device, 16, 1, &pointer, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPointer", hyHostAlloc, device, 16, 0, nullptr, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyHostAlloc, device, 16, 0, &pointer, nullptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_HOST_MEMORY, "bytes", hyHostAlloc, device, uint64_t{1} << 62, 0, &pointer, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_HOST_MEMORY, "bytes", hyHostAlloc, device, UINT64_MAX, 0, &pointer, &ptr);
    EXPECT_EQ(ptr, 7u);
    EXPECT_EQ(pointer, nullptr);

    ASSERT_OK(hyHostAlloc(device, 8192, 0, &pointer, &ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostUnregister, device, pointer);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostFree, device, static_cast<char*>(pointer) + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostFree, device, &properties);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyHostFree, nullptr, pointer);
    EXPECT_OK(hyHostFree(device, nullptr));
    EXPECT_OK(hyHostFree(device, pointer));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostFree, device, pointer);

    // What the application registered is not ours to free.
    std::vector<char> own(4096);
    ASSERT_OK(hyHostRegister(device, own.data(), own.size(), &ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostFree, device, own.data());
    EXPECT_OK(hyHostUnregister(device, own.data()));
}

TEST_F(HostMemory, FromManyThreads) {
    SKIP_WITHOUT(HY_CAP_HOST_REGISTRATION);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 30; ++i) {
                void* pointer = nullptr;
                HyDevicePtr ptr = 0;
                ASSERT_OK(hyHostAlloc(device, 10000, 0, &pointer, &ptr));
                static_cast<char*>(pointer)[9999] = 1;
                ASSERT_OK(hyHostFree(device, pointer));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(HostMemory, IdsAreNeverUsedAgain) {
    std::vector<uint64_t> ids;
    for (int i = 0; i < 4; ++i) {
        const HyDevicePtr ptr = allocate(4096);
        ids.push_back(describe(ptr).id);
        EXPECT_EQ(describe(ptr + 4095).id, ids.back());
        EXPECT_OK(hyMemFree(device, ptr));
        if (!has(HY_CAP_HOST_REGISTRATION))
            continue;
        void* pointer = nullptr;
        HyDevicePtr host = 0;
        ASSERT_OK(hyHostAlloc(device, 4096, 0, &pointer, &host));
        ids.push_back(describe(host).id);
        EXPECT_OK(hyHostFree(device, pointer));
    }
    for (size_t i = 1; i < ids.size(); ++i)
        EXPECT_GT(ids[i], ids[i - 1]);
}

TEST_F(HostMemory, PointerInfoGrewByTheRuleOfSizes) {
    const HyDevicePtr ptr = allocate(4096);
    HyPointerInfo info{};
    info.structSize = offsetof(HyPointerInfo, flags); // a program that knows no more
    info.id = 99;
    ASSERT_OK(hyPointerGetInfo(instance, ptr, &info));
    EXPECT_EQ(info.bytes, 4096u);
    EXPECT_EQ(info.id, 99u) << "written beyond structSize";
}

} // namespace
