// Loads, stores, atomics, moves and the spaces of addresses.
#include "device.h"

#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

std::vector<uint32_t> runOne(const std::string& body, std::vector<uint32_t> in = {}, const std::string& before = "",
                             uint32_t dynamicShared = 0, size_t results = 8) {
    Device device;
    if (!device.load(kernel(body, before)))
        return {};
    in.resize(64);
    const uint64_t out = device.buffer(std::vector<uint32_t>(results, 0)), inAt = device.buffer(in);
    device.expectRuns(1, 1, {out, inAt}, dynamicShared);
    return device.read<uint32_t>(out, results);
}

TEST(Memory, WidthsAndSigns) {
    const auto out = runOne(R"(
  ld.global.s8 %r2, [%rd2];
  ld.global.u8 %r3, [%rd2];
  ld.global.s16 %r4, [%rd2];
  ld.global.s8 %rs1, [%rd2];
  ld.global.s32 %rd5, [%rd2];
  shr.u64 %rd6, %rd5, 32;
  st.global.u32 [%rd1], %r2;
  st.global.u32 [%rd1+4], %r3;
  st.global.u32 [%rd1+8], %r4;
  st.global.u16 [%rd1+12], %rs1;
  st.global.u32 [%rd1+16], %rd6;
  st.global.u8 [%rd1+20], %r2;)",
                            {0x80008085u});
    EXPECT_EQ(out, (std::vector<uint32_t>{0xFFFFFF85, 0x85, 0xFFFF8085, 0xFF85, 0xFFFFFFFF, 0x85, 0, 0}));
}

TEST(Memory, Spaces) {
    const auto out = runOne(R"(
  .shared .align 16 .b8 s[32];
  .local .align 16 .b8 l[32];
  ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd2];
  st.shared.v2.u32 [s+8], {%r2, %r3};
  ld.shared.v2.u32 {%r6, %r7}, [s+8];
  st.local.v4.b32 [l+16], {%r4, %r5, %r6, %r7};
  ld.local.u32 %r8, [l+16];
  mov.u64 %rd5, l;
  cvta.local.u64 %rd6, %rd5;
  ld.u32 %r9, [%rd6+20];
  mov.u64 %rd7, s;
  cvta.shared.u64 %rd8, %rd7;
  st.u32 [%rd8], 99;
  ld.shared.u32 %r10, [s];
  cvta.to.shared.u64 %rd9, %rd8;
  cvt.u32.u64 %r11, %rd9;
  ld.shared.u32 %r12, [%r11];
  st.global.v4.u32 [%rd1], {%r6, %r7, %r8, %r9};
  st.global.v2.u32 [%rd1+16], {%r10, %r12};
  isspacep.shared %p1, %rd8; isspacep.local %p2, %rd6; isspacep.global %p3, %rd1; isspacep.shared %p4, %rd1;
  selp.b32 %r13, 1, 0, %p1; selp.b32 %r14, 2, 0, %p2; selp.b32 %r15, 4, 0, %p3; selp.b32 %r16, 8, 0, %p4;
  add.u32 %r13, %r13, %r14; add.u32 %r13, %r13, %r15; add.u32 %r13, %r13, %r16;
  st.global.u32 [%rd1+24], %r13;)",
                            {1, 2, 3, 4});
    EXPECT_EQ(out, (std::vector<uint32_t>{1, 2, 3, 4, 99, 99, 7, 0}));
}

TEST(Memory, MovesPackAndUnpack) {
    const auto out = runOne(R"(
  mov.u32 %r2, 0x11223344;
  mov.b32 {%rs1, %rs2}, %r2;
  mov.b32 %r3, {%rs2, %rs1};
  mov.b64 %rd5, {%r2, %r3};
  mov.b64 {%r4, %r5}, %rd5;
  mov.b64 {_, %r6}, %rd5;
  mov.b64 {%rs3, %rs4, %rs5, %rs6}, %rd5;
  st.global.u32 [%rd1], %r3;
  st.global.u32 [%rd1+4], %r4;
  st.global.v2.u32 [%rd1+8], {%r5, %r6};
  st.global.u16 [%rd1+16], %rs6;
  mov.f32 %f1, 1.5;
  mov.f32 %f2, 0f40000000;
  add.f32 %f1, %f1, %f2;
  st.global.f32 [%rd1+20], %f1;
  st.global.u32 [%rd1+24], -1;)");
    EXPECT_EQ(out, (std::vector<uint32_t>{0x33441122, 0x11223344, 0x33441122, 0x33441122, 0x3344, 0x40600000, ~0u, 0}));
}

TEST(Memory, AtomicsGiveTheOldValue) {
    const auto out = runOne(R"(
  atom.global.add.u32 %r2, [%rd2], 5;
  atom.global.max.s32 %r3, [%rd2+4], -7;
  atom.global.min.u32 %r4, [%rd2+4], 3;
  atom.relaxed.sys.global.cas.b32 %r5, [%rd2+8], 30, 31;
  atom.inc.u32 %r6, [%rd2+12], 40;
  atom.global.add.f32 %f1, [%rd2+16], 0f3F800000;
  atom.global.exch.b64 %rd5, [%rd2+24], 77;
  red.global.add.noftz.f16x2 [%rd2+32], %r7;
  ld.global.u32 %r8, [%rd2+8];
  ld.global.u32 %r9, [%rd2+12];
  ld.global.u32 %r10, [%rd2+16];
  st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};
  st.global.v2.u32 [%rd1+16], {%r6, %r8};
  st.global.v2.u32 [%rd1+24], {%r9, %r10};)",
                            {1, static_cast<uint32_t>(-9), 30, 40, 0x40000000});
    EXPECT_EQ(out, (std::vector<uint32_t>{1, static_cast<uint32_t>(-9), static_cast<uint32_t>(-7), 30, 40, 31, 0,
                                          0x40400000}));
}

// f32 in global memory flushes subnormal numbers; in shared memory it keeps them.
TEST(Memory, AtomicFloatAddAndSubnormalNumbers) {
    const auto out = runOne(R"(
  .shared .align 4 .b8 s[4];
  st.shared.u32 [s], 1;
  atom.shared.add.f32 %f1, [s], 0f00000001;
  ld.shared.u32 %r2, [s];
  red.global.add.f32 [%rd2], 0f00000001;
  ld.global.u32 %r3, [%rd2];
  st.global.v2.u32 [%rd1], {%r2, %r3};)",
                            {1});
    EXPECT_EQ(out[0], 2u);
    EXPECT_EQ(out[1], 0u);
}

TEST(Memory, InitialValuesAndAddresses) {
    const auto out = runOne(R"(
  ld.global.u64 %rd5, [pointers+8];
  ld.u32 %r2, [%rd5];
  ld.const.u32 %r3, [constants+4];
  mov.u64 %rd6, bytes;
  ld.global.u64 %rd7, [%rd6];
  ld.u32 %r4, [%rd7];
  ld.global.f32 %f1, [real];
  ld.global.u32 %r5, [zeros+12];
  st.global.v4.u32 [%rd1], {%r2, %r3, %r4, %r5};
  st.global.f32 [%rd1+16], %f1;)",
                            {}, R"(
.global .align 4 .u32 words[4] = {10, 11, 12};
.const .align 4 .b32 constants[2] = {-1, 0x20};
.global .align 8 .u64 pointers[2] = {0, generic(words)+4};
.global .align 8 .b8 bytes[8] = {0xFF(generic(words)+8), 0xFF00(generic(words)+8), 0xFF0000(generic(words)+8),
  0xFF000000(generic(words)+8), 0xFF00000000(generic(words)+8), 0xFF0000000000(generic(words)+8),
  0xFF000000000000(generic(words)+8), 0xFF00000000000000(generic(words)+8)};
.global .f32 real = 0f3FC00000;
.global .align 4 .b8 zeros[16];)");
    EXPECT_EQ(out, (std::vector<uint32_t>{11, 0x20, 12, 0, 0x3FC00000, 0, 0, 0}));
}

TEST(Memory, DynamicSharedMemoryIsBehindTheStatic) {
    const auto out = runOne(R"(
  .shared .align 4 .b8 s[8];
  mov.u32 %r2, dynamic;
  mov.u32 %r3, s;
  st.shared.u32 [s+4], 1;
  st.shared.u32 [dynamic], 2;
  st.shared.u32 [dynamic+60], 3;
  ld.shared.u32 %r4, [%r2+60];
  ld.shared.u32 %r5, [s+4];
  setp.gt.u32 %p1, %r2, %r3;
  selp.b32 %r6, 1, 0, %p1;
  mov.u32 %r7, %dynamic_smem_size;
  st.global.v4.u32 [%rd1], {%r4, %r5, %r6, %r7};)",
                            {}, ".extern .shared .align 16 .b8 dynamic[];", 64);
    EXPECT_EQ(out, (std::vector<uint32_t>{3, 1, 1, 64, 0, 0, 0, 0}));
}

TEST(Memory, AsynchronousCopyFillsWithZeros) {
    const auto out = runOne(R"(
  .shared .align 16 .b8 s[32];
  mov.u32 %r2, s;
  cp.async.cg.shared.global [%r2], [%rd2], 16;
  cp.async.ca.shared.global [%r2+16], [%rd2+16], 8, 4;
  cp.async.commit_group;
  cp.async.wait_group 0;
  ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [s];
  ld.shared.v2.u32 {%r7, %r8}, [s+16];
  st.global.v4.u32 [%rd1], {%r3, %r4, %r5, %r6};
  st.global.v2.u32 [%rd1+16], {%r7, %r8};)",
                            {1, 2, 3, 4, 5, 6});
    EXPECT_EQ(out, (std::vector<uint32_t>{1, 2, 3, 4, 5, 0, 0, 0}));
}

TEST(Memory, FreedAllocationIsNoMore) {
    Device device;
    ASSERT_TRUE(device.load(kernel("  ld.global.u32 %r2, [%rd2];")));
    const uint64_t in = device.buffer(std::vector<uint32_t>(4));
    device.expectRuns(1, 1, {0, in});
    device.memory.free(in);
    EXPECT_TRUE(device.run(1, 1, {0, in}).has_value());
}

TEST(Memory, ProgramGivesItsVariablesBack) {
    Device device;
    ASSERT_TRUE(device.load(".global .u32 a; .const .u32 b;" + kernel("")));
    EXPECT_EQ(device.memory.allocations(), 2u);
    EXPECT_FALSE(device.program->global("c").has_value());
    EXPECT_EQ(device.program->global("a")->second, 4u);
    device.program.reset();
    EXPECT_EQ(device.memory.allocations(), 0u);
    device.memory.limit = 1000;
    EXPECT_NE(device.refusal(".global .b8 big[2000];", LoadStatus::OutOfMemory), "");
}

TEST(Memory, SpecialRegisters) {
    Device device;
    ASSERT_TRUE(device.load(kernel(R"(
  mov.u32 %r2, %ctaid.x;
  mad.lo.u32 %r3, %r2, %ntid.x, %laneid;
  mov.u32 %r4, %lanemask_le;
  mov.u32 %r5, %warpid;
  mov.u32 %r6, %nctaid.x;
  mov.u64 %rd5, %globaltimer;
  setp.ne.u64 %p1, %rd5, 0;
  selp.b32 %r7, %r6, 0, %p1;
  mul.wide.u32 %rd6, %r2, 640;
  mul.wide.u32 %rd7, %r1, 16;
  add.u64 %rd6, %rd6, %rd7;
  add.u64 %rd6, %rd6, %rd1;
  st.global.v4.u32 [%rd6], {%r3, %r4, %r5, %r7};)")));
    const uint64_t out = device.buffer(std::vector<uint32_t>(2 * 40 * 4));
    device.expectRuns(2, 40, {out});
    const auto values = device.read<uint32_t>(out, 2 * 40 * 4);
    for (uint32_t i = 0; i < 80; ++i) {
        const uint32_t lane = i % 40 % 32;
        EXPECT_EQ(values[i * 4], i / 40 * 40 + lane);
        EXPECT_EQ(values[i * 4 + 1], static_cast<uint32_t>((uint64_t(2) << lane) - 1));
        EXPECT_EQ(values[i * 4 + 2], i % 40 / 32);
        EXPECT_EQ(values[i * 4 + 3], 2u);
    }
}

} // namespace
} // namespace halyard::softcuda::ptx::test
