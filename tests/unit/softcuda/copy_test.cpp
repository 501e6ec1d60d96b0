// Copies and fills in each form, and what they refuse.
#include "fixture.h"

#include <array>
#include <cstring>
#include <numeric>
#include <vector>

namespace halyard::cuda {
namespace {

class SoftcudaCopy : public DriverTest {
protected:
    std::vector<uint8_t> bytes(size_t count) {
        std::vector<uint8_t> out(count);
        EXPECT_CU(CUDA_SUCCESS, cu().cuMemcpyDtoHAsync_v2(out.data(), memory_, count, stream_));
        EXPECT_CU(CUDA_SUCCESS, cu().cuStreamSynchronize(stream_));
        return out;
    }
};

TEST_F(SoftcudaCopy, Lines) {
    std::array<uint8_t, 256> host{};
    std::iota(host.begin(), host.end(), uint8_t{0});
    ASSERT_CU(cu().cuMemsetD8Async(memory_, 0xff, 1024, stream_));
    ASSERT_CU(cu().cuMemcpyHtoDAsync_v2(memory_, host.data(), 256, stream_));
    ASSERT_CU(cu().cuMemcpyDtoDAsync_v2(memory_ + 512, memory_ + 16, 16, stream_));
    ASSERT_CU(cu().cuMemcpyAsync(memory_ + 600, reinterpret_cast<CUdeviceptr>(host.data() + 7), 1, stream_));
    const std::vector<uint8_t> found = bytes(1024);
    EXPECT_EQ(255, found[255]);
    EXPECT_EQ(16, found[512]);
    EXPECT_EQ(31, found[527]);
    EXPECT_EQ(255, found[528]);
    EXPECT_EQ(7, found[600]);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpyDtoDAsync_v2(memory_, memory_ + 4000, 97, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemcpyDtoDAsync_v2(memory_, reinterpret_cast<CUdeviceptr>(host.data()), 16, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpyDtoHAsync_v2(nullptr, memory_, 16, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE,
              cu().cuMemcpyHtoDAsync_v2(memory_, reinterpret_cast<void*>(memory_ + 16), 16, stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemcpyAsync(memory_, memory_, 0, stream_));
}

TEST_F(SoftcudaCopy, Boxes) {
    std::array<uint8_t, 64> host{};
    std::iota(host.begin(), host.end(), uint8_t{1});
    ASSERT_CU(cu().cuMemsetD8Async(memory_, 0, 1024, stream_));
    CUDA_MEMCPY2D flat{};
    flat.srcMemoryType = CU_MEMORYTYPE_HOST;
    flat.srcHost = host.data();
    flat.srcPitch = 8;
    flat.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    flat.dstDevice = memory_;
    flat.dstPitch = 100;
    flat.dstXInBytes = 3;
    flat.dstY = 1;
    flat.WidthInBytes = 8;
    flat.Height = 4;
    ASSERT_CU(cu().cuMemcpy2DAsync_v2(&flat, stream_));
    std::vector<uint8_t> found = bytes(1024);
    EXPECT_EQ(0, found[102]);
    EXPECT_EQ(1, found[103]);
    EXPECT_EQ(32, found[410]);
    EXPECT_EQ(0, found[411]);
    flat.dstPitch = 7; // rows would overlap
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy2DAsync_v2(&flat, stream_));
    flat.dstPitch = 2048; // beyond the allocation
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy2DAsync_v2(&flat, stream_));
    flat.dstPitch = 100;
    flat.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    EXPECT_CU(CUDA_ERROR_NOT_SUPPORTED, cu().cuMemcpy2DAsync_v2(&flat, stream_));
    flat.dstMemoryType = static_cast<CUmemorytype>(9);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy2DAsync_v2(&flat, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy2DAsync_v2(nullptr, stream_));

    CUDA_MEMCPY3D box{};
    box.srcMemoryType = CU_MEMORYTYPE_UNIFIED;
    box.srcDevice = reinterpret_cast<CUdeviceptr>(host.data());
    box.srcPitch = 4;
    box.srcHeight = 4;
    box.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    box.dstDevice = memory_;
    box.dstPitch = 16;
    box.dstHeight = 8;
    box.WidthInBytes = 4;
    box.Height = 4;
    box.Depth = 2;
    ASSERT_CU(cu().cuMemcpy3DAsync_v2(&box, stream_));
    found = bytes(1024);
    EXPECT_EQ(17, found[128]);
    EXPECT_EQ(32, found[128 + 48 + 3]);
    box.dstHeight = 2; // slices would overlap
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy3DAsync_v2(&box, stream_));
    box.dstHeight = 8;
    box.dstZ = SIZE_MAX / 2;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy3DAsync_v2(&box, stream_));
    box.dstZ = 0;
    box.reserved0 = &box;
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemcpy3DAsync_v2(&box, stream_));
}

TEST_F(SoftcudaCopy, Fills) {
    ASSERT_CU(cu().cuMemsetD8Async(memory_, 0, 4096, stream_));
    ASSERT_CU(cu().cuMemsetD16Async(memory_, 0x0102, 3, stream_));
    ASSERT_CU(cu().cuMemsetD2D8Async(memory_ + 64, 16, 9, 2, 2, stream_));
    ASSERT_CU(cu().cuMemsetD2D32Async(memory_ + 128, 16, 0x01020304, 1, 3, stream_));
    const std::vector<uint8_t> found = bytes(256);
    EXPECT_EQ(1, found[5]);
    EXPECT_EQ(0, found[6]);
    EXPECT_EQ(9, found[81]);
    EXPECT_EQ(0, found[82]);
    EXPECT_EQ(4, found[160]);
    EXPECT_EQ(0, found[176]);
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD16Async(memory_ + 1, 0, 1, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD2D32Async(memory_, 6, 0, 1, 2, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD2D8Async(memory_, 4096, 0, 1, 3, stream_));
    EXPECT_CU(CUDA_ERROR_INVALID_VALUE, cu().cuMemsetD32Async(memory_, 0, SIZE_MAX / 2, stream_));
    EXPECT_CU(CUDA_SUCCESS, cu().cuMemsetD8Async(memory_, 0, 0, stream_));
}

} // namespace
} // namespace halyard::cuda
