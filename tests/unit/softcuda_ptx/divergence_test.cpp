// Lanes of a warp that go different ways, meet again, and wait for each other.
#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

std::vector<uint32_t> runWarp(const std::string& body, uint32_t threads = 32, const std::string& before = "") {
    Device device;
    if (!device.load(kernel(body, before)))
        return {};
    const uint64_t out = device.buffer(std::vector<uint32_t>(threads, 0xDEADu));
    device.expectRuns(1, threads, {out, 0});
    return device.read<uint32_t>(out, threads);
}

TEST(Divergence, WaysOfABranchMeetAgain) {
    const auto out = runWarp(R"(
  setp.lt.u32 %p1, %r1, 10;
  @%p1 bra $less;
  mov.u32 %r2, 1000;
  bra $join;
$less:
  mov.u32 %r2, 2000;
$join:
  activemask.b32 %r3;
  setp.eq.s32 %p2, %r3, -1;
  selp.b32 %r4, 1, 0, %p2;
  add.u32 %r2, %r2, %r4;
  st.global.u32 [%rd3], %r2;)");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], i < 10 ? 2001u : 1001u) << i;
}

// A return inside one way does not keep the others from meeting.
TEST(Divergence, WaysMeetBesideAReturn) {
    const auto out = runWarp(R"(
  setp.ge.u32 %p1, %r1, 16;
  @%p1 bra $join;
  setp.ge.u32 %p2, %r1, 8;
  @%p2 bra $end;
  mov.u32 %r2, 7;
$join:
  activemask.b32 %r3;
  st.global.u32 [%rd3], %r3;
$end:)");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], i >= 8 && i < 16 ? 0xDEADu : 0xFFFF00FFu) << i;
}

TEST(Divergence, NestedLoops) {
    const auto out = runWarp(R"(
  mov.u32 %r2, 0;
  mov.u32 %r3, 0;
$outer:
  mov.u32 %r4, 0;
$inner:
  add.u32 %r2, %r2, 1;
  add.u32 %r4, %r4, 1;
  setp.le.u32 %p1, %r4, %r3;
  @%p1 bra $inner;
  add.u32 %r3, %r3, 1;
  setp.lt.u32 %p2, %r3, %r1;
  @%p2 bra $outer;
  activemask.b32 %r5;
  shr.u32 %r5, %r5, 31;
  shl.b32 %r5, %r5, 16;
  or.b32 %r2, %r2, %r5;
  st.global.u32 [%rd3], %r2;)");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], 0x10000u | (i == 0 ? 1 : i * (i + 1) / 2)) << i;
}

TEST(Divergence, Switch) {
    const auto out = runWarp(R"(
  rem.u32 %r2, %r1, 3;
$targets: .branchtargets $a, $b, $c;
  brx.idx %r2, $targets;
$a:
  mov.u32 %r3, 10;
  bra $join;
$b:
  mov.u32 %r3, 20;
  bra $join;
$c:
  mov.u32 %r3, 30;
$join:
  activemask.b32 %r4;
  popc.b32 %r4, %r4;
  add.u32 %r3, %r3, %r4;
  st.global.u32 [%rd3], %r3;)");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], (i % 3 + 1) * 10 + 32) << i;
}

// Each lane takes the lock, one after the other: those that wait must not keep the one that has it from going on.
TEST(Divergence, SpinLockBetweenLanes) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
$again:
  atom.global.cas.b32 %r2, [%rd2], 0, 1;
  setp.ne.s32 %p1, %r2, 0;
  @%p1 bra $again;
  ld.volatile.global.u32 %r3, [%rd2+4];
  add.u32 %r3, %r3, 1;
  st.volatile.global.u32 [%rd2+4], %r3;
  membar.gl;
  atom.global.exch.b32 %r4, [%rd2], 0;)")));
    const uint64_t lock = device.buffer(std::vector<uint32_t>(2, 0));
    device.expectRuns(3, 64, {lock, lock});
    EXPECT_EQ(device.read<uint32_t>(lock, 2)[1], 192u);
}

// Lane 0 waits for what the others only do behind the place where its branch ends.
TEST(Divergence, LaneWaitsForWhatFollowsItsBranch) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  setp.ne.u32 %p1, %r1, 0;
  @%p1 bra $join;
$spin:
  ld.acquire.gpu.global.u32 %r2, [%rd2];
  setp.ne.u32 %p2, %r2, 31;
  @%p2 bra $spin;
$join:
  red.release.gpu.global.add.u32 [%rd2], 1;)")));
    const uint64_t count = device.buffer(std::vector<uint32_t>(1, 0));
    device.expectRuns(1, 32, {count, count});
    EXPECT_EQ(device.read<uint32_t>(count, 1)[0], 32u);
}

TEST(Divergence, CallsReturnTogether) {
    const auto out = runWarp(R"(
  {
  .param .b32 a; .param .b32 r;
  st.param.b32 [a], %r1;
  call.uni (r), half, (a);
  ld.param.b32 %r2, [r];
  }
  setp.lt.u32 %p1, %r1, 5;
  @!%p1 bra $join;
  {
  .param .b32 a; .param .b32 r;
  st.param.b32 [a], 100;
  call (r), half, (a);
  ld.param.b32 %r3, [r];
  add.u32 %r2, %r2, %r3;
  }
$join:
  activemask.b32 %r4;
  shr.u32 %r4, %r4, 31;
  shl.b32 %r4, %r4, 16;
  or.b32 %r2, %r2, %r4;
  st.global.u32 [%rd3], %r2;)",
                             32, R"(
.func (.param .b32 result) half(.param .b32 value) {
  .reg .b32 %r<4>; .reg .pred %p<2>;
  ld.param.b32 %r1, [value];
  and.b32 %r2, %r1, 1;
  setp.eq.u32 %p1, %r2, 1;
  @%p1 bra $odd;
  shr.u32 %r1, %r1, 1;
  st.param.b32 [result], %r1;
  ret;
$odd:
  add.u32 %r1, %r1, 1000;
  st.param.b32 [result], %r1;
  ret;
})");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], 0x10000u | ((i % 2 ? i + 1000 : i / 2) + (i < 5 ? 50 : 0))) << i;
}

TEST(Divergence, Recursion) {
    const auto out = runWarp(R"(
  {
  .param .b32 a; .param .b32 r;
  st.param.b32 [a], %r1;
  call.uni (r), sum, (a);
  ld.param.b32 %r2, [r];
  }
  st.global.u32 [%rd3], %r2;)",
                             32, R"(
.func (.param .b32 result) sum(.param .b32 value) {
  .local .align 4 .b8 depot[8];
  .reg .b32 %r<5>; .reg .pred %p<2>; .reg .b64 %rd<3>;
  mov.u64 %rd1, depot;
  ld.param.b32 %r1, [value];
  st.local.u32 [%rd1+4], %r1;
  mov.u32 %r3, 0;
  setp.eq.u32 %p1, %r1, 0;
  @%p1 bra $end;
  {
  .param .b32 a; .param .b32 r;
  add.u32 %r2, %r1, -1;
  st.param.b32 [a], %r2;
  call.uni (r), sum, (a);
  ld.param.b32 %r3, [r];
  }
$end:
  ld.local.u32 %r4, [%rd1+4];
  add.u32 %r3, %r3, %r4;
  st.param.b32 [result], %r3;
  ret;
})");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], i * (i + 1) / 2) << i;
}

TEST(Divergence, CallThroughAPointer) {
    const auto out = runWarp(R"(
  .reg .b64 %f0;
  setp.lt.u32 %p1, %r1, 4;
  mov.u64 %rd5, one;
  mov.u64 %rd6, two;
  selp.b64 %rd7, %rd5, %rd6, %p1;
  {
  .param .b32 r;
  prototype: .callprototype (.param .b32 _) _ ();
  call (r), %rd7, (), prototype;
  ld.param.b32 %r2, [r];
  }
  st.global.u32 [%rd3], %r2;)",
                             32, R"(
.func (.param .b32 result) one() { st.param.b32 [result], 1; ret; }
.func (.param .b32 result) two() { st.param.b32 [result], 2; ret; })");
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], i < 4 ? 1u : 2u) << i;
}

} // namespace
} // namespace halyard::softcuda::ptx::test
