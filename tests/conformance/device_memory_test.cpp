#include "fixture.h"

#include <cstring>
#include <thread>

using namespace halyard::conformance;

class DeviceQueries : public DeviceTest {};

TEST_F(DeviceQueries, RefuseBadArguments) {
    uint32_t count = 0;
    HyDevice found = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyDeviceGetCount, instance, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyDeviceGetCount, wrongType<HyInstance>(device), &count);
    ASSERT_OK(hyDeviceGetCount(instance, &count));
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyDeviceGet, instance, count, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outDevice", hyDeviceGet, instance, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyDeviceGet, nullptr, 0, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "selector", hyDeviceFind, instance, nullptr, &found);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outDevice", hyDeviceFind, instance, "cpu", nullptr);
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "selector", hyDeviceFind, instance, "abacus:3", &found);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyDeviceFind, invented<HyInstance>(), "cpu", &found);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outProperties", hyDeviceGetProperties, device, nullptr);
    HyDeviceProperties wrong{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outProperties", hyDeviceGetProperties, device, &wrong);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetProperties, wrongType<HyDevice>(stream), &wrong);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceSynchronize, nullptr, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetMemoryInfo, nullptr, nullptr, nullptr);
    EXPECT_EQ(found, nullptr);
}

TEST_F(DeviceQueries, PropertiesMakeSense) {
    EXPECT_STRNE(properties.name, "");
    EXPECT_STRNE(properties.isa, "");
    EXPECT_GT(properties.computeUnits, 0u);
    EXPECT_GE(properties.maxWorkgroupInvocations, 128u);
    EXPECT_GE(properties.maxLocalBytes, 16384u);
    EXPECT_GE(properties.memoryAlignment, 256u);
    EXPECT_GE(properties.maxArgumentBytes, 1024u);
    EXPECT_GE(properties.totalMemory, properties.maxAllocation);
    EXPECT_NE(properties.capabilities & HY_CAP_KERNELS, 0u);
    HyDevice again = nullptr;
    EXPECT_OK(hyDeviceFind(instance, properties.selector, &again));
    EXPECT_EQ(again, device);
    std::string uuid = "uuid:";
    for (const uint8_t byte : properties.uuid) {
        char text[3];
        std::snprintf(text, sizeof text, "%02x", byte);
        uuid += text;
    }
    if (uuid == "uuid:" + std::string(32, '0')) {
        EXPECT_FAILS(HY_ERROR_NOT_FOUND, "selector", hyDeviceFind, instance, uuid.c_str(), &again);
    } else {
        EXPECT_OK(hyDeviceFind(instance, uuid.c_str(), &again));
        EXPECT_EQ(again, device);
    }
}

TEST_F(DeviceQueries, FreeMemoryMovesWhenMemoryIsTaken) {
    uint64_t before = 0, after = 0, total = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &before, &total));
    if (before == UINT64_MAX)
        GTEST_SKIP() << "the driver does not tell free memory";
    EXPECT_LE(before, total);
    // All but a little: whatever other programs take or give back meanwhile, no more than that can be left.
    constexpr uint64_t kKept = 256 << 20;
    ASSERT_GT(total, 2 * kKept);
    const HyDevicePtr ptr = allocate(total - kKept);
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &after, nullptr));
    EXPECT_LE(after, kKept);
    EXPECT_OK(hyMemFree(device, ptr));
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &after, nullptr));
    EXPECT_GT(after, kKept);
}

class Memory : public DeviceTest {};

TEST_F(Memory, AllocatesAlignedAndApart) {
    std::vector<HyDevicePtr> pointers;
    for (const uint64_t bytes : {uint64_t{1}, uint64_t{255}, uint64_t{4096}, uint64_t{4097}, uint64_t{5} << 20}) {
        const HyDevicePtr ptr = allocate(bytes);
        EXPECT_EQ(ptr % properties.memoryAlignment, 0u);
        for (const HyDevicePtr other : pointers)
            EXPECT_NE(ptr, other);
        pointers.push_back(ptr);
    }
    for (const HyDevicePtr ptr : pointers)
        EXPECT_OK(hyMemFree(device, ptr));
}

TEST_F(Memory, RefusesBadSizes) {
    HyDevicePtr ptr = 7;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAlloc, device, 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemAlloc, device, 16, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAlloc, nullptr, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAlloc, wrongType<HyDevice>(stream), 16, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAlloc, device, properties.totalMemory + 1, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAlloc, device, uint64_t{1} << 63, &ptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAlloc, device, UINT64_MAX, &ptr);
    EXPECT_EQ(ptr, 7u) << "outputs stay untouched on failure";
}

TEST_F(Memory, RefusesBadFrees) {
    const HyDevicePtr ptr = allocate(1000);
    EXPECT_OK(hyMemFree(device, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, hyHostAddress(&properties));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemFree, nullptr, ptr);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
}

TEST_F(Memory, DescribesPointers) {
    const HyDevicePtr ptr = allocate(1000);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr + 10, &info));
    EXPECT_EQ(info.kind, HY_MEMORY_DEVICE);
    EXPECT_EQ(info.device, device);
    EXPECT_EQ(info.base, ptr);
    EXPECT_EQ(info.bytes, 1000u);
    EXPECT_EQ(info.offset, 10u);
    EXPECT_EQ(info.hostAddress != nullptr, (properties.capabilities & HY_CAP_HOST_ACCESS) != 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, ptr + 1000, &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, hyHostAddress(&info), &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyPointerGetInfo, instance, ptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyPointerGetInfo, nullptr, ptr, &info);
    info.structSize = 4;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outInfo", hyPointerGetInfo, instance, ptr, &info);
    EXPECT_OK(hyMemFree(device, ptr));
    info.structSize = sizeof info;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance, ptr, &info);
}

TEST_F(Memory, HoldsMoreThan4GiB) {
    constexpr uint64_t kBytes = uint64_t{5} << 30;
    if (properties.maxAllocation < kBytes)
        GTEST_SKIP() << "the device allocates less than " << kBytes << " bytes at once";
    const HyDevicePtr ptr = allocate(kBytes);
    ASSERT_NE(ptr, 0u);
    // Values that a truncation to 32 bits would put over one another.
    for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 32, kBytes - 8}) {
        const uint64_t value = offset + 1;
        ASSERT_OK(hyMemFillAsync(stream, ptr + offset, &value, 8, 1));
    }
    for (const uint64_t offset : {uint64_t{0}, uint64_t{1} << 32, kBytes - 8})
        EXPECT_EQ(download<uint64_t>(ptr + offset, 1)[0], offset + 1);
    EXPECT_OK(hyMemFree(device, ptr));
}

TEST_F(Memory, AllocatesFromManyThreads) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                HyDevicePtr ptr = 0;
                ASSERT_OK(hyMemAlloc(device, 1 + static_cast<uint64_t>(i) * 1000, &ptr));
                ASSERT_OK(hyMemFree(device, ptr));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

TEST_F(Memory, RegistersHostMemory) {
    if ((properties.capabilities & HY_CAP_HOST_REGISTRATION) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_HOST_REGISTRATION";
    std::vector<int> host(10000, 3);
    const uint64_t bytes = host.size() * sizeof(int);
    HyDevicePtr ptr = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pointer", hyHostRegister, device, nullptr, bytes, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyHostRegister, device, host.data(), 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyHostRegister, device, host.data(), UINT64_MAX, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyHostRegister, device, host.data(), bytes, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyHostRegister, nullptr, host.data(), bytes, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "", hyHostRegister, device, reinterpret_cast<void*>(uintptr_t{4096}), 4096,
                 &ptr);
    ASSERT_OK(hyHostRegister(device, host.data(), bytes, &ptr));
    HyDevicePtr again = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pointer", hyHostRegister, device, host.data() + 10, 8, &again);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr, &info));
    EXPECT_EQ(info.kind, HY_MEMORY_HOST_REGISTERED);
    EXPECT_EQ(info.hostAddress, host.data());
    const int value = 9;
    EXPECT_OK(hyMemFillAsync(stream, ptr, &value, 4, host.size()));
    synchronize();
    EXPECT_EQ(host.back(), 9);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostUnregister, device, host.data() + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pointer", hyHostUnregister, device, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyHostUnregister, nullptr, host.data());
    EXPECT_OK(hyHostUnregister(device, host.data()));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "pointer", hyHostUnregister, device, host.data());
}
