#include "jit/targets/host/cancel_polls.h"

#include "jit/host_kernel_abi.h"

#include <cstddef>
#include <vector>

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

namespace {

using llvm::BasicBlock;
using llvm::Function;
using llvm::Value;

// One branch back to the head of a loop that nobody can tell the end of.
struct BackEdge {
    BasicBlock* latch;
    BasicBlock* header;
};

std::vector<BackEdge> unboundedBackEdges(Function& function) {
    llvm::DominatorTree dominators(function);
    llvm::LoopInfo loops(dominators);
    llvm::AssumptionCache assumptions(function);
    const llvm::TargetLibraryInfoImpl noLibrary(function.getParent()->getTargetTriple());
    llvm::TargetLibraryInfo library(noLibrary);
    llvm::ScalarEvolution evolution(function, library, assumptions, dominators, loops);
    std::vector<BackEdge> edges;
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
        if (!llvm::isa<llvm::SCEVCouldNotCompute>(evolution.getSymbolicMaxBackedgeTakenCount(loop))) {
            continue;
        }
        llvm::SmallVector<BasicBlock*, 4> latches;
        loop->getLoopLatches(latches);
        for (BasicBlock* latch : latches) {
            // A way back by two edges at once would need two entries in each phi.
            if (llvm::count(llvm::successors(latch), loop->getHeader()) == 1) {
                edges.push_back({latch, loop->getHeader()});
            }
        }
    }
    return edges;
}

Value* loadCancelAddress(Function& run) {
    llvm::IRBuilder<> at(&*run.getEntryBlock().getFirstNonPHIOrDbgOrAlloca());
    return at.CreateLoad(at.getPtrTy(),
                         at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), run.getArg(0), offsetof(HyHostLaunch, cancel)));
}

void insertPolls(Function& function, const std::vector<BackEdge>& edges, Value* cancel) {
    llvm::LLVMContext& context = function.getContext();
    auto* stopped = BasicBlock::Create(context, "stopped", &function);
    llvm::ReturnInst::Create(context, stopped);
    for (const BackEdge& edge : edges) {
        auto* poll = BasicBlock::Create(context, "poll", &function, edge.header);
        llvm::IRBuilder<> at(poll);
        Value* flag = at.CreateLoad(at.getInt32Ty(), cancel, /*isVolatile=*/true);
        at.CreateCondBr(at.CreateICmpNE(flag, at.getInt32(0)), stopped, edge.header,
                        llvm::MDBuilder(context).createUnlikelyBranchWeights());
        edge.latch->getTerminator()->replaceSuccessorWith(edge.header, poll);
        edge.header->replacePhiUsesWith(edge.latch, poll);
    }
}

// The same function with one more parameter, which every call gives.
Function* addParameter(Function& function, const std::vector<llvm::CallInst*>& calls, Value* argument) {
    std::vector<llvm::Type*> types(function.getFunctionType()->params().vec());
    types.push_back(argument->getType());
    auto* type = llvm::FunctionType::get(function.getReturnType(), types, false);
    Function* wider = Function::Create(type, function.getLinkage(), "", function.getParent());
    wider->takeName(&function);
    wider->copyAttributesFrom(&function);
    wider->setSubprogram(function.getSubprogram());
    wider->splice(wider->end(), &function);
    for (unsigned i = 0; i < function.arg_size(); ++i) {
        function.getArg(i)->replaceAllUsesWith(wider->getArg(i));
    }
    for (llvm::CallInst* call : calls) {
        std::vector<Value*> operands(call->arg_begin(), call->arg_end());
        operands.push_back(argument);
        auto* replacement = llvm::CallInst::Create(wider, operands, "", call->getIterator());
        replacement->setCallingConv(call->getCallingConv());
        replacement->setDebugLoc(call->getDebugLoc());
        call->eraseFromParent();
    }
    function.eraseFromParent();
    return wider;
}

// The calls of `function` when all of them are in `caller` and nothing else uses it; else none.
std::vector<llvm::CallInst*> callsFrom(const Function& caller, Function& function) {
    std::vector<llvm::CallInst*> calls;
    for (llvm::User* user : function.users()) {
        auto* call = llvm::dyn_cast<llvm::CallInst>(user);
        if (call == nullptr || call->getCalledOperand() != &function || call->getFunction() != &caller) {
            return {};
        }
        calls.push_back(call);
    }
    return calls;
}

} // namespace

void pollCancel(llvm::Module& module) {
    Function* run = module.getFunction("hyHostKernelRun");
    if (run == nullptr || run->isDeclaration()) {
        return;
    }
    Value* cancel = nullptr;
    const auto address = [&] { return cancel != nullptr ? cancel : cancel = loadCancelAddress(*run); };
    // The code for wide ids is a function of its own.
    std::vector<Function*> others;
    for (Function& function : module) {
        if (&function != run && !function.isDeclaration() && function.getReturnType()->isVoidTy()) {
            others.push_back(&function);
        }
    }
    for (Function* other : others) {
        const std::vector<BackEdge> edges = unboundedBackEdges(*other);
        const std::vector<llvm::CallInst*> calls = callsFrom(*run, *other);
        if (!edges.empty() && !calls.empty()) {
            Function* wider = addParameter(*other, calls, address());
            insertPolls(*wider, edges, wider->getArg(wider->arg_size() - 1));
        }
    }
    if (const std::vector<BackEdge> edges = unboundedBackEdges(*run); !edges.empty()) {
        insertPolls(*run, edges, address());
    }
}

} // namespace halyard::jit::host
