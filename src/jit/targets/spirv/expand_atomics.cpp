#include "jit/targets/spirv/expand_atomics.h"

#include "jit/kir.h"

#include <vector>

#include <llvm/CodeGen/AtomicExpandUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/LowerAtomic.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Instruction;
using llvm::Value;

llvm::Use& pointerOf(Instruction& instruction) {
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return load->getOperandUse(llvm::LoadInst::getPointerOperandIndex());
    }
    if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        return store->getOperandUse(llvm::StoreInst::getPointerOperandIndex());
    }
    if (auto* operation = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        return operation->getOperandUse(llvm::AtomicRMWInst::getPointerOperandIndex());
    }
    return instruction.getOperandUse(llvm::AtomicCmpXchgInst::getPointerOperandIndex());
}

unsigned spaceOf(Instruction& instruction) {
    return pointerOf(instruction)->getType()->getPointerAddressSpace();
}

llvm::Type* valueType(Instruction& instruction) {
    if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        return store->getValueOperand()->getType();
    }
    auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction);
    return exchange != nullptr ? exchange->getNewValOperand()->getType() : instruction.getType();
}

unsigned bitsOf(Instruction& instruction) {
    llvm::Type* type = valueType(instruction);
    return type->isPointerTy() ? 64 : static_cast<unsigned>(type->getPrimitiveSizeInBits().getFixedValue());
}

std::vector<Instruction*> accesses(llvm::Function& kernel) {
    std::vector<Instruction*> found;
    for (Instruction& instruction : llvm::instructions(kernel)) {
        if (instruction.isAtomic() && !llvm::isa<llvm::FenceInst>(instruction)) {
            found.push_back(&instruction);
        }
    }
    return found;
}

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

// Makes the operation once for each kind of memory, and lets the pointer's kind choose.
void chooseSpace(Instruction& operation) {
    llvm::IRBuilder<> at(&operation);
    Value* pointer = pointerOf(operation);
    llvm::Module* module = operation.getModule();
    llvm::FunctionCallee query =
        module->getOrInsertFunction(llvm::StringRef(kir::kPointerSpace), at.getInt32Ty(), at.getPtrTy(kir::kGeneric));
    Value* space = at.CreateCall(query, {pointer});
    std::vector<std::pair<Instruction*, llvm::BasicBlock*>> made;
    const auto makeFor = [&](unsigned wanted, Instruction* before) {
        llvm::IRBuilder<> here(before);
        Instruction* copy = here.Insert(operation.clone());
        here.SetInsertPoint(copy);
        pointerOf(*copy).set(here.CreateAddrSpaceCast(pointer, here.getPtrTy(wanted)));
        made.emplace_back(copy, before->getParent());
    };
    Instruction* inWorkgroup = nullptr;
    Instruction* elsewhere = nullptr;
    llvm::SplitBlockAndInsertIfThenElse(at.CreateICmpEQ(space, at.getInt32(kir::kWorkgroup)), operation.getIterator(),
                                        &inWorkgroup, &elsewhere);
    llvm::IRBuilder<> other(elsewhere);
    Value* isPrivate = other.CreateICmpEQ(space, other.getInt32(kir::kPrivate));
    Instruction* inPrivate = nullptr;
    Instruction* inGlobal = nullptr;
    llvm::SplitBlockAndInsertIfThenElse(isPrivate, elsewhere->getIterator(), &inPrivate, &inGlobal);
    makeFor(kir::kWorkgroup, inWorkgroup);
    makeFor(kir::kPrivate, inPrivate);
    makeFor(kir::kGlobal, inGlobal);
    if (!operation.getType()->isVoidTy() && !operation.use_empty()) {
        llvm::PHINode* inner = llvm::PHINode::Create(operation.getType(), 2, "", elsewhere->getParent()->begin());
        inner->addIncoming(made[1].first, made[1].second);
        inner->addIncoming(made[2].first, made[2].second);
        llvm::PHINode* result = llvm::PHINode::Create(operation.getType(), 2, "", operation.getParent()->begin());
        result->addIncoming(made[0].first, made[0].second);
        result->addIncoming(inner, elsewhere->getParent());
        operation.replaceAllUsesWith(result);
    }
    operation.eraseFromParent();
}

// What SPIR-V has an instruction for.
bool isNative(const llvm::AtomicRMWInst& operation) {
    switch (operation.getOperation()) {
    case llvm::AtomicRMWInst::Xchg:
        return true;
    case llvm::AtomicRMWInst::Add:
    case llvm::AtomicRMWInst::Sub:
    case llvm::AtomicRMWInst::And:
    case llvm::AtomicRMWInst::Or:
    case llvm::AtomicRMWInst::Xor:
    case llvm::AtomicRMWInst::Max:
    case llvm::AtomicRMWInst::Min:
    case llvm::AtomicRMWInst::UMax:
    case llvm::AtomicRMWInst::UMin:
        return operation.getType()->isIntegerTy();
    default:
        return false;
    }
}

// LLVM's loop starts from a plain load, which races with the other invocations' exchanges: an atomic one instead, of
// the integer type that every device has atomics of.
void loadAtomically(Value* loaded, llvm::Type* integer, llvm::SyncScope::ID scope) {
    auto& first = llvm::cast<llvm::LoadInst>(*llvm::cast<llvm::PHINode>(loaded)->getIncomingValue(0));
    llvm::IRBuilder<> at(&first);
    llvm::LoadInst* load = at.CreateAlignedLoad(integer, first.getPointerOperand(), first.getAlign());
    load->setAtomic(llvm::AtomicOrdering::Monotonic, scope);
    first.replaceAllUsesWith(at.CreateBitCast(load, first.getType()));
    first.eraseFromParent();
}

void loopUntilExchanged(llvm::AtomicRMWInst& operation) {
    llvm::expandAtomicRMWToCmpXchg(&operation, [](llvm::IRBuilderBase& builder, Value* pointer, Value* loaded,
                                                  Value* wanted, llvm::Align align, llvm::AtomicOrdering ordering,
                                                  llvm::SyncScope::ID scope, Value*& success, Value*& found,
                                                  Instruction*) {
        llvm::Type* type = wanted->getType();
        llvm::Type* integer = type->isFloatingPointTy() ? builder.getIntNTy(type->getScalarSizeInBits()) : type;
        loadAtomically(loaded, integer, scope);
        auto* pair = builder.CreateAtomicCmpXchg(pointer, builder.CreateBitCast(loaded, integer),
                                                 builder.CreateBitCast(wanted, integer), align, ordering,
                                                 llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(ordering), scope);
        success = builder.CreateExtractValue(pair, 1);
        found = builder.CreateBitCast(builder.CreateExtractValue(pair, 0), type);
    });
}

// The word of memory that holds a value, and where in it.
struct Holder {
    llvm::IntegerType* word;
    Value* pointer;
    Value* shift;
    Value* others; // the word's bits that are not the value's

    Holder(llvm::IRBuilder<>& at, Value* value, unsigned bits, unsigned wordBits) : word(at.getIntNTy(wordBits)) {
        Value* within = at.CreateAnd(at.CreatePtrToInt(value, at.getInt32Ty()), at.getInt32(wordBits / 8 - 1));
        pointer = at.CreateGEP(at.getInt8Ty(), value, at.CreateNeg(within));
        shift = at.CreateShl(at.CreateZExt(within, word), 3);
        const llvm::APInt own = llvm::APInt::getLowBitsSet(wordBits, bits);
        others = at.CreateNot(at.CreateShl(llvm::ConstantInt::get(word, own), shift));
    }
    llvm::Align alignment() const { return llvm::Align(word->getBitWidth() / 8); }
    Value* take(llvm::IRBuilder<>& at, Value* whole, llvm::Type* type) const {
        llvm::Type* integer = at.getIntNTy(type->getScalarSizeInBits());
        return at.CreateBitCast(at.CreateTrunc(at.CreateLShr(whole, shift), integer), type);
    }
    Value* put(llvm::IRBuilder<>& at, Value* whole, Value* value) const {
        Value* placed = at.CreateShl(at.CreateZExt(value, word), shift);
        return at.CreateOr(at.CreateAnd(whole, others), placed);
    }
    llvm::LoadInst* load(llvm::IRBuilder<>& at, llvm::AtomicOrdering ordering, llvm::SyncScope::ID scope) const {
        llvm::LoadInst* whole = at.CreateAlignedLoad(word, pointer, alignment());
        whole->setAtomic(ordering, scope);
        return whole;
    }
};

void loadWord(llvm::LoadInst& load, unsigned wordBits) {
    llvm::IRBuilder<> at(&load);
    const Holder holder(at, load.getPointerOperand(), bitsOf(load), wordBits);
    llvm::LoadInst* whole = holder.load(at, load.getOrdering(), load.getSyncScopeID());
    load.replaceAllUsesWith(holder.take(at, whole, load.getType()));
    load.eraseFromParent();
}

// Fails when the value is another one than expected, and starts again when something else in the word has changed.
void exchangeWord(llvm::AtomicCmpXchgInst& exchange, unsigned wordBits) {
    llvm::BasicBlock* before = exchange.getParent();
    llvm::BasicBlock* end = before->splitBasicBlock(exchange.getIterator());
    llvm::LLVMContext& context = exchange.getContext();
    llvm::BasicBlock* compare = llvm::BasicBlock::Create(context, "compare", before->getParent(), end);
    llvm::BasicBlock* write = llvm::BasicBlock::Create(context, "write", before->getParent(), end);
    before->getTerminator()->eraseFromParent();
    llvm::IRBuilder<> at(before);
    at.SetCurrentDebugLocation(exchange.getDebugLoc());
    Value* expected = exchange.getCompareOperand();
    const Holder holder(at, exchange.getPointerOperand(), bitsOf(exchange), wordBits);
    const llvm::AtomicOrdering failing = exchange.getFailureOrdering();
    Value* first = holder.load(at, failing, exchange.getSyncScopeID());
    at.CreateBr(compare);
    at.SetInsertPoint(compare);
    llvm::PHINode* whole = at.CreatePHI(holder.word, 2);
    Value* current = holder.take(at, whole, expected->getType());
    at.CreateCondBr(at.CreateICmpEQ(current, expected), write, end);
    at.SetInsertPoint(write);
    Value* pair =
        at.CreateAtomicCmpXchg(holder.pointer, whole, holder.put(at, whole, exchange.getNewValOperand()),
                               holder.alignment(), exchange.getSuccessOrdering(), failing, exchange.getSyncScopeID());
    Value* found = at.CreateExtractValue(pair, 0);
    at.CreateCondBr(at.CreateExtractValue(pair, 1), end, compare);
    whole->addIncoming(first, before);
    whole->addIncoming(found, write);
    at.SetInsertPoint(&exchange);
    llvm::PHINode* success = at.CreatePHI(at.getInt1Ty(), 2);
    success->addIncoming(at.getFalse(), compare);
    success->addIncoming(at.getTrue(), write);
    llvm::PHINode* seen = at.CreatePHI(expected->getType(), 2);
    seen->addIncoming(current, compare);
    seen->addIncoming(expected, write);
    for (llvm::User* user : llvm::make_early_inc_range(exchange.users())) {
        if (auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user)) {
            part->replaceAllUsesWith(part->getIndices()[0] == 0 ? seen : success);
            part->eraseFromParent();
        }
    }
    if (!exchange.use_empty()) {
        Value* both = at.CreateInsertValue(llvm::PoisonValue::get(exchange.getType()), seen, 0);
        exchange.replaceAllUsesWith(at.CreateInsertValue(both, success, 1));
    }
    exchange.eraseFromParent();
}

llvm::AtomicRMWInst* asExchange(llvm::StoreInst& store) {
    llvm::IRBuilder<> at(&store);
    auto* exchange = at.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, store.getPointerOperand(), store.getValueOperand(),
                                        store.getAlign(), store.getOrdering(), store.getSyncScopeID());
    store.eraseFromParent();
    return exchange;
}

void separateParts(llvm::AtomicCmpXchgInst& exchange) {
    llvm::IRBuilder<> at(exchange.getNextNode());
    Value* parts[] = {at.CreateExtractValue(&exchange, 0), at.CreateExtractValue(&exchange, 1)};
    for (llvm::User* user : llvm::make_early_inc_range(exchange.users())) {
        auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user);
        if (part != nullptr && part != parts[0] && part != parts[1]) {
            part->replaceAllUsesWith(parts[part->getIndices()[0]]);
            part->eraseFromParent();
        }
    }
}

} // namespace

void expandAtomics(llvm::Function& kernel) {
    for (Instruction* operation : accesses(kernel)) {
        if (spaceOf(*operation) == kir::kGeneric) {
            chooseSpace(*operation);
        }
    }
    bool wideWorkgroup = false;
    for (Instruction* operation : accesses(kernel)) {
        if (spaceOf(*operation) == kir::kPrivate) {
            makePlain(*operation);
        } else if (spaceOf(*operation) == kir::kWorkgroup) {
            wideWorkgroup = wideWorkgroup || bitsOf(*operation) == 64;
        }
    }
    const auto wordBits = [&](Instruction& operation) { // of memory there
        return spaceOf(operation) == kir::kWorkgroup && wideWorkgroup ? 64U : 32U;
    };
    const auto isPart = [&](Instruction& operation) { return bitsOf(operation) < wordBits(operation); };
    for (Instruction* operation : accesses(kernel)) {
        auto* store = llvm::dyn_cast<llvm::StoreInst>(operation);
        auto* modification =
            store != nullptr && isPart(*store) ? asExchange(*store) : llvm::dyn_cast<llvm::AtomicRMWInst>(operation);
        if (modification != nullptr && (!isNative(*modification) || isPart(*modification))) {
            loopUntilExchanged(*modification);
        }
    }
    for (Instruction* operation : accesses(kernel)) {
        auto* load = llvm::dyn_cast<llvm::LoadInst>(operation);
        auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(operation);
        if (load != nullptr && isPart(*load)) {
            loadWord(*load, wordBits(*load));
        } else if (exchange != nullptr && isPart(*exchange)) {
            exchangeWord(*exchange, wordBits(*exchange));
        }
    }
    for (Instruction* operation : accesses(kernel)) {
        if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(operation)) {
            separateParts(*exchange);
        }
    }
}

} // namespace halyard::jit::spirv
