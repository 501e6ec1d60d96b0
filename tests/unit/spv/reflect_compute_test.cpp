#include "modules.h"

#include <map>

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

// A storage buffer of one uint, used by main through `use`.
std::string bufferModule(const std::string& extra, const std::string& annotations, const std::string& body) {
    return computeModule(R"(
        %block = OpTypeStruct %uint
        %pointer = OpTypePointer StorageBuffer %block
        %member = OpTypePointer StorageBuffer %uint
        %buffer = OpVariable %pointer StorageBuffer
    )" + extra,
                         body, "OpDecorate %block Block\nOpMemberDecorate %block 0 Offset 0\n" + annotations);
}

const std::string kUse = "%address = OpAccessChain %member %buffer %u0\nOpStore %address %u1\n";
const std::string kPlace = "OpDecorate %buffer DescriptorSet 0\nOpDecorate %buffer Binding 0\n";

TEST(ReflectCompute, OrdersBuffersAndAppendsPushConstants) {
    const Reflection reflection = reflected(parsed(sample("buffers.comp")));
    ASSERT_EQ(reflection.kernels.size(), 1u);
    const KernelInfo& kernel = reflection.kernels[0];
    EXPECT_EQ(kernel.name, "main");
    EXPECT_EQ(kernel.requiredWorkgroupSize, (std::array<uint32_t, 3>{8, 2, 1}));
    EXPECT_EQ(kernel.staticLocalBytes, 33u * 4);
    EXPECT_TRUE(kernel.usesBarrier);
    ASSERT_EQ(kernel.parameters.size(), 5u) << "the unused buffer is no parameter, the shared binding is one";
    const char* names[] = {"First", "source", "second", "third", "push"};
    const std::pair<uint32_t, uint32_t> places[] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}};
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(kernel.parameters[i].kind, ParameterKind::GlobalPointer);
        EXPECT_EQ(kernel.parameters[i].name, names[i]);
        EXPECT_EQ(kernel.parameters[i].set, places[i].first);
        EXPECT_EQ(kernel.parameters[i].binding, places[i].second);
        EXPECT_EQ(kernel.parameters[i].offset, 8 * i);
        EXPECT_EQ(kernel.parameters[i].needsLength, i == 0);
    }
    EXPECT_EQ(kernel.parameters[0].aliases.size(), 1u);
    EXPECT_EQ(kernel.parameters[0].pointeeAlignment, 16u) << "one view reads vec4";
    EXPECT_FALSE(kernel.parameters[0].readOnly);
    EXPECT_TRUE(kernel.parameters[1].readOnly);
    EXPECT_EQ(kernel.parameters[1].pointeeAlignment, 4u);
    EXPECT_TRUE(kernel.parameters[2].readOnly) << "a uniform block";
    const Parameter& push = kernel.parameters[4];
    EXPECT_EQ(push.kind, ParameterKind::PushConstants);
    EXPECT_EQ(push.size, 66u) << "an 8-byte reference, a mat3 at 16, a 16-bit integer at 64";
    EXPECT_EQ(push.alignment, 16u);
    EXPECT_EQ(push.offset, 32u);
    EXPECT_EQ(kernel.parameters[0].lengthOffset, 104u);
    EXPECT_EQ(kernel.argumentBytes, 112u);
}

TEST(ReflectCompute, FollowsNoPointers) {
    const KernelInfo kernel = reflected(parsed(sample("linked.comp"))).kernels.at(0);
    ASSERT_EQ(kernel.parameters.size(), 1u);
    EXPECT_EQ(kernel.parameters[0].kind, ParameterKind::PushConstants);
    EXPECT_EQ(kernel.parameters[0].size, 16u);
    EXPECT_EQ(kernel.parameters[0].alignment, 8u);
}

TEST(ReflectCompute, ReadsSpecialisationConstants) {
    const Reflection reflection = reflected(parsed(sample("specialised.comp")));
    struct Expected {
        uint32_t size;
        uint64_t value;
        const char* name;
    };
    const std::map<uint32_t, Expected> expected{
        {0, {4, 4, "kWidth"}},
        {1, {4, 1, ""}},
        {3, {4, 0x40200000, "kScale"}},
        {4, {1, 1, "kDouble"}},
        {5, {8, 5'000'000'000, "kWide"}},
        {6, {4, 0xfffffffd, "kSigned"}},
    };
    ASSERT_EQ(reflection.specConstants.size(), expected.size());
    for (const Reflection::SpecConstant& constant : reflection.specConstants) {
        ASSERT_TRUE(expected.contains(constant.specId)) << constant.specId;
        EXPECT_EQ(constant.size, expected.at(constant.specId).size);
        EXPECT_EQ(constant.defaultValue, expected.at(constant.specId).value);
        EXPECT_EQ(constant.name, expected.at(constant.specId).name);
    }
    const KernelInfo& kernel = reflection.kernels.at(0);
    EXPECT_EQ(kernel.requiredWorkgroupSize[2], 2u);
    EXPECT_EQ(kernel.staticLocalBytes, 9u * 4) << "an array as long as OpSpecConstantOp says: 4 * 2 + 1";
}

TEST(ReflectCompute, SeesUsesThroughCallsAndPointers) {
    const KernelInfo kernel = reflected(parsed(bufferModule(R"(
        %second = OpVariable %pointer StorageBuffer
        %takes = OpTypeFunction %uint %member
        %get = OpFunction %uint None %takes
        %from = OpFunctionParameter %member
        %getEntry = OpLabel
        %value = OpLoad %uint %from
        OpReturnValue %value
        OpFunctionEnd
    )",
                                                            kPlace + "OpDecorate %second DescriptorSet 0\n"
                                                                     "OpDecorate %second Binding 1\n",
                                                            R"(
        %address = OpAccessChain %member %second %u0
        %got = OpFunctionCall %uint %get %address
    )")))
                                  .kernels.at(0);
    ASSERT_EQ(kernel.parameters.size(), 1u);
    EXPECT_EQ(kernel.parameters[0].binding, 1u);
}

TEST(ReflectCompute, LiteralsAreNoUses) {
    const Module module = parsed(bufferModule("", kPlace, R"(
        %pair = OpCompositeConstruct %v2uint %u1 %u2
        %half = OpCompositeExtract %uint %pair 1
    )"));
    EXPECT_TRUE(reflected(module).kernels.at(0).parameters.empty());
}

TEST(ReflectCompute, ReadsLocalSizeId) {
    const std::string text = R"(
        OpCapability Shader
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main"
        OpExecutionModeId %main LocalSizeId %x %twice %one
        OpDecorate %x SpecId 7
        %void = OpTypeVoid
        %uint = OpTypeInt 32 0
        %one = OpConstant %uint 1
        %x = OpSpecConstant %uint 5
        %twice = OpSpecConstantOp %uint IAdd %x %x
        %type = OpTypeFunction %void
        %main = OpFunction %void None %type
        %entry = OpLabel
        OpReturn
        OpFunctionEnd
    )";
    const Module module = parsed(text, 6);
    EXPECT_EQ(reflected(module).kernels.at(0).requiredWorkgroupSize, (std::array<uint32_t, 3>{5, 10, 1}));
    const SpecValue value{7, 4, 9};
    Result<Words> special = specialise(module, {&value, 1});
    ASSERT_TRUE(special);
    const Module after = parsed(*special);
    EXPECT_EQ(reflected(after).kernels.at(0).requiredWorkgroupSize, (std::array<uint32_t, 3>{9, 18, 1}));
    EXPECT_TRUE(reflected(after).specConstants.empty());
}

TEST(ReflectCompute, TheBuiltInSizeWins) {
    const KernelInfo kernel = reflected(parsed(computeModule("%size = OpConstantComposite %v3uint %u3 %u2 %u1", "",
                                                             "OpDecorate %size BuiltIn WorkgroupSize")))
                                  .kernels.at(0);
    EXPECT_EQ(kernel.requiredWorkgroupSize, (std::array<uint32_t, 3>{3, 2, 1}));
}

TEST(ReflectCompute, FindsLengthsThroughPointers) {
    const std::string types = R"(
        OpCapability Shader
        OpCapability VariablePointersStorageBuffer
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main"
        OpExecutionMode %main LocalSize 1 1 1
        OpDecorate %array ArrayStride 4
        OpDecorate %block Block
        OpMemberDecorate %block 0 Offset 0
        OpDecorate %a DescriptorSet 0
        OpDecorate %a Binding 0
        OpDecorate %b DescriptorSet 0
        OpDecorate %b Binding 1
        %void = OpTypeVoid
        %bool = OpTypeBool
        %uint = OpTypeInt 32 0
        %yes = OpConstantTrue %bool
        %array = OpTypeRuntimeArray %uint
        %block = OpTypeStruct %array
        %pointer = OpTypePointer StorageBuffer %block
        %a = OpVariable %pointer StorageBuffer
        %b = OpVariable %pointer StorageBuffer
        %type = OpTypeFunction %void
        %main = OpFunction %void None %type
        %entry = OpLabel
        %either = OpSelect %pointer %yes %a %b
        %length = OpArrayLength %uint %either 0
        OpReturn
        OpFunctionEnd
    )";
    const KernelInfo kernel = reflected(parsed(types)).kernels.at(0);
    ASSERT_EQ(kernel.parameters.size(), 2u);
    EXPECT_TRUE(kernel.parameters[0].needsLength);
    EXPECT_TRUE(kernel.parameters[1].needsLength);
    EXPECT_EQ(kernel.parameters[0].lengthOffset, 16u);
    EXPECT_EQ(kernel.parameters[1].lengthOffset, 24u);
    EXPECT_EQ(kernel.argumentBytes, 32u);
}

TEST(ReflectCompute, ArraysOfBuffersAreConsecutiveParameters) {
    const Reflection reflection = reflected(parsed(bufferModule(R"(
            %several = OpTypeArray %block %u3
            %toSeveral = OpTypePointer StorageBuffer %several
            %many = OpVariable %toSeveral StorageBuffer
        )",
                                                                "OpName %many \"many\"\n"
                                                                "OpDecorate %many DescriptorSet 0\n"
                                                                "OpDecorate %many Binding 3\n" +
                                                                    kPlace,
                                                                kUse + "%other = OpAccessChain %member %many %u1 %u0\n"
                                                                       "OpStore %other %u1\n")));
    ASSERT_EQ(reflection.kernels.size(), 1u);
    const KernelInfo& kernel = reflection.kernels[0];
    ASSERT_FALSE(kernel.refusal);
    ASSERT_EQ(kernel.parameters.size(), 4u);
    for (uint32_t i = 0; i < 3; ++i) {
        const Parameter& parameter = kernel.parameters[i + 1];
        EXPECT_EQ(parameter.kind, ParameterKind::GlobalPointer);
        EXPECT_EQ(parameter.binding, 3u);
        EXPECT_EQ(parameter.element, i);
        EXPECT_EQ(parameter.id, kernel.parameters[1].id);
        EXPECT_EQ(parameter.name, "many[" + std::to_string(i) + "]");
        EXPECT_EQ(parameter.offset, 8 * (i + 1));
    }
}

TEST(ReflectCompute, RefusesWhatCannotBeLaunched) {
    const HyResult invalid = HY_ERROR_INVALID_MODULE;
    EXPECT_TRUE(reflect(parsed(bufferModule("", kPlace, kUse))));
    expectFailure(bufferModule("", "OpDecorate %buffer Binding 0\n", kUse), invalid,
                  "without DescriptorSet and Binding");
    expectRefusal(bufferModule(R"(
            %several = OpTypeRuntimeArray %block
            %toSeveral = OpTypePointer StorageBuffer %several
            %many = OpVariable %toSeveral StorageBuffer
        )",
                               "OpName %many \"many\"\nOpDecorate %many DescriptorSet 0\nOpDecorate %many Binding 3\n",
                               "%address = OpAccessChain %member %many %u1 %u0\n"),
                  "'many' is an array of buffers without a length");
    expectRefusal(computeModule(R"(
            %image = OpTypeImage %float 2D 0 0 0 2 R32f
            %toImage = OpTypePointer UniformConstant %image
            %picture = OpVariable %toImage UniformConstant
        )",
                                "%loaded = OpLoad %image %picture"),
                  "an image or a sampler");
    expectRefusal(computeModule(R"(
            %array = OpTypeRuntimeArray %uint
            %block = OpTypeStruct %array %uint
            %pointer = OpTypePointer StorageBuffer %block
            %buffer = OpVariable %pointer StorageBuffer
        )",
                                "%length = OpArrayLength %uint %buffer 0",
                                "OpDecorate %block Block\nOpDecorate %array ArrayStride 4\n" + kPlace),
                  "runtime array that is not its last member");
    expectFailure(computeModule(R"(
            %block = OpTypeStruct %uint
            %pointer = OpTypePointer PushConstant %block
            %member = OpTypePointer PushConstant %uint
            %first = OpVariable %pointer PushConstant
            %second = OpVariable %pointer PushConstant
        )",
                                "%a = OpAccessChain %member %first %u0\n%b = OpAccessChain %member %second %u0\n",
                                "OpDecorate %block Block\nOpMemberDecorate %block 0 Offset 0\n"),
                  invalid, "second push-constant block");
    expectFailure(R"(
        OpCapability Shader
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main"
        %void = OpTypeVoid
        %type = OpTypeFunction %void
        %main = OpFunction %void None %type
        %entry = OpLabel
        OpReturn
        OpFunctionEnd
    )",
                  invalid, "declares no workgroup size");
    expectFailure(computeModule("%a = OpSpecConstant %uint 1\n%b = OpSpecConstantTrue %bool", "",
                                "OpDecorate %a SpecId 4\nOpDecorate %b SpecId 4"),
                  invalid, "constants of 4 and of 1 bytes");
}

} // namespace
} // namespace halyard::spv::test
