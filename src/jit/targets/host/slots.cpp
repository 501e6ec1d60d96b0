#include "jit/targets/host/slots.h"

#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"
#include "jit/targets/host/recipe.h"

#include <array>

#include <llvm/ADT/MapVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::host {

using llvm::AllocaInst;
using llvm::BasicBlock;
using llvm::Instruction;
using llvm::PHINode;

namespace {

bool crossesBlocks(const Instruction& instruction) {
    if (llvm::isa<PHINode>(instruction)) {
        return true;
    }
    if (llvm::isa<AllocaInst>(instruction)) {
        return false;
    }
    return llvm::any_of(instruction.users(), [&](const llvm::User* user) {
        const auto* other = llvm::cast<Instruction>(user);
        return other->getParent() != instruction.getParent() || llvm::isa<PHINode>(other);
    });
}

// A phi's value is written at the end of each predecessor, so a predecessor may not lead anywhere else.
void splitEdgesIntoPhis(llvm::Function& kernel) {
    llvm::SmallVector<std::pair<Instruction*, unsigned>, 8> critical;
    for (BasicBlock& block : kernel) {
        Instruction* terminator = block.getTerminator();
        for (unsigned i = 0; terminator->getNumSuccessors() > 1 && i < terminator->getNumSuccessors(); ++i) {
            if (!terminator->getSuccessor(i)->phis().empty()) {
                critical.emplace_back(terminator, i);
            }
        }
    }
    for (const auto& [terminator, index] : critical) {
        BasicBlock* to = terminator->getSuccessor(index);
        BasicBlock* from = terminator->getParent();
        BasicBlock* edge = BasicBlock::Create(kernel.getContext(), "edge", &kernel, to);
        llvm::BranchInst::Create(to, edge);
        terminator->setSuccessor(index, edge);
        for (PHINode& phi : to->phis()) {
            phi.setIncomingBlock(static_cast<unsigned>(phi.getBasicBlockIndex(from)), edge);
        }
    }
}

} // namespace

Slots::Slots(llvm::Function& kernel, const CutList& cuts)
    : recipes_(BasicBlock::Create(kernel.getContext(), "recipes"), [](BasicBlock* block) {
          block->dropAllReferences();
          delete block;
      }) {
    splitEdgesIntoPhis(kernel);
    demote(kernel, !cuts.dispatched);
    computeLiveness(kernel);
    hoistEdgeWrites(kernel, cuts);
    coalesce(kernel);
}

Slots::~Slots() = default;

void Slots::demote(llvm::Function& kernel, bool together) {
    llvm::MapVector<Instruction*, unsigned> slotOf;
    {
        llvm::DominatorTree dominators(kernel);
        const llvm::PostDominatorTree postDominators(kernel);
        const llvm::LoopInfo loops(dominators);
        const Uniformity uniformity(kernel, postDominators, loops);
        for (Instruction& instruction : llvm::instructions(kernel)) {
            if (!crossesBlocks(instruction)) {
                continue;
            }
            Slot slot;
            slot.type = instruction.getType();
            if (together && uniformity.isUniform(instruction)) {
                slot.carry = Carry::Uniform;
            } else if (makeRecipe(instruction, *recipes_, slot.recipe)) {
                slot.carry = Carry::Recomputed;
            }
            slotOf[&instruction] = static_cast<unsigned>(slots_.size());
            slots_.push_back(std::move(slot));
        }
    }
    llvm::IRBuilder<> entry(&kernel.getEntryBlock(), kernel.getEntryBlock().begin());
    for (unsigned i = 0; i < slots_.size(); ++i) {
        slots_[i].cell = entry.CreateAlloca(slots_[i].type, nullptr, "slot");
        index_[slots_[i].cell] = i;
    }
    const auto cellOf = [&](llvm::Value* value) -> AllocaInst* {
        auto* instruction = llvm::dyn_cast<Instruction>(value);
        const auto found = instruction != nullptr ? slotOf.find(instruction) : slotOf.end();
        return found != slotOf.end() ? slots_[found->second].cell : nullptr;
    };
    // Phis first, while their operands still are what they were: all reads of an edge come before all writes.
    for (BasicBlock& block : kernel) {
        if (block.phis().empty()) {
            continue;
        }
        for (BasicBlock* predecessor :
             llvm::SmallSetVector<BasicBlock*, 4>(llvm::pred_begin(&block), llvm::pred_end(&block))) {
            llvm::IRBuilder<> at(predecessor->getTerminator());
            llvm::SmallVector<std::pair<llvm::Value*, AllocaInst*>, 8> writes;
            for (PHINode& phi : block.phis()) {
                llvm::Value* value = phi.getIncomingValueForBlock(predecessor);
                AllocaInst* source = cellOf(value);
                const bool here = source != nullptr && !llvm::isa<PHINode>(value) &&
                                  llvm::cast<Instruction>(value)->getParent() == predecessor;
                if (source != nullptr && !here) {
                    value = at.CreateLoad(source->getAllocatedType(), source);
                }
                if (!llvm::isa<llvm::UndefValue>(value)) {
                    writes.emplace_back(value, cellOf(&phi));
                }
            }
            for (const auto& [value, cell] : writes) {
                at.CreateStore(value, cell);
            }
        }
    }
    llvm::SmallVector<PHINode*, 16> phis;
    for (const auto& [instruction, slot] : slotOf) {
        AllocaInst* cell = slots_[slot].cell;
        auto* phi = llvm::dyn_cast<PHINode>(instruction);
        if (phi != nullptr) {
            phis.push_back(phi);
        }
        // Uses by phis are gone into the predecessors; what is left reads the cell once a block.
        llvm::SmallDenseMap<BasicBlock*, llvm::LoadInst*, 4> loads;
        llvm::SmallVector<llvm::Use*, 8> uses;
        for (llvm::Use& use : instruction->uses()) {
            auto* user = llvm::cast<Instruction>(use.getUser());
            if (!llvm::isa<PHINode>(user) && (phi != nullptr || user->getParent() != instruction->getParent())) {
                uses.push_back(&use);
            }
        }
        for (llvm::Use* use : uses) {
            auto* user = llvm::cast<Instruction>(use->getUser());
            BasicBlock* block = user->getParent();
            llvm::LoadInst*& load = loads[block];
            if (load == nullptr) {
                load = new llvm::LoadInst(cell->getAllocatedType(), cell, "", block->getFirstInsertionPt());
            }
            use->set(load);
        }
        if (phi == nullptr) {
            llvm::IRBuilder<> after(instruction->getParent(), std::next(instruction->getIterator()));
            after.CreateStore(instruction, cell);
        }
    }
    for (PHINode* phi : phis) {
        phi->dropAllReferences();
    }
    for (PHINode* phi : phis) {
        phi->eraseFromParent();
    }
}

void Slots::computeLiveness(llvm::Function& kernel) {
    const auto count = static_cast<unsigned>(slots_.size());
    liveIn_.clear();
    reads_.clear();
    writes_.clear();
    for (BasicBlock& block : kernel) {
        llvm::BitVector reads(count);
        llvm::BitVector writes(count);
        for (Instruction& instruction : block) {
            if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
                const auto found = index_.find(llvm::dyn_cast<AllocaInst>(load->getPointerOperand()));
                if (found != index_.end() && !writes.test(found->second)) {
                    reads.set(found->second);
                }
            } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
                const auto found = index_.find(llvm::dyn_cast<AllocaInst>(store->getPointerOperand()));
                if (found != index_.end()) {
                    writes.set(found->second);
                }
            }
        }
        liveIn_[&block] = reads;
        reads_[&block] = std::move(reads);
        writes_[&block] = std::move(writes);
    }
    bool changed = true;
    while (changed) {
        changed = false;
        for (BasicBlock& block : llvm::reverse(kernel)) {
            llvm::BitVector live(count);
            for (const BasicBlock* successor : llvm::successors(&block)) {
                live |= liveIn_[successor];
            }
            live.reset(writes_[&block]);
            live |= reads_[&block];
            if (live != liveIn_[&block]) {
                liveIn_[&block] = std::move(live);
                changed = true;
            }
        }
    }
}

// Replaces reads of a cell that the same block wrote before by what it wrote, so that equal values are the same value.
void Slots::forwardWrites(BasicBlock& block) const {
    llvm::DenseMap<const llvm::Value*, llvm::Value*> known;
    for (Instruction& instruction : llvm::make_early_inc_range(block)) {
        llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
        if (pointer == nullptr || !index_.contains(llvm::dyn_cast<AllocaInst>(pointer))) {
            continue;
        }
        if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
            known[pointer] = store->getValueOperand();
        } else if (llvm::Value* value = known.lookup(pointer)) {
            instruction.replaceAllUsesWith(value);
            instruction.eraseFromParent();
        }
    }
}

// The copies that a phi leaves on an edge from a lifted branch to the next cut would cost a work-item loop of their
// own. Before the branch they belong to the piece that made the value; that is right when the other edges do not read
// the cell.
void Slots::hoistEdgeWrites(llvm::Function& kernel, const CutList& cuts) {
    for (const Cut& cut : cuts.cuts) {
        BasicBlock* before = cut.block->getSinglePredecessor();
        // The result of an exchange is there behind the cut only.
        if (cut.exchange || before == nullptr || before->getTerminator()->getNumSuccessors() != 1) {
            continue;
        }
        for (BasicBlock* edge : llvm::SmallVector<BasicBlock*, 4>(llvm::successors(cut.block))) {
            if (edge->getSinglePredecessor() != cut.block || edge->getTerminator()->getNumSuccessors() != 1 ||
                cuts.find(edge) != nullptr || edge->size() == 1 || cuts.find(edge->getSingleSuccessor()) == nullptr) {
                continue;
            }
            llvm::BitVector elsewhere = reads_[cut.block];
            for (const BasicBlock* other : llvm::successors(cut.block)) {
                if (other != edge) {
                    elsewhere |= liveIn_[other];
                }
            }
            const bool onlyCopies = llvm::all_of(llvm::drop_end(*edge), [&](const Instruction& instruction) {
                const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
                return pointer != nullptr && index_.contains(llvm::dyn_cast<AllocaInst>(pointer));
            });
            if (!onlyCopies || elsewhere.anyCommon(writes_[edge])) {
                continue;
            }
            while (edge->size() > 1) {
                edge->front().moveBefore(before->getTerminator()->getIterator());
            }
            forwardWrites(*before);
            computeLiveness(kernel);
        }
    }
}

// Whether sharing one cell could make a read of one slot see a value of the other: a write to one while the other is
// live. Two writes of the same value side by side do not count: that is what a loop's phi and the phi behind the loop
// do.
bool Slots::interfere(llvm::Function& kernel, unsigned kept, unsigned merged) const {
    const std::array<const AllocaInst*, 2> cells{slots_[kept].cell, slots_[merged].cell};
    for (BasicBlock& block : kernel) {
        std::array<bool, 2> live{};
        for (const BasicBlock* successor : llvm::successors(&block)) {
            live[0] = live[0] || liveIn(successor).test(kept);
            live[1] = live[1] || liveIn(successor).test(merged);
        }
        // The value that the other slot must have been given just before, and which slot that is.
        const llvm::Value* expected = nullptr;
        unsigned expectedFor = 0;
        for (const Instruction& instruction : llvm::reverse(block)) {
            const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
            if (pointer != cells[0] && pointer != cells[1]) {
                continue;
            }
            const unsigned which = pointer == cells[0] ? 0 : 1;
            const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
            const llvm::Value* value = store != nullptr ? store->getValueOperand() : nullptr;
            if (expected != nullptr && (value != expected || which != expectedFor)) {
                return true;
            }
            if (store == nullptr) {
                live[which] = true;
                continue;
            }
            live[which] = false;
            expected = live[1 - which] ? value : nullptr;
            expectedFor = 1 - which;
        }
        if (expected != nullptr) {
            return true;
        }
    }
    return false;
}

void Slots::coalesce(llvm::Function& kernel) {
    const auto count = static_cast<unsigned>(slots_.size());
    llvm::BitVector gone(count);
    for (BasicBlock& block : kernel) {
        // Candidates: slots that some block gives the same value.
        llvm::SmallMapVector<const llvm::Value*, llvm::SmallVector<unsigned, 2>, 8> givers;
        for (const Instruction& instruction : block) {
            const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
            const auto found =
                store != nullptr ? index_.find(llvm::dyn_cast<AllocaInst>(store->getPointerOperand())) : index_.end();
            if (found != index_.end() && slots_[found->second].carry == Carry::PerItem) {
                givers[store->getValueOperand()].push_back(found->second);
            }
        }
        for (auto& [value, candidates] : givers) {
            for (unsigned i = 1; i < candidates.size(); ++i) {
                const unsigned kept = candidates[0];
                const unsigned merged = candidates[i];
                if (kept == merged || gone.test(kept) || gone.test(merged) || interfere(kernel, kept, merged)) {
                    continue;
                }
                AllocaInst* cell = slots_[merged].cell;
                index_.erase(cell);
                cell->replaceAllUsesWith(slots_[kept].cell);
                gone.set(merged);
                computeLiveness(kernel);
            }
        }
    }
}

} // namespace halyard::jit::host
