// Calls of library functions by their mangled names. The conformance suite has those that clang writes for plain
// kernels.
#include "fixture.h"

namespace halyard::interp::test {
namespace {

class LibraryTest : public InterpTest {};

std::string moduleWith(const std::string& body) {
    return R"(
    OpCapability Addresses
    OpCapability Kernel
    OpCapability Linkage
    OpCapability Int8
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    OpDecorate %dot LinkageAttributes "_Z3dotDv4_cDv4_h" Import
    OpDecorate %swapped LinkageAttributes "_Z3dotDv4_hDv4_c" Import
    OpDecorate %alike LinkageAttributes "_Z3dotDv4_hS_" Import
    OpDecorate %packed LinkageAttributes "_Z20dot_4x8packed_us_intjj" Import
    OpDecorate %saturated LinkageAttributes "_Z11dot_acc_satDv4_cDv4_ci" Import
    OpDecorate %subtract LinkageAttributes "_Z10atomic_subPU3AS1Vff" Import
    OpDecorate %fence LinkageAttributes "_Z9mem_fencej" Import
    OpDecorate %unknown LinkageAttributes "_Z8far_awayj" Import
    %void = OpTypeVoid
    %uchar = OpTypeInt 8 0
    %uint = OpTypeInt 32 0
    %float = OpTypeFloat 32
    %v4 = OpTypeVector %uchar 4
    %puint = OpTypePointer CrossWorkgroup %uint
    %pfloat = OpTypePointer CrossWorkgroup %float
    %proc = OpTypeFunction %void %puint %pfloat
    %vectors = OpTypeFunction %uint %v4 %v4
    %withSum = OpTypeFunction %uint %v4 %v4 %uint
    %words = OpTypeFunction %uint %uint %uint
    %atomic = OpTypeFunction %float %pfloat %float
    %flags = OpTypeFunction %void %uint
    %one = OpConstant %uint 1
    %two = OpConstant %uint 2
    %three = OpConstant %uint 3
    %four = OpConstant %uint 4
    %five = OpConstant %uint 5
    %most = OpConstant %uint 0x7fffffff
    %wordA = OpConstant %uint 0xff010203
    %wordB = OpConstant %uint 0x01fe03ff
    %amount = OpConstant %float 2
    %b1 = OpConstant %uchar 1
    %b2 = OpConstant %uchar 2
    %b3 = OpConstant %uchar 3
    %b4 = OpConstant %uchar 4
    %b253 = OpConstant %uchar 253
    %b255 = OpConstant %uchar 255
    %a = OpConstantComposite %v4 %b255 %b2 %b253 %b4
    %b = OpConstantComposite %v4 %b255 %b1 %b2 %b3
    %dot = OpFunction %uint None %vectors
    %d0 = OpFunctionParameter %v4
    %d1 = OpFunctionParameter %v4
    OpFunctionEnd
    %swapped = OpFunction %uint None %vectors
    %s0 = OpFunctionParameter %v4
    %s1 = OpFunctionParameter %v4
    OpFunctionEnd
    %alike = OpFunction %uint None %vectors
    %l0 = OpFunctionParameter %v4
    %l1 = OpFunctionParameter %v4
    OpFunctionEnd
    %packed = OpFunction %uint None %words
    %w0 = OpFunctionParameter %uint
    %w1 = OpFunctionParameter %uint
    OpFunctionEnd
    %saturated = OpFunction %uint None %withSum
    %t0 = OpFunctionParameter %v4
    %t1 = OpFunctionParameter %v4
    %t2 = OpFunctionParameter %uint
    OpFunctionEnd
    %subtract = OpFunction %float None %atomic
    %m0 = OpFunctionParameter %pfloat
    %m1 = OpFunctionParameter %float
    OpFunctionEnd
    %fence = OpFunction %void None %flags
    %f0 = OpFunctionParameter %uint
    OpFunctionEnd
    %unknown = OpFunction %void None %flags
    %k0 = OpFunctionParameter %uint
    OpFunctionEnd
    %kernel = OpFunction %void None %proc
    %out = OpFunctionParameter %puint
    %number = OpFunctionParameter %pfloat
    %entry = OpLabel
    %p1 = OpInBoundsPtrAccessChain %puint %out %one
    %p2 = OpInBoundsPtrAccessChain %puint %out %two
    %p3 = OpInBoundsPtrAccessChain %puint %out %three
    %p4 = OpInBoundsPtrAccessChain %puint %out %four
    )" + body +
           R"(
    OpReturn
    OpFunctionEnd)";
}

TEST_F(LibraryTest, DotProductsOfEverySignedness) {
    const auto words = assemble(moduleWith(R"(
    %r0 = OpFunctionCall %uint %dot %a %b
    %r1 = OpFunctionCall %uint %swapped %a %b
    %r2 = OpFunctionCall %uint %alike %a %b
    %r3 = OpFunctionCall %uint %packed %wordA %wordB
    %r4 = OpFunctionCall %uint %saturated %b %b %most
    OpStore %out %r0 Aligned 4
    OpStore %p1 %r1 Aligned 4
    OpStore %p2 %r2 Aligned 4
    OpStore %p3 %r3 Aligned 4
    OpStore %p4 %r4 Aligned 4)"));
    const uint64_t out = allocate(20);
    EXPECT_EQ(run(words, "k", {out, out}, {1, 1, 1}, {1, 1, 1}), "");
    EXPECT_EQ(read<int32_t>(out, 5), (std::vector<int32_t>{
                                         -1 * 255 + 2 * 1 - 3 * 2 + 4 * 3,
                                         255 * -1 + 2 * 1 + 253 * 2 + 4 * 3,
                                         255 * 255 + 2 * 1 + 253 * 2 + 4 * 3,
                                         3 * -1 + 2 * 3 + 1 * -2 + 255 * 1,
                                         INT32_MAX,
                                     }));
}

TEST_F(LibraryTest, AtomicsOfFloatingPointNumbersAndFences) {
    const auto words = assemble(moduleWith(R"(
    %old = OpFunctionCall %float %subtract %number %amount
    %nothing = OpFunctionCall %void %fence %two)"));
    const uint64_t number = buffer<float>({5});
    EXPECT_EQ(run(words, "k", {number, number}, {1, 1, 1}, {4, 1, 1}), "");
    EXPECT_EQ(read<float>(number, 1), (std::vector<float>{-3}));
}

TEST_F(LibraryTest, AnyOtherNameIsRefused) {
    const auto words = assemble(moduleWith("%nothing = OpFunctionCall %void %unknown %two"));
    const auto program = prepare(words, "k");
    ASSERT_FALSE(program);
    EXPECT_EQ(program.error().code, HY_ERROR_UNSUPPORTED_SPIRV) << program.error().message;
}

} // namespace
} // namespace halyard::interp::test
