// Kernels that do what they must not.
#include "device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace halyard::softcuda::ptx::test {
namespace {

using ::testing::HasSubstr;

Fault faultOf(const std::string& body, uint32_t threads = 32, const std::string& before = "") {
    Device device;
    if (!device.load(kernel(body, before)))
        return {};
    const uint64_t out = device.buffer(std::vector<uint32_t>(32, 0));
    const auto fault = device.run(2, threads, {out, 0});
    EXPECT_TRUE(fault.has_value());
    return fault.value_or(Fault{});
}

TEST(Fault, IllegalAddressNamesInstructionLineBlockAndThread) {
    const Fault fault = faultOf("  setp.eq.u32 %p1, %r1, 5;\n  @%p1 st.global.u32 [%rd3+4096], %r1;");
    EXPECT_EQ(fault.kind, FaultKind::IllegalAddress);
    EXPECT_THAT(fault.words, HasSubstr("'st.global.u32' in line 13 of 'k', block (0,0,0), thread (5,0,0)"));
    EXPECT_THAT(fault.words, HasSubstr("write"));
    EXPECT_EQ(fault.address % 4096, 20u);
}

TEST(Fault, NullIsNoAddress) {
    EXPECT_EQ(faultOf("  ld.global.u32 %r2, [%rd2];").kind, FaultKind::IllegalAddress);
    EXPECT_EQ(faultOf("  ld.u32 %r2, [%rd2];").kind, FaultKind::IllegalAddress);
}

TEST(Fault, AccessAcrossTheEndOfAnAllocation) {
    EXPECT_EQ(faultOf("  ld.global.v4.u32 {%r2,%r3,%r4,%r5}, [%rd1+128];").kind, FaultKind::IllegalAddress);
    EXPECT_EQ(faultOf("  atom.global.add.u64 %rd5, [%rd1+128], 1;").kind, FaultKind::IllegalAddress);
}

TEST(Fault, Misaligned) {
    const Fault fault = faultOf("  ld.global.u64 %rd5, [%rd1+4];");
    EXPECT_EQ(fault.kind, FaultKind::MisalignedAddress);
    EXPECT_EQ(faultOf("  ld.global.v2.u32 {%r2,%r3}, [%rd1+4];").kind, FaultKind::MisalignedAddress);
    EXPECT_EQ(faultOf("  atom.global.add.u32 %r5, [%rd1+2], 1;").kind, FaultKind::MisalignedAddress);
}

TEST(Fault, SharedAndLocalMemoryHaveEnds) {
    EXPECT_EQ(faultOf("  .shared .align 4 .b8 s[16];\n  st.shared.u32 [s+16], %r1;").kind, FaultKind::IllegalAddress);
    EXPECT_EQ(faultOf("  .local .align 4 .b8 l[16];\n  st.local.u32 [l+16], %r1;").kind, FaultKind::IllegalAddress);
    EXPECT_EQ(faultOf("  mov.u32 %r3, 0;\n  ld.shared.u32 %r2, [%r3];").kind, FaultKind::IllegalAddress);
}

TEST(Fault, Trap) {
    const Fault fault = faultOf("  setp.eq.u32 %p1, %r1, 31;\n  @%p1 trap;");
    EXPECT_EQ(fault.kind, FaultKind::Trap);
    EXPECT_THAT(fault.words, HasSubstr("thread (31,0,0)"));
}

TEST(Fault, LaneOutsideItsOwnMask) {
    const Fault fault = faultOf("  vote.sync.ballot.b32 %r2, %p1, 0xFFFF;");
    EXPECT_EQ(fault.kind, FaultKind::IllegalInstruction);
    EXPECT_THAT(fault.words, HasSubstr("member mask"));
}

TEST(Fault, LanesThatNeverComeAreADeadlock) {
    const Fault fault = faultOf(R"(
  setp.lt.u32 %p1, %r1, 16;
  @%p1 bra $low;
  shfl.sync.idx.b32 %r2|%p2, %r1, 0, 31, -1;
  bra $end;
$low:
  shfl.sync.idx.b32 %r2|%p2, %r1, 0, 31, -1;
$end:)");
    EXPECT_EQ(fault.kind, FaultKind::IllegalInstruction);
    EXPECT_THAT(fault.words, HasSubstr("deadlock"));
}

TEST(Fault, BarrierWithAnotherCountThanTheBlockHas) {
    const Fault fault = faultOf("  bar.sync 1, 128;", 64);
    EXPECT_THAT(fault.words, HasSubstr("deadlock"));
    EXPECT_THAT(faultOf("  mov.u32 %r2, 33;\n  bar.sync 1, %r2;", 64).words, HasSubstr("barrier 1 of 33 threads"));
    EXPECT_THAT(faultOf("  mov.u32 %r2, 16;\n  bar.sync %r2;", 64).words, HasSubstr("barrier 16"));
}

TEST(Fault, EndlessRecursion) {
    const Fault fault = faultOf("  call.uni f, ();", 32, ".func f() { .local .b8 d[64]; call.uni f, (); ret; }");
    EXPECT_EQ(fault.kind, FaultKind::StackError);
}

TEST(Fault, IndexOutsideATableOfTargets) {
    EXPECT_THAT(faultOf("$t: .branchtargets $a;\n  brx.idx %r1, $t;\n$a:").words, HasSubstr("a table of 1 targets"));
}

TEST(Fault, PointerThatIsNoFunction) {
    EXPECT_THAT(faultOf("$p: .callprototype _ ();\n  call %rd2, (), $p;").words, HasSubstr("no function"));
}

TEST(Fault, EndlessKernelIsStopped) {
    Device device;
    ASSERT_TRUE(device.load(kernel("$loop:\n  bra.uni $loop;")));
    std::thread stopper([&] { device.stop = true; });
    const auto fault = device.run(1, 32, {0, 0});
    stopper.join();
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(fault->kind, FaultKind::Stopped);
}

TEST(Fault, LaunchesThatAreNone) {
    Device device;
    ASSERT_TRUE(device.load(kernel("")));
    EXPECT_TRUE(device.run(0, 32, {}).has_value());
    EXPECT_TRUE(device.run(1, 0, {}).has_value());
    EXPECT_TRUE(device.run(1, 1025, {}).has_value());
    Launch launch;
    launch.function = 1;
    EXPECT_TRUE(device.program->run(launch, device.stop).has_value());
}

} // namespace
} // namespace halyard::softcuda::ptx::test
