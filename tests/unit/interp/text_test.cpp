// Modules that no compiler writes for us: hand-written text.
#include "fixture.h"

#include <fmt/format.h>

namespace halyard::interp::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Size kOne{1, 1, 1};

// A GLCompute module whose buffer %out holds 32-bit words; `functions` defines %main.
std::string compute(std::string_view globals, std::string_view functions, uint32_t size = 4) {
    return fmt::format(R"(
        OpCapability Shader
        OpCapability Int64
        OpCapability GroupNonUniform
        OpCapability GroupNonUniformArithmetic
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main" %index
        OpExecutionMode %main LocalSize {} 1 1
        OpDecorate %index BuiltIn LocalInvocationIndex
        OpDecorate %array ArrayStride 4
        OpMemberDecorate %block 0 Offset 0
        OpDecorate %block Block
        OpDecorate %out DescriptorSet 0
        OpDecorate %out Binding 0
        %void = OpTypeVoid
        %bool = OpTypeBool
        %uint = OpTypeInt 32 0
        %ulong = OpTypeInt 64 0
        %fn = OpTypeFunction %void
        %array = OpTypeRuntimeArray %uint
        %block = OpTypeStruct %array
        %ptr_block = OpTypePointer StorageBuffer %block
        %ptr_uint = OpTypePointer StorageBuffer %uint
        %in_uint = OpTypePointer Input %uint
        %local_uint = OpTypePointer Function %uint
        %out = OpVariable %ptr_block StorageBuffer
        %index = OpVariable %in_uint Input
        %u0 = OpConstant %uint 0
        %u1 = OpConstant %uint 1
        %u2 = OpConstant %uint 2
        %u3 = OpConstant %uint 3
        %u10 = OpConstant %uint 10
        %u264 = OpConstant %uint 264
        %true = OpConstantTrue %bool
        {}
        {})",
                       size, globals, functions);
}

class TextTest : public InterpTest {
protected:
    std::string check(const std::string& text, Size size = {4, 1, 1}, uint32_t minor = 3) {
        out = buffer(std::vector<uint32_t>(8));
        return run(assemble(text, minor), "main", {out}, kOne, size);
    }
    uint64_t out = 0;
};

TEST_F(TextTest, PhisAreParallel) {
    EXPECT_EQ(check(compute("", R"(
        %main = OpFunction %void None %fn
        %entry = OpLabel
        %i = OpLoad %uint %index
        OpBranch %head
        %head = OpLabel
        %a = OpPhi %uint %u1 %entry %b %head
        %b = OpPhi %uint %u10 %entry %a %head
        %k = OpPhi %uint %u0 %entry %next %head
        %next = OpIAdd %uint %k %u1
        %more = OpULessThan %bool %k %i
        OpLoopMerge %exit %head None
        OpBranchConditional %more %head %exit
        %exit = OpLabel
        %p = OpAccessChain %ptr_uint %out %u0 %i
        OpStore %p %a
        OpReturn
        OpFunctionEnd)")),
              "");
    EXPECT_THAT(read<uint32_t>(out, 4), ElementsAre(1, 10, 1, 10));
}

TEST_F(TextTest, RecursionIsRefusedByName) {
    EXPECT_THAT(check(compute("", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %c = OpFunctionCall %void %other
        OpReturn
        OpFunctionEnd
        %other = OpFunction %void None %fn
        %e2 = OpLabel
        %c2 = OpFunctionCall %void %other
        OpReturn
        OpFunctionEnd)")),
                AllOf(HasSubstr("recursion is not supported"), HasSubstr("OpFunctionCall")));
    EXPECT_EQ(code, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST_F(TextTest, ReachingUnreachableIsReported) {
    EXPECT_THAT(check(compute("", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        OpUnreachable
        OpFunctionEnd)")),
                HasSubstr("declares unreachable"));
}

TEST_F(TextTest, WhatIsNotSupportedIsNamed) {
    EXPECT_THAT(check(compute("", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        OpKill
        OpFunctionEnd)")),
                HasSubstr("OpKill"));
    EXPECT_EQ(code, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST_F(TextTest, UndefinedValuesDecideNothing) {
    const std::string body = R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %u = OpUndef %uint
        %s = OpIAdd %uint %u %u1
        %c = OpIEqual %bool %s %u1
        OpSelectionMerge %m None
        OpBranchConditional %c %m %n
        %n = OpLabel
        OpBranch %m
        %m = OpLabel
        OpReturn
        OpFunctionEnd)";
    EXPECT_THAT(check(compute("", body)), AllOf(HasSubstr("uninitialised"), HasSubstr("OpBranchConditional")));
}

TEST_F(TextTest, VariablesAreFreshInEachCallAndGoneAfterwards) {
    // A function that returns the address of its variable.
    EXPECT_THAT(check(compute("%fnp = OpTypeFunction %local_uint", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %p = OpFunctionCall %local_uint %make
        %v = OpLoad %uint %p
        OpReturn
        OpFunctionEnd
        %make = OpFunction %local_uint None %fnp
        %e2 = OpLabel
        %var = OpVariable %local_uint Function %u3
        OpReturnValue %var
        OpFunctionEnd)")),
                HasSubstr("whose function has returned"));
}

TEST_F(TextTest, WorkgroupVariablesCanBeginAsZero) {
    const std::string globals = R"(
        %shared_ptr = OpTypePointer Workgroup %uint
        %null = OpConstantNull %uint
        %with = OpVariable %shared_ptr Workgroup %null
        %without = OpVariable %shared_ptr Workgroup)";
    const auto body = [](const char* variable) {
        return fmt::format(R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %v = OpLoad %uint %{}
        %c = OpIEqual %bool %v %u0
        OpSelectionMerge %m None
        OpBranchConditional %c %m %n
        %n = OpLabel
        OpBranch %m
        %m = OpLabel
        OpReturn
        OpFunctionEnd)",
                           variable);
    };
    EXPECT_EQ(check(compute(globals, body("with")), {4, 1, 1}, 6), "");
    EXPECT_THAT(check(compute(globals, body("without")), {4, 1, 1}, 6), HasSubstr("uninitialised"));
}

TEST_F(TextTest, SwitchesSelectBy64Bits) {
    EXPECT_EQ(check(compute("%wide = OpConstant %ulong 4294967298", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %i = OpLoad %uint %index
        %w = OpUConvert %ulong %i
        %s = OpIAdd %ulong %w %wide
        OpSelectionMerge %m None
        OpSwitch %s %other 2 %low 4294967299 %high
        %low = OpLabel
        OpBranch %m
        %high = OpLabel
        OpBranch %m
        %other = OpLabel
        OpBranch %m
        %m = OpLabel
        %r = OpPhi %uint %u1 %low %u2 %high %u3 %other
        %p = OpAccessChain %ptr_uint %out %u0 %i
        OpStore %p %r
        OpReturn
        OpFunctionEnd)")),
              "");
    EXPECT_THAT(read<uint32_t>(out, 4), ElementsAre(3, 2, 3, 3));
}

TEST_F(TextTest, ArrayLengthAsksTheMemory) {
    EXPECT_EQ(check(compute("", R"(
        %main = OpFunction %void None %fn
        %e = OpLabel
        %n = OpArrayLength %uint %out 0
        %p = OpAccessChain %ptr_uint %out %u0 %u0
        OpStore %p %n
        OpReturn
        OpFunctionEnd)")),
              "");
    EXPECT_EQ(read<uint32_t>(out, 1)[0], 8u);
}

TEST_F(TextTest, EveryAtomicOperationCombines) {
    struct Case {
        const char* instruction;
        uint32_t expected; // after invocations 0 to 3 have done it to 0x10
    };
    const Case cases[] = {
        {"OpAtomicIAdd %uint %p %u1 %u0 %i", 0x16},
        {"OpAtomicISub %uint %p %u1 %u0 %i", 0xa},
        {"OpAtomicUMin %uint %p %u1 %u0 %i", 0},
        {"OpAtomicUMax %uint %p %u1 %u0 %wide", ~0u},
        {"OpAtomicSMin %uint %p %u1 %u0 %wide", ~0u},
        {"OpAtomicSMax %uint %p %u1 %u0 %wide", 0x10},
        {"OpAtomicAnd %uint %p %u1 %u0 %i", 0},
        {"OpAtomicOr %uint %p %u1 %u0 %i", 0x13},
        {"OpAtomicXor %uint %p %u1 %u0 %i", 0x10},
        {"OpAtomicIIncrement %uint %p %u1 %u0", 0x14},
        {"OpAtomicIDecrement %uint %p %u1 %u0", 0xc},
        {"OpAtomicExchange %uint %p %u1 %u0 %u3", 3},
        {"OpAtomicCompareExchange %uint %p %u1 %u0 %u0 %u3 %sixteen", 3},
    };
    for (const Case& each : cases) {
        EXPECT_EQ(check(compute("%wide = OpConstant %uint 4294967295\n%sixteen = OpConstant %uint 16",
                                fmt::format(R"(
            %main = OpFunction %void None %fn
            %e = OpLabel
            %i = OpLoad %uint %index
            %p = OpAccessChain %ptr_uint %out %u0 %u2
            %first = OpIEqual %bool %i %u0
            OpSelectionMerge %m None
            OpBranchConditional %first %init %m
            %init = OpLabel
            OpAtomicStore %p %u1 %u0 %sixteen
            OpBranch %m
            %m = OpLabel
            OpControlBarrier %u2 %u2 %u264
            %old = {}
            OpReturn
            OpFunctionEnd)",
                                            each.instruction))),
                  "")
            << each.instruction;
        EXPECT_EQ(read<uint32_t>(out, 3)[2], each.expected) << each.instruction;
    }
}

TEST_F(TextTest, OperandsOfWrongShapesAreRefused) {
    const char* const bodies[] = {
        "OpStore %u0 %u1",                               // no pointer
        "%p = OpAccessChain %ptr_uint %out %u1 %u0",     // no such member
        "%p = OpAccessChain %ptr_uint %out %u0 %u0 %u0", // no elements
        "%v = OpLoad %uint %u3",                         // no pointer
        "%v = OpIAdd %uint %later %u1\n%later = OpIAdd %uint %missing %u1",
        "%v = OpAtomicIAdd %uint %u3 %u1 %u0 %u1",
        "%v = OpGroupNonUniformIAdd %uint %u10 Reduce %u1",
        "%v = OpFunctionCall %void %u3",
    };
    for (const char* body : bodies) {
        EXPECT_NE(check(compute("", fmt::format(R"(
            %main = OpFunction %void None %fn
            %e = OpLabel
            {}
            OpReturn
            OpFunctionEnd)",
                                                body))),
                  "")
            << body;
        EXPECT_TRUE(code == HY_ERROR_INVALID_MODULE || code == HY_ERROR_UNSUPPORTED_SPIRV) << body;
    }
}

} // namespace
} // namespace halyard::interp::test
