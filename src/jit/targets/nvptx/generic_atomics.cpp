#include "jit/targets/nvptx/generic_atomics.h"

#include "jit/kir.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/LowerAtomic.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::Instruction;
using llvm::Value;

enum class Place { Shared, Private, Any };

Value* pointerOf(Instruction& instruction) {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return load->getPointerOperand();
    }
    if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        return store->getPointerOperand();
    }
    if (auto* operation = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        return operation->getPointerOperand();
    }
    auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction);
    return exchange != nullptr ? exchange->getPointerOperand() : nullptr;
}

Place placeOf(Value* pointer) {
    if (pointer->getType()->getPointerAddressSpace() != kir::kGeneric) {
        return Place::Shared;
    }
    llvm::SmallVector<const Value*, 4> objects;
    llvm::getUnderlyingObjects(pointer, objects);
    bool isPrivate = true;
    bool isShared = true;
    for (const Value* object : objects) {
        const bool local = llvm::isa<llvm::AllocaInst>(object);
        isPrivate = isPrivate && local;
        isShared = isShared && !local && object->getType()->getPointerAddressSpace() != kir::kGeneric;
    }
    return isPrivate ? Place::Private : isShared ? Place::Shared : Place::Any;
}

// The same without atomicity.
void makePlain(Instruction& instruction) {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        load->setAtomic(llvm::AtomicOrdering::NotAtomic);
    } else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        store->setAtomic(llvm::AtomicOrdering::NotAtomic);
    } else if (auto* operation = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        llvm::lowerAtomicRMWInst(operation);
    } else {
        llvm::lowerAtomicCmpXchgInst(llvm::cast<llvm::AtomicCmpXchgInst>(&instruction));
    }
}

void choose(Instruction& shared) {
    llvm::IRBuilder<> at(&shared);
    Value* local = at.CreateIntrinsic(llvm::Intrinsic::nvvm_isspacep_local, {pointerOf(shared)});
    Instruction* whenPrivate = nullptr;
    Instruction* otherwise = nullptr;
    llvm::SplitBlockAndInsertIfThenElse(local, shared.getIterator(), &whenPrivate, &otherwise);
    Instruction* plain = shared.clone();
    plain->insertBefore(whenPrivate->getIterator());
    llvm::BasicBlock* after = shared.getParent();
    shared.moveBefore(otherwise->getIterator());
    if (!shared.getType()->isVoidTy()) {
        llvm::IRBuilder<> join(after, after->begin());
        llvm::PHINode* result = join.CreatePHI(shared.getType(), 2);
        shared.replaceAllUsesWith(result);
        result->addIncoming(plain, plain->getParent());
        result->addIncoming(&shared, shared.getParent());
    }
    makePlain(*plain);
}

} // namespace

void separatePrivateAtomics(llvm::Function& kernel) {
    llvm::SmallVector<std::pair<Instruction*, Place>, 16> found;
    for (Instruction& instruction : llvm::instructions(kernel)) {
        Value* pointer = instruction.isAtomic() ? pointerOf(instruction) : nullptr;
        const Place place = pointer != nullptr ? placeOf(pointer) : Place::Shared;
        if (place != Place::Shared) {
            found.emplace_back(&instruction, place);
        }
    }
    for (const auto& [instruction, place] : found) {
        if (place == Place::Private) {
            makePlain(*instruction);
        } else {
            choose(*instruction);
        }
    }
}

} // namespace halyard::jit::nvptx
