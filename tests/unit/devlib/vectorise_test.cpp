// Loops over the f32 functions become vector code: no call and no scalar remainder of the function's body in the loop.
#include "codegen.h"
#include "jit/devlib/devlib.h"
#include "kir.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

namespace {

using namespace halyard::jit::devlib_test; // NOLINT(google-build-using-namespace): a test of exactly this

// Vector arithmetic on floats, in the optimised IR.
bool hasVectorArithmetic(const llvm::Module& module) {
    for (const llvm::Instruction& instruction : llvm::instructions(*module.getFunction("kernel"))) {
        const auto* type = llvm::dyn_cast<llvm::FixedVectorType>(instruction.getType());
        if (type != nullptr && type->getNumElements() >= 8 && type->getElementType()->isFloatTy() &&
            !llvm::isa<llvm::LoadInst>(instruction)) {
            return true;
        }
    }
    return false;
}

class Vectorise : public testing::TestWithParam<Signature> {};

TEST_P(Vectorise, LoopOverF32) {
    llvm::LLVMContext context;
    llvm::SMDiagnostic diagnostic;
    auto module = llvm::parseAssemblyString(callInLoop(GetParam(), "f32"), diagnostic, context);
    ASSERT_NE(module, nullptr) << diagnostic.getMessage().str();
    auto status = halyard::jit::linkDevlib(*module);
    ASSERT_TRUE(status) << status.error().message;
    const auto target = machine("x86_64-unknown-linux-gnu", "x86-64-v3");
    ASSERT_NE(target, nullptr);
    optimise(*module, *target);
    EXPECT_TRUE(hasVectorArithmetic(*module));
    const std::string text = assembly(*module, *target);
    EXPECT_EQ(text.find("call"), std::string::npos);
    EXPECT_NE(text.find("ymm"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Functions, Vectorise, testing::ValuesIn(signatures()),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace
