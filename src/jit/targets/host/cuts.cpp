#include "jit/targets/host/cuts.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"
#include "jit/targets/host/reconvergence.h"

#include <algorithm>

#include <llvm/ADT/DenseMap.h>
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
    Planner(llvm::Function& kernel, bool liftUniformLoops, bool leavesToMeet)
        : divergent(leavesToMeet), dominators_(kernel), postDominators_(kernel), loops_(dominators_),
          uniformity_(kernel, postDominators_, loops_) {
        for (Instruction& instruction : llvm::instructions(kernel)) {
            const Builtin builtin = builtinOf(instruction);
            if (builtin != Builtin::Barrier && builtin != Builtin::Collective) {
                continue;
            }
            auto* call = llvm::cast<llvm::CallInst>(&instruction);
            calls.push_back(call);
            cutBlocks_.insert(call->getParent());
            // SPIR-V wants workgroup barriers to be met by all or by none, but kernels that return early in some
            // invocations and go on to a barrier in the others are common, and every GPU runs them.
            divergent = divergent || !uniformity_.isUniformlyExecuted(*call->getParent());
        }
        if (divergent) {
            return;
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

    std::vector<llvm::CallInst*> calls; // barriers and operations
    bool divergent;                     // invocations may come to an operation at different times
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
               llvm::none_of(*header, [](const Instruction& instruction) {
                   return instruction.mayReadOrWriteMemory() && builtinOf(instruction) != Builtin::RegionBegin;
               });
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

bool waitsForGrid(const llvm::CallInst& barrier) {
    const auto* scope = llvm::dyn_cast<llvm::ConstantInt>(barrier.getArgOperand(0));
    return scope != nullptr && scope->getZExtValue() == kir::kScopeIdDevice;
}

// Gives the barrier or operation a cut of its own.
Cut cutAt(llvm::CallInst& call, Mailboxes& mailboxes, bool together) {
    BasicBlock* alone = call.getParent()->splitBasicBlock(call.getIterator(), "meet");
    alone->splitBasicBlock(std::next(call.getIterator()), "resume");
    Cut cut;
    cut.block = alone;
    cut.together = true;
    if (builtinOf(call) == Builtin::Collective) {
        cut.exchange = mailboxes.take(call, together);
        return cut;
    }
    cut.deviceFence = reachesBeyondWorkgroup(call);
    cut.wholeGrid = waitsForGrid(call);
    call.eraseFromParent();
    return cut;
}

void formDispatchedCuts(llvm::Function& kernel, const std::vector<llvm::CallInst*>& calls, Mailboxes& mailboxes,
                        CutList& list) {
    const std::vector<BasicBlock*> backEdges = cutBackEdges(kernel, calls);
    for (llvm::CallInst* call : calls) {
        list.cuts.push_back(cutAt(*call, mailboxes, /*together=*/false));
    }
    for (BasicBlock* edge : backEdges) {
        list.cuts.push_back(Cut{.block = edge});
    }
    llvm::DenseMap<const BasicBlock*, size_t> number;
    for (const BasicBlock* block : reconvergenceOrder(kernel, backEdges)) {
        number.try_emplace(block, number.size());
    }
    number[list.exit] = kernel.size();
    std::sort(list.cuts.begin(), list.cuts.end(),
              [&](const Cut& a, const Cut& b) { return number.lookup(a.block) < number.lookup(b.block); });
    dropRegions(kernel);
}

} // namespace

CutList formCuts(llvm::Function& kernel, bool liftUniformLoops) {
    llvm::removeUnreachableBlocks(kernel);
    CutList list;
    list.exit = unifyReturns(kernel);
    list.cuts.push_back(Cut{.block = list.exit});
    // All may leave such a loop, and so look uniform, but not in the same iteration.
    const bool leavesToMeet = keepRegions(kernel);
    Planner plan(kernel, liftUniformLoops, leavesToMeet);
    Mailboxes mailboxes(kernel);
    list.dispatched = plan.divergent;
    if (plan.divergent) {
        formDispatchedCuts(kernel, plan.calls, mailboxes, list);
        list.mailboxes = mailboxes.all();
        return list;
    }
    dropRegions(kernel);
    for (llvm::CallInst* call : plan.calls) {
        list.cuts.push_back(cutAt(*call, mailboxes, /*together=*/true));
    }
    list.mailboxes = mailboxes.all();
    for (BasicBlock* header : plan.headers) {
        BasicBlock* alone = header->splitBasicBlock(header->getFirstNonPHIIt(), "join");
        alone->splitBasicBlock(alone->begin(), "iteration");
        list.cuts.push_back(Cut{.block = alone});
    }
    for (Instruction* branch : plan.branches) {
        BasicBlock* alone = branch->getParent()->splitBasicBlock(branch->getIterator(), "decide");
        list.cuts.push_back(Cut{.block = alone});
    }
    for (Instruction* branch : plan.branches) {
        for (unsigned i = 0; i < branch->getNumSuccessors(); ++i) {
            splitEdge(*branch, i);
        }
    }
    return list;
}

} // namespace halyard::jit::host
