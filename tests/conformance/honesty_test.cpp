// A device tells the truth: what it claims works, what it does not claim is refused, its limits can be reached, and its
// free memory is there.
#include "fixture.h"

#include "exchange_cl.spv.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

using namespace halyard::conformance;

namespace {

class Honesty : public DeviceTest {
protected:
    // The result of something that needs a capability is a success when it is claimed, and refused when it is not.
    void expectAsClaimed(HyCapabilities capability, const char* name, HyResult result) const {
        if (claims(capability)) {
            EXPECT_EQ(result, HY_SUCCESS) << name << " is claimed: " << lastError().message;
        } else {
            EXPECT_EQ(result, HY_ERROR_UNSUPPORTED) << name << " is not claimed";
        }
    }
    HyKernel make(const char* name) { return makeKernel(loadModule(exchange_cl_spv, exchange_cl_spv_size), name); }
};

TEST_F(Honesty, StringsEndAndNameTheDevice) {
    const auto ends = [](const auto& text) { return std::memchr(text, 0, sizeof text) != nullptr; };
    EXPECT_TRUE(ends(properties.name) && ends(properties.backend) && ends(properties.selector) &&
                ends(properties.vendor) && ends(properties.driver) && ends(properties.isa));
    EXPECT_STRNE(properties.name, "");
    EXPECT_STRNE(properties.backend, "");
    for (const char c : std::string(properties.name, strnlen(properties.name, sizeof properties.name)))
        EXPECT_GE(static_cast<unsigned char>(c), 0x20) << "a control character in the name";
}

TEST_F(Honesty, TheUuidIsAlwaysTheSame) {
    HyInstance again = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &again));
    HyDevice same = nullptr;
    ASSERT_OK(hyDeviceFind(again, properties.selector, &same));
    HyDeviceProperties second{};
    second.structSize = sizeof second;
    ASSERT_OK(hyDeviceGetProperties(same, &second));
    EXPECT_EQ(std::memcmp(properties.uuid, second.uuid, sizeof second.uuid), 0);
    EXPECT_OK(hyInstanceDestroy(again));
}

TEST_F(Honesty, MemoryCapabilities) {
    HyDevicePtr ptr = 0;
    std::vector<char> host(4096);
    expectAsClaimed(HY_CAP_HOST_REGISTRATION, "HY_CAP_HOST_REGISTRATION",
                    hyHostRegister(device, host.data(), host.size(), &ptr));
    if (ptr != 0) {
        EXPECT_OK(hyHostUnregister(device, host.data()));
    }
    ptr = 0;
    expectAsClaimed(HY_CAP_MANAGED_MEMORY, "HY_CAP_MANAGED_MEMORY", hyMemAllocManaged(device, 4096, &ptr));
    if (ptr != 0) {
        expectAsClaimed(HY_CAP_PREFETCH, "HY_CAP_PREFETCH", hyMemPrefetchAsync(stream, ptr, 4096, device));
        EXPECT_OK(hyMemFree(device, ptr));
    }
    uint64_t granule = 0;
    expectAsClaimed(HY_CAP_VIRTUAL_MEMORY, "HY_CAP_VIRTUAL_MEMORY", hyVirtualGetGranularity(device, &granule, nullptr));
    ptr = 0;
    expectAsClaimed(HY_CAP_IPC, "HY_CAP_IPC", hyMemAllocShareable(device, 4096, &ptr));
    if (ptr != 0) {
        HyIpcHandle handle{};
        EXPECT_OK(hyMemGetIpcHandle(device, ptr, &handle));
        EXPECT_OK(hyMemFree(device, ptr));
    }
    ptr = allocate(4096);
    HyPointerInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyPointerGetInfo(instance, ptr, &info));
    EXPECT_EQ(info.hostAddress != nullptr, claims(HY_CAP_HOST_ACCESS));
}

TEST_F(Honesty, SharingCapabilities) {
    if (!claims(HY_CAP_VIRTUAL_MEMORY))
        GTEST_SKIP() << "the device has no HY_CAP_VIRTUAL_MEMORY";
    if (!claims(HY_CAP_SHARE_OPAQUE_FD) && !claims(HY_CAP_SHARE_DMA_BUF))
        GTEST_SKIP() << "the device shares nothing";
    HyPhysicalMemoryDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_PHYSICAL_MEMORY_SHAREABLE;
    ASSERT_OK(hyVirtualGetGranularity(device, &desc.bytes, nullptr));
    HyPhysicalMemory memory = nullptr;
    ASSERT_OK(hyPhysicalMemoryCreate(device, &desc, &memory));
    int64_t handle = -1;
    expectAsClaimed(HY_CAP_SHARE_OPAQUE_FD, "HY_CAP_SHARE_OPAQUE_FD",
                    hyPhysicalMemoryExport(memory, HY_SHARE_OPAQUE_FD, &handle));
    if (handle >= 0)
        close(static_cast<int>(handle));
    handle = -1;
    expectAsClaimed(HY_CAP_SHARE_DMA_BUF, "HY_CAP_SHARE_DMA_BUF",
                    hyPhysicalMemoryExport(memory, HY_SHARE_DMA_BUF, &handle));
    if (handle >= 0)
        close(static_cast<int>(handle));
    EXPECT_OK(hyPhysicalMemoryDestroy(memory));
}

TEST_F(Honesty, StreamCapabilities) {
    HyEvent event = nullptr;
    expectAsClaimed(HY_CAP_TIMING, "HY_CAP_TIMING", hyEventCreate(device, HY_EVENT_TIMING, &event));
    const auto nothing = [](void*, HyResult) {};
    expectAsClaimed(HY_CAP_HOST_FUNCTIONS, "HY_CAP_HOST_FUNCTIONS", hyStreamHostFunction(stream, nothing, nullptr));
    synchronize();
    HySemaphore semaphore = nullptr;
    expectAsClaimed(HY_CAP_TIMELINE_SEMAPHORES, "HY_CAP_TIMELINE_SEMAPHORES",
                    hySemaphoreCreate(device, nullptr, &semaphore));
    const HyCapabilities reset = claims(HY_CAP_DEVICE_RESTART) ? HY_CAP_DEVICE_RESTART : HY_CAP_DEVICE_RESET;
    expectAsClaimed(reset, "HY_CAP_DEVICE_RESET or HY_CAP_DEVICE_RESTART", hyDeviceReset(device, kLimitNs));
}

TEST_F(Honesty, KernelCapabilities) {
    const HyKernel kernel = make("ids");
    HyOccupancy occupancy{};
    occupancy.structSize = sizeof occupancy;
    expectAsClaimed(HY_CAP_OCCUPANCY, "HY_CAP_OCCUPANCY", hyKernelGetOccupancy(kernel, {1, 1, 1}, 0, &occupancy));
    const HyDevicePtr ptr = allocate(4);
    const void* args[] = {&ptr};
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_LAUNCH_COOPERATIVE;
    desc.stream = stream;
    desc.kernel = kernel;
    desc.workgroups = desc.workgroupSize = {1, 1, 1};
    desc.args = args;
    desc.argCount = 1;
    expectAsClaimed(HY_CAP_COOPERATIVE_LAUNCH, "HY_CAP_COOPERATIVE_LAUNCH", hyLaunchKernelEx(&desc));
    synchronize();
    uint32_t forms = 0;
    EXPECT_OK(hyDeviceGetCooperativeMatrixCount(device, &forms));
    EXPECT_EQ(forms > 0, claims(HY_CAP_COOPERATIVE_MATRIX));
}

TEST_F(Honesty, SubgroupsHaveOneOfTheSizesTold) {
    HyKernelInfo info{};
    info.structSize = sizeof info;
    ASSERT_OK(hyKernelGetInfo(make("ids"), &info));
    if (info.subgroupSize == 0)
        GTEST_SKIP() << "the device does not tell the size before the launch";
    EXPECT_GE(info.subgroupSize, properties.subgroupSizeMin);
    EXPECT_LE(info.subgroupSize, properties.subgroupSizeMax);
}

TEST_F(Honesty, TheLargestWorkgroupRuns) {
    const HyKernel kernel = make("ids");
    const uint32_t size = std::min(properties.maxWorkgroupInvocations, properties.maxWorkgroupSize[0]);
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(size + 1, 7));
    const void* args[] = {&ptr};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {size, 1, 1}, 0, args, 1));
    const std::vector<uint32_t> out = download<uint32_t>(ptr, size + 1);
    for (uint32_t i = 0; i < size; ++i)
        ASSERT_EQ(out[i], i);
    EXPECT_EQ(out[size], 7u);
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1},
                 HyDim3{size + 1, 1, 1}, 0, args, 1);
}

TEST_F(Honesty, AllWorkgroupMemoryCanBeUsed) {
    const HyKernel kernel = make("one_tile");
    const HyDevicePtr ptr = upload(std::vector<uint32_t>(2, 0));
    const uint64_t local = properties.maxLocalBytes;
    ASSERT_GE(local, 8u);
    const auto last = static_cast<uint32_t>(local / 4 - 1);
    const void* args[] = {&ptr, &local, &last};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {2, 1, 1}, {1, 1, 1}, 0, args, 3));
    EXPECT_EQ(download<uint32_t>(ptr, 2), (std::vector<uint32_t>{18, 18}));
    const uint64_t more = local + 1;
    const void* tooMuch[] = {&ptr, &more, &last};
    EXPECT_FAILS(HY_ERROR_INVALID_LAUNCH_SIZE, "", hyLaunchKernel, stream, kernel, HyDim3{1, 1, 1}, HyDim3{1, 1, 1}, 0,
                 tooMuch, 3);
}

using FreeMemory = Honesty;

// Allocations that cannot all be there: one of them must be refused, and what was given must be there.
TEST_F(FreeMemory, WhatDoesNotFitIsRefused) {
    uint64_t free = 0, total = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &free, &total));
    if (total == UINT64_MAX)
        GTEST_SKIP() << "the driver does not tell its memory";
    EXPECT_LE(free, total);
    const uint64_t bytes = std::min(total / 4 + 4096, properties.maxAllocation);
    std::vector<HyDevicePtr> blocks;
    HyResult result = HY_SUCCESS;
    while (result == HY_SUCCESS && blocks.size() <= total / bytes) {
        HyDevicePtr ptr = 0;
        result = hyMemAlloc(device, bytes, &ptr);
        if (result == HY_SUCCESS) {
            ASSERT_NE(ptr, 0u);
            blocks.push_back(ptr);
        }
    }
    EXPECT_EQ(result, HY_ERROR_OUT_OF_DEVICE_MEMORY) << blocks.size() << " blocks of " << bytes << " bytes";
    std::sort(blocks.begin(), blocks.end());
    for (size_t i = 1; i < blocks.size(); ++i)
        EXPECT_GE(blocks[i] - blocks[i - 1], bytes) << "two blocks overlap";
    for (const HyDevicePtr block : blocks)
        EXPECT_OK(hyMemFree(device, block));
    const HyDevicePtr again = allocate(bytes);
    EXPECT_OK(hyMemFree(device, again));
}

// Access is asked of the system, which answers where a load or a store would fault.
TEST_F(Honesty, AccessToMappedMemoryIsWhatWasSet) {
    if (!claims(HY_CAP_VIRTUAL_MEMORY))
        GTEST_SKIP() << "the device has no HY_CAP_VIRTUAL_MEMORY";
    HyPhysicalMemoryDesc desc{};
    desc.structSize = sizeof desc;
    ASSERT_OK(hyVirtualGetGranularity(device, &desc.bytes, nullptr));
    HyPhysicalMemory memory = nullptr;
    HyDevicePtr base = 0;
    ASSERT_OK(hyPhysicalMemoryCreate(device, &desc, &memory));
    ASSERT_OK(hyVirtualReserve(device, desc.bytes, 0, &base));
    ASSERT_OK(hyVirtualMap(device, base, desc.bytes, memory, 0));
    int pipes[2] = {-1, -1};
    ASSERT_EQ(pipe2(pipes, O_NONBLOCK), 0);
    for (const HyMemoryAccess access : {HY_ACCESS_READ_WRITE, HY_ACCESS_READ, HY_ACCESS_READ_WRITE}) {
        ASSERT_OK(hyVirtualSetAccess(device, base, desc.bytes, access));
        HyPointerInfo info{};
        info.structSize = sizeof info;
        ASSERT_OK(hyPointerGetInfo(instance, base, &info));
        EXPECT_EQ(info.access, access);
        if (info.hostAddress == nullptr)
            continue; // the host does not reach it at all
        ASSERT_EQ(write(pipes[1], info.hostAddress, 1), 1) << "it can be read";
        EXPECT_EQ(read(pipes[0], info.hostAddress, 1), access == HY_ACCESS_READ ? -1 : 1)
            << "it can be written where that is allowed, and only there";
        if (access == HY_ACCESS_READ) {
            char rest = 0;
            EXPECT_EQ(read(pipes[0], &rest, 1), 1);
        }
    }
    close(pipes[0]);
    close(pipes[1]);
    EXPECT_OK(hyVirtualUnmap(device, base, desc.bytes));
    EXPECT_OK(hyVirtualFree(device, base));
    EXPECT_OK(hyPhysicalMemoryDestroy(memory));
}

TEST_F(Honesty, NewPhysicalMemoryIsZeroed) {
    if (!claims(HY_CAP_VIRTUAL_MEMORY))
        GTEST_SKIP() << "the device has no HY_CAP_VIRTUAL_MEMORY";
    HyPhysicalMemoryDesc desc{};
    desc.structSize = sizeof desc;
    ASSERT_OK(hyVirtualGetGranularity(device, &desc.bytes, nullptr));
    HyDevicePtr base = 0;
    ASSERT_OK(hyVirtualReserve(device, desc.bytes, 0, &base));
    for (int round = 0; round < 3; ++round) {
        HyPhysicalMemory memory = nullptr;
        ASSERT_OK(hyPhysicalMemoryCreate(device, &desc, &memory));
        ASSERT_OK(hyVirtualMap(device, base, desc.bytes, memory, 0));
        ASSERT_OK(hyVirtualSetAccess(device, base, desc.bytes, HY_ACCESS_READ_WRITE));
        EXPECT_EQ(download<uint8_t>(base, desc.bytes), std::vector<uint8_t>(desc.bytes, 0)) << "round " << round;
        const uint8_t used = 0x77; // so that memory which is used again is not zero by chance
        EXPECT_OK(hyMemFillAsync(stream, base, &used, 1, desc.bytes));
        synchronize();
        EXPECT_OK(hyVirtualUnmap(device, base, desc.bytes));
        EXPECT_OK(hyPhysicalMemoryDestroy(memory));
    }
    EXPECT_OK(hyVirtualFree(device, base));
}

} // namespace
