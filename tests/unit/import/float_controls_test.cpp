// SPV_KHR_float_controls2: what FPFastMathMode and FPFastMathDefault allow. The matrix runs the older execution modes.
#include "harness.h"

namespace halyard::jit::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint32_t kOpExecutionMode = 16, kOpCapability = 17, kOpTypeFloat = 22, kOpConstant = 43,
                   kOpExecutionModeId = 331, kOpEntryPoint = 15;
constexpr uint32_t kFloatControls2 = 6029, kFastMathDefault = 6028;

// A kernel that multiplies and adds. The assembler is older than the extension: its words are put in here.
Import importWith(uint32_t defaultMask, bool hasDefault, const std::string& decorations, bool second = true) {
    std::vector<uint32_t> words = assemble(R"(
    OpCapability Addresses
    OpCapability Kernel
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    OpExecutionMode %kernel VecTypeHint 0
    )" + decorations + R"(
    %void = OpTypeVoid
    %int = OpTypeInt 32 0
    %mask = OpConstant %int )" + std::to_string(defaultMask | 0x40000000u) +
                                           R"(
    %float = OpTypeFloat 32
    %pointer = OpTypePointer CrossWorkgroup %float
    %proc = OpTypeFunction %void %pointer
    %kernel = OpFunction %void None %proc
    %p = OpFunctionParameter %pointer
    %a = OpLabel
    %x = OpLoad %float %p Aligned 4
    %product = OpFMul %float %x %x
    %sum = OpFAdd %float %product %x
    OpStore %p %sum Aligned 4
    OpReturn
    OpFunctionEnd)");
    uint32_t kernel = 0, type = 0, mask = 0;
    size_t place = 0;
    for (size_t i = 5; i < words.size(); i += words[i] >> 16) {
        const uint32_t opcode = words[i] & 0xffff;
        kernel = opcode == kOpEntryPoint ? words[i + 2] : kernel;
        type = opcode == kOpTypeFloat ? words[i + 1] : type;
        place = opcode == kOpExecutionMode ? i : place;
        if (opcode == kOpConstant) {
            mask = words[i + 2];
            words[i + 3] = defaultMask;
        }
    }
    if (hasDefault) {
        const uint32_t mode[] = {5u << 16 | kOpExecutionModeId, kernel, kFastMathDefault, type, mask};
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(place), std::begin(mode), std::end(mode));
    }
    if (second) {
        const uint32_t capability[] = {2u << 16 | kOpCapability, kFloatControls2};
        words.insert(words.begin() + 5, std::begin(capability), std::end(capability));
    }
    return importKernel(words, "k", {}, false, false);
}

std::string textOf(const Import& import) {
    EXPECT_TRUE(import.module) << import.error.message;
    return import.module ? print(*import.module) : std::string();
}

TEST(FloatControls2, WithoutItContractionIsAllowed) {
    EXPECT_THAT(textOf(importWith(0, false, "", false)), HasSubstr("fmul contract float"));
}

TEST(FloatControls2, NothingIsAllowedThatIsNotSaid) {
    const std::string text = textOf(importWith(0, false, ""));
    EXPECT_THAT(text, HasSubstr("fmul float"));
    EXPECT_THAT(text, HasSubstr("fadd float"));
}

TEST(FloatControls2, ADefaultHoldsForItsType) {
    EXPECT_THAT(textOf(importWith(0x10000, true, "")), HasSubstr("fmul contract float"));
    EXPECT_THAT(textOf(importWith(0x1 | 0x4, true, "")), HasSubstr("fmul nnan nsz float"));
    EXPECT_THAT(textOf(importWith(0, true, "")), HasSubstr("fmul float"));
}

TEST(FloatControls2, ADecorationReplacesTheDefault) {
    const std::string text = textOf(importWith(0x10000 | 0x1, true, "OpDecorate %product FPFastMathMode None"));
    EXPECT_THAT(text, HasSubstr("fmul float"));
    EXPECT_THAT(text, HasSubstr("fadd nnan contract float"));
}

} // namespace
} // namespace halyard::jit::test
