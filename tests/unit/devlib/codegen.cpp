#include "codegen.h"

#include <gtest/gtest.h>

#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#define HALYARD_INITIALIZE(target)                                                                                     \
    LLVMInitialize##target##TargetInfo();                                                                              \
    LLVMInitialize##target##Target();                                                                                  \
    LLVMInitialize##target##TargetMC();                                                                                \
    LLVMInitialize##target##AsmPrinter()

namespace halyard::jit::devlib_test {

std::unique_ptr<llvm::TargetMachine> machine(const char* triple, const char* cpu) {
    HALYARD_INITIALIZE(X86);
    HALYARD_INITIALIZE(NVPTX);
    HALYARD_INITIALIZE(AMDGPU);
    std::string error;
    const llvm::Triple parsed(triple);
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(parsed, error);
    if (target == nullptr) {
        return nullptr;
    }
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        parsed, cpu, "", llvm::TargetOptions(), llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
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

} // namespace halyard::jit::devlib_test
