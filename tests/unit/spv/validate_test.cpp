#include "modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using testing::HasSubstr;

Error failure(std::span<const uint32_t> words) {
    const Status status = validate(bytes(words));
    if (status) {
        ADD_FAILURE() << "accepted, though it should not be";
        return {};
    }
    return status.error();
}

TEST(Validate, AcceptsWhatProducersWrite) {
    for (const Sample& sample : samples()) {
        const Status status = validate(bytes(sample.words));
        EXPECT_TRUE(status) << sample.name << ": " << status.error().message;
    }
}

TEST(Validate, AcceptsEveryVersion) {
    for (uint32_t minor = 0; minor <= 6; ++minor) {
        const Status status = validate(bytes(assemble(computeModule(""), minor)));
        EXPECT_TRUE(status) << "1." << minor << ": " << status.error().message;
    }
}

TEST(Validate, AcceptsAnyAlignmentAndByteOrder) {
    const std::span<const uint32_t> words = sample("reduce.cl");
    std::vector<std::byte> shifted(words.size_bytes() + 1);
    std::copy(bytes(words).begin(), bytes(words).end(), shifted.begin() + 1);
    EXPECT_TRUE(validate(std::span(shifted).subspan(1)));
    Words swapped(words.begin(), words.end());
    for (uint32_t& value : swapped)
        value = __builtin_bswap32(value);
    EXPECT_TRUE(validate(bytes(swapped)));
}

TEST(Validate, AcceptsScalarBlockLayout) {
    const Status status = validate(bytes(sample("buffers.comp")));
    EXPECT_TRUE(status) << status.error().message;
}

TEST(Validate, RefusesWhatIsNoModule) {
    EXPECT_EQ(failure({}).code, HY_ERROR_INVALID_MODULE);
    const std::span<const std::byte> whole = bytes(sample("reduce.cl"));
    const Status odd = validate(whole.first(whole.size() - 2));
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().code, HY_ERROR_INVALID_MODULE);
    EXPECT_THAT(odd.error().message, HasSubstr("no whole number of SPIR-V words"));
    EXPECT_THAT(failure(Words(10, 0x7f7f7f7f)).message, HasSubstr("magic number"));
}

TEST(Validate, NamesTheWordThatIsWrong) {
    const Words words = assemble(computeModule("", "%sum = OpFAdd %float %u1 %u2"));
    const Module module = parsed(words);
    std::string place;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == ::spv::Op::OpFAdd)
            place = module.describe(instruction);
    }
    const Error error = failure(words);
    EXPECT_EQ(error.code, HY_ERROR_INVALID_MODULE);
    EXPECT_THAT(error.message, HasSubstr(place));
    EXPECT_THAT(error.message, HasSubstr("FAdd operand index 2"));
}

std::string noteOf(const Words& words) {
    std::string note;
    const Status status = validate(bytes(words), &note);
    EXPECT_TRUE(status) << status.error().message;
    return note;
}

TEST(Validate, TellsNewerFromWrong) {
    Words words = assemble(computeModule(""));
    EXPECT_EQ(noteOf(words), "");
    words[6] = 6022;
    EXPECT_THAT(noteOf(words), HasSubstr("word 5"));
    words[6] = 99999;
    const Error error = failure(words);
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(error.message, HasSubstr("capability 99999"));

    words = assemble(computeModule("", "%sum = OpIAdd %uint %u1 %u2"));
    const Module module = parsed(words);
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == ::spv::Op::OpIAdd)
            words[instruction.offset] = instruction.wordCount << 16 | 4459;
    }
    EXPECT_THAT(noteOf(words), HasSubstr("OpCooperativeMatrixMulAddKHR"));
}

// clang-22 writes both.
TEST(Validate, PassesOverWhatProducersGetHarmlesslyWrong) {
    EXPECT_THAT(noteOf(assemble(computeModule("%v1 = OpTypeVector %float 1"))), HasSubstr("OpTypeVector"));

    // An operand too many is harmless where it says nothing, and nowhere else.
    const auto withIdleOperand = [](std::string_view text, ::spv::Op op) {
        Words words = assemble(text);
        const Module module = parsed(words);
        for (const Instruction& instruction : module.instructions()) {
            if (instruction.op() != op)
                continue;
            words[instruction.offset] += 1u << 16;
            words.insert(words.begin() + instruction.offset + instruction.wordCount, 1);
            break;
        }
        return words;
    };
    const std::string text = computeModule("%nothing = OpConstantNull %uint", "%sum = OpIAdd %uint %nothing %u1");
    EXPECT_THAT(noteOf(withIdleOperand(text, ::spv::Op::OpConstantNull)), HasSubstr("OpConstantNull"));
    EXPECT_EQ(failure(withIdleOperand(text, ::spv::Op::OpIAdd)).code, HY_ERROR_INVALID_MODULE);
}

// SPIRV-Tools recurses over nested arrays and overflows the stack on modules that parse() now refuses.
TEST(Validate, SurvivesDeepArrays) {
    std::string arrays = "%a0 = OpTypeArray %uint %u1\n";
    std::string strides = "OpDecorate %block Block\nOpMemberDecorate %block 0 Offset 0\n"
                          "OpDecorate %buffer DescriptorSet 0\nOpDecorate %buffer Binding 0\n";
    for (int i = 1; i < 20'000; ++i)
        arrays += "%a" + std::to_string(i) + " = OpTypeArray %a" + std::to_string(i - 1) + " %u1\n";
    for (int i = 0; i < 20'000; ++i)
        strides += "OpDecorate %a" + std::to_string(i) + " ArrayStride 4\n";
    arrays += "%block = OpTypeStruct %a19999\n%pointer = OpTypePointer StorageBuffer %block\n"
              "%buffer = OpVariable %pointer StorageBuffer\n";
    EXPECT_THAT(failure(assemble(computeModule(arrays, "", strides))).message, HasSubstr("255 levels"));
}

} // namespace
} // namespace halyard::spv::test
