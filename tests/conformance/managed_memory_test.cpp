// One address for host and device.
#include "memory_fixture.h"

#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

using namespace halyard::conformance;

namespace {

class ManagedMemory : public MemoryTest {
protected:
    HyDevicePtr allocateManaged(uint64_t bytes) {
        HyDevicePtr ptr = 0;
        EXPECT_OK(hyMemAllocManaged(device, bytes, &ptr));
        return ptr;
    }
    // The test asserts the refusal where the device has no such memory.
    bool refused() {
        if (has(HY_CAP_MANAGED_MEMORY))
            return false;
        HyDevicePtr ptr = 0;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyMemAllocManaged, device, 4096, &ptr);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyMemAdvise, device, 4096, 4096, HY_ADVICE_PREFER_HOST);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyMemPrefetchAsync, stream, 4096, 4096, nullptr);
        return true;
    }
};

uint64_t residentPages(HyDevicePtr ptr, uint64_t bytes) {
    const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages(bytes / page);
    EXPECT_EQ(mincore(reinterpret_cast<void*>(ptr), bytes, pages.data()), 0);
    return static_cast<uint64_t>(
        std::count_if(pages.begin(), pages.end(), [](unsigned char state) { return (state & 1) != 0; }));
}

TEST_F(ManagedMemory, HostAndDeviceTakeTurns) {
    if (refused())
        return;
    constexpr uint32_t kCount = 50000;
    const HyDevicePtr ptr = allocateManaged(kCount * sizeof(uint32_t));
    auto* values = reinterpret_cast<uint32_t*>(ptr);
    for (int round = 0; round < 3; ++round) {
        for (uint32_t i = 0; i < kCount; ++i)
            values[i] = round == 0 ? i : values[i] * 2;
        increment(ptr, kCount);
    }
    for (uint32_t i = 0; i < kCount; ++i)
        ASSERT_EQ(values[i], ((i + 1) * 2 + 1) * 2 + 1);
    const HyPointerInfo info = describe(ptr + 4);
    EXPECT_EQ(info.kind, HY_MEMORY_MANAGED);
    EXPECT_EQ(info.hostAddress, values + 1);
    EXPECT_EQ(info.base, ptr);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, ptr);
}

TEST_F(ManagedMemory, PrefetchBringsPagesInStreamOrder) {
    if (refused())
        return;
    constexpr uint64_t kBytes = 24 << 20;
    const HyDevicePtr ptr = allocateManaged(kBytes);
    if (!has(HY_CAP_PREFETCH)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyMemPrefetchAsync, stream, ptr, kBytes, device);
        return;
    }
    ASSERT_EQ(residentPages(ptr, kBytes), 0u) << "the test shows nothing when the pages are there before";
    const uint64_t marker = 0x1122334455667788;
    ASSERT_OK(hyMemFillAsync(stream, ptr + 4096, &marker, 8, 1));
    ASSERT_OK(hyMemPrefetchAsync(stream, ptr, kBytes, device));
    synchronize();
    EXPECT_EQ(residentPages(ptr, kBytes), kBytes / 4096);
    EXPECT_EQ(*reinterpret_cast<uint64_t*>(ptr + 4096), marker);
    EXPECT_EQ(*reinterpret_cast<uint64_t*>(ptr + kBytes - 8), 0u);
    // A part that begins and ends inside pages, to the host.
    const HyDevicePtr other = allocateManaged(kBytes);
    ASSERT_OK(hyMemPrefetchAsync(stream, other + 100, 5000, nullptr));
    ASSERT_OK(hyMemPrefetchAsync(stream, other + 1, 0, nullptr));
    synchronize();
    EXPECT_GE(residentPages(other, kBytes), 2u);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_OK(hyMemFree(device, other));
}

#if defined(__linux__)
// The flags of the mapping that contains the address, as the system shows them.
std::string mappingFlags(HyDevicePtr ptr) {
    std::ifstream maps("/proc/self/smaps");
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        unsigned long long first = 0, end = 0;
        if (std::sscanf(line.c_str(), "%llx-%llx ", &first, &end) == 2)
            inside = first <= ptr && ptr < end;
        else if (inside && line.rfind("VmFlags:", 0) == 0)
            return line + " ";
    }
    return {};
}

TEST_F(ManagedMemory, AdviceReachesTheSystem) {
    if (refused())
        return;
    if (std::string(properties.backend) != "cpu")
        GTEST_SKIP() << "what the system shows of a driver's memory is the driver's affair";
    constexpr uint64_t kBytes = 16 << 20;
    const HyDevicePtr ptr = allocateManaged(kBytes);
    ASSERT_OK(hyMemAdvise(device, ptr, kBytes, HY_ADVICE_SMALL_PAGES));
    EXPECT_NE(mappingFlags(ptr).find(" nh "), std::string::npos) << mappingFlags(ptr);
    ASSERT_OK(hyMemAdvise(device, ptr, kBytes, HY_ADVICE_LARGE_PAGES));
    EXPECT_NE(mappingFlags(ptr).find(" hg "), std::string::npos) << mappingFlags(ptr);
    // Contents stay, whatever is advised.
    const uint32_t value = 77;
    ASSERT_OK(hyMemFillAsync(stream, ptr, &value, 4, kBytes / 4));
    synchronize();
    EXPECT_OK(hyMemAdvise(device, ptr, kBytes, HY_ADVICE_NOT_SOON));
    EXPECT_OK(hyMemAdvise(device, ptr + 10, 10, HY_ADVICE_PREFER_HOST));
    EXPECT_OK(hyMemAdvise(device, ptr, kBytes, HY_ADVICE_PREFER_DEVICE));
    EXPECT_OK(hyMemAdvise(device, ptr, kBytes, HY_ADVICE_NO_PREFERENCE));
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "advice", hyMemAdvise, device, ptr, kBytes, HY_ADVICE_READ_MOSTLY);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "advice", hyMemAdvise, device, ptr, kBytes, HY_ADVICE_READ_WRITE);
    for (const uint32_t found : download<uint32_t>(ptr, kBytes / 4))
        ASSERT_EQ(found, value);
    EXPECT_OK(hyMemFree(device, ptr));
}
#endif

TEST_F(ManagedMemory, PrefetchIsNoPartOfAGraph) {
    if (refused())
        return;
    const HyDevicePtr ptr = allocateManaged(8192);
    ASSERT_OK(hyStreamBeginCapture(stream, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "stream", hyMemPrefetchAsync, stream, ptr, 8192, device);
    ASSERT_OK(hyStreamAbortCapture(stream));
    EXPECT_OK(hyMemPrefetchAsync(stream, ptr, 8192, device));
    synchronize();
}

TEST_F(ManagedMemory, RefusesBadArguments) {
    if (refused())
        return;
    HyDevicePtr ptr = 7;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAllocManaged, nullptr, 16, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAllocManaged, device, 0, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemAllocManaged, device, 16, nullptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAllocManaged, device, UINT64_MAX, &ptr);
    EXPECT_EQ(ptr, 7u);
    ptr = allocateManaged(8192);
    const HyDevicePtr ordinary = allocate(8192);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAdvise, nullptr, ptr, 8192, HY_ADVICE_PREFER_HOST);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "advice", hyMemAdvise, device, ptr, 8192, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "advice", hyMemAdvise, device, ptr, 8192, HY_ADVICE_NOT_SOON + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAdvise, device, ptr, 0, HY_ADVICE_PREFER_HOST);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "bytes", hyMemAdvise, device, ptr, 8193, HY_ADVICE_PREFER_HOST);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemAdvise, device, ordinary, 16, HY_ADVICE_PREFER_HOST);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemPrefetchAsync, stream, ordinary, 16, device);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "bytes", hyMemPrefetchAsync, stream, ptr + 1, 8192, device);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "destination", hyMemPrefetchAsync, stream, ptr, 16,
                 wrongType<HyDevice>(stream));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemPrefetchAsync, nullptr, ptr, 16, device);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemAdvise, device, ptr, 16, HY_ADVICE_PREFER_HOST);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemPrefetchAsync, stream, ptr, 16, device);
}

} // namespace
