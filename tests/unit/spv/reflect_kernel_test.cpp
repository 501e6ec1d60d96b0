#include "modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using testing::HasSubstr;

Reflection reflected(const Module& module) {
    Result<Reflection> reflection = reflect(module);
    if (!reflection) {
        ADD_FAILURE() << reflection.error().message;
        return {};
    }
    return *reflection;
}

void expectFailure(std::string_view text, HyResult code, const char* message) {
    const Result<Reflection> reflection = reflect(parsed(text));
    ASSERT_FALSE(reflection);
    EXPECT_EQ(reflection.error().code, code);
    EXPECT_THAT(reflection.error().message, HasSubstr(message));
}

// The module stands, and its only kernel is refused.
void expectRefusal(std::string_view text, const char* message) {
    const Reflection reflection = reflected(parsed(text));
    ASSERT_EQ(reflection.kernels.size(), 1u);
    ASSERT_TRUE(reflection.kernels[0].refusal);
    EXPECT_EQ(reflection.kernels[0].refusal->code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(reflection.kernels[0].refusal->message, HasSubstr(message));
}

TEST(ReflectKernel, ReadsEveryKindOfParameter) {
    const Reflection reflection = reflected(parsed(sample("arguments.cl")));
    ASSERT_EQ(reflection.kernels.size(), 1u);
    const KernelInfo& kernel = reflection.kernels[0];
    EXPECT_EQ(kernel.name, "arguments");
    EXPECT_EQ(kernel.flavour, Flavour::Kernel);
    EXPECT_TRUE(kernel.usesBarrier);
    EXPECT_EQ(kernel.requiredWorkgroupSize, (std::array<uint32_t, 3>{}));
    struct Expected {
        ParameterKind kind;
        uint32_t size, alignment, offset, pointeeAlignment;
    };
    // struct Options is int, float4 at 16, char at 32, padded to 48; Packed is 5 bytes without alignment.
    const Expected expected[] = {
        {ParameterKind::GlobalPointer, 8, 8, 0, 4},  {ParameterKind::GlobalPointer, 8, 8, 8, 4},
        {ParameterKind::GlobalPointer, 8, 8, 16, 4}, {ParameterKind::Value, 48, 16, 32, 1},
        {ParameterKind::LocalPointer, 8, 8, 80, 4},  {ParameterKind::Value, 5, 1, 88, 1},
        {ParameterKind::Value, 4, 4, 96, 1},         {ParameterKind::Value, 8, 8, 104, 1},
    };
    ASSERT_EQ(kernel.parameters.size(), std::size(expected));
    for (size_t i = 0; i < std::size(expected); ++i) {
        SCOPED_TRACE(i);
        EXPECT_EQ(kernel.parameters[i].kind, expected[i].kind);
        EXPECT_EQ(kernel.parameters[i].size, expected[i].size);
        EXPECT_EQ(kernel.parameters[i].alignment, expected[i].alignment);
        EXPECT_EQ(kernel.parameters[i].offset, expected[i].offset);
        if (expected[i].kind != ParameterKind::Value) {
            EXPECT_EQ(kernel.parameters[i].pointeeAlignment, expected[i].pointeeAlignment);
        }
    }
    EXPECT_EQ(kernel.argumentBytes, 112u);
    EXPECT_TRUE(kernel.parameters[0].readOnly);
    EXPECT_FALSE(kernel.parameters[1].readOnly);
    EXPECT_TRUE(kernel.parameters[2].readOnly);
}

TEST(ReflectKernel, ReadsSizesLocalMemoryAndReachableBarriers) {
    const Reflection reflection = reflected(parsed(sample("reduce.cl")));
    ASSERT_EQ(reflection.kernels.size(), 2u);
    const KernelInfo& reduce = reflection.kernels[0];
    EXPECT_EQ(reduce.name, "reduce");
    EXPECT_EQ(reduce.requiredWorkgroupSize, (std::array<uint32_t, 3>{64, 1, 1}));
    EXPECT_EQ(reduce.staticLocalBytes, 256u);
    EXPECT_TRUE(reduce.usesBarrier);
    EXPECT_FALSE(reduce.usesGridBarrier);
    const KernelInfo& plain = reflection.kernels[1];
    EXPECT_EQ(plain.name, "plain");
    EXPECT_EQ(plain.requiredWorkgroupSize, (std::array<uint32_t, 3>{}));
    EXPECT_EQ(plain.workgroupSizeHint, (std::array<uint32_t, 3>{16, 4, 1}));
    EXPECT_EQ(plain.staticLocalBytes, 0u);
    EXPECT_FALSE(plain.usesBarrier);
}

TEST(ReflectKernel, LaysOutByOpenClRules) {
    const KernelInfo kernel =
        reflected(parsed(kernelModule(R"(
            %float3 = OpTypeVector %float 3
            %short3 = OpTypeVector %short 3
            %ulong16 = OpTypeVector %ulong 16
            %inner = OpTypeStruct %char %float3
            %three = OpTypeArray %inner %u3
            %outer = OpTypeStruct %char %three %short
            %packed = OpTypeStruct %char %ulong %short
            %pointer = OpTypePointer CrossWorkgroup %outer
            %withPointer = OpTypeStruct %uint %pointer
        )",
                                      {"%float3", "%short3", "%ulong16", "%outer", "%packed", "%withPointer", "%char"},
                                      "OpDecorate %packed CPacked")))
            .kernels.at(0);
    // inner: char, then float3 at 16, 32 bytes; outer: char, 3 * 32 at 16, short at 112, padded to 128.
    const std::pair<uint32_t, uint32_t> expected[] = {{16, 16}, {8, 8},  {128, 128}, {128, 16},
                                                      {11, 1},  {16, 8}, {1, 1}};
    ASSERT_EQ(kernel.parameters.size(), std::size(expected));
    for (size_t i = 0; i < std::size(expected); ++i) {
        EXPECT_EQ(kernel.parameters[i].size, expected[i].first) << i;
        EXPECT_EQ(kernel.parameters[i].alignment, expected[i].second) << i;
    }
}

TEST(ReflectKernel, ReadsParameterDecorations) {
    const KernelInfo kernel = reflected(parsed(kernelModule(R"(
            %global = OpTypePointer CrossWorkgroup %float
            %local = OpTypePointer Workgroup %ulong
            %constant = OpTypePointer UniformConstant %char
        )",
                                                            {"%global", "%global", "%local", "%constant", "%global"},
                                                            R"(
            OpName %p0 "aligned"
            OpDecorate %p0 Alignment 64
            OpDecorate %p0 FuncParamAttr NoAlias
            OpDecorate %p0 FuncParamAttr NoWrite
            OpDecorate %p1 NonReadable
            OpDecorate %p4 Alignment 48
        )")))
                                  .kernels.at(0);
    ASSERT_EQ(kernel.parameters.size(), 5u);
    EXPECT_EQ(kernel.parameters[0].name, "aligned");
    EXPECT_EQ(kernel.parameters[0].pointeeAlignment, 64u);
    EXPECT_TRUE(kernel.parameters[0].readOnly);
    EXPECT_TRUE(kernel.parameters[1].writeOnly);
    EXPECT_FALSE(kernel.parameters[1].readOnly);
    EXPECT_EQ(kernel.parameters[2].kind, ParameterKind::LocalPointer);
    EXPECT_EQ(kernel.parameters[2].pointeeAlignment, 8u);
    EXPECT_TRUE(kernel.parameters[3].readOnly);
    EXPECT_EQ(kernel.parameters[3].pointeeAlignment, 1u);
    EXPECT_EQ(kernel.parameters[4].pointeeAlignment, 4u) << "48 is no alignment, so the type's holds";
}

TEST(ReflectKernel, ReadsSubgroupSize) {
    const KernelInfo kernel = reflected(parsed(kernelModule("", {},
                                                            "OpExecutionMode %k SubgroupSize 16\n"
                                                            "OpExecutionMode %k LocalSize 32 2 1",
                                                            "OpCapability SubgroupDispatch")))
                                  .kernels.at(0);
    EXPECT_EQ(kernel.requiredSubgroupSize, 16u);
    EXPECT_EQ(kernel.requiredWorkgroupSize, (std::array<uint32_t, 3>{32, 2, 1}));
    EXPECT_EQ(kernel.argumentBytes, 0u);
}

TEST(ReflectKernel, RefusesWhatCannotBePassed) {
    expectRefusal(
        kernelModule("%t = OpTypeImage %void 2D 0 0 0 0 Unknown ReadOnly", {"%uint", "%t"}, "OpName %p1 \"picture\""),
        "kernel 'k': parameter 1 'picture' is an image");
    expectRefusal(kernelModule("%t = OpTypeSampler", {"%t"}), "a sampler");
    expectRefusal(kernelModule("%t = OpTypePipe ReadOnly", {"%t"}, "", "OpCapability Pipes"), "a pipe");
    expectRefusal(kernelModule("%t = OpTypeEvent", {"%t"}), "an event");
    expectRefusal(kernelModule("", {"%bool"}), "a boolean");
    expectRefusal(kernelModule("%t = OpTypePointer Function %uint", {"%t"}), "not passed by value");
    expectRefusal(kernelModule("%t = OpTypePointer Generic %uint", {"%t"}, "", "OpCapability GenericPointer"),
                  "storage class 8");
    expectRefusal(kernelModule("%t = OpTypeStruct", {"%t"}), "size of 0 bytes");
    expectFailure(kernelModule("%n = OpConstant %ulong 0x1000000000000\n%t = OpTypeArray %ulong %n", {"%t"}),
                  HY_ERROR_INVALID_MODULE, "larger than 2^48");
    expectRefusal(kernelModule("%n = OpConstant %ulong 0xffffffff\n%t = OpTypeArray %char %n", {"%t"}),
                  "size of 4294967295 bytes");
    expectFailure(kernelModule("", {}, "OpExecutionMode %k LocalSize 0 1 1"), HY_ERROR_INVALID_MODULE,
                  "0 in dimension 0");
}

TEST(ReflectKernel, RecursionEnds) {
    const Module module = parsed(R"(
        OpCapability Kernel
        OpCapability Addresses
        OpMemoryModel Physical64 OpenCL
        OpEntryPoint Kernel %k "k"
        %void = OpTypeVoid
        %type = OpTypeFunction %void
        %k = OpFunction %void None %type
        %entry = OpLabel
        %call = OpFunctionCall %void %other
        OpReturn
        OpFunctionEnd
        %other = OpFunction %void None %type
        %start = OpLabel
        %again = OpFunctionCall %void %k
        OpReturn
        OpFunctionEnd
    )");
    EXPECT_EQ(reflected(module).kernels.size(), 1u);
}

} // namespace
} // namespace halyard::spv::test
