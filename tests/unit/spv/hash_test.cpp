#include "modules.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

Digest digest(const Module& module) {
    return canonicalHash(module);
}

Digest digest(const std::string& text) {
    return digest(parsed(text));
}

TEST(CanonicalHash, IgnoresWhatDescribes) {
    const std::string plain = R"(
        OpCapability Kernel
        OpCapability Addresses
        OpMemoryModel Physical64 OpenCL
        %2 = OpTypeInt 32 0
        %3 = OpConstant %2 77
    )";
    const std::string named = R"(
        OpCapability Kernel
        OpCapability Addresses
        OpMemoryModel Physical64 OpenCL
        %1 = OpString "a.cl"
        OpSource OpenCL_C 300000 %1
        OpName %3 "seventySeven"
        OpModuleProcessed "by a test"
        OpLine %1 3 4
        %2 = OpTypeInt 32 0
        OpNoLine
        %3 = OpConstant %2 77
    )";
    EXPECT_EQ(digest(plain), digest(named));
}

TEST(CanonicalHash, IgnoresTheGeneratorAndByteOrder) {
    Words words(sample("reduce.cl").begin(), sample("reduce.cl").end());
    const Digest original = digest(parsed(words));
    words[2] ^= 0x10001;
    EXPECT_EQ(digest(parsed(words)), original);
    for (uint32_t& value : words)
        value = __builtin_bswap32(value);
    EXPECT_EQ(digest(parsed(words)), original);
    EXPECT_FALSE(std::ranges::all_of(original, [](uint8_t byte) { return byte == 0; }));
}

TEST(CanonicalHash, SeesEveryWordThatCanMatter) {
    const Words words(sample("reduce.cl").begin(), sample("reduce.cl").end());
    const Module module = parsed(words);
    const Digest original = digest(module);
    size_t changes = 0;
    for (const Instruction& instruction : module.instructions()) {
        const bool describes = instruction.op() == ::spv::Op::OpName || instruction.op() == ::spv::Op::OpSource;
        if (instruction.wordCount < 2)
            continue;
        Words changed = words;
        changed[instruction.offset + instruction.wordCount - 1] ^= 1;
        const Result<Module> other = Module::parse(changed);
        if (!other)
            continue;
        EXPECT_EQ(digest(*other) == original, describes) << module.describe(instruction);
        ++changes;
    }
    EXPECT_GT(changes, 20u);
}

TEST(CanonicalHash, SeesNamesAndLinesOfFunctionsWithLines) {
    const auto module = [](const char* file, const char* name, int line) {
        return digest(fmt::format(R"(
            OpCapability Shader
            OpMemoryModel Logical GLSL450
            OpEntryPoint GLCompute %6 "main"
            OpExecutionMode %6 LocalSize 1 1 1
            %2 = OpString "{}"
            OpName %6 "{}"
            %3 = OpTypeVoid
            %4 = OpTypeFunction %3
            %6 = OpFunction %3 None %4
            %7 = OpLabel
            OpLine %2 {} 1
            OpReturn
            OpFunctionEnd
        )",
                                  file, name, line));
    };
    const Digest original = module("a.comp", "main", 3);
    EXPECT_EQ(module("a.comp", "main", 3), original);
    EXPECT_NE(module("a.comp", "main", 4), original);
    EXPECT_NE(module("b.comp", "main", 3), original);
    EXPECT_NE(module("a.comp", "other", 3), original);
}

TEST(CanonicalHash, KeepsStringsThatInstructionsRead) {
    const auto module = [](const char* format) {
        return parsed(std::string(R"(
            OpCapability Shader
            OpExtension "SPV_KHR_non_semantic_info"
            %1 = OpExtInstImport "NonSemantic.DebugPrintf"
            OpMemoryModel Logical GLSL450
            OpEntryPoint GLCompute %6 "main"
            OpExecutionMode %6 LocalSize 1 1 1
            %2 = OpString ")") +
                      format + R"("
            %3 = OpTypeVoid
            %4 = OpTypeFunction %3
            %6 = OpFunction %3 None %4
            %7 = OpLabel
            %8 = OpExtInst %3 %1 1 %2
            OpReturn
            OpFunctionEnd
        )");
    };
    EXPECT_NE(digest(module("one")), digest(module("two")));
}

} // namespace
} // namespace halyard::spv::test
