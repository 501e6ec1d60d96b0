// Sizes and offsets that 32 bits do not hold. Only the pages that are touched take memory.
#include "virtual_memory_fixture.h"

using namespace halyard::conformance;

namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kBytes = 4 * kGiB + kGiB / 2;

class LargeMemory : public VirtualMemoryTest {
protected:
    void SetUp() override {
        VirtualMemoryTest::SetUp();
        if (properties.maxAllocation < kBytes)
            GTEST_SKIP() << "the device allocates less than " << kBytes << " bytes at once";
    }
};

TEST_F(LargeMemory, KernelsReachAllOfIt) {
    const HyDevicePtr buffer = allocate(kBytes);
    const HyDevicePtr found = allocate(9 * 8);
    const uint64_t stride = kGiB / 2 / 8;
    const HyKernel stamp = makeKernel(module, "stamp");
    const HyKernel gather = makeKernel(module, "gather");
    const void* stampArgs[] = {&buffer, &stride};
    const void* gatherArgs[] = {&buffer, &stride, &found};
    ASSERT_OK(hyLaunchKernel(stream, stamp, {9, 1, 1}, {1, 1, 1}, 0, stampArgs, 2));
    ASSERT_OK(hyLaunchKernel(stream, gather, {9, 1, 1}, {1, 1, 1}, 0, gatherArgs, 3));
    const std::vector<uint64_t> values = download<uint64_t>(found, 9);
    for (uint64_t i = 0; i < 9; ++i) {
        EXPECT_EQ(values[i], i * stride + 1);
        EXPECT_EQ(download<uint64_t>(buffer + i * stride * 8, 1)[0], i * stride + 1) << "a copy sees the same place";
    }
    EXPECT_OK(hyMemFree(device, buffer));
}

TEST_F(LargeMemory, BoxesReachAllOfIt) {
    const HyDevicePtr buffer = allocate(kBytes);
    constexpr uint64_t kWidth = 64;
    const std::vector<uint32_t> rows = counting(4 * kWidth / 4, 1);
    const uint64_t rowPitch = kGiB + kGiB / 8;
    ASSERT_OK(hyMemcpy2DAsync(stream, buffer, rowPitch, hyHostAddress(rows.data()), kWidth, kWidth, 4));
    synchronize();
    for (uint64_t row = 0; row < 4; ++row) {
        const std::vector<uint32_t> expected(rows.begin() + static_cast<long>(row * 16),
                                             rows.begin() + static_cast<long>(row * 16 + 16));
        EXPECT_EQ(download<uint32_t>(buffer + row * rowPitch, 16), expected) << "row " << row;
    }
    // Two slices of two rows; the last one lies beyond 4 GiB.
    const uint32_t value = 0x5a5a1234;
    HyFill3D fill{};
    fill.structSize = sizeof fill;
    fill.dst = buffer + 4096;
    fill.rowPitch = kGiB;
    fill.slicePitch = 3 * kGiB + 4096;
    fill.width = 8;
    fill.height = 2;
    fill.depth = 2;
    fill.pattern = &value;
    fill.patternBytes = 4;
    ASSERT_OK(hyMemFill3DAsync(stream, &fill));
    std::vector<uint32_t> box(32);
    HyCopy3D copy{};
    copy.structSize = sizeof copy;
    copy.dst = hyHostAddress(box.data());
    copy.src = fill.dst;
    copy.dstRowPitch = 32;
    copy.dstSlicePitch = 64;
    copy.srcRowPitch = fill.rowPitch;
    copy.srcSlicePitch = fill.slicePitch;
    copy.widthBytes = 32;
    copy.height = 2;
    copy.depth = 2;
    ASSERT_OK(hyMemcpy3DAsync(stream, &copy));
    synchronize();
    EXPECT_EQ(box, std::vector<uint32_t>(32, value));
    EXPECT_EQ(download<uint32_t>(buffer + 4096 + 4 * kGiB + 4096, 8), std::vector<uint32_t>(8, value));
    EXPECT_EQ(download<uint32_t>(buffer + 4096 + 4 * kGiB + 4096 - 4, 1)[0] == value, false);
    // One byte too many.
    copy.depth = 3;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpy3DAsync, stream, &copy);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, buffer, buffer + 1, kBytes);
    EXPECT_OK(hyMemFree(device, buffer));
}

// The same memory at many addresses: whole fills and copies of more than 4 GiB that take little memory.
TEST_F(LargeMemory, OneCopyMovesMoreThan4GiB) {
    if (refused())
        return;
    const uint64_t chunk = 32 * piece;
    const uint64_t count = (kBytes + chunk - 1) / chunk;
    const uint64_t bytes = count * chunk;
    const HyDevicePtr source = reserve(bytes);
    const HyDevicePtr target = reserve(bytes);
    const HyPhysicalMemory from = create(chunk);
    const HyPhysicalMemory into = create(chunk);
    const HyPhysicalMemory last = create(chunk);
    const HyPhysicalMemory lastFrom = create(chunk); // which only a fill of all of it reaches
    for (uint64_t i = 0; i < count; ++i) {
        map(source + i * chunk, chunk, i + 1 < count ? from : lastFrom);
        map(target + i * chunk, chunk, i + 1 < count ? into : last);
    }
    const uint32_t value = 0x01020304;
    ASSERT_OK(hyMemFillAsync(stream, source, &value, 4, bytes / 4));
    ASSERT_OK(hyMemcpyAsync(stream, target, source, bytes));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE)); // a busy machine takes its time for 9 GiB
    EXPECT_EQ(download<uint32_t>(target + bytes - 4, 1)[0], value) << "the end, which nothing else writes";
    EXPECT_EQ(download<uint32_t>(target + bytes - chunk, 1)[0], value);
    EXPECT_EQ(download<uint32_t>(target, 1)[0], value);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, target, source + 4, bytes);
}

} // namespace
