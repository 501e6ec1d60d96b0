#include "jit/targets/host/context.h"

#include "jit/targets/host/pieces.h"
#include "jit/targets/host/pointer_space.h"

#include <llvm/IR/CFG.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

using llvm::AllocaInst;
using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Value;

namespace {

// Blocks that use the address of `variable`, directly or through pointers made from it; false when the address escapes.
bool collectUses(const Value& variable, llvm::SmallPtrSetImpl<const Value*>& seen,
                 llvm::SmallPtrSetImpl<const BasicBlock*>& blocks) {
    if (!seen.insert(&variable).second) {
        return true;
    }
    for (const llvm::User* user : variable.users()) {
        const auto* instruction = llvm::dyn_cast<Instruction>(user);
        if (instruction == nullptr) {
            return false;
        }
        blocks.insert(instruction->getParent());
        if (llvm::isa<llvm::GetElementPtrInst, llvm::AddrSpaceCastInst>(instruction)) {
            if (!collectUses(*instruction, seen, blocks)) {
                return false;
            }
        } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(instruction)) {
            if (store->getValueOperand() == &variable) {
                return false;
            }
        } else if (!llvm::isa<llvm::LoadInst, llvm::CallInst>(instruction)) {
            return false;
        }
    }
    return true;
}

// A private variable may stay on the stack, shared by all work-items in turn, when one piece alone uses it and the
// group runs that piece once.
bool staysInOnePiece(const AllocaInst& variable, const std::vector<Piece>& pieces,
                     const llvm::DenseMap<BasicBlock*, unsigned>& byStart) {
    llvm::SmallPtrSet<const Value*, 8> seen;
    llvm::SmallPtrSet<const BasicBlock*, 8> blocks;
    if (!collectUses(variable, seen, blocks)) {
        return pieces.size() == 1;
    }
    const Piece* only = nullptr;
    for (const Piece& piece : pieces) {
        if (llvm::any_of(piece.blocks, [&](const BasicBlock* block) { return blocks.contains(block); })) {
            if (only != nullptr) {
                return false;
            }
            only = &piece;
        }
    }
    if (only == nullptr) {
        return true;
    }
    llvm::SmallSetVector<const Piece*, 8> reached;
    const auto follow = [&](const Piece& piece) {
        for (BasicBlock* exit : piece.exits) {
            for (BasicBlock* successor : llvm::successors(exit)) {
                reached.insert(&pieces[byStart.lookup(successor)]);
            }
        }
    };
    follow(*only);
    for (unsigned i = 0; i < reached.size(); ++i) {
        follow(*reached[i]);
    }
    return !reached.contains(only);
}

llvm::DenseMap<BasicBlock*, unsigned> indexByStart(const std::vector<Piece>& pieces) {
    llvm::DenseMap<BasicBlock*, unsigned> index;
    for (unsigned i = 0; i < pieces.size(); ++i) {
        index[pieces[i].start] = i;
    }
    return index;
}

} // namespace

Context::Context(llvm::Function& kernel, const CutList& cuts, const Slots& slots) {
    const llvm::DataLayout& data = kernel.getDataLayout();
    const std::vector<Piece> pieces = collectPieces(kernel, cuts);
    llvm::BitVector carried(static_cast<unsigned>(slots.all().size()));
    for (const Piece& piece : pieces) {
        carried |= liveOut(piece, slots);
    }
    for (unsigned i = 0; i < slots.all().size(); ++i) {
        const bool needed = carried.test(i) && slots.all()[i].carry == Carry::PerItem;
        slotOffset.push_back(needed ? bytesPerItem : kNone);
        if (needed) {
            bytesPerItem += data.getTypeAllocSize(slots.all()[i].type);
        }
    }
    if (cuts.dispatched) {
        waitingOffset = bytesPerItem;
        bytesPerItem += sizeof(uint32_t);
    }
    const auto byStart = indexByStart(pieces);
    llvm::SmallPtrSet<const Value*, 16> cells;
    for (const Slot& slot : slots.all()) {
        cells.insert(slot.cell);
    }
    const bool asksSpaces = asksPointerSpaces(kernel);
    for (Instruction& instruction : kernel.getEntryBlock()) {
        auto* variable = llvm::dyn_cast<AllocaInst>(&instruction);
        if (variable == nullptr || cells.contains(variable)) {
            continue;
        }
        const bool isMailbox = llvm::is_contained(cuts.mailboxes, variable);
        if (!isMailbox && !asksSpaces && staysInOnePiece(*variable, pieces, byStart)) {
            continue;
        }
        const uint64_t size = variable->getAllocationSize(data).value_or(llvm::TypeSize::getFixed(0));
        const uint64_t stride = llvm::alignTo(std::max<uint64_t>(size, 1), variable->getAlign());
        if (variable->getAlign() > 64) {
            bytesPerItem = llvm::alignTo(bytesPerItem, 2); // an array begins at this times a multiple of 64
        }
        privateArrays[variable] = {bytesPerItem, stride};
        bytesPerItem += stride;
    }
}

} // namespace halyard::jit::host
