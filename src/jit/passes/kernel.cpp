#include "jit/passes/kernel.h"

#include "jit/kir.h"
#include "jit/passes/analyses.h"
#include "jit/passes/builtin.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/IPO/AlwaysInliner.h>
#include <llvm/Transforms/IPO/GlobalDCE.h>

namespace halyard::jit {

using llvm::CallInst;
using llvm::Function;

spv::Result<Function*> findKernel(llvm::Module& module) {
    Function* found = nullptr;
    for (Function& function : module) {
        if (!function.hasFnAttribute(llvm::StringRef(kir::kKernelAttribute))) {
            continue;
        }
        if (found != nullptr || function.isDeclaration()) {
            return spv::Error{HY_ERROR_INTERNAL, "the imported module has more than one kernel or one without a body",
                              ""};
        }
        found = &function;
    }
    if (found == nullptr) {
        return spv::Error{HY_ERROR_INTERNAL, "the imported module has no kernel", ""};
    }
    return found;
}

spv::Status inlineAll(llvm::Module& module, Function& kernel) {
    for (Function& function : module) {
        function.removeFnAttr(llvm::Attribute::OptimizeNone);
        if (&function == &kernel) {
            function.removeFnAttr(llvm::Attribute::AlwaysInline);
            continue;
        }
        if (!function.isDeclaration()) {
            function.setLinkage(llvm::GlobalValue::InternalLinkage);
            function.removeFnAttr(llvm::Attribute::NoInline);
            function.addFnAttr(llvm::Attribute::AlwaysInline);
        }
    }
    Analyses analyses(nullptr);
    llvm::ModulePassManager passes;
    passes.addPass(llvm::AlwaysInlinerPass(/*InsertLifetime=*/true));
    passes.addPass(llvm::GlobalDCEPass());
    passes.run(module, analyses.modules);

    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
        if (call == nullptr || call->isInlineAsm()) {
            continue;
        }
        const Function* callee = call->getCalledFunction();
        if (callee == nullptr) {
            return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                              "kernel '" + kernel.getName().str() + "' makes an indirect call",
                              "function pointers are not supported"};
        }
        if (!callee->isDeclaration()) {
            return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                              "function '" + callee->getName().str() + "' cannot be inlined into kernel '" +
                                  kernel.getName().str() + "'",
                              "recursion is not supported"};
        }
    }
    return spv::Unit{};
}

void applyWorkgroupSize(Function& kernel, const std::array<uint32_t, 3>& size) {
    llvm::SmallVector<CallInst*, 16> calls;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        if (auto* call = llvm::dyn_cast<CallInst>(&instruction)) {
            calls.push_back(call);
        }
    }
    for (CallInst* call : calls) {
        const Builtin builtin = builtinOf(*call);
        const auto dimension = builtinDimension(*call);
        if (builtin == Builtin::None || !dimension || *dimension > 2) {
            continue;
        }
        const uint32_t known = size[*dimension];
        llvm::IRBuilder<> at(call);
        llvm::Value* value = nullptr;
        if (builtin == Builtin::GlobalSize) {
            llvm::Module& module = *kernel.getParent();
            llvm::FunctionCallee groups = builtinDeclaration(module, kir::kNumGroups);
            llvm::FunctionCallee local = builtinDeclaration(module, kir::kLocalSize);
            llvm::Value* dim = at.getInt32(*dimension);
            llvm::Value* items = known != 0 ? static_cast<llvm::Value*>(at.getInt64(known)) : at.CreateCall(local, dim);
            value = at.CreateMul(at.CreateCall(groups, dim), items, "", true, true);
        } else if (known != 0 && builtin == Builtin::LocalSize) {
            value = at.getInt64(known);
        } else if (known == 1 && builtin == Builtin::LocalId) {
            value = at.getInt64(0);
        }
        if (value != nullptr) {
            call->replaceAllUsesWith(value);
            call->eraseFromParent();
        }
    }
}

void liftQueries(Function& kernel) {
    llvm::DenseMap<std::pair<const Function*, unsigned>, CallInst*> first;
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        auto* call = llvm::dyn_cast<CallInst>(&instruction);
        const auto dimension =
            call != nullptr && isQuery(builtinOf(*call)) ? builtinDimension(*call) : std::optional<unsigned>();
        if (!dimension) {
            continue;
        }
        CallInst*& kept = first[{call->getCalledFunction(), *dimension}];
        if (kept == nullptr) {
            kept = call;
            call->moveBefore(kernel.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
            call->setDebugLoc({});
        } else {
            call->replaceAllUsesWith(kept);
            call->eraseFromParent();
        }
    }
}

void applySubgroupSize(Function& kernel, uint32_t subgroupSize, bool countsPartial,
                       const std::array<uint32_t, 3>& workgroupSize) {
    const uint64_t items = uint64_t{workgroupSize[0]} * workgroupSize[1] * workgroupSize[2];
    const bool allFull = !countsPartial || (items != 0 && items % subgroupSize == 0);
    llvm::SmallVector<llvm::Instruction*, 8> known;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        const Builtin builtin = builtinOf(instruction);
        if (builtin == Builtin::SubgroupMaxSize || (allFull && builtin == Builtin::SubgroupSize)) {
            known.push_back(&instruction);
        }
    }
    for (llvm::Instruction* query : known) {
        query->replaceAllUsesWith(llvm::ConstantInt::get(query->getType(), subgroupSize));
        query->eraseFromParent();
    }
}

void dropLoopHints(Function& kernel) {
    for (llvm::BasicBlock& block : kernel) {
        llvm::Instruction* terminator = block.getTerminator();
        llvm::MDNode* loop = terminator->getMetadata(llvm::LLVMContext::MD_loop);
        if (loop == nullptr) {
            continue;
        }
        llvm::SmallVector<llvm::Metadata*, 4> kept{nullptr};
        for (const llvm::MDOperand& operand : llvm::drop_begin(loop->operands())) {
            auto* node = llvm::dyn_cast<llvm::MDNode>(operand);
            auto* name = node != nullptr && node->getNumOperands() > 0
                             ? llvm::dyn_cast<llvm::MDString>(node->getOperand(0))
                             : nullptr;
            if (name != nullptr &&
                (name->getString() == "llvm.loop.unroll.enable" || name->getString() == "llvm.loop.unroll.full" ||
                 name->getString() == "llvm.loop.unroll.count")) {
                kept.push_back(node);
            }
        }
        llvm::MDNode* replacement = nullptr;
        if (kept.size() > 1) {
            replacement = llvm::MDNode::getDistinct(kernel.getContext(), kept);
            replacement->replaceOperandWith(0, replacement);
        }
        terminator->setMetadata(llvm::LLVMContext::MD_loop, replacement);
    }
}

} // namespace halyard::jit
