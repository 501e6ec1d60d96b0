#include "jit/passes/optimise.h"

#include "jit/passes/analyses.h"
#include "jit/passes/canonical_iv.h"
#include "jit/passes/masked_indices.h"
#include "jit/passes/private_arrays.h"
#include "jit/passes/split_shifts.h"

#include <llvm/IR/Module.h>
#include <llvm/Support/ErrorHandling.h>

namespace halyard::jit {

namespace {

// No loop rotation (it would duplicate loop headers, and a loop that exits at the top needs the fewest context arrays),
// and no vectorisation (the work-items are the lanes).
constexpr const char* kTidy = "function(sroa<modify-cfg>,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>,"
                              "loop-simplify,lcssa,loop(indvars))";
constexpr const char* kUnroll = "function(loop(loop-unroll-full),"
                                "sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,adce,"
                                "mergereturn,loop-simplify),globaldce";
constexpr const char* kFinish = "function(early-cse<memssa>,adce,loop-simplify)";

constexpr const char* kLanes = "early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,adce,loop-simplify";

void parse(llvm::PassBuilder& builder, llvm::ModulePassManager& passes, const char* pipeline) {
    if (llvm::Error error = builder.parsePassPipeline(passes, pipeline)) {
        llvm::report_fatal_error(std::move(error));
    }
}

} // namespace

void simplify(llvm::Module& module, llvm::TargetMachine& machine, uint64_t arrayBytes) {
    Analyses analyses(&machine);
    llvm::ModulePassManager passes;
    parse(analyses.builder, passes, kTidy);
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(UnrollPrivateArraysPass(arrayBytes)));
    parse(analyses.builder, passes, kUnroll);
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(CanonicalIvPass()));
    parse(analyses.builder, passes, kFinish);
    passes.run(module, analyses.modules);
}

void tidy(llvm::Function& function, llvm::TargetMachine& machine) {
    Analyses analyses(&machine);
    llvm::FunctionPassManager passes;
    if (llvm::Error error = analyses.builder.parsePassPipeline(passes, kLanes)) {
        llvm::report_fatal_error(std::move(error));
    }
    passes.run(function, analyses.functions);
}

void optimise(llvm::Module& module, llvm::TargetMachine& machine) {
    llvm::PipelineTuningOptions options;
    options.LoopInterleaving = true;
    options.LoopVectorization = true;
    options.SLPVectorization = true;
    Analyses analyses(&machine, options);
    llvm::ModulePassManager passes = analyses.builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
    passes.run(module, analyses.modules);
}

void shareIndices(llvm::Module& module, llvm::TargetMachine& machine) {
    Analyses analyses(&machine);
    llvm::ModulePassManager passes;
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(MaskedIndicesPass()));
    passes.addPass(llvm::createModuleToFunctionPassAdaptor(SplitShiftsPass()));
    parse(analyses.builder, passes, "function(early-cse,instcombine<no-verify-fixpoint>,gvn,adce)");
    passes.run(module, analyses.modules);
}

void removeRepetitions(llvm::Module& module, llvm::TargetMachine& machine) {
    Analyses analyses(&machine);
    llvm::ModulePassManager passes;
    parse(analyses.builder, passes, "function(early-cse,adce)");
    passes.run(module, analyses.modules);
}

} // namespace halyard::jit
