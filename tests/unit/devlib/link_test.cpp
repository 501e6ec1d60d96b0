// linkDevlib(): every name of the contract links, only what is needed comes, and what is missing is named.
#include "jit/devlib/devlib.h"
#include "kir.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>

#include <chrono>
#include <cstdio>
#include <memory>

namespace {

using namespace halyard::jit::devlib_test; // NOLINT(google-build-using-namespace): a test of exactly this
using halyard::jit::linkDevlib;

std::unique_ptr<llvm::Module> parse(const std::string& text, llvm::LLVMContext& context) {
    llvm::SMDiagnostic diagnostic;
    auto module = llvm::parseAssemblyString(text, diagnostic, context);
    EXPECT_NE(module, nullptr) << diagnostic.getMessage().str() << "\n" << text;
    return module;
}

std::string verify(const llvm::Module& module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::verifyModule(module, &stream);
    return text;
}

int definitions(const llvm::Module& module) {
    int count = 0;
    for (const llvm::Function& function : module) {
        count += function.isDeclaration() ? 0 : 1;
    }
    return count;
}

// What a linked module may not have: calls of anything but intrinsics, memory, attributes of the library's build
// target.
void expectSelfContained(const llvm::Module& module) {
    for (const llvm::Function& function : module) {
        if (function.isDeclaration()) {
            EXPECT_TRUE(function.isIntrinsic()) << function.getName().str();
            continue;
        }
        if (function.getName() == "kernel") {
            continue;
        }
        EXPECT_TRUE(function.hasInternalLinkage()) << function.getName().str();
        EXPECT_TRUE(function.hasFnAttribute(llvm::Attribute::AlwaysInline)) << function.getName().str();
        EXPECT_FALSE(function.hasFnAttribute("target-cpu")) << function.getName().str();
        EXPECT_FALSE(function.hasFnAttribute("target-features")) << function.getName().str();
        for (const llvm::BasicBlock& block : function) {
            for (const llvm::Instruction& instruction : block) {
                EXPECT_FALSE(instruction.mayReadOrWriteMemory() || llvm::isa<llvm::AllocaInst>(instruction))
                    << function.getName().str();
            }
        }
    }
    EXPECT_TRUE(module.global_empty());
    EXPECT_EQ(module.getModuleFlagsMetadata(), nullptr);
}

class LinkTypes : public testing::TestWithParam<const char*> {};

TEST_P(LinkTypes, EveryFunctionOfTheContract) {
    for (const Signature& signature : signatures()) {
        SCOPED_TRACE(std::string(signature.name) + "." + GetParam());
        llvm::LLVMContext context;
        auto module = parse(callOnce(signature, GetParam()), context);
        ASSERT_NE(module, nullptr);
        auto status = linkDevlib(*module);
        ASSERT_TRUE(status) << status.error().message;
        EXPECT_EQ(verify(*module), "");
        expectSelfContained(*module);
    }
}
INSTANTIATE_TEST_SUITE_P(Types, LinkTypes, testing::Values("f16", "f32", "f64"),
                         [](const auto& info) { return std::string(info.param); });

// Vectorisers of work-items want no control flow: masks cost more than the few instructions that a branch would skip.
TEST(Link, F32IsStraightLineCode) {
    for (const Signature& signature : signatures()) {
        llvm::LLVMContext context;
        auto module = parse(callOnce(signature, "f32"), context);
        ASSERT_TRUE(linkDevlib(*module));
        for (const llvm::Function& function : *module) {
            const llvm::StringRef name = function.getName();
            const bool reducesHuge =
                name == "hy.math.sin.f32" || name == "hy.math.cos.f32" || name == "hy.math.tan.f32";
            if (!function.isDeclaration()) {
                EXPECT_EQ(function.size(), reducesHuge ? 3u : 1u) << name.str();
            }
        }
    }
}

TEST(LinkOnlyNeeded, OneFunctionAndWhatItCalls) {
    llvm::LLVMContext context;
    auto module = parse(callOnce({"exp", "T", {"T"}}, "f16"), context);
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(linkDevlib(*module));
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    std::printf("linked in %.2f ms\n", elapsed.count());
    EXPECT_EQ(definitions(*module), 3); // the kernel, exp.f16 and exp.f32
}

TEST(LinkOnlyNeeded, ModuleWithoutMathsIsUntouched) {
    llvm::LLVMContext context;
    auto module = parse("declare float @hy.math.exp.f32(float)\ndefine void @kernel() {\n  ret void\n}\n", context);
    ASSERT_TRUE(linkDevlib(*module));
    EXPECT_EQ(definitions(*module), 1);
    EXPECT_EQ(module->getFunction("hy.math.exp.f32"), nullptr); // an unused declaration is removed
}

TEST(LinkOnlyNeeded, TwiceIsHarmless) {
    llvm::LLVMContext context;
    auto module = parse(callOnce({"sin", "T", {"T"}}, "f32"), context);
    ASSERT_TRUE(linkDevlib(*module));
    ASSERT_TRUE(linkDevlib(*module));
    EXPECT_EQ(definitions(*module), 2);
}

TEST(LinkTarget, TakesTheKernelsTripleAndLayout) {
    llvm::LLVMContext context;
    const std::string text = "target datalayout = \"e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64\"\n"
                             "target triple = \"nvptx64-nvidia-cuda\"\n"
                             "declare float @hy.math.pow.f32(float, float)\n"
                             "define ptx_kernel void @kernel(float %x, ptr addrspace(1) %o) {\n"
                             "  %r = call float @hy.math.pow.f32(float %x, float %x)\n"
                             "  store float %r, ptr addrspace(1) %o\n  ret void\n}\n";
    auto module = parse(text, context);
    ASSERT_TRUE(linkDevlib(*module));
    EXPECT_EQ(module->getTargetTriple().str(), "nvptx64-nvidia-cuda");
    EXPECT_EQ(verify(*module), "");
    expectSelfContained(*module);
}

TEST(LinkErrors, UnknownFunctionIsNamed) {
    llvm::LLVMContext context;
    auto module = parse(callOnce({"bessel", "T", {"T"}}, "f32"), context);
    auto status = linkDevlib(*module);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(status.error().message.find("hy.math.bessel.f32"), std::string::npos) << status.error().message;
    EXPECT_FALSE(status.error().hint.empty());
}

TEST(LinkErrors, WrongSignatureIsNamed) {
    llvm::LLVMContext context;
    auto module = parse(callOnce({"frexp", "T", {"T"}}, "f32"), context);
    auto status = linkDevlib(*module);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(status.error().message.find("{ float, i32 } (float)"), std::string::npos) << status.error().message;
}

} // namespace
