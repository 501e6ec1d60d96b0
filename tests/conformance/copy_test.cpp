#include "fixture.h"

#include <algorithm>
#include <numeric>

using namespace halyard::conformance;

namespace {

std::vector<uint8_t> ramp(size_t count) {
    std::vector<uint8_t> values(count);
    for (size_t i = 0; i < count; ++i)
        values[i] = static_cast<uint8_t>(i * 7 + i / 251);
    return values;
}

} // namespace

class Copy : public DeviceTest {};

TEST_F(Copy, EveryDirection) {
    const std::vector<uint8_t> source = ramp(100'003);
    const HyDevicePtr a = upload(source);
    const HyDevicePtr b = allocate(source.size());
    EXPECT_OK(hyMemcpyAsync(stream, b, a, source.size()));
    EXPECT_EQ(download<uint8_t>(b, source.size()), source);
    std::vector<uint8_t> host(source.size());
    EXPECT_OK(hyMemcpyAsync(stream, hyHostAddress(host.data()), hyHostAddress(source.data()), host.size()));
    synchronize();
    EXPECT_EQ(host, source);
    EXPECT_OK(hyMemcpyAsync(stream, b + 1, a + 3, 5));
    EXPECT_EQ(download<uint8_t>(b + 1, 5), std::vector<uint8_t>(source.begin() + 3, source.begin() + 8));
}

// More than a backend's staging memory holds at once, at odd places, in both directions and on two streams together.
TEST_F(Copy, LargeOnesOfTwoStreams) {
    constexpr uint64_t kBytes = (uint64_t{9} << 20) + 13;
    HyStream other = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &other));
    struct Way {
        HyStream stream;
        std::vector<uint8_t> source, back;
        HyDevicePtr ptr;
    };
    std::vector<Way> ways = {{stream, ramp(kBytes), {}, allocate(kBytes + 1)},
                             {other, ramp(kBytes), {}, allocate(kBytes + 1)}};
    std::reverse(ways[1].source.begin(), ways[1].source.end());
    for (Way& way : ways) {
        way.back.assign(kBytes, 0);
        EXPECT_OK(hyMemcpyAsync(way.stream, way.ptr + 1, hyHostAddress(way.source.data()), kBytes));
        EXPECT_OK(hyMemcpyAsync(way.stream, hyHostAddress(way.back.data()), way.ptr + 1, kBytes));
    }
    for (const Way& way : ways) {
        ASSERT_OK(hyStreamSynchronize(way.stream, HY_TIMEOUT_INFINITE));
        EXPECT_TRUE(way.back == way.source) << "too long to print";
    }
    EXPECT_OK(hyStreamDestroy(other));
}

TEST_F(Copy, RefusesBadRanges) {
    std::vector<uint8_t> host(2000);
    const HyDevicePtr h = hyHostAddress(host.data());
    const HyDevicePtr ptr = allocate(1000);
    EXPECT_OK(hyMemcpyAsync(stream, ptr, h, 0));
    EXPECT_OK(hyMemcpyAsync(stream, ptr, h, 1000));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, ptr, h, 1001);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, h, ptr, 1001);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, ptr + 999, h, 2);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, ptr, h, UINT64_MAX);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyMemcpyAsync, stream, 0, ptr, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "src", hyMemcpyAsync, stream, ptr, 0, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyMemcpyAsync, stream, ptr + 5, ptr, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyMemcpyAsync, stream, ptr, ptr + 5, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemcpyAsync, nullptr, ptr, h, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemcpyAsync, wrongType<HyStream>(device), ptr, h, 10);
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, ptr, h, 10);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, h, ptr, 10);
}

TEST_F(Copy, TwoDimensional) {
    constexpr uint64_t kWidth = 37, kHeight = 23, kSrcPitch = 41, kDstPitch = 64;
    const std::vector<uint8_t> source = ramp(kSrcPitch * kHeight);
    const HyDevicePtr src = upload(source);
    const HyDevicePtr dst = upload(std::vector<uint8_t>(kDstPitch * kHeight, 0xee));
    ASSERT_OK(hyMemcpy2DAsync(stream, dst, kDstPitch, src, kSrcPitch, kWidth, kHeight));
    const std::vector<uint8_t> result = download<uint8_t>(dst, kDstPitch * kHeight);
    for (uint64_t y = 0; y < kHeight; ++y) {
        for (uint64_t x = 0; x < kDstPitch; ++x)
            ASSERT_EQ(result[y * kDstPitch + x], x < kWidth ? source[y * kSrcPitch + x] : 0xee) << x << ", " << y;
    }
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dstRowPitch", hyMemcpy2DAsync, stream, dst, 36, src, kSrcPitch, kWidth,
                 kHeight);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "srcRowPitch", hyMemcpy2DAsync, stream, dst, kDstPitch, src, 36, kWidth,
                 kHeight);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpy2DAsync, stream, dst, kDstPitch, src, kSrcPitch, kWidth,
                 kHeight + 2);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpy2DAsync, stream, dst, uint64_t{1} << 62, src, kSrcPitch,
                 kWidth, 9);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemcpy2DAsync, nullptr, dst, kDstPitch, src, kSrcPitch, kWidth,
                 1);
    EXPECT_OK(hyMemcpy2DAsync(stream, dst, 0, src, 0, kWidth, 1));
    EXPECT_OK(hyMemcpy2DAsync(stream, dst, 0, src, 0, 0, 5));
}

TEST_F(Copy, ThreeDimensional) {
    const std::vector<uint8_t> source = ramp(10 * 20 * 30);
    const HyDevicePtr src = upload(source);
    const HyDevicePtr dst = upload(std::vector<uint8_t>(16 * 12 * 8, 0));
    HyCopy3D box{};
    box.structSize = sizeof box;
    box.dst = dst + 1;
    box.src = src + 2;
    box.dstRowPitch = 16;
    box.dstSlicePitch = 16 * 12;
    box.srcRowPitch = 10;
    box.srcSlicePitch = 10 * 20;
    box.widthBytes = 7;
    box.height = 11;
    box.depth = 8;
    ASSERT_OK(hyMemcpy3DAsync(stream, &box));
    const std::vector<uint8_t> result = download<uint8_t>(dst, 16 * 12 * 8);
    for (size_t z = 0; z < 8; ++z) {
        for (size_t y = 0; y < 12; ++y) {
            for (size_t x = 0; x < 16; ++x) {
                const bool inside = x >= 1 && x < 8 && y < 11;
                ASSERT_EQ(result[z * 192 + y * 16 + x], inside ? source[2 + z * 200 + y * 10 + (x - 1)] : 0);
            }
        }
    }
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "copy", hyMemcpy3DAsync, stream, nullptr);
    HyCopy3D bad = box;
    bad.structSize = 8;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "copy", hyMemcpy3DAsync, stream, &bad);
    bad = box;
    bad.dstSlicePitch = 16 * 10;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dstSlicePitch", hyMemcpy3DAsync, stream, &bad);
    bad = box;
    bad.depth = 9;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpy3DAsync, stream, &bad);
    bad = box;
    bad.depth = UINT64_MAX;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpy3DAsync, stream, &bad);
    bad = box;
    bad.flags = 4;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyMemcpy3DAsync, stream, &bad);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemcpy3DAsync, invented<HyStream>(), &box);
}

TEST_F(Copy, FillsEveryPatternSize) {
    constexpr uint64_t kCount = 1003;
    uint8_t pattern[16];
    std::iota(std::begin(pattern), std::end(pattern), uint8_t{0x11});
    for (const uint32_t size : {1u, 2u, 4u, 8u, 16u}) {
        const HyDevicePtr ptr = upload(std::vector<uint8_t>((kCount + 2) * size, 0));
        ASSERT_OK(hyMemFillAsync(stream, ptr + size, pattern, size, kCount));
        const std::vector<uint8_t> result = download<uint8_t>(ptr, (kCount + 2) * size);
        for (size_t i = 0; i < result.size(); ++i) {
            const bool inside = i >= size && i < (kCount + 1) * size;
            ASSERT_EQ(result[i], inside ? pattern[i % size] : 0) << "byte " << i << " of pattern size " << size;
        }
        EXPECT_OK(hyMemFree(device, ptr));
    }
}

TEST_F(Copy, RefusesBadFills) {
    const HyDevicePtr ptr = allocate(1024);
    const uint64_t value[2] = {1, 2};
    std::vector<uint8_t> host(64);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "patternBytes", hyMemFillAsync, stream, ptr, value, 3, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "patternBytes", hyMemFillAsync, stream, ptr, value, 0, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "patternBytes", hyMemFillAsync, stream, ptr, value, 32, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "pattern", hyMemFillAsync, stream, ptr, nullptr, 4, 1);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "dst", hyMemFillAsync, stream, ptr + 2, value, 4, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, ptr, value, 16, 65);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, ptr, value, 16, uint64_t{1} << 60);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, hyHostAddress(host.data()), value, 1, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyMemFillAsync, stream, 0, value, 1, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemFillAsync, nullptr, ptr, value, 1, 1);
    EXPECT_OK(hyMemFillAsync(stream, ptr, value, 16, 0));
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, ptr, value, 1, 1);
}

TEST_F(Copy, FillsBoxes) {
    constexpr uint64_t kRow = 48, kRows = 6, kSlices = 3;
    const HyDevicePtr ptr = upload(std::vector<uint8_t>(kRow * kRows * kSlices, 0xff));
    const uint32_t value = 0x04030201;
    HyFill3D box{};
    box.structSize = sizeof box;
    box.dst = ptr + 8;
    box.rowPitch = kRow;
    box.slicePitch = kRow * kRows;
    box.width = 5;
    box.height = 4;
    box.depth = 2;
    box.pattern = &value;
    box.patternBytes = 4;
    ASSERT_OK(hyMemFill3DAsync(stream, &box));
    const std::vector<uint8_t> result = download<uint8_t>(ptr, kRow * kRows * kSlices);
    for (size_t i = 0; i < result.size(); ++i) {
        const size_t x = i % kRow, y = i / kRow % kRows, z = i / kRow / kRows;
        const bool inside = x >= 8 && x < 28 && y < 4 && z < 2;
        ASSERT_EQ(result[i], inside ? (x % 4) + 1 : 0xff) << i;
    }
    HyFill3D bad = box;
    bad.rowPitch = 18;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "rowPitch", hyMemFill3DAsync, stream, &bad);
    bad = box;
    bad.rowPitch = 50;
    bad.slicePitch = 300;
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "rowPitch", hyMemFill3DAsync, stream, &bad);
    bad = box;
    bad.depth = 5;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFill3DAsync, stream, &bad);
    bad = box;
    bad.patternBytes = 5;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "patternBytes", hyMemFill3DAsync, stream, &bad);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "fill", hyMemFill3DAsync, stream, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemFill3DAsync, nullptr, &box);
}
