#include "fixture.h"

#include <cstring>
#include <numeric>

namespace halyard::cpu_test {
namespace {

const HyBackendStreamTable& streams() {
    return *cpuInterface().stream;
}

HyDevicePtr at(const void* pointer) {
    return reinterpret_cast<HyDevicePtr>(pointer);
}

std::vector<uint8_t> numbered(size_t count) {
    std::vector<uint8_t> bytes(count);
    uint32_t state = 12345;
    for (uint8_t& byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = static_cast<uint8_t>(state >> 24);
    }
    return bytes;
}

TEST(CpuTransfer, CopiesOfEverySizeAndAlignment) {
    Device device;
    HyBackendStream stream = device.stream();
    constexpr uint64_t kMiB = 1 << 20;
    // Around the sizes at which copies are cut, shared, and written past the caches.
    for (const uint64_t bytes : {1ul, 63ul, 4096ul, 256 * 1024ul, kMiB - 1, kMiB + 1, 3 * kMiB + 17, 16 * kMiB + 33}) {
        for (const uint64_t dstOffset : {0ul, 1ul, 17ul}) {
            const std::vector<uint8_t> source = numbered(bytes + 5);
            auto* target = device.memory<uint8_t>(bytes + 64);
            ASSERT_EQ(
                streams().copy(stream, at(target + dstOffset), at(source.data() + 5), bytes, HY_BACKEND_COPY_SRC_HOST),
                HY_SUCCESS);
            device.wait(stream);
            ASSERT_EQ(std::memcmp(target + dstOffset, source.data() + 5, bytes), 0) << bytes << " + " << dstOffset;
            ASSERT_EQ(target[dstOffset + bytes], 0) << bytes;
            ASSERT_TRUE(dstOffset == 0 || target[dstOffset - 1] == 0);
        }
    }
}

TEST(CpuTransfer, ZeroBytesDoNothing) {
    Device device;
    HyBackendStream stream = device.stream();
    EXPECT_EQ(streams().copy(stream, 16, 32, 0, 0), HY_SUCCESS);
    const uint32_t pattern = 1;
    EXPECT_EQ(streams().fill(stream, 16, &pattern, 4, 0), HY_SUCCESS);
    device.wait(stream);
}

TEST(CpuTransfer, FillsOfEveryPatternAndAlignment) {
    Device device;
    HyBackendStream stream = device.stream();
    const std::vector<uint8_t> pattern = numbered(16);
    constexpr uint64_t kRoom = (17 << 20) + 4096;
    auto* target = device.memory<uint8_t>(kRoom);
    for (const uint32_t patternBytes : {1u, 2u, 4u, 8u, 16u}) {
        for (const uint64_t count :
             {1ul, 2ul, 3ul, 5ul, 63ul, 1000ul, (1ul << 20) / patternBytes + 3, (17ul << 20) / patternBytes}) {
            for (const uint64_t skip : {0ul, 1ul, 3ul}) {
                const uint64_t offset = skip * patternBytes;
                const uint64_t bytes = count * patternBytes;
                ASSERT_EQ(streams().fill(stream, at(target), "", 1, kRoom), HY_SUCCESS);
                ASSERT_EQ(streams().fill(stream, at(target + offset), pattern.data(), patternBytes, count), HY_SUCCESS);
                device.wait(stream);
                ASSERT_TRUE(offset == 0 || target[offset - 1] == 0);
                ASSERT_EQ(std::memcmp(target + offset, pattern.data(), patternBytes), 0);
                // Each pattern equals the one before it.
                ASSERT_EQ(std::memcmp(target + offset, target + offset + patternBytes, bytes - patternBytes), 0)
                    << patternBytes << " x " << count << " at " << offset;
                ASSERT_EQ(target[offset + bytes], 0);
            }
        }
    }
}

struct Box {
    uint64_t width, height, depth;
    uint64_t dstRow, dstSlice, srcRow, srcSlice;
};

TEST(CpuTransfer, BoxesMatchAPlainLoop) {
    Device device;
    HyBackendStream stream = device.stream();
    const Box boxes[] = {
        {1, 1, 1, 1, 1, 1, 1},
        {16, 8, 4, 16, 128, 16, 128}, // one run
        {16, 8, 4, 20, 160, 16, 128}, // padded rows in one of them
        {16, 8, 4, 16, 200, 24, 192}, // padded slices
        {7, 5, 3, 11, 57, 9, 100},
        {100, 1, 50, 100, 100, 100, 300},                   // rows that are slices
        {3000, 700, 2, 3001, 3001 * 701, 3072, 3072 * 700}, // enough to share
        {300'000, 5, 1, 300'001, 1'500'005, 300'032, 1'500'160},
    };
    for (const Box& box : boxes) {
        const std::vector<uint8_t> source = numbered(box.srcSlice * box.depth + box.srcRow);
        const uint64_t room = box.dstSlice * box.depth + box.dstRow;
        auto* target = device.memory<uint8_t>(room);
        std::vector<uint8_t> expected(room);
        for (uint64_t z = 0; z < box.depth; ++z) {
            for (uint64_t y = 0; y < box.height; ++y) {
                std::memcpy(expected.data() + z * box.dstSlice + y * box.dstRow,
                            source.data() + z * box.srcSlice + y * box.srcRow, box.width);
            }
        }
        HyCopy3D copy{};
        copy.structSize = sizeof copy;
        copy.dst = at(target);
        copy.src = at(source.data());
        copy.dstRowPitch = box.dstRow;
        copy.dstSlicePitch = box.dstSlice;
        copy.srcRowPitch = box.srcRow;
        copy.srcSlicePitch = box.srcSlice;
        copy.widthBytes = box.width;
        copy.height = box.height;
        copy.depth = box.depth;
        ASSERT_EQ(streams().copy3D(stream, &copy, HY_BACKEND_COPY_SRC_HOST), HY_SUCCESS);
        device.wait(stream);
        ASSERT_EQ(std::memcmp(target, expected.data(), room), 0)
            << box.width << " x " << box.height << " x " << box.depth;
    }
}

TEST(CpuTransfer, BoxFillsMatchAPlainLoop) {
    Device device;
    HyBackendStream stream = device.stream();
    const std::vector<uint8_t> pattern = numbered(16);
    const Box boxes[] = {{1, 1, 1, 16, 16, 0, 0},
                         {9, 5, 3, 160, 960, 0, 0},
                         {10, 5, 3, 160, 800, 0, 0},
                         {500, 800, 2, 16'000, 16'000 * 801, 0, 0},
                         {70'000, 3, 1, 1'200'000, 3'600'000, 0, 0}};
    for (const uint32_t patternBytes : {1u, 2u, 4u, 8u, 16u}) {
        for (const Box& box : boxes) {
            const uint64_t room = box.dstSlice * box.depth + box.dstRow;
            auto* target = device.memory<uint8_t>(room);
            std::vector<uint8_t> expected(room);
            for (uint64_t z = 0; z < box.depth; ++z) {
                for (uint64_t y = 0; y < box.height; ++y) {
                    for (uint64_t x = 0; x < box.width; ++x) {
                        std::memcpy(expected.data() + z * box.dstSlice + y * box.dstRow + x * patternBytes,
                                    pattern.data(), patternBytes);
                    }
                }
            }
            HyFill3D fill{};
            fill.structSize = sizeof fill;
            fill.dst = at(target);
            fill.rowPitch = box.dstRow;
            fill.slicePitch = box.dstSlice;
            fill.width = box.width;
            fill.height = box.height;
            fill.depth = box.depth;
            fill.pattern = pattern.data();
            fill.patternBytes = patternBytes;
            ASSERT_EQ(streams().fill3D(stream, &fill), HY_SUCCESS);
            device.wait(stream);
            ASSERT_EQ(std::memcmp(target, expected.data(), room), 0) << patternBytes << ": " << box.width;
        }
    }
}

TEST(CpuTransfer, ThePatternIsCopiedBeforeTheCallReturns) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel slow = device.kernel("slow", {pointer(0)});
    auto* target = device.memory(4);
    const uint32_t* count = target + 3;
    device.run(stream, slow, 10, 1, {&count});
    uint32_t pattern = 7;
    ASSERT_EQ(streams().fill(stream, at(target), &pattern, 4, 2), HY_SUCCESS);
    pattern = 8;
    device.wait(stream);
    EXPECT_EQ(target[0], 7u);
    EXPECT_EQ(target[1], 7u);
    EXPECT_EQ(target[2], 0u);
}

} // namespace
} // namespace halyard::cpu_test
