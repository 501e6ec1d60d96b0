#include "jit/passes/uniformity.h"

#include "jit/passes/builtin.h"
#include "jit/passes/collective.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit {

using llvm::BasicBlock;
using llvm::Instruction;

namespace {

// One answer for the workgroup, whatever the invocations put in.
bool isAlwaysUniform(const Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    if (call == nullptr || builtinOf(*call) != Builtin::Collective) {
        return false;
    }
    const auto collective = collectiveOf(*call);
    return collective && isWorkgroupUniform(*collective);
}

} // namespace

Uniformity::Uniformity(llvm::Function& function, const llvm::PostDominatorTree& postDominators,
                       const llvm::LoopInfo& loops)
    : postDominators_(postDominators), loops_(loops) {
    for (Instruction& instruction : llvm::instructions(function)) {
        if (isSource(instruction) && divergent_.insert(&instruction).second) {
            work_.push_back(&instruction);
        }
    }
    while (!work_.empty()) {
        const llvm::Value* value = work_.pop_back_val();
        for (const llvm::User* user : value->users()) {
            const auto* instruction = llvm::cast<Instruction>(user);
            if (isAlwaysUniform(*instruction) || !divergent_.insert(instruction).second) {
                continue;
            }
            work_.push_back(instruction);
            if (instruction->isTerminator() && instruction->getNumSuccessors() > 1) {
                spreadBranch(*const_cast<BasicBlock*>(instruction->getParent()));
            }
        }
    }
}

bool Uniformity::hasUniformTerminator(const BasicBlock& block) const {
    return isUniformlyExecuted(block) && isUniform(*block.getTerminator());
}

bool Uniformity::isSource(const Instruction& instruction) const {
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return !load->isSimple();
    }
    if (llvm::isa<llvm::AllocaInst, llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst, llvm::FreezeInst>(instruction)) {
        return true;
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        const Builtin builtin = builtinOf(*call);
        if (isQuery(builtin)) {
            return isPerItem(builtin);
        }
        if (builtin == Builtin::Collective) {
            return !isAlwaysUniform(instruction);
        }
        // A pure function of its operands is as uniform as they are.
        return !call->doesNotAccessMemory();
    }
    return false;
}

// Every block between a divergent branch and the point where its sides meet again runs for some invocations only; a phi
// there (or where they meet) depends on the side taken. Loops left by some invocations early make what they
// computed differ, which the phis at the header cover, except for values used outside without a phi.
void Uniformity::spreadBranch(BasicBlock& block) {
    const auto* node = postDominators_.getNode(&block);
    const auto* idom = node != nullptr ? node->getIDom() : nullptr;
    const BasicBlock* join = idom != nullptr ? idom->getBlock() : nullptr;
    llvm::SmallPtrSet<const BasicBlock*, 16> region;
    llvm::SmallVector<BasicBlock*, 16> pending(llvm::successors(&block));
    const auto markDivergent = [&](const llvm::Value& value) {
        if (divergent_.insert(&value).second) {
            work_.push_back(&value);
        }
    };
    const auto markPhis = [&](const BasicBlock& where) {
        for (const llvm::PHINode& phi : where.phis()) {
            markDivergent(phi);
        }
    };
    while (!pending.empty()) {
        BasicBlock* current = pending.pop_back_val();
        if (current == join || !region.insert(current).second) {
            continue;
        }
        markPhis(*current);
        divergentBlocks_.insert(current);
        pending.append(llvm::succ_begin(current), llvm::succ_end(current));
    }
    if (join != nullptr) {
        markPhis(*join);
    }
    for (const llvm::Loop* loop = loops_.getLoopFor(&block); loop != nullptr; loop = loop->getParentLoop()) {
        if (join != nullptr && loop->contains(join)) {
            break;
        }
        for (const BasicBlock* inside : loop->blocks()) {
            for (const Instruction& instruction : *inside) {
                const bool escapes = llvm::any_of(instruction.users(), [&](const llvm::User* user) {
                    return !loop->contains(llvm::cast<Instruction>(user)->getParent());
                });
                if (escapes) {
                    markDivergent(instruction);
                }
            }
        }
    }
}

} // namespace halyard::jit
