// Execution modes of SPV_KHR_float_controls, run and compared with the processor's own; and SPV_KHR_float_controls2:
// what FPFastMathMode and FPFastMathDefault allow.
#include "harness.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <random>

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

// Six results of 32-bit arithmetic under an execution mode.
std::string arithmetic(const std::string& mode) {
    return R"(
    OpCapability Addresses
    OpCapability Kernel
    OpCapability )" +
           mode + R"(
    OpExtension "SPV_KHR_float_controls"
    %cl = OpExtInstImport "OpenCL.std"
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    OpExecutionMode %kernel )" +
           mode + R"( 32
    %void = OpTypeVoid
    %int = OpTypeInt 32 0
    %float = OpTypeFloat 32
    %pint = OpTypePointer CrossWorkgroup %int
    %pointer = OpTypePointer CrossWorkgroup %float
    %proc = OpTypeFunction %void %pointer %pointer %pint
    %i0 = OpConstant %int 0
    %i1 = OpConstant %int 1
    %i2 = OpConstant %int 2
    %i3 = OpConstant %int 3
    %i4 = OpConstant %int 4
    %i5 = OpConstant %int 5
    %i6 = OpConstant %int 6
    %kernel = OpFunction %void None %proc
    %out = OpFunctionParameter %pointer
    %in = OpFunctionParameter %pointer
    %whole = OpFunctionParameter %pint
    %a = OpLabel
    %py = OpInBoundsPtrAccessChain %pointer %in %i1
    %pz = OpInBoundsPtrAccessChain %pointer %in %i2
    %x = OpLoad %float %in Aligned 4
    %y = OpLoad %float %py Aligned 4
    %z = OpLoad %float %pz Aligned 4
    %n = OpLoad %int %whole Aligned 4
    %r0 = OpFAdd %float %x %y
    %r1 = OpFSub %float %x %y
    %r2 = OpFMul %float %x %y
    %r3 = OpFDiv %float %x %y
    %r4 = OpExtInst %float %cl fma %x %y %z
    %r5 = OpExtInst %float %cl sqrt %x
    %r6 = OpConvertUToF %float %n
    %p1 = OpInBoundsPtrAccessChain %pointer %out %i1
    %p2 = OpInBoundsPtrAccessChain %pointer %out %i2
    %p3 = OpInBoundsPtrAccessChain %pointer %out %i3
    %p4 = OpInBoundsPtrAccessChain %pointer %out %i4
    %p5 = OpInBoundsPtrAccessChain %pointer %out %i5
    %p6 = OpInBoundsPtrAccessChain %pointer %out %i6
    OpStore %out %r0 Aligned 4
    OpStore %p1 %r1 Aligned 4
    OpStore %p2 %r2 Aligned 4
    OpStore %p3 %r3 Aligned 4
    OpStore %p4 %r4 Aligned 4
    OpStore %p5 %r5 Aligned 4
    OpStore %p6 %r6 Aligned 4
    OpReturn
    OpFunctionEnd)";
}

using Results = std::array<float, 7>;

// The same by the processor, in the rounding mode that is set.
[[gnu::noinline]] Results byProcessor(const volatile float* in, const volatile uint32_t* whole) {
    return {in[0] + in[1],
            in[0] - in[1],
            in[0] * in[1],
            in[0] / in[1],
            std::fma(in[0], in[1], in[2]),
            std::sqrt(in[0]),
            static_cast<float>(*whole)};
}

// Any bits, subnormal numbers, the ends of the range, and neighbours of each other, in turn.
float someNumber(std::mt19937& random, uint32_t kind) {
    const auto bits = static_cast<uint32_t>(random());
    constexpr uint32_t kSignAndMantissa = 0x807fffff;
    switch (kind % 5) {
    case 0:
        return std::bit_cast<float>(bits);
    case 1:
        return std::bit_cast<float>(bits & kSignAndMantissa);
    case 2:
        return std::bit_cast<float>((bits & kSignAndMantissa) | 0x7f000000);
    case 3:
        return std::bit_cast<float>((bits & kSignAndMantissa) | 0x00800000);
    default:
        return std::bit_cast<float>((bits & kSignAndMantissa) | (120 + bits % 15) << 23);
    }
}

void expectSame(const Results& got, const Results& expected, const std::array<float, 3>& in, uint32_t whole) {
    for (size_t i = 0; i < got.size(); ++i) {
        const bool same = std::bit_cast<uint32_t>(got[i]) == std::bit_cast<uint32_t>(expected[i]);
        EXPECT_TRUE(same || (std::isnan(got[i]) && std::isnan(expected[i])))
            << "result " << i << " is " << got[i] << ", not " << expected[i] << ", for " << in[0] << " " << in[1] << " "
            << in[2] << " " << whole;
    }
}

constexpr int kRows = 20000;

TEST(FloatControls, RoundingTowardsZeroIsThatOfTheProcessor) {
    Import import = importKernel(assemble(arithmetic("RoundingModeRTZ")), "k");
    ASSERT_TRUE(import.module) << import.error.message;
    Program program(std::move(import));
    std::mt19937 random(3);
    for (int row = 0; row < kRows && !testing::Test::HasFailure(); ++row) {
        const uint32_t kinds = random();
        std::array<float, 3> in{someNumber(random, kinds), someNumber(random, kinds >> 8),
                                someNumber(random, kinds >> 16)};
        if (row % 8 == 0) {
            in[1] = -std::nextafter(in[0], 0.0f); // cancels all but the last bit
        }
        uint32_t whole = random();
        Results got{};
        program.run({got.data(), in.data(), &whole});
        ASSERT_EQ(std::fesetround(FE_TOWARDZERO), 0);
        const Results expected = byProcessor(in.data(), &whole);
        std::fesetround(FE_TONEAREST);
        expectSame(got, expected, in, whole);
    }
}

TEST(FloatControls, SubnormalNumbersAreZeroesOfTheirSign) {
    Import import = importKernel(assemble(arithmetic("DenormFlushToZero")), "k");
    ASSERT_TRUE(import.module) << import.error.message;
    Program program(std::move(import));
    const auto flushed = [](float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; };
    std::mt19937 random(4);
    for (int row = 0; row < kRows && !testing::Test::HasFailure(); ++row) {
        const uint32_t kinds = random();
        std::array<float, 3> in{someNumber(random, kinds), someNumber(random, kinds >> 8),
                                someNumber(random, kinds >> 16)};
        uint32_t whole = random();
        Results got{};
        program.run({got.data(), in.data(), &whole});
        const std::array<float, 3> zeroed{flushed(in[0]), flushed(in[1]), flushed(in[2])};
        Results expected = byProcessor(zeroed.data(), &whole);
        for (float& each : expected) {
            each = flushed(each);
        }
        expectSame(got, expected, in, whole);
    }
}

TEST(FloatControls, WhatIsNotRoundedTowardsZeroIsRefused) {
    std::string wide = arithmetic("RoundingModeRTZ");
    wide.replace(wide.find("RTZ 32"), 6, "RTZ 64");
    const Import refused = importKernel(assemble(wide), "k");
    EXPECT_FALSE(refused.module);
    EXPECT_EQ(refused.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(refused.error.message, HasSubstr("RoundingModeRTZ of 64-bit numbers"));
    std::string compound = arithmetic("RoundingModeRTZ");
    compound.replace(compound.find("OpFDiv"), 6, "OpFMod");
    const Import mod = importKernel(assemble(compound), "k");
    EXPECT_FALSE(mod.module);
    EXPECT_EQ(mod.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(mod.error.message, HasSubstr("OpFMod"));
}

} // namespace
} // namespace halyard::jit::test
