// Buffers that are seen through several variables, and arrays of buffers: one argument each, in the order of set,
// binding and element.
#include "harness.h"

#include <bit>

namespace halyard::jit::test {
namespace {

using testing::ElementsAre;

TEST(Views, AliasesAndArraysOfBuffers) {
    const float floats[4] = {1.5f, 2.5f, -3.0f, 0.25f};
    uint32_t words[8] = {};
    std::memcpy(words, floats, sizeof floats);
    const uint32_t pairs[2] = {words[1], words[3]};
    uint32_t sources[3][5] = {{100, 1, 2, 3, 4}, {200, 5, 6, 7, 8}, {300, 9, 10, 11, 12}};
    uint32_t factors[2] = {1000, 7};
    uint32_t sink[5] = {};
    uint32_t which = 1;
    uint64_t bytes[4] = {sizeof words, sizeof sources[0], 12, 4};

    const std::vector<uint32_t> module = readKernelFile("views.spv");
    const Import import = importKernel(module, "main");
    ASSERT_TRUE(import.module) << import.error.message;
    ASSERT_EQ(import.info.parameters.size(), 8u);
    EXPECT_EQ(import.info.parameters[0].aliases.size(), 2u);
    runKernel(module, "main",
              {words, sources[0], sources[1], sources[2], &factors[0], &factors[1], sink, &which, &bytes[0], &bytes[1],
               &bytes[2], &bytes[3]},
              {1, 1, 1}, {4, 1, 1});

    for (uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(words[4 + i], std::bit_cast<uint32_t>(floats[i] * 2) + pairs[i & 1]) << i;
    EXPECT_EQ(sink[0], 6u * 7 + 100 + 300);
    EXPECT_THAT(std::vector<uint32_t>(sink + 1, sink + 4), ElementsAre(4, 2, 0));
    const uint32_t at = words[0] % 9000;
    EXPECT_EQ(sink[4], at * at + 8);
}

TEST(Views, AnIndexBeyondTheArrayTakesItsLastBuffer) {
    uint32_t words[8] = {};
    uint32_t sources[3][3] = {{100, 1, 2}, {200, 5, 6}, {300, 9, 10}};
    uint32_t factors[2] = {1000, 7};
    uint32_t sink[5] = {};
    uint32_t which = 0x80000000;
    uint64_t bytes = 0;
    runKernel(readKernelFile("views.spv"), "main",
              {words, sources[0], sources[1], sources[2], &factors[0], &factors[1], sink, &which, &bytes, &bytes,
               &bytes, &bytes});
    EXPECT_EQ(sink[0], 10u * 7 + 100 + 300);
}

class Library : public testing::TestWithParam<int> {
protected:
    std::vector<uint32_t> module() const { return readKernelFile("library.O" + std::to_string(GetParam()) + ".spv"); }
};
INSTANTIATE_TEST_SUITE_P(Levels, Library, testing::Values(0, 2));

TEST_P(Library, ConversionsToDouble) {
    double out[8];
    int32_t i[2] = {-7, 3};
    uint32_t u[1] = {0xfffffff0};
    int64_t l[1] = {(int64_t{1} << 53) + 1};
    float f[1] = {0.1f};
    uint16_t h[1] = {0x3c01};
    runKernel(module(), "doubles", {out, i, u, l, f, h});
    EXPECT_EQ(out[0], -7.0);
    EXPECT_EQ(out[1], 4294967280.0);
    EXPECT_EQ(out[2], 0x1p53);
    EXPECT_EQ(out[3], 0x1p53);
    EXPECT_EQ(out[4], 0x1p53 + 2);
    EXPECT_EQ(out[5], double(0.1f));
    EXPECT_EQ(out[6], 1 + 0x1p-10);
    EXPECT_EQ(out[7], -21.0);
}

TEST_P(Library, VotesOfIntegersReadTheHighestBit) {
    int32_t v[3][4] = {{0, 1, 2, 3}, {-1, 0, 0, 0}, {-1, -2, INT32_MIN, -5}};
    int32_t out[6];
    runKernel(module(), "votes", {out, v});
    EXPECT_THAT(out, ElementsAre(0, 0, 1, 0, 1, 1));
}

// A kernel that stores what the imported function `name` of two words and a sum gives.
int32_t callOnWords(const std::string& name, uint32_t a, uint32_t b, int32_t sum) {
    const std::vector<uint32_t> words = assemble(R"(
        OpCapability Addresses
        OpCapability Kernel
        OpCapability Linkage
        OpMemoryModel Physical64 OpenCL
        OpEntryPoint Kernel %kernel "k"
        OpDecorate %callee LinkageAttributes ")" +
                                                 name +
                                                 R"(" Import
        %void = OpTypeVoid
        %int = OpTypeInt 32 0
        %pointer = OpTypePointer CrossWorkgroup %int
        %library = OpTypeFunction %int %int %int %int
        %type = OpTypeFunction %void %pointer %int %int %int
        %callee = OpFunction %int None %library
        %p = OpFunctionParameter %int
        %q = OpFunctionParameter %int
        %r = OpFunctionParameter %int
        OpFunctionEnd
        %kernel = OpFunction %void None %type
        %out = OpFunctionParameter %pointer
        %a = OpFunctionParameter %int
        %b = OpFunctionParameter %int
        %sum = OpFunctionParameter %int
        %entry = OpLabel
        %result = OpFunctionCall %int %callee %a %b %sum
        OpStore %out %result Aligned 4
        OpReturn
        OpFunctionEnd)");
    int32_t out = 0;
    runKernel(words, "k", {&out, &a, &b, &sum});
    return out;
}

TEST(LibraryNames, PackedIntegerDotProducts) {
    // The highest byte first: -1 1 2 3 and 2 -1 3 4, or 255 for -1.
    const uint32_t a = 0xff010203, b = 0x02ff0304;
    EXPECT_EQ(callOnWords("_Z28dot_acc_sat_4x8packed_ss_intjji", a, b, 1000), 1000 - 2 - 1 + 6 + 12);
    EXPECT_EQ(callOnWords("_Z28dot_acc_sat_4x8packed_su_intjji", a, b, 1000), 1000 - 2 + 255 + 6 + 12);
    EXPECT_EQ(callOnWords("_Z28dot_acc_sat_4x8packed_us_intjji", a, b, 1000), 1000 + 510 - 1 + 6 + 12);
    EXPECT_EQ(callOnWords("_Z29dot_acc_sat_4x8packed_uu_uintjjj", a, b, -3), -1);
    EXPECT_EQ(callOnWords("_Z28dot_acc_sat_4x8packed_ss_intjji", a, b, INT32_MAX), INT32_MAX);
}

} // namespace
} // namespace halyard::jit::test
