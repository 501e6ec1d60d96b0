// The types of virtual_memory.hpp, used as a program would.
#include "memory_fixture.h"

#include "halyard/halyard.hpp"

#include <unistd.h>

using namespace halyard::conformance;

namespace {

class MemoryTypes : public testing::Test {
protected:
    bool has(HyCapabilities capability) const { return (device.properties().capabilities & capability) != 0; }

    halyard::Instance instance;
    halyard::Device device = instance.device(deviceUnderTest());
    halyard::Stream stream = halyard::Stream(device);
    halyard::Kernel increment =
        halyard::Kernel(halyard::Module(device, memory_cl_spv, memory_cl_spv_size), "increment");
};

TEST_F(MemoryTypes, HostBuffer) {
    if (!has(HY_CAP_HOST_REGISTRATION)) {
        EXPECT_THROW(halyard::HostBuffer<uint32_t>(device, 100), halyard::Error);
        return;
    }
    halyard::HostBuffer<uint32_t> buffer(device, 100);
    for (uint32_t i = 0; i < 100; ++i)
        buffer[i] = i;
    increment.launch(stream, halyard::groups(100, 64), {64, 1, 1}, buffer, uint32_t{100});
    stream.synchronize();
    EXPECT_EQ(buffer[99], 100u);
    halyard::HostBuffer<uint32_t> moved = std::move(buffer);
    EXPECT_EQ(moved.data()[0], 1u);
    EXPECT_EQ(buffer.data(), nullptr); // NOLINT(bugprone-use-after-move): what is left is part of the contract
}

TEST_F(MemoryTypes, ManagedBuffer) {
    if (!has(HY_CAP_MANAGED_MEMORY)) {
        EXPECT_THROW(halyard::ManagedBuffer<uint32_t>(device, 100), halyard::Error);
        return;
    }
    const halyard::ManagedBuffer<uint32_t> buffer(device, 100);
    buffer.advise(HY_ADVICE_PREFER_DEVICE);
    buffer.prefetch(stream);
    stream.synchronize();
    buffer[99] = 7;
    increment.launch(stream, halyard::groups(100, 64), {64, 1, 1}, buffer, uint32_t{100});
    buffer.prefetchToHost(stream);
    stream.synchronize();
    EXPECT_EQ(buffer[99], 8u);
}

TEST_F(MemoryTypes, AddressRange) {
    if (!has(HY_CAP_VIRTUAL_MEMORY)) {
        EXPECT_THROW(halyard::AddressRange(device, 4096), halyard::Error);
        return;
    }
    uint64_t piece = 0;
    ASSERT_OK(hyVirtualGetGranularity(device.get(), nullptr, &piece));
    halyard::AddressRange range(device, 4 * piece);
    {
        const halyard::PhysicalMemory memory(device, 2 * piece, HY_PHYSICAL_MEMORY_SHAREABLE);
        range.map(0, piece, memory);
        range.map(piece, piece, memory, piece);
        EXPECT_THROW(range.map(0, piece, memory), halyard::Error);
        const auto handle = memory.exported(HY_SHARE_OPAQUE_FD);
        range.map(2 * piece, 2 * piece,
                  halyard::PhysicalMemory::imported(device, HY_SHARE_OPAQUE_FD, handle, 2 * piece), 0, HY_ACCESS_READ);
        EXPECT_EQ(close(static_cast<int>(handle)), 0);
    }
    const auto count = static_cast<uint32_t>(2 * piece / 4);
    increment.launch(stream, halyard::groups(count, 64), {64, 1, 1}, range, count);
    uint32_t last = 0;
    stream.copy(hyHostAddress(&last), range.address() + 4 * piece - 4, 4); // the same memory, read at the other end
    stream.synchronize();
    EXPECT_EQ(last, 1u);
    range.unmap(piece, piece);
    EXPECT_THROW(range.unmap(piece, piece), halyard::Error);
    halyard::AddressRange moved = std::move(range);
    EXPECT_EQ(range.address(), 0u); // NOLINT(bugprone-use-after-move): what is left is part of the contract
    const HyDevicePtr base = moved.address();
    { const halyard::AddressRange ended = std::move(moved); }
    HyPointerInfo info{};
    info.structSize = sizeof info;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyPointerGetInfo, instance.get(), base, &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualFree, device.get(), base);
}

TEST_F(MemoryTypes, OpenedMemory) {
    if (!has(HY_CAP_IPC)) {
        EXPECT_THROW(halyard::ShareableMemory(device, 4096), halyard::Error);
        return;
    }
    const halyard::ShareableMemory memory(device, 4096);
    const halyard::OpenedMemory opened(device, memory.handle());
    increment.launch(stream, halyard::groups(1024, 64), {64, 1, 1}, opened, uint32_t{1024});
    uint32_t last = 0;
    stream.copy(hyHostAddress(&last), memory.address() + 4092, 4);
    stream.synchronize();
    EXPECT_EQ(last, 1u);
}

} // namespace
