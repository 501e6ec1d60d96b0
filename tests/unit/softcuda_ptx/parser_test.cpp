// Text that is PTX, and text that is not.
#include "device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::test {
namespace {

using ::testing::HasSubstr;

TEST(Parser, WhatCompilersWriteAround) {
    Device device;
    ASSERT_TRUE(device.load(R"(
/* a comment
   of lines */ // and one more
.file 1 "kernel.cl"
.extern .func (.param .b32 r) unused(.param .b64 a, .param .align 8 .b8 b[24]) .noreturn;
.visible .entry k(
  .param .u64 .ptr .global .align 4 k_0,
  .param .align 16 .b8 k_1[32]
)
.reqntid 8, 4, 1
.minnctapersm 2
.maxnreg 64
{
  .pragma "nounroll";
  .reg .pred %p<3>;
  .reg .b32 single, %r<4>;
  .loc 1 3 5, function_name $L__info0, inlined_at 1 2 3
  { .reg .b32 %r<9>; mov.u32 %r8, 0x7fU; { .reg .b32 t; mov.u32 t, -1; } }
  mov.u32 single, 0b101;
  @!%p1 bra.uni L;
L:
  bar.sync 0; ret;
}
.section .debug_str { $L__info0: .b8 0x41, 0 }
)"));
    const FunctionInfo& info = device.program->functions().at(0);
    EXPECT_EQ(info.requiredThreads, (std::array<uint32_t, 3>{8, 4, 1}));
    EXPECT_EQ(info.maxThreads, 32u);
    EXPECT_EQ(info.parameters.at(1).offset, 16u);
    EXPECT_EQ(info.parameterBytes, 48u);
}

struct Bad {
    const char* text;
    const char* words;
};

TEST(Parser, RefusesWithLineAndWords) {
    const Bad cases[] = {
        {"garbage", "line 4: expected a declaration but found 'garbage'"},
        {".entry k() {", "'k' has no end"},
        {".entry k() { bra L; }", "label 'L' is not defined"},
        {".entry k() { L: L: ret; }", "label 'L' is defined twice"},
        {".entry k() { .reg .b32 a; .reg .b32 a; }", "'a' is declared twice"},
        {".entry k() { mov.u32 %r1, 0; }", "unknown symbol '%r1'"},
        {".entry k() { .reg .b32 a; frob.u32 a, a; }", "unknown instruction 'frob.u32'"},
        {".entry k() { .reg .b32 a; add.u33 a, a, a; }", "unknown instruction 'add.u33'"},
        {".entry k() { .reg .b32 a; add.u32 a, a; }", "operands"},
        {".entry k() { .reg .b32 a; add.u32 a, a, a, a; }", "operands"},
        {".entry k() { .reg .b64 a; add.u32 a, a, a; }", "32 bits in a register of 64"},
        {".entry k() { .reg .b32 a; .reg .b64 b; add.u32 a, a, b; }", "a register of 64 bits where 32"},
        {".entry k() { .reg .b32 a; ld.global.u32 a, [a]; }", "an address in a register of 32 bits"},
        {".entry k() { .reg .b32 a; .reg .b64 b; ld.global.bogus.u32 a, [b]; }", "unknown modifier '.bogus'"},
        {".entry k() { .reg .b32 a; .reg .b64 b; ld.global.v2.u32 a, [b]; }", "1 results"},
        {".entry k() { .reg .b32 a; @a ret; }", "'a' is no predicate"},
        {".entry k() { .reg .b32 a; mov.u32 a, %tid.w; }", "unknown special register '%tid.w'"},
        {".entry k() { .reg .b32 a; mov.u32 a, 0x; }", "'0x' is no number"},
        {".entry k() { .reg .b32 a; mov.u32 a, 99999999999999999999; }", "is no number"},
        {".entry k() { .reg .b32 a; mov.u32 a, 1 }", "expected ';'"},
        {".entry k() { .reg .f32 a; add.f32 a, a, 1; }", "an integer where a float"},
        {".entry k() { .reg .b32 a<9999999>; }", "more than 1048576 registers"},
        {".entry k() { .reg .b32 a; tex.1d.v4.f32.s32 a, a; }", "unknown instruction 'tex"},
        {".entry k() { call.uni missing, (); }", "unknown symbol 'missing'"},
        {".func f(); .entry k() { call.uni f, (); }", "'f' is not defined"},
        {".func f(.param .b32 a) { ret; } .entry k() { call.uni f, (); }", "takes 1 arguments"},
        {".func f(.param .b32 a) { ret; } .entry k() { .param .b64 x; call.uni f, (x); }", "'x' has 8 bytes"},
        {".entry k() { ret; } .entry k() { ret; }", "'k' is defined twice"},
        {".entry k(.param .u32 a) { .reg .b64 r; ld.param.u64 r, [a]; }", "outside the parameters"},
        {".global .u32 a = {1, 2};", "more initial values"},
        {".global .u32 a = b;", "not 64 bits wide"},
        {".global .u64 a = b;", "names 'b'"},
        {".global .u32 a; .global .u32 a;", "'a' is defined twice"},
        {".global .u32 a[5000000000];", "more than 4 GiB"},
        {".global .align 3 .u32 a;", "power of two"},
        {".extern .global .u32 a;", "is not defined in this module"},
        {".shared .u32 a = 1;", "cannot have an initial value"},
        {".entry k() { .shared .b8 s[4]; .reg .b32 a; ld.global.u32 a, [s]; }", "in another space"},
        {".entry k() { .reg .b64 a; ld.global.u64 a, [a", "expected ']'"},
        {".texref t;", "unknown directive '.texref'"},
        {"/* no end", "a comment has no end"},
        {".file 1 \"no end", "a string has no end"},
        {".entry k() { \x01 }", "unexpected character 1"},
        {".section .x {", ".section has no end"},
        {".entry k() { .reg .b32 a; atom.global.frob.u32 a, [a], a; }", "unknown modifier '.frob'"},
        {".entry k() { .reg .b32 a; .reg .b64 b; atom.global.and.u32 a, [b], a; }", "unknown instruction 'atom"},
    };
    for (const Bad& bad : cases) {
        SCOPED_TRACE(bad.text);
        Device device;
        EXPECT_THAT(device.refusal(bad.text), HasSubstr(bad.words));
    }
}

TEST(Parser, RefusesABadHead) {
    TestMemory memory;
    std::unique_ptr<Program> program;
    std::string log;
    for (const char* text : {"", ".version 7", ".version 8.0", ".version 8.0\n.target", ".version 8.0\n.target sm_90",
                             ".version 8.0\n.target sm_90\n.address_size 32\n", ".target sm_90\n",
                             ".version 8.0\n.target sm_9x\n.address_size 64",
                             "\x7f"
                             "ELF"}) {
        EXPECT_EQ(Program::load(text, {}, memory, program, log), LoadStatus::InvalidPtx) << text;
        EXPECT_THAT(log, HasSubstr("line ")) << text;
    }
}

// Every prefix of a text, and every text with one character changed, loads or is refused.
TEST(Parser, DamagedTextIsRefusedOrLoads) {
    const std::string whole = head() + R"(
.global .align 8 .b8 g[8] = {0xFF(generic(h)), 1};
.global .u32 h = 1;
.func (.param .b32 r) f(.param .b32 a) { .reg .b32 %r<3>; ld.param.b32 %r1, [a]; st.param.b32 [r], %r1; ret; }
.entry k(.param .u64 p) .maxntid 32, 1, 1 {
  .reg .b32 %r<4>; .reg .b64 %rd<3>; .reg .pred %p<2>; .shared .align 4 .b8 s[16];
  ld.param.u64 %rd1, [p];
  mov.b64 {%r1, %r2}, %rd1;
L: setp.lt.and.u32 %p1|%p0, %r1, 5, !%p1;
  @!%p1 bra L;
  { .param .b32 a; .param .b32 r; st.param.b32 [a], 1; call.uni (r), f, (a); ld.param.b32 %r3, [r]; }
T: .branchtargets L, E;
  brx.idx %r1, T;
E: ld.shared.v4.u32 {%r0, %r1, %r2, %r3}, [s+-4];
  ret;
})";
    TestMemory memory;
    std::unique_ptr<Program> program;
    std::string log;
    for (size_t i = 0; i < whole.size(); ++i) {
        Program::load(whole.substr(0, i), {}, memory, program, log);
        for (const char c : {'\0', '}', '{', '9', ',', '.', '!', 'r'}) {
            std::string changed = whole;
            changed[i] = c;
            const LoadStatus status = Program::load(changed, {}, memory, program, log);
            EXPECT_EQ(status == LoadStatus::Ok, program != nullptr);
            EXPECT_EQ(status == LoadStatus::Ok, log.empty()) << log;
        }
    }
    program.reset();
    EXPECT_EQ(memory.allocations(), 0u);
}

} // namespace
} // namespace halyard::softcuda::ptx::test
