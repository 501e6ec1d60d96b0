#include "fixture.h"

#include <cstring>
#include <set>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::cpu_test {
namespace {

const HyBackendMemoryTable& memory() {
    return *cpuInterface().memory;
}

struct Allocation {
    HyDevicePtr ptr = 0;
    void* host = nullptr;
};

Allocation allocate(Device& device, uint64_t bytes) {
    Allocation made;
    EXPECT_EQ(memory().allocate(device.handle(), bytes, &made.ptr, &made.host), HY_SUCCESS)
        << Services::error().message;
    return made;
}

uint64_t freeBytes(Device& device) {
    uint64_t bytes = 0;
    uint64_t total = 0;
    EXPECT_EQ(cpuInterface().device->getMemoryInfo(device.handle(), &bytes, &total), HY_SUCCESS);
    EXPECT_LE(bytes, total);
    return bytes;
}

TEST(CpuMemory, LiesInTheReservedRange) {
    Device device;
    HyDevicePtr base = 0;
    uint64_t size = 0;
    ASSERT_EQ(memory().getAddressRange(device.handle(), &base, &size), HY_SUCCESS);
    for (const uint64_t bytes : {1ull, 4096ull, 4097ull, 5ull << 20}) {
        const Allocation made = allocate(device, bytes);
        EXPECT_GE(made.ptr, base);
        EXPECT_LE(made.ptr + bytes, base + size);
        EXPECT_EQ(made.ptr % 4096, 0u);
        EXPECT_EQ(made.ptr, reinterpret_cast<uint64_t>(made.host));
        std::memset(made.host, 0xab, bytes);
        EXPECT_EQ(memory().free(device.handle(), made.ptr), HY_SUCCESS);
    }
}

TEST(CpuMemory, LargeAllocationsAreAlignedForHugePages) {
    Device device;
    allocate(device, 4096);
    const Allocation made = allocate(device, 4 << 20);
    EXPECT_EQ(made.ptr % (2 << 20), 0u);
}

TEST(CpuMemory, AllocationsDoNotOverlap) {
    Device device;
    std::set<uint64_t> pages;
    std::vector<Allocation> live;
    for (uint32_t i = 0; i < 500; ++i) {
        const uint64_t count = 1 + i % 7;
        live.push_back(allocate(device, count * 4096));
        for (uint64_t page = 0; page < count; ++page) {
            EXPECT_TRUE(pages.insert(live.back().ptr + page * 4096).second);
        }
        if (i % 3 == 2) {
            const Allocation gone = live[i / 3];
            ASSERT_EQ(memory().free(device.handle(), gone.ptr), HY_SUCCESS);
        }
    }
}

TEST(CpuMemory, FreedAddressesAreNotHandedOutSoonAndNotReadable) {
    Device device;
    const Allocation gone = allocate(device, 4096);
    ASSERT_EQ(memory().free(device.handle(), gone.ptr), HY_SUCCESS);
    for (int i = 0; i < 100; ++i) {
        EXPECT_NE(allocate(device, 4096).ptr, gone.ptr);
    }
    // The page is still reserved, so no host allocation can move in, but it cannot be read: a pipe tells without a
    // fault.
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    EXPECT_EQ(write(ends[1], gone.host, 1), -1);
    EXPECT_EQ(errno, EFAULT);
    close(ends[0]);
    close(ends[1]);
    EXPECT_EQ(memory().free(device.handle(), gone.ptr), HY_ERROR_INVALID_ADDRESS);
}

uint64_t totalBytes(Device& device) {
    uint64_t total = 0;
    EXPECT_EQ(cpuInterface().device->getMemoryInfo(device.handle(), nullptr, &total), HY_SUCCESS);
    return total;
}

// Other programs take and give back memory meanwhile, so that what is free has an upper bound alone.
TEST(CpuMemory, TellsWhatIsFree) {
    Device device;
    const uint64_t total = totalBytes(device);
    constexpr uint64_t kKept = 64 << 20;
    ASSERT_GT(total, 2 * kKept);
    EXPECT_GT(freeBytes(device), kKept);
    const Allocation made = allocate(device, total - kKept);
    EXPECT_LE(freeBytes(device), kKept);
    ASSERT_EQ(memory().free(device.handle(), made.ptr), HY_SUCCESS);
    EXPECT_GT(freeBytes(device), kKept);
}

TEST(CpuMemory, RefusesMoreThanThereIs) {
    Device device;
    const uint64_t total = totalBytes(device);
    HyDevicePtr ptr = 1;
    void* host = nullptr;
    for (const uint64_t bytes : {total + 1, total * 2, UINT64_MAX, UINT64_MAX - 4096}) {
        EXPECT_EQ(memory().allocate(device.handle(), bytes, &ptr, &host), HY_ERROR_OUT_OF_DEVICE_MEMORY);
        EXPECT_NE(Services::error().message.find(std::to_string(total)), std::string::npos)
            << Services::error().message;
    }
    EXPECT_EQ(ptr, 1u);
}

TEST(CpuMemory, TakesFiveGibibytes) {
    Device device;
    constexpr uint64_t kBytes = 5ull << 30;
    const Allocation made = allocate(device, kBytes);
    auto* bytes = static_cast<uint8_t*>(made.host);
    // A page here and there: the sizes are what is tested, not the memory.
    bytes[0] = 1;
    bytes[(4ull << 30) + 5] = 2;
    HyBackendStream stream = device.stream();
    ASSERT_EQ(cpuInterface().stream->copy(stream, made.ptr + kBytes - 8, made.ptr + (4ull << 30), 8, 0), HY_SUCCESS);
    device.wait(stream);
    EXPECT_EQ(bytes[kBytes - 3], 2);
    EXPECT_EQ(memory().free(device.handle(), made.ptr), HY_SUCCESS);
}

TEST(CpuMemory, RegistersHostMemoryAsItIs) {
    Device device;
    std::vector<uint32_t> host(100'000, 7);
    HyDevicePtr ptr = 0;
    ASSERT_EQ(memory().registerHost(device.handle(), host.data(), host.size() * 4, &ptr), HY_SUCCESS);
    EXPECT_EQ(ptr, reinterpret_cast<uint64_t>(host.data()));
    EXPECT_EQ(memory().unregisterHost(device.handle(), host.data()), HY_SUCCESS);
}

TEST(CpuMemory, RefusesToRegisterWhatIsNotMapped) {
    Device device;
    constexpr size_t kPage = 4096;
    auto* pages = static_cast<uint8_t*>(mmap(nullptr, 3 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    munmap(pages + kPage, kPage);
    HyDevicePtr ptr = 0;
    EXPECT_EQ(memory().registerHost(device.handle(), pages, kPage, &ptr), HY_SUCCESS);
    EXPECT_EQ(memory().registerHost(device.handle(), pages, kPage + 1, &ptr), HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(memory().registerHost(device.handle(), pages + 1, 3 * kPage - 1, &ptr), HY_ERROR_INVALID_ADDRESS);
    EXPECT_EQ(memory().registerHost(device.handle(), pages, UINT64_MAX, &ptr), HY_ERROR_INVALID_ADDRESS);
    munmap(pages, kPage);
    munmap(pages + 2 * kPage, kPage);
}

} // namespace
} // namespace halyard::cpu_test
