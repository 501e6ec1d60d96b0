// The artifact: its first line, versions, parameters, and which instructions may and may not stand in it.
#include "harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels_cl.spv.h"
#include "shader_comp.spv.h"

namespace halyard::jit::nvptx::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kStore = kirModule("define void @k(ptr addrspace(1) %p) #0 {\n"
                                     "  store i32 1, ptr addrspace(1) %p\n  ret void\n}\n");

Answer cl(const std::string& kernel, const Request& request = {}) {
    return fromSpirv(kernels_cl_spv, kernels_cl_spv_size, kernel, request);
}

Answer shader(const Request& request = {}) {
    return fromSpirv(shader_comp_spv, shader_comp_spv_size, "main", request);
}

} // namespace

TEST(NvptxText, NoVersionNewerThanAsked) {
    const auto versionFor = [](const std::string& cpu, const std::string& features) {
        const std::string ptx = fromKir(kStore, {cpu, features}).ptx;
        const size_t at = ptx.find(".version ");
        return at == std::string::npos ? "" : ptx.substr(at + 9, 3);
    };
    EXPECT_EQ(versionFor("sm_75", "+ptx63"), "6.3");
    EXPECT_EQ(versionFor("sm_75", "+ptx87"), "8.7");
    EXPECT_EQ(versionFor("sm_80", "+ptx70"), "7.0");
    EXPECT_EQ(versionFor("sm_80", "+ptx79"), "7.8") << "there is no 7.9";
    EXPECT_EQ(versionFor("sm_90", "+ptx78"), "7.8");
    EXPECT_EQ(versionFor("sm_90", "+ptx999"), "9.0") << "what this compiler knows at most";
    EXPECT_EQ(versionFor("sm_100", "+ptx86"), "8.6");
    EXPECT_EQ(versionFor("sm_90", ""), "7.8") << "the lowest of the processor";
}

TEST(NvptxText, OldDriversAndProcessorsAreRefusedInWords) {
    const Answer old = fromKir(kStore, {"sm_90", "+ptx77"});
    EXPECT_EQ(old.result, HY_ERROR_UNSUPPORTED);
    EXPECT_THAT(old.refusal, AllOf(HasSubstr("sm_90 needs PTX 7.8"), HasSubstr("7.7")));
    const Answer pascal = fromKir(kStore, {"sm_60", "+ptx87"});
    EXPECT_EQ(pascal.result, HY_ERROR_UNSUPPORTED);
    EXPECT_THAT(pascal.refusal, AllOf(HasSubstr("sm_60"), HasSubstr("sm_70")));
    for (const char* cpu : {"", "sm_", "gfx90a", "sm_9x", "sm_99999"}) {
        EXPECT_EQ(fromKir(kStore, {cpu, "+ptx87"}).result, HY_ERROR_INVALID_ARGUMENT) << cpu;
    }
    for (const char* features : {"ptx87", "+ptx", "+ptx8.7", "+avx2", "+ptx87,+sm90"}) {
        EXPECT_EQ(fromKir(kStore, {"sm_90", features}).result, HY_ERROR_INVALID_ARGUMENT) << features;
    }
}

TEST(NvptxText, AProcessorOfTheFutureGetsTheCodeOfTheOneBefore) {
    EXPECT_THAT(fromKir(kStore, {"sm_999", "+ptx90"}).ptx, HasSubstr(".target sm_121"));
    EXPECT_THAT(fromKir(kStore, {"sm_95", "+ptx90"}).ptx, HasSubstr(".target sm_90\n"));
}

TEST(NvptxText, TheFirstLineTellsWhatTheLaunchNeeds) {
    EXPECT_EQ(firstLine(fromKir(kStore).ptx),
              "// halyard-ptx abi=2 entry=k static=0 dynamic=0 maxthreads=0 multiple=1 hidden=none");
    const Answer fixed = fromKir(kStore, {.workgroupSize = {8, 4, 2}});
    EXPECT_THAT(firstLine(fixed.ptx), HasSubstr(" maxthreads=64 "));
    EXPECT_THAT(fixed.ptx, AllOf(HasSubstr(".maxntid 8, 4, 2"), Not(HasSubstr(".reqntid"))));
    spv::KernelInfo required;
    required.requiredWorkgroupSize = {16, 2, 1};
    EXPECT_THAT(fromKir(kStore, {}, required).ptx, AllOf(HasSubstr(".reqntid 16, 2"), Not(HasSubstr(".maxntid"))));
}

TEST(NvptxText, EntriesHaveNamesThatPtxTakes) {
    const auto nameOf = [](const std::string& kernel) {
        spv::KernelInfo info;
        info.name = kernel;
        const Answer answer = fromKir(kStore, {}, info);
        const std::string line = firstLine(answer.ptx);
        const size_t at = line.find("entry=") + 6;
        const std::string name = line.substr(at, line.find(' ', at) - at);
        EXPECT_THAT(answer.ptx, HasSubstr(".visible .entry " + name + "("));
        return name;
    };
    EXPECT_EQ(nameOf("saxpy_2"), "saxpy_2");
    EXPECT_EQ(nameOf("ns::kernel<float, 2>"), "ns__kernel_float__2_");
    EXPECT_EQ(nameOf("3d"), "hy_3d");
    EXPECT_EQ(nameOf("_"), "hy__");
    EXPECT_EQ(nameOf("$"), "hy_$");
    EXPECT_EQ(nameOf("k\xc3\xbc"), "k__");
}

TEST(NvptxText, ParametersAreTheApplicationsArguments) {
    const Answer answer = cl("everything");
    ASSERT_EQ(answer.refusal, "");
    // char, short3, a structure of 24 bytes, double, a buffer and a byte count of workgroup memory.
    EXPECT_THAT(parameters(answer.ptx),
                ElementsAre(".u8", ".align 8 .b8[8]", ".align 8 .b8[24]", ".f64", ".u64", ".u64"))
        << answer.ptx;
}

TEST(NvptxText, MoreArgumentsThanTheVersionTakesAreRefused) {
    const auto with = [](uint32_t words, const std::string& features) {
        const std::string type = "[" + std::to_string(words) + " x i64]";
        return fromKir(kirModule("define void @k(ptr addrspace(1) %p, ptr addrspace(4) byref(" + type +
                                 ") align 8 %v) #0 {\n  %x = load i64, ptr addrspace(4) %v\n"
                                 "  store i64 %x, ptr addrspace(1) %p\n  ret void\n}\n"),
                       {"sm_80", features});
    };
    EXPECT_EQ(with(543, "+ptx80").refusal, "");
    EXPECT_THAT(with(544, "+ptx80").refusal, HasSubstr("4360 bytes of arguments; PTX 8.0 takes up to 4352"));
    EXPECT_EQ(with(544, "+ptx81").refusal, "");
    EXPECT_EQ(with(4095, "+ptx90").result, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST(NvptxText, ShadersHaveBuffersPushConstantsThenLengths) {
    const Answer answer = shader();
    ASSERT_EQ(answer.refusal, "");
    EXPECT_THAT(parameters(answer.ptx), ElementsAre(".u64", ".u64", ".align 16 .b8[28]", ".u64")) << answer.ptx;
    EXPECT_THAT(answer.ptx, HasSubstr(".reqntid 64, 1"));
}

TEST(NvptxText, OnlyWhatNobodyWritesIsReadThroughTheConstantPath) {
    EXPECT_THAT(cl("restricted").ptx, HasSubstr("ld.global.nc"));
    EXPECT_THAT(cl("unrestricted").ptx, Not(HasSubstr(".nc")));
}

TEST(NvptxText, ArithmeticIsRoundedAsWritten) {
    const std::string strict = cl("uncontracted").ptx;
    EXPECT_EQ(count(strict, "fma.rn.f32"), 0u) << strict;
    for (const char* operation : {"add.rn.f32", "mul.rn.f32", "div.rn.f32", "sqrt.rn.f32", "div.rn.f64"}) {
        EXPECT_THAT(strict, HasSubstr(operation));
    }
    for (const char* inexact : {".ftz", ".approx", "div.full", "\tadd.f32", "\tmul.f32", "\tsub.f32"}) {
        EXPECT_THAT(strict, Not(HasSubstr(inexact)));
    }
    EXPECT_EQ(count(cl("contracted").ptx, "fma.rn.f32"), 1u);
}

TEST(NvptxText, NothingIsContractedAcrossAFence) {
    const auto product = [](const char* type, const char* suffix, bool fence) {
        const std::string t = type;
        const std::string stop = fence ? "call " + t + " @llvm.arithmetic.fence." + suffix + "(" + t + " %m)"
                                       : "fadd contract " + t + " %m, " + "%v";
        return fromKir(kirModule((fence ? "declare " + t + " @llvm.arithmetic.fence." + suffix + "(" + t + ")" : "") +
                                 "\ndefine void @k(ptr addrspace(1) %p) #0 {\n  %v = load " + t +
                                 ", ptr addrspace(1) %p\n  %m = fmul contract " + t + " %v, %v\n  %f = " + stop +
                                 "\n  %r = fadd contract " + t + " %f, %v\n  store " + t +
                                 " %r, ptr addrspace(1) %p\n  ret void\n}\n"));
    };
    constexpr std::array<std::array<const char*, 3>, 3> kTypes{
        {{"float", "f32", "f32"}, {"double", "f64", "f64"}, {"<4 x float>", "v4f32", "f32"}}};
    for (const auto& [type, suffix, name] : kTypes) {
        const Answer fenced = product(type, suffix, true);
        ASSERT_EQ(fenced.result, HY_SUCCESS) << type << ": " << fenced.refusal;
        EXPECT_EQ(count(fenced.ptx, std::string("fma.rn.") + name), 0u) << fenced.ptx;
        EXPECT_THAT(fenced.ptx, HasSubstr(std::string("mul.rn.") + name));
        EXPECT_THAT(fenced.ptx, HasSubstr(std::string("add.rn.") + name));
        EXPECT_THAT(product(type, suffix, false).ptx, HasSubstr(std::string("fma.rn.") + name)) << "it can be told";
    }
}

TEST(NvptxText, WorkgroupParametersLieAtMultiplesOf128Bytes) {
    const Answer answer = cl("two_blocks");
    ASSERT_EQ(answer.refusal, "");
    EXPECT_THAT(answer.ptx, HasSubstr(".extern .shared .align 128 .b8 hyLocal[]"));
    EXPECT_EQ(count(answer.ptx, ", -128;"), 1u) << "the second block's begin\n" << answer.ptx;
    EXPECT_THAT(firstLine(answer.ptx), HasSubstr(" static=0 "));
}

TEST(NvptxText, WorkgroupVariablesAreCountedAndTheLargestMoved) {
    EXPECT_THAT(firstLine(cl("static_memory").ptx), HasSubstr(" static=1024 dynamic=0 "));
    const Answer large = cl("much_static_memory"); // 49156 bytes beside 1024
    ASSERT_EQ(large.refusal, "");
    EXPECT_THAT(firstLine(large.ptx), HasSubstr(" static=1024 dynamic=49280 ")); // a multiple of 128
    EXPECT_THAT(large.ptx, HasSubstr(".extern .shared .align 128 .b8 hyLocal[]"));
    EXPECT_EQ(count(large.ptx, ".shared .align"), 2u) << large.ptx;
    // What an operation of the workgroup needs of its own counts.
    const Answer hidden = fromKir(kirModule("declare i32 @hy.workgroup.reduce.iadd.i32(i32) #2\n"
                                            "define void @k(ptr addrspace(1) %p, i32 %v) #0 {\n"
                                            "  %r = call i32 @hy.workgroup.reduce.iadd.i32(i32 %v)\n"
                                            "  store i32 %r, ptr addrspace(1) %p\n  ret void\n}\n"));
    ASSERT_EQ(hidden.refusal, "");
    EXPECT_THAT(firstLine(hidden.ptx), Not(HasSubstr(" static=0 ")));
}

TEST(NvptxText, SubgroupsHave32InvocationsOrAreRefused) {
    EXPECT_EQ(fromKir(kStore, {.subgroupSize = 32}).refusal, "");
    const Answer asked = fromKir(kStore, {.subgroupSize = 16});
    EXPECT_EQ(asked.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(asked.refusal, HasSubstr("16 invocations"));
    spv::KernelInfo required;
    required.requiredSubgroupSize = 64;
    EXPECT_EQ(fromKir(kStore, {}, required).result, HY_ERROR_UNSUPPORTED_SPIRV);
    spv::KernelInfo counted;
    counted.requiredSubgroups = 4;
    EXPECT_EQ(fromKir(kStore, {.workgroupSize = {128, 1, 1}}, counted).refusal, "");
    EXPECT_EQ(fromKir(kStore, {.workgroupSize = {100, 1, 1}}, counted).refusal, "");
    const Answer few = fromKir(kStore, {.workgroupSize = {64, 1, 1}}, counted);
    EXPECT_EQ(few.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(few.refusal, AllOf(HasSubstr("4 subgroups"), HasSubstr("64 invocations are 2")));
    EXPECT_EQ(fromKir(kStore, {}, counted).result, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST(NvptxText, MatricesNeedWholeSubgroups) {
    const std::string kernel = kirModule(
        "declare <8 x float> @hy.matrix.load.v8f32.p1(ptr addrspace(1), i64, i32, i32, i32, i32, i32, i32) #2\n"
        "declare void @hy.matrix.store.v8f32.p1(ptr addrspace(1), i64, <8 x float>, i32, i32, i32, i32, i32, i32) #2\n"
        "define void @k(ptr addrspace(1) %p, ptr addrspace(1) %q) #0 {\n"
        "  %m = call <8 x float> @hy.matrix.load.v8f32.p1(ptr addrspace(1) %p, i64 64, i32 16, i32 16, i32 0, i32 4, "
        "i32 0, i32 2)\n"
        "  call void @hy.matrix.store.v8f32.p1(ptr addrspace(1) %q, i64 64, <8 x float> %m, i32 16, i32 16, i32 0, "
        "i32 4, i32 0, i32 2)\n"
        "  ret void\n}\n");
    const Answer any = fromKir(kernel);
    ASSERT_EQ(any.refusal, "");
    EXPECT_THAT(firstLine(any.ptx), HasSubstr(" multiple=32 ")) << "the backend refuses other launches";
    EXPECT_EQ(fromKir(kernel, {.workgroupSize = {64, 1, 1}}).refusal, "");
    EXPECT_EQ(fromKir(kernel, {.workgroupSize = {48, 1, 1}}).result, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST(NvptxText, WhatTheCodeGeneratorWouldAbortOnIsRefused) {
    const auto use = [](const std::string& body, const std::string& declaration) {
        return fromKir(kirModule(declaration +
                                 "\ndefine void @k(ptr addrspace(1) %p) #0 {\n  %v = load float, ptr "
                                 "addrspace(1) %p\n" +
                                 body + "  store float %r, ptr addrspace(1) %p\n  ret void\n}\n"));
    };
    const Answer library = use("  %r = call float @llvm.sinh.f32(float %v)\n", "declare float @llvm.sinh.f32(float)");
    EXPECT_EQ(library.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(library.refusal, HasSubstr("llvm.sinh.f32"));
    const Answer wide =
        use("  %w = fptosi float %v to i128\n  %x = shl i128 %w, 3\n  %r = sitofp i128 %x to float\n", "");
    EXPECT_EQ(wide.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(wide.refusal, HasSubstr("more than 64 bits"));
    const Answer remainder = use("  %r = frem float %v, 3.0\n", "");
    EXPECT_EQ(remainder.result, HY_ERROR_UNSUPPORTED_SPIRV);
    const Answer unknown = use("  %r = call float @elsewhere(float %v)\n", "declare float @elsewhere(float)");
    EXPECT_NE(unknown.result, HY_SUCCESS);
    EXPECT_THAT(unknown.refusal, HasSubstr("elsewhere"));
}

TEST(NvptxText, PrintfHasATableOfFormats) {
    const Answer answer = cl("prints");
    ASSERT_EQ(answer.refusal, "");
    EXPECT_THAT(firstLine(answer.ptx), HasSubstr("hidden=print"));
    EXPECT_THAT(answer.ptx, HasSubstr(".visible .global .align 8 .b8 hyPrintFormats["));
    EXPECT_EQ(count(answer.ptx, "atom.relaxed.gpu.global.add.u32"), 2u) << "space reserved, and calls lost";
    const Answer computed = fromKir(kirModule(R"(
define void @k(ptr addrspace(1) %format) #0 {
  %record = alloca [8 x i8], align 8
  store i64 0, ptr %record
  %r = call i32 @hy.printf(ptr addrspace(1) %format, ptr %record, i32 8)
  ret void
})"));
    EXPECT_EQ(computed.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(computed.refusal, HasSubstr("format string is not constant"));
}

TEST(NvptxText, ProgramVariablesAreGivenByTheBackend) {
    const Answer answer = cl("counts_calls");
    ASSERT_EQ(answer.refusal, "");
    EXPECT_THAT(firstLine(answer.ptx), HasSubstr("hidden=program"));
    EXPECT_THAT(answer.ptx, HasSubstr(".visible .global .align"));
    EXPECT_THAT(answer.ptx, AllOf(HasSubstr(" hyProgramData["), HasSubstr(" hyProgramPointers[")));
}

} // namespace halyard::jit::nvptx::test
