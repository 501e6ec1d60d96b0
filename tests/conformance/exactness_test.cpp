// Copies and fills write every byte of their range and none beside it.
#include "fixture.h"

#include <algorithm>
#include <numeric>

using namespace halyard::conformance;

namespace {

constexpr uint8_t kGuard = 0xee;

class Exact : public DeviceTest {
protected:
    void SetUp() override {
        DeviceTest::SetUp();
        if (!HasFatalFailure())
            target = allocate(kBytes);
    }
    void guard() { EXPECT_OK(hyMemFillAsync(stream, target, &kGuard, 1, kBytes)); }

    static constexpr uint64_t kBytes = 8192;
    HyDevicePtr target = 0;
};

using Fills = Exact;

TEST_F(Fills, WriteTheirRangeAndNothingElse) {
    uint8_t pattern[16];
    std::iota(std::begin(pattern), std::end(pattern), uint8_t{1});
    for (const uint32_t bytes : {1u, 2u, 4u, 8u, 16u}) {
        for (const uint64_t count : {1u, 2u, 3u, 7u, 64u, 255u}) {
            for (const uint64_t place : {0u, 1u, 5u, 16u}) {
                const uint64_t first = 256 + place * bytes, end = first + bytes * count;
                guard();
                ASSERT_OK(hyMemFillAsync(stream, target + first, pattern, bytes, count));
                const std::vector<uint8_t> found = download<uint8_t>(target, kBytes);
                for (uint64_t i = 0; i < kBytes; ++i) {
                    const uint8_t expected = i >= first && i < end ? pattern[(i - first) % bytes] : kGuard;
                    ASSERT_EQ(found[i], expected) << "byte " << i << " of " << count << " patterns of " << bytes
                                                  << " bytes from " << first << " on";
                }
            }
        }
    }
}

TEST_F(Fills, TakeThePatternBeforeTheyReturn) {
    if ((properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) == 0)
        GTEST_SKIP() << "the device has no HY_CAP_TIMELINE_SEMAPHORES, which hold the stream";
    HySemaphore gate = nullptr;
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &gate));
    ASSERT_OK(hyStreamWaitSemaphore(stream, gate, 1));
    uint64_t pattern[2] = {0x0102030405060708, 0x1112131415161718};
    const std::vector<uint64_t> expected = {pattern[0], pattern[1], pattern[0], pattern[1]};
    ASSERT_OK(hyMemFillAsync(stream, target, pattern, 16, 2));
    HyFill3D box{};
    box.structSize = sizeof box;
    box.dst = target + 32;
    box.rowPitch = 32;
    box.slicePitch = 64;
    box.width = 1;
    box.height = 2;
    box.depth = 1;
    box.pattern = pattern;
    box.patternBytes = 8;
    ASSERT_OK(hyMemFill3DAsync(stream, &box));
    std::fill(std::begin(pattern), std::end(pattern), 0);
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_EQ(download<uint64_t>(target, 4), expected);
    EXPECT_EQ(download<uint64_t>(target + 64, 1)[0], expected[0]);
}

using Copies = Exact;

TEST_F(Copies, WriteTheirRangeAndNothingElse) {
    std::vector<uint8_t> values(1024);
    std::iota(values.begin(), values.end(), uint8_t{3});
    const HyDevicePtr source = upload(values);
    for (const uint64_t bytes : {1u, 2u, 3u, 15u, 64u, 65u, 500u}) {
        for (const uint64_t from : {0u, 1u, 7u}) {
            for (const uint64_t to : {0u, 3u, 64u}) {
                guard();
                ASSERT_OK(hyMemcpyAsync(stream, target + 256 + to, source + from, bytes));
                const std::vector<uint8_t> found = download<uint8_t>(target, kBytes);
                for (uint64_t i = 0; i < kBytes; ++i) {
                    const bool inside = i >= 256 + to && i < 256 + to + bytes;
                    ASSERT_EQ(found[i], inside ? values[i - 256 - to + from] : kGuard)
                        << "byte " << i << " of a copy of " << bytes << " from " << from << " to " << 256 + to;
                }
            }
        }
    }
}

TEST_F(Copies, ToTheHostWriteTheirRangeAndNothingElse) {
    guard();
    std::vector<uint8_t> host(512, 1);
    ASSERT_OK(hyMemcpyAsync(stream, hyHostAddress(host.data() + 100), target, 77));
    synchronize();
    for (size_t i = 0; i < host.size(); ++i)
        ASSERT_EQ(host[i], i >= 100 && i < 177 ? kGuard : 1) << i;
}

TEST_F(Copies, BoxesReadAndWriteByTheirPitches) {
    constexpr uint64_t kRow = 24, kSlice = 200;
    std::vector<uint8_t> values(1024);
    std::iota(values.begin(), values.end(), uint8_t{0});
    const HyDevicePtr source = upload(values);
    guard();
    HyCopy3D box{};
    box.structSize = sizeof box;
    box.dst = target + 64;
    box.src = source + 5;
    box.dstRowPitch = 40;
    box.dstSlicePitch = 300;
    box.srcRowPitch = kRow;
    box.srcSlicePitch = kSlice;
    box.widthBytes = 17;
    box.height = 4;
    box.depth = 3;
    ASSERT_OK(hyMemcpy3DAsync(stream, &box));
    std::vector<uint8_t> expected(kBytes, kGuard);
    for (uint64_t z = 0; z < box.depth; ++z) {
        for (uint64_t y = 0; y < box.height; ++y)
            std::copy_n(values.begin() + static_cast<ptrdiff_t>(5 + y * kRow + z * kSlice), box.widthBytes,
                        expected.begin() + static_cast<ptrdiff_t>(64 + y * 40 + z * 300));
    }
    EXPECT_EQ(download<uint8_t>(target, kBytes), expected);
}

TEST_F(Copies, PitchesMayBeMoreThan4GiB) {
    constexpr uint64_t kPitch = (uint64_t{1} << 32) + 4096;
    if (properties.maxAllocation < kPitch + 4096)
        GTEST_SKIP() << "the device allocates less than 4 GiB at once";
    const HyDevicePtr large = allocate(kPitch + 4096);
    const uint32_t zero = 0;
    for (const uint64_t at : {uint64_t{0}, uint64_t{4096}, kPitch})
        ASSERT_OK(hyMemFillAsync(stream, large + at, &zero, 4, 4));
    const HyDevicePtr source = upload(std::vector<uint32_t>{1, 2, 3, 4, 5, 6, 7, 8});
    HyCopy3D box{};
    box.structSize = sizeof box;
    box.dst = large;
    box.src = source;
    box.dstRowPitch = kPitch;
    box.dstSlicePitch = 2 * kPitch;
    box.srcRowPitch = 16;
    box.srcSlicePitch = 32;
    box.widthBytes = 16;
    box.height = 2;
    box.depth = 1;
    ASSERT_OK(hyMemcpy3DAsync(stream, &box));
    EXPECT_EQ(download<uint32_t>(large, 4), (std::vector<uint32_t>{1, 2, 3, 4}));
    EXPECT_EQ(download<uint32_t>(large + 4096, 4), (std::vector<uint32_t>{0, 0, 0, 0}));
    EXPECT_EQ(download<uint32_t>(large + kPitch, 4), (std::vector<uint32_t>{5, 6, 7, 8}));
    EXPECT_OK(hyMemFree(device, large));
}

} // namespace
