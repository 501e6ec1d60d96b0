// Whole kernels.
#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

TEST(Run, Saxpy) {
    Device device;
    ASSERT_TRUE(device.load(R"(
.visible .entry saxpy(.param .u64 y, .param .u64 x, .param .f32 a, .param .u32 n)
.maxntid 256, 1, 1
{
  .reg .pred %p<2>; .reg .f32 %f<5>; .reg .b32 %r<6>; .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [y];
  ld.param.u64 %rd2, [x];
  ld.param.f32 %f1, [a];
  ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.s32 %p1, %r1, %r2;
  @%p1 bra $L__BB0_2;
  cvta.to.global.u64 %rd3, %rd2;
  mul.wide.s32 %rd4, %r1, 4;
  add.s64 %rd5, %rd3, %rd4;
  ld.global.nc.f32 %f2, [%rd5];
  cvta.to.global.u64 %rd6, %rd1;
  add.s64 %rd7, %rd6, %rd4;
  ld.global.f32 %f3, [%rd7];
  fma.rn.f32 %f4, %f2, %f1, %f3;
  st.global.f32 [%rd7], %f4;
$L__BB0_2:
  ret;
})"));
    std::vector<float> x(1000), y(1000);
    for (size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<float>(i);
        y[i] = 1.0f;
    }
    const uint64_t yAt = device.buffer(y), xAt = device.buffer(x);
    const float a = 2.0f;
    uint32_t bits = 0;
    std::memcpy(&bits, &a, 4);
    device.expectRuns(4, 256, {yAt, xAt, bits | uint64_t(1000) << 32});
    const auto result = device.read<float>(yAt, 1000);
    for (size_t i = 0; i < result.size(); ++i)
        ASSERT_EQ(result[i], 2.0f * static_cast<float>(i) + 1.0f) << i;
    const FunctionInfo& info = device.program->functions()[0];
    EXPECT_EQ(info.name, "saxpy");
    EXPECT_EQ(info.maxThreads, 256u);
    EXPECT_EQ(info.parameterBytes, 24u);
    EXPECT_EQ(info.parameters[3].offset, 20u);
}

} // namespace
} // namespace halyard::softcuda::ptx::test
