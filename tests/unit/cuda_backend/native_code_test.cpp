// Reading native modules: what nvcc wrote, what nobody would write, and files that end too early.
#include "native_code.h"

#include "nvcc_files.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace halyard::cuda {
namespace {

// The copy ends where its bytes end, so that a sanitizer sees a read beyond them.
std::string fatbinFault(const std::vector<char>& file, std::vector<NativeCode>* out = nullptr) {
    const std::vector<char> copy(file.begin(), file.end());
    std::vector<NativeCode> found;
    std::string fault = readFatbin(std::as_bytes(std::span(copy)), found);
    if (out != nullptr)
        *out = found;
    return fault;
}

NativeCode ptx(std::string_view text) {
    NativeCode code;
    EXPECT_EQ(readPtx(text, code), "") << text;
    return code;
}

TEST(PtxText, KernelsAndTheirParameters) {
    const NativeCode code = ptx(R"(// .version 1.0
.version 8.7 /* .target sm_10 */
.target sm_90a, debug
.address_size 64
.visible .func (.param .b32 r) helper(.param .b64 a) { ret; }
.file 1 "a .entry fake() file.cu"
.visible .entry none() .maxntid 64, 1, 1 { ret; }
.entry bare { ret; }
.visible .entry all(
    .param .u8 a, .param .b16 b,
    .param .u64 .ptr .global .align 128 c,
    .param .align 16 .b8 d[0x14],
    .param .f32 e[3], .param .bf16x2 f, .param .texref g)
    .reqntid 16 { ld.param.u64 %rd1, [c]; ret; })");
    EXPECT_TRUE(code.kernelsKnown);
    EXPECT_EQ(describe(code), "PTX 8.7 for sm_90a");
    ASSERT_EQ(code.kernels.size(), 3u);
    EXPECT_EQ(code.kernels[0].name, "none");
    EXPECT_TRUE(code.kernels[0].parameters.empty());
    EXPECT_EQ(code.kernels[1].name, "bare");
    const NativeKernel& all = code.kernels[2];
    ASSERT_EQ(all.parameters.size(), 7u);
    constexpr uint32_t kBytes[] = {1, 2, 8, 20, 12, 4, 8};
    constexpr uint32_t kOffsets[] = {0, 2, 8, 16, 36, 48, 56};
    for (size_t i = 0; i < 7; ++i) {
        EXPECT_EQ(all.parameters[i].bytes, kBytes[i]) << i;
        EXPECT_EQ(all.parameters[i].offset, kOffsets[i]) << i;
    }
    EXPECT_EQ(all.argumentBytes, 64u);
}

TEST(PtxText, WhatIsNotUnderstoodIsNotGuessed) {
    for (const char* parameters :
         {".param .u32", ".param .u32 a[", ".param .u32 a[0]", ".param .u32 a[99999]", ".param .align 3 .b8 a[4]",
          ".param .u24 a", ".reg .u32 a", ".param .u32 a .u32 b"}) {
        NativeCode code;
        EXPECT_EQ(readPtx(std::string(".version 8.0\n.target sm_90\n.entry k(") + parameters + ") { ret; }", code), "");
        EXPECT_FALSE(code.kernelsKnown) << parameters;
    }
    NativeCode code;
    EXPECT_NE(readPtx("nothing", code), "");
    EXPECT_NE(readPtx(std::string_view(".version 8.0\0 .target sm_90", 27), code), "");
}

TEST(NativeCode, WhereItMayRun) {
    const auto code = [](bool binary, uint32_t processor) {
        NativeCode made;
        made.binary = binary;
        made.processor = processor;
        return made;
    };
    EXPECT_TRUE(mayRun(code(true, 90), 90));
    EXPECT_TRUE(mayRun(code(true, 80), 86));
    EXPECT_FALSE(mayRun(code(true, 86), 80));
    EXPECT_FALSE(mayRun(code(true, 80), 90));
    EXPECT_FALSE(mayRun(code(true, 90), 100));
    EXPECT_TRUE(mayRun(code(false, 70), 121));
    EXPECT_FALSE(mayRun(code(false, 100), 90));
}

// The kernels of native_kernels.cu.
void expectKernels(const NativeCode& code) {
    ASSERT_TRUE(code.kernelsKnown);
    const auto find = [&](const char* name) {
        return std::find_if(code.kernels.begin(), code.kernels.end(),
                            [&](const NativeKernel& kernel) { return kernel.name == name; });
    };
    EXPECT_EQ(code.kernels.size(), 3u);
    const auto add = find("add"), turn = find("turn"), nothing = find("nothing");
    ASSERT_TRUE(add != code.kernels.end() && turn != code.kernels.end() && nothing != code.kernels.end());
    EXPECT_TRUE(nothing->parameters.empty());
    EXPECT_EQ(turn->argumentBytes, 8u);
    ASSERT_EQ(add->parameters.size(), 4u);
    constexpr uint32_t kBytes[] = {8, 8, 4, 24};
    constexpr uint32_t kOffsets[] = {0, 8, 16, 24};
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(add->parameters[i].bytes, kBytes[i]) << i;
        EXPECT_EQ(add->parameters[i].offset, kOffsets[i]) << i;
    }
    EXPECT_EQ(add->argumentBytes, 48u);
}

std::string cubinFault(const std::vector<char>& file, NativeCode& out) {
    const std::vector<char> copy(file.begin(), file.end());
    return readCubin(std::as_bytes(std::span(copy)), out);
}

constexpr const char* kPlain = "-fatbin --compress-mode=none -gencode arch=compute_75,code=[sm_75,compute_75] "
                               "-gencode arch=compute_80,code=sm_80";

class NvccCubins : public testing::TestWithParam<uint32_t> {};

TEST_P(NvccCubins, ReadAndTruncated) {
    const std::string options = "-cubin -arch=sm_" + std::to_string(GetParam());
    MAKE_OR_SKIP(file, options);
    NativeCode code;
    ASSERT_EQ(cubinFault(file, code), "");
    EXPECT_EQ(code.processor, GetParam());
    expectKernels(code);
    for (size_t bytes = 0; bytes < file.size(); ++bytes) {
        NativeCode less;
        ASSERT_NE(cubinFault({file.begin(), file.begin() + static_cast<long>(bytes)}, less), "") << bytes;
    }
}

TEST_P(NvccCubins, ChangedBytesAreReadWithinTheFile) {
    const std::string options = "-cubin -arch=sm_" + std::to_string(GetParam());
    MAKE_OR_SKIP(file, options);
    uint32_t random = 7;
    int faults = 0;
    for (int round = 0; round < 4000; ++round) {
        std::vector<char> changed = file;
        for (int change = 0; change < 4; ++change) {
            random = random * 1664525 + 1013904223;
            changed[(random >> 4) % changed.size()] = static_cast<char>(random >> 20);
        }
        NativeCode code;
        faults += !cubinFault(changed, code).empty();
    }
    EXPECT_GT(faults, 0);
}

INSTANTIATE_TEST_SUITE_P(Processors, NvccCubins, testing::Values(75u, 90u, 100u));

TEST(NvccText, Read) {
    MAKE_OR_SKIP(file, "-ptx -arch=compute_75");
    const NativeCode code = ptx({file.data(), file.size()});
    EXPECT_EQ(code.processor, 75u);
    expectKernels(code);
}

TEST(NvccFatBinaries, ReadAndTruncated) {
    MAKE_OR_SKIP(file, kPlain);
    std::vector<NativeCode> found;
    ASSERT_EQ(fatbinFault(file, &found), "");
    ASSERT_EQ(found.size(), 3u);
    for (const NativeCode& code : found)
        expectKernels(code);
    EXPECT_EQ(std::count_if(found.begin(), found.end(), [](const NativeCode& code) { return code.binary; }), 2);
    for (size_t bytes = 0; bytes < file.size(); bytes += 3)
        ASSERT_NE(fatbinFault({file.begin(), file.begin() + static_cast<long>(bytes)}), "") << bytes;
    uint32_t random = 9;
    for (int round = 0; round < 2000; ++round) {
        std::vector<char> changed = file;
        random = random * 1664525 + 1013904223;
        changed[(random >> 4) % (round % 2 == 0 ? 100 : changed.size())] = static_cast<char>(random >> 20);
        (void)fatbinFault(changed); // a sanitizer judges
    }
}

TEST(NvccFatBinaries, CompressedCodeIsNotGuessed) {
    MAKE_OR_SKIP(file, "-fatbin --compress-mode=size -gencode arch=compute_90,code=[sm_90,compute_90]");
    std::vector<NativeCode> found;
    ASSERT_EQ(fatbinFault(file, &found), "");
    ASSERT_EQ(found.size(), 2u);
    for (const NativeCode& code : found) {
        EXPECT_EQ(code.processor, 90u);
        EXPECT_FALSE(code.kernelsKnown) << describe(code);
    }
}

} // namespace
} // namespace halyard::cuda
