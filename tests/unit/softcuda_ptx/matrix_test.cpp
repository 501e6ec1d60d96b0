// Matrices between memory and the registers of a warp.
#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

// Halves of small integers.
uint16_t half(uint32_t value) {
    if (value == 0)
        return 0;
    const auto exponent = static_cast<uint32_t>(31 - __builtin_clz(value));
    return static_cast<uint16_t>((exponent + 15) << 10 | ((value << (10 - exponent)) & 0x3FF));
}

TEST(Matrix, ProductOfRowsAndColumns) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  .reg .b32 %a<8>; .reg .b32 %b<8>; .reg .f32 %c<8>;
  wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {%a0,%a1,%a2,%a3,%a4,%a5,%a6,%a7}, [%rd2], 16;
  wmma.load.b.sync.aligned.col.m16n16k16.global.f16 {%b0,%b1,%b2,%b3,%b4,%b5,%b6,%b7}, [%rd2+512];
  mov.f32 %c0, 0f3F800000; mov.f32 %c1, %c0; mov.f32 %c2, %c0; mov.f32 %c3, %c0;
  mov.f32 %c4, %c0; mov.f32 %c5, %c0; mov.f32 %c6, %c0; mov.f32 %c7, %c0;
  wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32 {%c0,%c1,%c2,%c3,%c4,%c5,%c6,%c7},
    {%a0,%a1,%a2,%a3,%a4,%a5,%a6,%a7}, {%b0,%b1,%b2,%b3,%b4,%b5,%b6,%b7}, {%c0,%c1,%c2,%c3,%c4,%c5,%c6,%c7};
  wmma.store.d.sync.aligned.row.m16n16k16.global.f32 [%rd1], {%c0,%c1,%c2,%c3,%c4,%c5,%c6,%c7}, 20;)")));
    std::vector<uint16_t> in(512);
    for (uint32_t i = 0; i < 256; ++i) {
        in[i] = half(i * 7 % 13);        // a, by rows
        in[256 + i] = half(i * 5 % 11);  // b, by columns
    }
    const uint64_t out = device.buffer(std::vector<float>(320, -1)), inAt = device.buffer(in);
    device.expectRuns(1, 32, {out, inAt});
    const auto result = device.read<float>(out, 320);
    for (uint32_t row = 0; row < 16; ++row)
        for (uint32_t column = 0; column < 20; ++column) {
            uint32_t sum = 1;
            for (uint32_t k = 0; k < 16; ++k)
                sum += (row * 16 + k) * 7 % 13 * ((column * 16 + k) * 5 % 11);
            EXPECT_EQ(result[row * 20 + column], column < 16 ? static_cast<float>(sum) : -1.0f) << row << "," << column;
        }
}

TEST(Matrix, RowsFromSharedMemory) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  .shared .align 16 .b8 s[128];
  mov.u32 %r2, s;
  shl.b32 %r3, %r1, 2;
  add.u32 %r4, %r2, %r3;
  shl.b32 %r5, %r1, 1;
  add.u32 %r6, %r5, 1;
  cvt.u16.u32 %rs1, %r5; cvt.u16.u32 %rs2, %r6;
  st.shared.v2.u16 [%r4], {%rs1, %rs2};
  bar.warp.sync -1;
  and.b32 %r7, %r1, 7;
  shl.b32 %r7, %r7, 4;
  add.u32 %r7, %r2, %r7;
  ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r8}, [%r7];
  st.global.u32 [%rd3], %r8;)")));
    const uint64_t out = device.buffer(std::vector<uint32_t>(32));
    device.expectRuns(1, 32, {out, 0});
    const auto result = device.read<uint32_t>(out, 32);
    for (uint32_t lane = 0; lane < 32; ++lane) {
        const uint32_t row = lane / 4, column = lane % 4 * 2;
        EXPECT_EQ(result[lane], (column * 8 + row) | ((column + 1) * 8 + row) << 16) << lane;
    }
}

} // namespace
} // namespace halyard::softcuda::ptx::test
