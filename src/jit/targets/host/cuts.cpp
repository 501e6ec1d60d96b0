#include "jit/targets/host/cuts.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Local.h>

namespace halyard::jit::host {

using llvm::BasicBlock;
using llvm::Instruction;

const Cut* CutList::find(const BasicBlock* block) const {
    for (const Cut& cut : cuts) {
        if (cut.block == block) {
            return &cut;
        }
    }
    return nullptr;
}

namespace {

BasicBlock* unifyReturns(llvm::Function& kernel) {
    llvm::SmallVector<llvm::ReturnInst*, 4> returns;
    for (BasicBlock& block : kernel) {
        if (auto* terminator = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator())) {
            returns.push_back(terminator);
        }
    }
    BasicBlock* exit = BasicBlock::Create(kernel.getContext(), "exit", &kernel);
    llvm::ReturnInst::Create(kernel.getContext(), exit);
    for (llvm::ReturnInst* terminator : returns) {
        llvm::BranchInst::Create(exit, terminator->getIterator());
        terminator->eraseFromParent();
    }
    return exit;
}

class Planner {
public:
    Planner(llvm::Function& kernel, bool liftUniformLoops)
        : dominators_(kernel), postDominators_(kernel), loops_(dominators_),
          uniformity_(kernel, postDominators_, loops_) {
        for (Instruction& instruction : llvm::instructions(kernel)) {
            if (builtinOf(instruction) == Builtin::Barrier) {
                barriers.push_back(llvm::cast<llvm::CallInst>(&instruction));
                cutBlocks_.insert(instruction.getParent());
            }
        }
        for (llvm::Loop* loop : loops_.getLoopsInPreorder()) {
            if (liftUniformLoops && isWorthLifting(*loop)) {
                liftExits(*loop);
            }
        }
        for (BasicBlock& block : kernel) {
            if (block.getTerminator()->getNumSuccessors() > 1 && uniformity_.hasUniformTerminator(block) &&
                guardsCut(block)) {
                branches.insert(block.getTerminator());
            }
        }
        for (llvm::Loop* loop : loops_.getLoopsInPreorder()) {
            if (containsCut(*loop) && uniformity_.isUniformlyExecuted(*loop->getHeader()) && !exitsAtTop(*loop)) {
                headers.push_back(loop->getHeader());
            }
        }
    }

    llvm::SmallVector<llvm::CallInst*, 8> barriers;
    llvm::SmallSetVector<Instruction*, 8> branches;
    llvm::SmallVector<BasicBlock*, 8> headers;

private:
    bool guardsCut(BasicBlock& block) const {
        const auto* node = postDominators_.getNode(&block);
        const auto* idom = node != nullptr ? node->getIDom() : nullptr;
        const BasicBlock* join = idom != nullptr ? idom->getBlock() : nullptr;
        llvm::SmallPtrSet<const BasicBlock*, 16> seen;
        llvm::SmallVector<BasicBlock*, 16> pending(llvm::successors(&block));
        while (!pending.empty()) {
            BasicBlock* current = pending.pop_back_val();
            if (current == join || !seen.insert(current).second) {
                continue;
            }
            if (cutBlocks_.contains(current)) {
                return true;
            }
            pending.append(llvm::succ_begin(current), llvm::succ_end(current));
        }
        return false;
    }

    // A uniform loop pays for being outside of the work-item loop when it touches memory at per-item addresses and has
    // no control flow of its own that would keep the work-item loop from being innermost.
    bool isWorthLifting(const llvm::Loop& loop) const {
        llvm::SmallVector<BasicBlock*, 4> exiting;
        loop.getExitingBlocks(exiting);
        if (!uniformity_.isUniformlyExecuted(*loop.getHeader()) || exiting.empty()) {
            return false;
        }
        if (llvm::any_of(exiting, [&](BasicBlock* block) { return !uniformity_.hasUniformTerminator(*block); })) {
            return false;
        }
        for (const BasicBlock* block : loop.blocks()) {
            for (const Instruction& instruction : *block) {
                const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
                if (pointer != nullptr && !uniformity_.isUniform(*pointer) &&
                    !llvm::isa<llvm::AllocaInst>(llvm::getUnderlyingObject(pointer))) {
                    return true;
                }
            }
        }
        return false;
    }

    void liftExits(const llvm::Loop& loop) {
        llvm::SmallVector<BasicBlock*, 4> exiting;
        loop.getExitingBlocks(exiting);
        for (BasicBlock* block : exiting) {
            branches.insert(block->getTerminator());
            cutBlocks_.insert(block);
        }
    }

    // The cut at the top then serves the first iteration too, and little besides the condition is before it.
    bool exitsAtTop(const llvm::Loop& loop) const {
        const BasicBlock* header = loop.getHeader();
        return branches.contains(const_cast<Instruction*>(header->getTerminator())) && header != loop.getLoopLatch() &&
               llvm::none_of(*header,
                             [](const Instruction& instruction) { return instruction.mayReadOrWriteMemory(); });
    }

    bool containsCut(const llvm::Loop& loop) const {
        return llvm::any_of(loop.blocks(), [&](BasicBlock* block) {
            return cutBlocks_.contains(block) || branches.contains(block->getTerminator());
        });
    }

    llvm::DominatorTree dominators_;
    llvm::PostDominatorTree postDominators_;
    llvm::LoopInfo loops_;
    Uniformity uniformity_;
    llvm::SmallPtrSet<const BasicBlock*, 8> cutBlocks_;
};

// Gives successor `index` of `terminator` a block of its own, so that what follows the cut starts at one place.
void splitEdge(Instruction& terminator, unsigned index) {
    BasicBlock* from = terminator.getParent();
    BasicBlock* to = terminator.getSuccessor(index);
    if (to->getUniquePredecessor() == from && llvm::count(llvm::successors(from), to) == 1) {
        return;
    }
    BasicBlock* edge = BasicBlock::Create(from->getContext(), "edge", from->getParent(), to);
    llvm::BranchInst::Create(to, edge);
    terminator.setSuccessor(index, edge);
    for (llvm::PHINode& phi : to->phis()) {
        phi.setIncomingBlock(static_cast<unsigned>(phi.getBasicBlockIndex(from)), edge);
    }
}

bool reachesBeyondWorkgroup(const llvm::CallInst& barrier) {
    const auto* scope = llvm::dyn_cast<llvm::ConstantInt>(barrier.getArgOperand(1));
    const auto* semantics = llvm::dyn_cast<llvm::ConstantInt>(barrier.getArgOperand(2));
    if (semantics != nullptr && semantics->isZero()) {
        return false;
    }
    return scope == nullptr || scope->getZExtValue() < kir::kScopeIdWorkgroup;
}

} // namespace

CutList formCuts(llvm::Function& kernel, bool liftUniformLoops) {
    llvm::removeUnreachableBlocks(kernel);
    CutList list;
    list.exit = unifyReturns(kernel);
    Planner plan(kernel, liftUniformLoops);
    list.cuts.push_back({list.exit, false});
    for (llvm::CallInst* barrier : plan.barriers) {
        BasicBlock* block = barrier->getParent();
        BasicBlock* alone = block->splitBasicBlock(barrier->getIterator(), "barrier");
        alone->splitBasicBlock(std::next(barrier->getIterator()), "resume");
        list.cuts.push_back({alone, reachesBeyondWorkgroup(*barrier)});
        barrier->eraseFromParent();
    }
    for (BasicBlock* header : plan.headers) {
        BasicBlock* alone = header->splitBasicBlock(header->getFirstNonPHIIt(), "join");
        alone->splitBasicBlock(alone->begin(), "iteration");
        list.cuts.push_back({alone, false});
    }
    for (Instruction* branch : plan.branches) {
        BasicBlock* alone = branch->getParent()->splitBasicBlock(branch->getIterator(), "decide");
        list.cuts.push_back({alone, false});
    }
    for (Instruction* branch : plan.branches) {
        for (unsigned i = 0; i < branch->getNumSuccessors(); ++i) {
            splitEdge(*branch, i);
        }
    }
    return list;
}

} // namespace halyard::jit::host
