// Extensions that are younger than the assembler: their instructions are spelt in numbers, and one without operands
// stands before each, to which the assembler would else add them.
#include "fixture.h"

namespace halyard::interp::test {
namespace {

constexpr Size kOne{1, 1, 1};

constexpr const char* kPrologue = R"(
    OpCapability Shader
    OpMemoryModel Logical GLSL450
    OpEntryPoint GLCompute %main "main" %index
    OpExecutionMode %main LocalSize 16 1 1
    OpDecorate %index BuiltIn LocalInvocationIndex
    OpDecorate %array ArrayStride 4
    OpMemberDecorate %block 0 Offset 0
    OpDecorate %block Block
    OpDecorate %out DescriptorSet 0
    OpDecorate %out Binding 0
    %void = OpTypeVoid
    %uint = OpTypeInt 32 0
    %fn = OpTypeFunction %void
    %array = OpTypeRuntimeArray %uint
    %block = OpTypeStruct %array
    %ptr_block = OpTypePointer StorageBuffer %block
    %ptr_uint = OpTypePointer StorageBuffer %uint
    %in_uint = OpTypePointer Input %uint
    %out = OpVariable %ptr_block StorageBuffer
    %index = OpVariable %in_uint Input
    %u0 = OpConstant %uint 0
    %u1 = OpConstant %uint 1
    %u2 = OpConstant %uint 2
    %u3 = OpConstant %uint 3
    %u4 = OpConstant %uint 4
    %u5 = OpConstant %uint 5
    %u16 = OpConstant %uint 16
    %u36 = OpConstant %uint 36
    %u64 = OpConstant %uint 64
)";

// A is 4 x 5 row-major, B 5 x 4 column-major, C 4 x 4; the result goes where C was.
TEST_F(InterpTest, CooperativeMatricesMultiply) {
    const std::string text = std::string(kPrologue) + R"(
        OpNoLine
        !0x00071168 %ma %uint %u3 %u4 %u5 %u0
        OpNoLine
        !0x00071168 %mb %uint %u3 %u5 %u4 %u1
        OpNoLine
        !0x00071168 %mc %uint %u3 %u4 %u4 %u2
        %main = OpFunction %void None %fn
        %e = OpLabel
        %pa = OpAccessChain %ptr_uint %out %u0 %u0
        %pb = OpAccessChain %ptr_uint %out %u0 %u36
        %pc = OpAccessChain %ptr_uint %out %u0 %u64
        OpNop
        !0x00061169 %ma %a %pa %u0 %u5
        OpNop
        !0x00061169 %mb %b %pb %u1 %u5
        OpNop
        !0x00061169 %mc %c %pc %u0 %u4
        OpNop
        !0x0006116B %mc %d %a %b %c
        OpNop
        !0x0005116A %pc %d %u0 %u4
        OpReturn
        OpFunctionEnd)";
    std::vector<uint32_t> values(80);
    for (uint32_t i = 0; i < values.size(); ++i)
        values[i] = i * i % 23;
    const uint64_t out = buffer(values);
    ASSERT_EQ(run(assemble(text), "main", {out}, kOne, {16, 1, 1}), "");
    const auto result = read<uint32_t>(out + 64 * 4, 16);
    for (uint32_t m = 0; m < 4; ++m)
        for (uint32_t n = 0; n < 4; ++n) {
            uint32_t sum = values[64 + m * 4 + n];
            for (uint32_t k = 0; k < 5; ++k)
                sum += values[m * 5 + k] * values[36 + n * 5 + k];
            EXPECT_EQ(result[m * 4 + n], sum) << m << ", " << n;
        }
}

TEST_F(InterpTest, UntypedPointersTakeTheTypeOfTheAccess) {
    const std::string text = std::string(kPrologue) + R"(
        OpNoLine
        !0x00031141 %untyped !12
        %main = OpFunction %void None %fn
        %e = OpLabel
        %i = OpLoad %uint %index
        OpNop
        !0x00071143 %untyped %p %block %out %u0 %i
        %v = OpLoad %uint %p
        %w = OpIAdd %uint %v %i
        OpStore %p %w
        OpReturn
        OpFunctionEnd)";
    const uint64_t out = buffer(std::vector<uint32_t>(16, 100));
    ASSERT_EQ(run(assemble(text), "main", {out}, kOne, {16, 1, 1}), "");
    for (uint32_t i = 0; i < 16; ++i)
        EXPECT_EQ(read<uint32_t>(out, 16)[i], 100 + i);
}

} // namespace
} // namespace halyard::interp::test
