#include "harness.h"

#include "jit/targets/nvptx/bfloat.h"
#include "jit/targets/nvptx/collectives.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include <stdlib.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

namespace halyard::jit::nvptx::test {

namespace {

uint32_t ptxVersion(const Lowering& lowering) {
    if (lowering.ptx != 0) {
        return lowering.ptx;
    }
    return lowering.sm >= 100 ? 86 : lowering.sm >= 90 ? 78 : lowering.sm >= 80 ? 70 : 65;
}

std::unique_ptr<llvm::TargetMachine> gpu(const Lowering& lowering) {
    static std::once_flag registered;
    std::call_once(registered, [] {
        LLVMInitializeNVPTXTargetInfo();
        LLVMInitializeNVPTXTarget();
        LLVMInitializeNVPTXTargetMC();
        LLVMInitializeNVPTXAsmPrinter();
    });
    std::string message;
    const llvm::Triple triple("nvptx64-nvidia-cuda");
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, message);
    if (target == nullptr) {
        throw std::runtime_error(message);
    }
    return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
        triple, "sm_" + std::to_string(lowering.sm), "+ptx" + std::to_string(ptxVersion(lowering)), {}, std::nullopt));
}

// What the target does with KIR's ids, for one dimension.
void lowerIds(llvm::Module& module) {
    const std::array<std::pair<const char*, llvm::Intrinsic::ID>, 2> ids{{
        {"hy.local_linear_id", llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x},
        {"hy.subgroup_local_id", llvm::Intrinsic::nvvm_read_ptx_sreg_laneid},
    }};
    for (const auto& [name, register_] : ids) {
        llvm::Function* function = module.getFunction(name);
        while (function != nullptr && !function->use_empty()) {
            auto* call = llvm::cast<llvm::CallInst>(*function->user_begin());
            llvm::IRBuilder<> at(call);
            call->replaceAllUsesWith(at.CreateZExt(at.CreateIntrinsic(register_, {}), call->getType()));
            call->eraseFromParent();
        }
    }
}

void optimiseModule(llvm::Module& module, llvm::TargetMachine& machine) {
    llvm::PassBuilder builder(&machine);
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager sccs;
    llvm::ModuleAnalysisManager modules;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

} // namespace

std::string kirText(const std::string& kernel, const std::string& declarations) {
    return kernel + declarations + R"(
declare i64 @hy.local_linear_id() #1
declare i32 @hy.subgroup_local_id() #1
declare void @hy.barrier(i32, i32, i32) #2
declare void @hy.region.begin(i32) #3
declare void @hy.region.end(i32) #3
attributes #0 = { "hy.kernel" convergent nounwind }
attributes #1 = { nounwind willreturn memory(none) }
attributes #2 = { convergent nounwind }
attributes #3 = { convergent nounwind willreturn memory(inaccessiblemem: readwrite) }
)";
}

std::unique_ptr<llvm::Module> lower(llvm::LLVMContext& context, const std::string& text, const Lowering& lowering) {
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module = llvm::parseAssemblyString(text, diagnostic, context);
    if (module == nullptr) {
        std::string message;
        llvm::raw_string_ostream stream(message);
        diagnostic.print("kir", stream);
        throw std::runtime_error(message);
    }
    const std::unique_ptr<llvm::TargetMachine> target = gpu(lowering);
    module->setTargetTriple(target->getTargetTriple());
    module->setDataLayout(target->createDataLayout());
    spv::KernelInfo info;
    info.name = "k";
    llvm::Function* kernel = module->getFunction("k");
    const spv::Status status =
        lowerCollectives(*module, *kernel, info, lowering.workgroupSize, lowering.sm, ptxVersion(lowering));
    if (!status) {
        throw std::runtime_error(status.error().message);
    }
    lowerBfloat(*kernel, lowering.sm);
    lowerIds(*module);
    kernel->setCallingConv(llvm::CallingConv::PTX_Kernel);
    std::string message;
    llvm::raw_string_ostream stream(message);
    if (llvm::verifyModule(*module, &stream)) {
        throw std::runtime_error(message);
    }
    if (lowering.optimise) {
        optimiseModule(*module, *target);
    }
    return module;
}

std::unique_ptr<WarpMachine> machine(const std::string& text, const Lowering& lowering) {
    auto holder = std::make_unique<ContextHolder>();
    std::unique_ptr<llvm::Module> module = lower(holder->context, text, lowering);
    return std::make_unique<WarpMachine>(std::move(module), std::move(holder));
}

std::string ptx(const std::string& text, const Lowering& lowering) {
    llvm::LLVMContext context;
    const std::unique_ptr<llvm::Module> module = lower(context, text, lowering);
    llvm::SmallString<0> bytes;
    llvm::raw_svector_ostream stream(bytes);
    llvm::legacy::PassManager passes;
    const std::unique_ptr<llvm::TargetMachine> target = gpu(lowering);
    if (target->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile)) {
        throw std::runtime_error("no PTX");
    }
    passes.run(*module);
    return std::string(bytes.str());
}

bool hasPtxas() {
    return HALYARD_TEST_PTXAS[0] != '\0';
}

std::string assemble(const std::string& ptx, uint32_t sm) {
    std::string path = ::testing::TempDir() + "warpXXXXXX";
    const int file = mkstemp(path.data());
    if (file < 0) {
        return "no temporary file";
    }
    close(file);
    std::ofstream(path) << ptx;
    // Newer toolkits know no sm_70, whose code runs on what comes after it.
    sm = std::max(sm, 75u);
    const std::string command = std::string(HALYARD_TEST_PTXAS) + " -arch=sm_" + std::to_string(sm) + " -o " + path +
                                ".cubin " + path + " > " + path + ".log 2>&1";
    const int result = system(command.c_str());
    std::stringstream said;
    said << std::ifstream(path + ".log").rdbuf();
    for (const char* suffix : {"", ".log", ".cubin"}) {
        unlink((path + suffix).c_str());
    }
    return result == 0 ? "" : "ptxas failed: " + said.str();
}

uint32_t count(const std::string& text, const std::string& what) {
    uint32_t found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

} // namespace halyard::jit::nvptx::test
