#include "jit/passes/canonical_iv.h"

#include "jit/passes/narrow_phis.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

namespace halyard::jit {

namespace {

using llvm::PHINode;
using llvm::Value;

// A 64-bit counter of iterations in the header of `loop`.
PHINode* makeCounter(const llvm::Loop& loop) {
    llvm::BasicBlock* header = loop.getHeader();
    llvm::IRBuilder<> at(header, header->begin());
    PHINode* counter = at.CreatePHI(at.getInt64Ty(), 2, "iv");
    at.SetInsertPoint(loop.getLoopLatch()->getTerminator());
    counter->addIncoming(at.getInt64(0), loop.getLoopPreheader());
    counter->addIncoming(at.CreateAdd(counter, at.getInt64(1), "iv.next", /*HasNUW=*/true), loop.getLoopLatch());
    return counter;
}

// Counters of the loop itself, which are the same for all work-items and carry no-wrap marks worth keeping.
bool isLeftAlone(const PHINode& phi, const llvm::BasicBlock& preheader) {
    const auto width = phi.getType()->isIntegerTy() ? phi.getType()->getIntegerBitWidth() : 64;
    return width > 64 || !llvm::isa<llvm::Instruction>(phi.getIncomingValueForBlock(&preheader));
}

bool rewriteLoop(llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
    if (!loop.isLoopSimplifyForm()) {
        return false;
    }
    llvm::SmallVector<std::pair<PHINode*, const llvm::SCEVAddRecExpr*>, 8> inductions;
    for (PHINode& phi : loop.getHeader()->phis()) {
        const auto* recurrence = evolution.isSCEVable(phi.getType())
                                     ? llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(&phi))
                                     : nullptr;
        if (recurrence != nullptr && recurrence->isAffine() && recurrence->getLoop() == &loop &&
            !isLeftAlone(phi, *loop.getLoopPreheader())) {
            inductions.emplace_back(&phi, recurrence);
        }
    }
    if (inductions.empty()) {
        return false;
    }
    llvm::SCEVExpander expander(evolution, "iv", /*PreserveLCSSA=*/false);
    llvm::Instruction* before = loop.getLoopPreheader()->getTerminator();
    PHINode* counter = nullptr;
    llvm::SmallVector<llvm::WeakTrackingVH, 8> dead;
    for (const auto& [phi, recurrence] : inductions) {
        const llvm::SCEV* step = recurrence->getOperand(1);
        if (!expander.isSafeToExpandAt(step, before)) {
            continue;
        }
        counter = counter != nullptr ? counter : makeCounter(loop);
        llvm::IRBuilder<> at(loop.getHeader(), loop.getHeader()->getFirstInsertionPt());
        Value* start = phi->getIncomingValueForBlock(loop.getLoopPreheader());
        llvm::Type* type = phi->getType()->isPointerTy() ? at.getInt64Ty() : phi->getType();
        Value* distance = at.CreateMul(at.CreateTrunc(counter, type), expander.expandCodeFor(step, type, before));
        Value* value = phi->getType()->isPointerTy() ? at.CreateGEP(at.getInt8Ty(), start, distance)
                                                     : at.CreateAdd(start, distance);
        evolution.forgetValue(phi);
        phi->replaceAllUsesWith(value);
        dead.emplace_back(phi);
    }
    for (const llvm::WeakTrackingVH& handle : dead) {
        if (auto* phi = llvm::dyn_cast_or_null<PHINode>(static_cast<Value*>(handle))) {
            llvm::RecursivelyDeleteTriviallyDeadInstructions(phi);
        }
    }
    return counter != nullptr;
}

} // namespace

llvm::PreservedAnalyses CanonicalIvPass::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
    bool changed = narrowPhis(function);
    if (changed) {
        llvm::PreservedAnalyses kept;
        kept.preserveSet<llvm::CFGAnalyses>();
        analyses.invalidate(function, kept);
    }
    auto& loops = analyses.getResult<llvm::LoopAnalysis>(function);
    auto& evolution = analyses.getResult<llvm::ScalarEvolutionAnalysis>(function);
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
        changed = rewriteLoop(*loop, evolution) || changed;
    }
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

} // namespace halyard::jit
