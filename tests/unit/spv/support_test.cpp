#define SPV_ENABLE_UTILITY_CODE
#include "modules.h"

#include "spv/opcodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using testing::HasSubstr;

// Both checks, as the runtime makes them.
Status check(const Module& module) {
    if (Status status = checkSupported(module); !status)
        return status;
    Result<Reflection> reflection = reflect(module);
    return reflection ? checkKernels(module, *reflection) : Status(reflection.error());
}

void expectUnsupported(const Module& module, const char* message) {
    const Status status = check(module);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, HY_ERROR_UNSUPPORTED_SPIRV) << status.error().message;
    EXPECT_THAT(status.error().message, HasSubstr(message));
}

TEST(Opcodes, TableAgreesWithTheHeaders) {
    // The installed headers are an independent source of what the table says of the opcodes that they know.
    size_t checked = 0;
    for (uint32_t opcode = 0; opcode < 7000; ++opcode) {
        bool hasResult = false;
        bool hasType = false;
        ::spv::HasResultAndType(static_cast<::spv::Op>(opcode), &hasResult, &hasType);
        const OpcodeInfo* info = findOpcode(opcode);
        if (info == nullptr) {
            EXPECT_FALSE(hasResult || hasType) << opcode;
            continue;
        }
        EXPECT_EQ(info->opcode, opcode);
        if (!hasResult && !hasType)
            continue; // unknown to the headers, or without either
        EXPECT_EQ(info->hasResult, hasResult) << info->name;
        EXPECT_EQ(info->hasType, hasType) << info->name;
        ++checked;
    }
    EXPECT_GT(checked, 500u);
}

TEST(Opcodes, NamesWhatIsNewerThanTheHeaders) {
    ASSERT_NE(findOpcode(4457), nullptr);
    EXPECT_EQ(findOpcode(4457)->name, "OpCooperativeMatrixLoadKHR");
    EXPECT_TRUE(findOpcode(4457)->hasType);
    EXPECT_FALSE(findOpcode(4458)->hasResult);
    EXPECT_EQ(opcodeName(128), "OpIAdd");
    EXPECT_EQ(opcodeName(65535), "opcode 65535");
    EXPECT_EQ(findCapability(6022)->name, "CooperativeMatrixKHR");
    EXPECT_EQ(findOpenClStd(26)->name, "fma");
    EXPECT_EQ(findGlslStd450(50)->name, "Fma");
    EXPECT_EQ(findGlslStd450(0), nullptr);
    EXPECT_EQ(findCapability(0x7fffffff), nullptr);
}

TEST(CheckSupported, AcceptsWhatProducersWrite) {
    for (const Sample& sample : samples()) {
        const Status status = check(parsed(sample.words));
        EXPECT_TRUE(status) << sample.name << ": " << status.error().message;
    }
}

TEST(CheckSupported, NamesTheCapability) {
    Words words = assemble(computeModule(""));
    // A capability that is declared and not used asks for nothing.
    EXPECT_TRUE(check(parsed(assemble("OpCapability ImageBasic\nOpCapability Sampled1D\n" + computeModule("")))));
    words[6] = 99999; // the operand of the first OpCapability
    expectUnsupported(parsed(words), "capability 99999 is unknown");
}

TEST(CheckSupported, NamesTheInstruction) {
    const Module module = parsed(computeModule("%zero = OpConstant %float 0", "%slope = OpDPdx %float %zero"));
    expectUnsupported(module, "kernel 'main': OpDPdx (%");
    // A type that no kernel uses is none of our business.
    EXPECT_TRUE(check(parsed(computeModule("%image = OpTypeImage %float 2D 0 0 0 1 Unknown"))));
}

TEST(CheckSupported, NamesTheExtendedInstruction) {
    const Module printf = parsed(R"(
        OpCapability Kernel
        OpCapability Addresses
        OpCapability Int8
        %set = OpExtInstImport "OpenCL.std"
        OpMemoryModel Physical64 OpenCL
        OpEntryPoint Kernel %k "k"
        %void = OpTypeVoid
        %char = OpTypeInt 8 0
        %int = OpTypeInt 32 0
        %pointer = OpTypePointer UniformConstant %char
        %type = OpTypeFunction %void %pointer
        %k = OpFunction %void None %type
        %format = OpFunctionParameter %pointer
        %entry = OpLabel
        %written = OpExtInst %int %set printf %format
        OpReturn
        OpFunctionEnd
    )");
    if (findOpenClStd(184)->support == Support::No)
        expectUnsupported(printf, "OpenCL.std printf");
    else
        EXPECT_TRUE(check(printf));

    expectUnsupported(parsed(computeModule("", "%x = OpExtInst %float %set InterpolateAtCentroid %u0",
                                           R"(%set = OpExtInstImport "GLSL.std.450")")),
                      "GLSL.std.450 InterpolateAtCentroid");
}

TEST(CheckSupported, NamesTheInstructionSet) {
    Words words =
        assemble(computeModule("", "%x = OpExtInst %float %set FAbs %u0", R"(%set = OpExtInstImport "GLSL.std.450")"));
    Module module = parsed(words);
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == ::spv::Op::OpExtInstImport)
            words[instruction.offset + 2] = 0x51515151; // its name is now "QQQQ.std.450"
    }
    expectUnsupported(parsed(words), "QQQQ.std.450");
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == ::spv::Op::OpExtInst)
            words[instruction.offset + 3] = 1; // %1 is no instruction set
    }
    const Status status = check(parsed(words));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, HY_ERROR_INVALID_MODULE);
}

TEST(CheckSupported, SkipsNonSemanticInstructions) {
    const Module module = parsed(computeModule("%string = OpExtInst %void %set 1", "", R"(
        OpExtension "SPV_KHR_non_semantic_info"
        %set = OpExtInstImport "NonSemantic.Anything"
    )"));
    const Status status = check(module);
    EXPECT_TRUE(status) << status.error().message;
}

TEST(CheckSupported, LooksInsideSpecConstantOp) {
    Words words = assemble(computeModule("%c = OpSpecConstantOp %uint IAdd %u1 %u2", "%d = OpIAdd %uint %c %c"));
    const Module module = parsed(words);
    EXPECT_TRUE(check(module));
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == ::spv::Op::OpSpecConstantOp)
            words[instruction.offset + 3] = static_cast<uint32_t>(::spv::Op::OpDPdx);
    }
    expectUnsupported(parsed(words), "OpDPdx is not supported");
}

TEST(CheckSupported, RefusesOneKernelOfSeveral) {
    const Module module = parsed(R"(
        OpCapability Shader
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %good "good"
        OpEntryPoint GLCompute %bad "bad"
        OpExecutionMode %good LocalSize 1 1 1
        OpExecutionMode %bad LocalSize 1 1 1
        %file = OpString "slope.hlsl"
        %void = OpTypeVoid
        %float = OpTypeFloat 32
        %zero = OpConstant %float 0
        %type = OpTypeFunction %void
        %good = OpFunction %void None %type
        %first = OpLabel
        OpReturn
        OpFunctionEnd
        %bad = OpFunction %void None %type
        %second = OpLabel
        %call = OpFunctionCall %void %helper
        OpReturn
        OpFunctionEnd
        %helper = OpFunction %void None %type
        %third = OpLabel
        OpLine %file 17 2
        %slope = OpDPdx %float %zero
        OpReturn
        OpFunctionEnd
    )");
    Result<Reflection> reflection = reflect(module);
    ASSERT_TRUE(reflection);
    ASSERT_TRUE(checkKernels(module, *reflection));
    ASSERT_EQ(reflection->kernels.size(), 2u);
    EXPECT_FALSE(reflection->kernels[0].refusal);
    ASSERT_TRUE(reflection->kernels[1].refusal);
    EXPECT_THAT(reflection->kernels[1].refusal->message, HasSubstr("kernel 'bad': OpDPdx"));
    EXPECT_THAT(reflection->kernels[1].refusal->message, HasSubstr("slope.hlsl:17"));
}

TEST(CheckSupported, ImagesPipesAndQueuesAreNamedWhereTheyAreUsed) {
    struct Case {
        const char *capability, *types, *parameter, *body, *expected;
    };
    const Case cases[] = {
        {"ImageBasic", "%t = OpTypeImage %void 2D 0 0 0 0 Unknown ReadOnly", "%t", "%r = OpImageRead %v4 %p %xy",
         "OpImageRead (%"},
        {"ImageBasic", "%t = OpTypeImage %void 2D 0 0 0 0 Unknown WriteOnly", "%t", "OpImageWrite %p %xy %texel",
         "OpImageWrite at word"},
        {"LiteralSampler",
         "%t = OpTypeImage %void 2D 0 0 0 0 Unknown ReadOnly\n%st = OpTypeSampler\n"
         "%both = OpTypeSampledImage %t\n%s = OpConstantSampler %st None 0 Nearest",
         "%t", "%r = OpSampledImage %both %p %s", "OpSampledImage (%"},
        {"Pipes", "%t = OpTypePipe ReadOnly", "%t", "%r = OpGetNumPipePackets %uint %p %u4 %u4",
         "OpGetNumPipePackets (%"},
        {"DeviceEnqueue", "%queue = OpTypeQueue\n%t = OpTypeInt 64 0", "%t", "%r = OpGetDefaultQueue %queue",
         "OpGetDefaultQueue (%"},
    };
    for (const Case& item : cases) {
        const std::string text = std::string("OpCapability Kernel\nOpCapability Addresses\nOpCapability ") +
                                 item.capability + R"(
            OpMemoryModel Physical64 OpenCL
            OpEntryPoint Kernel %k "k"
            %file = OpString "picture.cl"
            %void = OpTypeVoid
            %uint = OpTypeInt 32 0
            %float = OpTypeFloat 32
            %v2 = OpTypeVector %uint 2
            %v4 = OpTypeVector %float 4
            %u4 = OpConstant %uint 4
            %xy = OpConstantNull %v2
            %texel = OpConstantNull %v4
            )" + item.types + "\n%type = OpTypeFunction %void " +
                                 item.parameter + R"(
            %k = OpFunction %void None %type
            %p = OpFunctionParameter )" +
                                 item.parameter + R"(
            %entry = OpLabel
            OpLine %file 42 5
            )" + item.body + R"(
            OpReturn
            OpFunctionEnd
        )";
        SCOPED_TRACE(item.body);
        const Module module = parsed(text);
        expectUnsupported(module, item.expected);
        expectUnsupported(module, "picture.cl:42");
    }
}

TEST(CheckSupported, NamesTheLineOfDebugInformation) {
    const Module module = parsed(computeModule(R"(
        %zero = OpConstant %float 0
        %u17 = OpConstant %uint 17
        %source = OpExtInst %void %set DebugSource %file
    )",
                                               R"(
        %line = OpExtInst %void %set DebugLine %source %u17 %u17 %u1 %u2
        %slope = OpDPdx %float %zero
    )",
                                               R"(
        OpExtension "SPV_KHR_non_semantic_info"
        %set = OpExtInstImport "NonSemantic.Shader.DebugInfo.100"
        %file = OpString "slope.slang"
    )"));
    expectUnsupported(module, "slope.slang:17");
}

TEST(CheckSupported, RefusesOtherModels) {
    expectUnsupported(parsed(R"(
        OpCapability Shader
        OpMemoryModel Logical GLSL450
        OpEntryPoint Vertex %main "main"
        %void = OpTypeVoid
        %type = OpTypeFunction %void
        %main = OpFunction %void None %type
        %entry = OpLabel
        OpReturn
        OpFunctionEnd
    )"),
                      "execution model Vertex");
    expectUnsupported(parsed(R"(
        OpCapability Kernel
        OpCapability Addresses
        OpMemoryModel Physical32 OpenCL
    )"),
                      "Physical32");
}

} // namespace
} // namespace halyard::spv::test
