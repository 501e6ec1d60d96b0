// LLVM's analyses, registered and connected, as every pipeline needs them.
#pragma once

#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit {

// Lives as long as the pipeline runs. Without a machine the cost model guesses.
struct Analyses {
    explicit Analyses(llvm::TargetMachine* machine, llvm::PipelineTuningOptions options = {})
        : builder(machine, options) {
        builder.registerModuleAnalyses(modules);
        builder.registerCGSCCAnalyses(sccs);
        builder.registerFunctionAnalyses(functions);
        builder.registerLoopAnalyses(loops);
        builder.crossRegisterProxies(loops, functions, sccs, modules);
    }
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager sccs;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder;
};

} // namespace halyard::jit
