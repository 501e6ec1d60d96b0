// Barriers, and instructions that lanes execute together.
#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

std::vector<uint32_t> runBlock(const std::string& body, uint32_t threads, const std::string& before = "",
                               uint32_t dynamicShared = 0) {
    Device device;
    if (!device.load(kernel(body, before)))
        return {};
    const uint64_t out = device.buffer(std::vector<uint32_t>(threads, 0));
    device.expectRuns(1, threads, {out, 0}, dynamicShared);
    return device.read<uint32_t>(out, threads);
}

TEST(Sync, BarrierInALoopReversesSharedMemory) {
    const auto out = runBlock(R"(
  .shared .align 4 .b8 values[1024];
  mov.u32 %r2, values;
  shl.b32 %r3, %r1, 2;
  add.u32 %r4, %r2, %r3;
  mov.u32 %r5, %ntid.x;
  sub.u32 %r6, %r5, %r1;
  shl.b32 %r6, %r6, 2;
  add.u32 %r6, %r2, %r6;
  mov.u32 %r7, %r1;
  mov.u32 %r8, 0;
$loop:
  st.shared.u32 [%r4], %r7;
  bar.sync 0;
  ld.shared.u32 %r7, [%r6+-4];
  barrier.cta.sync.aligned 0;
  add.u32 %r8, %r8, 1;
  setp.lt.u32 %p1, %r8, 3;
  @%p1 bra $loop;
  st.global.u32 [%rd3], %r7;)",
                              200);
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], 199 - i) << i;
}

TEST(Sync, BarrierOfLiveThreadsWhenSomeEnded) {
    const auto out = runBlock(R"(
  setp.lt.u32 %p1, %r1, 40;
  @%p1 exit;
  bar.sync 0;
  st.global.u32 [%rd3], 5;)",
                              96);
    for (uint32_t i = 0; i < out.size(); ++i)
        EXPECT_EQ(out[i], i < 40 ? 0u : 5u) << i;
}

TEST(Sync, BarrierReductions) {
    const auto out = runBlock(R"(
  setp.lt.u32 %p1, %r1, 37;
  bar.red.popc.u32 %r2, 0, %p1;
  barrier.cta.red.and.pred %p2, 1, %p1;
  bar.red.or.pred %p3, 2, 64, !%p1;
  selp.b32 %r3, 100, 0, %p2;
  selp.b32 %r4, 1000, 0, %p3;
  add.u32 %r2, %r2, %r3;
  add.u32 %r2, %r2, %r4;
  st.global.u32 [%rd3], %r2;)",
                              64);
    for (const uint32_t value : out)
        EXPECT_EQ(value, 1037u);
}

// The first warp produces, the second consumes.
TEST(Sync, ArriveAndWaitWithCounts) {
    const auto out = runBlock(R"(
  .shared .align 4 .u32 value;
  setp.ge.u32 %p1, %r1, 32;
  @%p1 bra $consume;
  st.shared.u32 [value], 77;
  bar.arrive 3, 64;
  bra $end;
$consume:
  bar.sync 3, 64;
  ld.shared.u32 %r2, [value];
  st.global.u32 [%rd3], %r2;
$end:)",
                              64);
    for (uint32_t i = 32; i < 64; ++i)
        EXPECT_EQ(out[i], 77u);
}

TEST(Sync, ShuffleWaitsForTheLanesOfItsMask) {
    const auto out = runBlock(R"(
  setp.lt.u32 %p1, %r1, 16;
  @%p1 bra $low;
  add.u32 %r2, %r1, 100;
  bar.warp.sync -1;
  bra $both;
$low:
  add.u32 %r2, %r1, 200;
  bar.warp.sync 0xFFFFFFFF;
$both:
  shfl.sync.bfly.b32 %r3|%p2, %r2, 31, 31, -1;
  st.global.u32 [%rd3], %r3;)",
                              32);
    for (uint32_t i = 0; i < 32; ++i)
        EXPECT_EQ(out[i], 31 - i + (i < 16 ? 100 : 200)) << i;
}

TEST(Sync, VotesOfHalves) {
    const auto out = runBlock(R"(
  setp.lt.u32 %p1, %r1, 16;
  selp.b32 %r2, 0xFFFF, 0xFFFF0000, %p1;
  and.b32 %r3, %r1, 1;
  setp.eq.u32 %p2, %r3, 1;
  vote.sync.ballot.b32 %r4, %p2, %r2;
  elect.sync %r5|%p3, %r2;
  add.u32 %r4, %r4, %r5;
  st.global.u32 [%rd3], %r4;)",
                              32);
    for (uint32_t i = 0; i < 32; ++i)
        EXPECT_EQ(out[i], i < 16 ? 0xAAAAu : 0xAAAA0000u + 16) << i;
}

TEST(Sync, EndedLanesAreNotWaitedFor) {
    const auto out = runBlock(R"(
  setp.lt.u32 %p1, %r1, 8;
  @%p1 ret;
  setp.ne.u32 %p2, %r1, 99;
  vote.sync.ballot.b32 %r4, %p2, -1;
  st.global.u32 [%rd3], %r4;)",
                              32);
    EXPECT_EQ(out[7], 0u);
    EXPECT_EQ(out[8], 0xFFFFFF00u);
}

// Each block waits until all have come: none may run to its end before another starts.
TEST(Sync, BlocksOfACooperativeLaunchWaitForEachOther) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  setp.ne.u32 %p1, %r1, 0;
  @%p1 bra $wait;
  atom.acq_rel.gpu.global.add.u32 %r2, [%rd2], 1;
  mov.u32 %r3, %nctaid.x;
$spin:
  ld.acquire.gpu.global.u32 %r4, [%rd2];
  setp.lt.u32 %p2, %r4, %r3;
  @%p2 bra $spin;
$wait:
  bar.sync 0;
  red.global.add.u32 [%rd1], 1;)")));
    const uint64_t out = device.buffer(std::vector<uint32_t>(1, 0)), count = device.buffer(std::vector<uint32_t>(1, 0));
    device.expectRuns(40, 64, {out, count}, 0, true);
    EXPECT_EQ(device.read<uint32_t>(out, 1)[0], 40u * 64);
}

TEST(Sync, SixteenBlocksOfAnyLaunchAreThereTogether) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  red.global.add.u32 [%rd2], 1;
$spin:
  ld.relaxed.gpu.global.u32 %r4, [%rd2];
  setp.lt.u32 %p2, %r4, 16;
  @%p2 bra $spin;)")));
    const uint64_t count = device.buffer(std::vector<uint32_t>(1, 0));
    device.expectRuns(16, 1, {count, count});
}

} // namespace
} // namespace halyard::softcuda::ptx::test
