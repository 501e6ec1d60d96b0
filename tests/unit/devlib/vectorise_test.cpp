// Loops over the f32 functions become vector code: no call and no scalar remainder of the function's body in the loop.
#include "jit/devlib/devlib.h"
#include "kir.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include <memory>

namespace {

using namespace halyard::jit::devlib_test; // NOLINT(google-build-using-namespace): a test of exactly this

std::unique_ptr<llvm::TargetMachine> machine(const char* cpu) {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    std::string error;
    const llvm::Triple triple("x86_64-unknown-linux-gnu");
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        triple, cpu, "", llvm::TargetOptions(), llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

void optimise(llvm::Module& module, llvm::TargetMachine& target) {
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager sccs;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder(&target);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

std::string assembly(llvm::Module& module, llvm::TargetMachine& target) {
    llvm::SmallVector<char, 0> text;
    llvm::raw_svector_ostream stream(text);
    llvm::legacy::PassManager passes;
    EXPECT_FALSE(target.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile));
    passes.run(module);
    return {text.begin(), text.end()};
}

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
    const auto target = machine("x86-64-v3");
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
