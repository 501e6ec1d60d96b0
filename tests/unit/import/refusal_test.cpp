// What the importer refuses, and that it says so in words.
#include "harness.h"

namespace halyard::jit::test {
namespace {

using testing::HasSubstr;

// Assembles `body` behind the common declarations.
std::vector<uint32_t> kernelModule(const char* body) {
    std::string text = R"(
    OpCapability Addresses
    OpCapability Kernel
    OpCapability Linkage
    OpCapability Int64
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    OpName %helper "helper"
    %void = OpTypeVoid
    %int = OpTypeInt 32 0
    %proc = OpTypeFunction %void
    %one = OpConstant %int 1
)";
    text += body;
    return assemble(text);
}

TEST(Refusal, RecursionIsNamed) {
    const Import import = importKernel(kernelModule(R"(
        %kernel = OpFunction %void None %proc
        %a = OpLabel
        %b = OpFunctionCall %void %helper
        OpReturn
        OpFunctionEnd
        %helper = OpFunction %void None %proc
        %c = OpLabel
        %d = OpFunctionCall %void %helper
        OpReturn
        OpFunctionEnd)"),
                                       "k", {}, false, false);
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(import.error.message, HasSubstr("calls itself"));
    EXPECT_THAT(import.error.message, HasSubstr("helper"));
}

TEST(Refusal, ImportedFunctionIsNamed) {
    const Import import = importKernel(assemble(R"(
        OpCapability Addresses
        OpCapability Kernel
        OpCapability Linkage
        OpMemoryModel Physical64 OpenCL
        OpEntryPoint Kernel %kernel "k"
        OpDecorate %helper LinkageAttributes "far_away" Import
        %void = OpTypeVoid
        %proc = OpTypeFunction %void
        %helper = OpFunction %void None %proc
        OpFunctionEnd
        %kernel = OpFunction %void None %proc
        %a = OpLabel
        %b = OpFunctionCall %void %helper
        OpReturn
        OpFunctionEnd)"),
                                       "k");
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(import.error.message, HasSubstr("far_away"));
}

TEST(Refusal, UnknownInstructionIsNamedWithItsPlace) {
    const Import import = importKernel(assemble(R"(
        OpCapability Shader
        OpCapability ImageQuery
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main" %image
        OpExecutionMode %main LocalSize 1 1 1
        OpDecorate %image DescriptorSet 0
        OpDecorate %image Binding 0
        %void = OpTypeVoid
        %proc = OpTypeFunction %void
        %float = OpTypeFloat 32
        %type = OpTypeImage %float 2D 0 0 0 2 R32f
        %pointer = OpTypePointer UniformConstant %type
        %image = OpVariable %pointer UniformConstant
        %main = OpFunction %void None %proc
        %entry = OpLabel
        %loaded = OpLoad %type %image
        OpReturn
        OpFunctionEnd)"),
                                       "main", {}, false, false);
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV) << import.error.message;
}

TEST(Refusal, BooleansAreNotStoredAsVectorsOfNumbers) {
    const Import import = importKernel(kernelModule(R"(
        %set = OpExtInstImport "OpenCL.std"
        %bool = OpTypeBool
        %v2 = OpTypeVector %bool 2
        %bools = OpConstantNull %v2
        %long = OpTypeInt 64 0
        %zero = OpConstant %long 0
        %pointer = OpTypePointer Function %int
        %kernel = OpFunction %void None %proc
        %a = OpLabel
        %p = OpVariable %pointer Function
        %b = OpExtInst %void %set vstoren %bools %zero %p
        OpReturn
        OpFunctionEnd
        %helper = OpFunction %void None %proc
        %c = OpLabel
        OpReturn
        OpFunctionEnd)"),
                                       "k", {}, false, false);
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_INVALID_MODULE);
    EXPECT_THAT(import.error.message, HasSubstr("vectors of numbers"));
}

TEST(Refusal, MistypedOperandsAreNoCrash) {
    // The validator would stop this module; the importer must hold on its own.
    const Import import = importKernel(kernelModule(R"(
        %long = OpTypeInt 64 0
        %wide = OpConstant %long 1
        %kernel = OpFunction %void None %proc
        %a = OpLabel
        %b = OpIAdd %int %one %wide
        OpReturn
        OpFunctionEnd
        %helper = OpFunction %void None %proc
        %c = OpLabel
        OpReturn
        OpFunctionEnd)"),
                                       "k", {}, false, false);
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_INVALID_MODULE);
    EXPECT_THAT(import.error.message, HasSubstr("OpIAdd"));
    EXPECT_THAT(import.error.message, HasSubstr("word"));
}

} // namespace
} // namespace halyard::jit::test
