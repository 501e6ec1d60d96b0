#include "modules.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using testing::HasSubstr;
using Op = ::spv::Op;

uint32_t word(Op op, uint32_t count) {
    return count << 16 | static_cast<uint32_t>(op);
}

// A header and a memory model; further words follow.
Words tiny(std::initializer_list<uint32_t> body, uint32_t bound = 10) {
    Words words{::spv::MagicNumber, 0x00010400, 0, bound, 0, word(Op::OpMemoryModel, 3), 0, 1};
    words.insert(words.end(), body);
    return words;
}

Error failure(std::span<const uint32_t> words) {
    Result<Module> module = Module::parse(words);
    if (module) {
        ADD_FAILURE() << "parsed, though it should not";
        return {};
    }
    return module.error();
}

void expectInvalid(const Words& words, const char* message) {
    const Error error = failure(words);
    EXPECT_EQ(error.code, HY_ERROR_INVALID_MODULE);
    EXPECT_THAT(error.message, HasSubstr(message));
}

TEST(Parse, ReadsRealModules) {
    for (const Sample& sample : samples()) {
        SCOPED_TRACE(sample.name);
        const Module module = parsed(sample.words);
        ASSERT_FALSE(module.entryPoints().empty());
        for (const EntryPoint& entry : module.entryPoints()) {
            const Function* function = module.findFunction(entry.function);
            ASSERT_NE(function, nullptr);
            EXPECT_FALSE(function->blocks.empty());
            for (const Block& block : function->blocks) {
                EXPECT_EQ(module.instructions()[block.firstInstruction - 1].result, block.label);
                EXPECT_LT(block.firstInstruction, block.endInstruction);
            }
        }
        uint32_t offset = 5;
        for (const Instruction& instruction : module.instructions()) {
            EXPECT_EQ(instruction.offset, offset);
            offset += instruction.wordCount;
        }
        EXPECT_EQ(offset, module.words().size());
    }
}

TEST(Parse, IndexesNamesDecorationsAndModes) {
    const Module module = parsed(computeModule(R"(
        %block = OpTypeStruct %uint %float
        %pointer = OpTypePointer StorageBuffer %block
        %buffer = OpVariable %pointer StorageBuffer
    )",
                                               "", R"(
        OpName %buffer "data"
        OpMemberName %block 1 "second"
        OpDecorate %block Block
        OpMemberDecorate %block 0 Offset 0
        OpMemberDecorate %block 1 Offset 4
        OpDecorate %buffer DescriptorSet 0
        OpDecorate %buffer Binding 7
        OpDecorate %group NonWritable
        %group = OpDecorationGroup
        OpGroupDecorate %group %buffer
        OpGroupMemberDecorate %group %block 1
    )"));
    EXPECT_EQ(module.flavour(), Flavour::GLCompute);
    const EntryPoint* entry = module.findEntryPoint("main");
    ASSERT_NE(entry, nullptr);
    ASSERT_EQ(entry->modes.size(), 1u);
    EXPECT_EQ(entry->modes[0].operands, (std::vector<uint32_t>{4, 1, 1}));
    EXPECT_EQ(module.findEntryPoint("other"), nullptr);

    Id buffer = 0;
    Id block = 0;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpVariable)
            buffer = instruction.result;
        if (instruction.op() == Op::OpTypeStruct)
            block = instruction.result;
    }
    EXPECT_EQ(module.name(buffer), "data");
    EXPECT_EQ(module.memberName(block, 1), "second");
    EXPECT_EQ(module.memberName(block, 0), "");
    ASSERT_NE(module.findDecoration(buffer, ::spv::Decoration::Binding), nullptr);
    EXPECT_EQ(module.findDecoration(buffer, ::spv::Decoration::Binding)->operands[0], 7u);
    EXPECT_NE(module.findDecoration(buffer, ::spv::Decoration::NonWritable), nullptr);
    EXPECT_EQ(module.findDecoration(block, ::spv::Decoration::Offset, 1)->operands[0], 4u);
    EXPECT_NE(module.findDecoration(block, ::spv::Decoration::NonWritable, 1), nullptr);
    EXPECT_EQ(module.findDecoration(block, ::spv::Decoration::NonWritable, 0), nullptr);
    EXPECT_NE(module.findDecoration(block, ::spv::Decoration::Block), nullptr);
    EXPECT_TRUE(module.decorations(9999).empty());
    EXPECT_EQ(module.definition(0), nullptr);
    EXPECT_EQ(module.definition(~0u), nullptr);
}

TEST(Parse, CorrectsByteOrder) {
    Words swapped(sample("buffers.comp").begin(), sample("buffers.comp").end());
    for (uint32_t& value : swapped)
        value = __builtin_bswap32(value);
    const Module module = parsed(swapped);
    EXPECT_TRUE(std::ranges::equal(module.words(), sample("buffers.comp")));
    EXPECT_EQ(module.entryPoints()[0].name, "main");
}

TEST(Parse, DescribesWithSourceLine) {
    const Module module = parsed(computeModule("", R"(
        OpLine %file 12 1
        %sum = OpIAdd %uint %u1 %u2
        OpNoLine
        %other = OpIAdd %uint %u1 %u2
    )",
                                               R"(%file = OpString "kernel.comp")"));
    std::vector<std::string> descriptions;
    for (const Instruction& instruction : module.instructions()) {
        if (instruction.op() == Op::OpIAdd)
            descriptions.push_back(module.describe(instruction));
    }
    ASSERT_EQ(descriptions.size(), 2u);
    EXPECT_THAT(descriptions[0], testing::MatchesRegex("OpIAdd \\(%[0-9]+\\) at word [0-9]+ \\(kernel.comp:12\\)"));
    EXPECT_THAT(descriptions[1], testing::MatchesRegex("OpIAdd \\(%[0-9]+\\) at word [0-9]+"));
}

TEST(Parse, RefusesBadHeaders) {
    expectInvalid({}, "too few for a header");
    expectInvalid({::spv::MagicNumber, 0x00010400, 0, 10}, "too few for a header");
    expectInvalid({0x12345678, 0x00010400, 0, 10, 0}, "magic number");
    expectInvalid({::spv::MagicNumber, 0x00000400, 0, 10, 0}, "is not a version");
    expectInvalid({::spv::MagicNumber, 0x00010401, 0, 10, 0}, "is not a version");
    expectInvalid({::spv::MagicNumber, 0x00010400, 0, 0, 0}, "bound 0");
    expectInvalid({::spv::MagicNumber, 0x00010400, 0, 0xffffffff, 0}, "bound 4294967295");
    expectInvalid({::spv::MagicNumber, 0x00010400, 0, 10, 1}, "schema");
    expectInvalid({::spv::MagicNumber, 0x00010400, 0, 10, 0}, "no OpMemoryModel");
    EXPECT_EQ(failure(Words{::spv::MagicNumber, 0x00010700, 0, 10, 0}).code, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST(Parse, RefusesBadInstructions) {
    EXPECT_TRUE(Module::parse(tiny({})));
    expectInvalid(tiny({0}), "word count of 0");
    expectInvalid(tiny({word(Op::OpTypeVoid, 3), 1}), "runs past the end");
    expectInvalid(tiny({word(Op::OpTypeVoid, 1)}), "lacks its result");
    expectInvalid(tiny({word(Op::OpTypeVoid, 2), 0}), "outside the bound");
    expectInvalid(tiny({word(Op::OpTypeVoid, 2), 10}), "outside the bound");
    expectInvalid(tiny({word(Op::OpUndef, 3), 10, 1}), "result type %10");
    expectInvalid(tiny({word(Op::OpTypeVoid, 2), 1, word(Op::OpTypeBool, 2), 1}), "defines %1 again");
    expectInvalid(tiny({word(Op::OpMemoryModel, 3), 0, 1}), "second OpMemoryModel");
    expectInvalid(tiny({word(Op::OpName, 3), 1, 0x41414141}), "string that does not end");
    expectInvalid(tiny({word(Op::OpCapability, 1)}), "fewer than 1");
    expectInvalid(tiny({word(Op::OpDecorate, 3), 10, 0}), "outside the bound");
    expectInvalid(tiny({word(Op::OpExecutionMode, 3), 1, 0}), "is no entry point");
    expectInvalid(tiny({word(Op::OpEntryPoint, 4), 5, 1, 0x41}), "is no function");
    const Error error = failure(tiny({word(static_cast<Op>(60000), 1)}));
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(error.message, HasSubstr("SPIR-V word 8: opcode 60000"));
}

TEST(Parse, RefusesBadNesting) {
    const std::initializer_list<uint32_t> open{
        word(Op::OpTypeVoid, 2), 1, word(Op::OpTypeFunction, 3), 2, 1, word(Op::OpFunction, 5), 1, 3, 0, 2};
    const auto function = [&](std::initializer_list<uint32_t> body) {
        Words words = tiny(open);
        words.insert(words.end(), body);
        return words;
    };
    const uint32_t label = word(Op::OpLabel, 2);
    const uint32_t end = word(Op::OpFunctionEnd, 1);
    const uint32_t ret = word(Op::OpReturn, 1);
    EXPECT_TRUE(Module::parse(function({label, 4, ret, end})));
    EXPECT_TRUE(Module::parse(function({end})));
    expectInvalid(function({}), "ends inside function");
    expectInvalid(function({label, 4, end}), "no terminator");
    expectInvalid(function({label, 4, label, 5}), "no terminator");
    expectInvalid(function({ret}), "outside a block");
    expectInvalid(function({word(Op::OpFunction, 5), 1, 4, 0, 2}), "inside another function");
    expectInvalid(function({label, 4, word(Op::OpTypeVoid, 2), 5}), "inside a function");
    expectInvalid(function({label, 4, ret, word(Op::OpFunctionParameter, 3), 1, 5}), "after the first block");
    expectInvalid(tiny({label, 4}), "outside a function");
    expectInvalid(tiny({ret}), "outside a function");
    expectInvalid(tiny({end}), "outside a function");
}

TEST(Parse, RefusesTypesThatContainThemselves) {
    expectInvalid(tiny({word(Op::OpTypeStruct, 3), 1, 1}), "not defined before it");
    expectInvalid(tiny({word(Op::OpTypeStruct, 3), 1, 2, word(Op::OpTypeStruct, 3), 2, 1}), "not defined before it");
    expectInvalid(tiny({word(Op::OpTypeRuntimeArray, 3), 1, 2}), "not defined before it");
    expectInvalid(tiny({word(Op::OpTypeForwardPointer, 3), 1, 5349, word(Op::OpTypeStruct, 3), 1, 1}),
                  "announced as a pointer");
    // Through a pointer that is announced it may.
    EXPECT_TRUE(Module::parse(tiny({word(Op::OpTypeForwardPointer, 3), 1, 5349, word(Op::OpTypeStruct, 3), 2, 1,
                                    word(Op::OpTypePointer, 4), 1, 5349, 2})));
}

TEST(Parse, RefusesDeepTypes) {
    Words words = tiny({word(Op::OpTypeVoid, 2), 1}, 1000);
    for (uint32_t i = 0; i < 300; ++i)
        words.insert(words.end(), {word(Op::OpTypeStruct, 3), i + 2, i + 1});
    expectInvalid(words, "255 levels");
}

TEST(Parse, SparseIdsAreCheapAndFound) {
    const Words words = tiny({word(Op::OpTypeVoid, 2), 4'194'302, word(Op::OpTypeBool, 2), 1}, 4'194'303);
    const Module module = parsed(words);
    ASSERT_NE(module.definition(4'194'302), nullptr);
    EXPECT_EQ(module.definition(4'194'302)->op(), Op::OpTypeVoid);
    EXPECT_EQ(module.definition(1)->op(), Op::OpTypeBool);
    EXPECT_EQ(module.definition(2), nullptr);
    expectInvalid(tiny({word(Op::OpTypeVoid, 2), 4'194'302, word(Op::OpTypeBool, 2), 4'194'302}, 4'194'303),
                  "defines %4194302 again");
}

// A group of many decorations that is applied many times would need memory without bound.
TEST(Parse, RefusesExplodingGroups) {
    Words words = tiny({}, 100'000);
    for (uint32_t i = 0; i < 3000; ++i)
        words.insert(words.end(), {word(Op::OpDecorate, 4), 1, static_cast<uint32_t>(::spv::Decoration::Binding), i});
    words.insert(words.end(), {word(Op::OpDecorationGroup, 2), 1});
    words.insert(words.end(), {word(Op::OpGroupDecorate, 5002), 1});
    for (uint32_t i = 0; i < 5000; ++i)
        words.push_back(2 + i);
    const Error error = failure(words);
    EXPECT_EQ(error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(error.message, HasSubstr("expand"));
}

TEST(LiteralString, StopsAtTheEnd) {
    const uint32_t words[] = {0x44434241, 0x00004645};
    EXPECT_EQ(literalString(words, words + 2), "ABCDEF");
    EXPECT_EQ(literalString(words, words + 1), "ABCD");
    EXPECT_EQ(literalString(words, words), "");
}

} // namespace
} // namespace halyard::spv::test
