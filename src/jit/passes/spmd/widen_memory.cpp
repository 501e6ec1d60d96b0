// How lanes read and write memory.
#include "jit/passes/spmd/widen.h"

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/MDBuilder.h>

namespace halyard::jit::spmd {

using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

Value* Widener::guess(IRBuilder<>& at, const Value* value, Value*& holds) {
    if (shapes_.of(value).isScalar()) {
        return scalar(at, value);
    }
    const auto& instruction = *llvm::cast<Instruction>(value);
    const auto operand = [&](unsigned i) { return guess(at, instruction.getOperand(i), holds); };
    switch (instruction.getOpcode()) {
    case Instruction::ZExt:
    case Instruction::SExt: {
        // The lanes' values, modulo 2^bits, run from lane 0's on: none has wrapped when the last one has not.
        const Value* narrow = instruction.getOperand(0);
        Value* first = scalar(at, narrow);
        const bool isSigned = instruction.getOpcode() == Instruction::SExt;
        const int64_t span = shapes_.of(narrow).stride * static_cast<int64_t>(lanes_ - 1);
        const unsigned bits = first->getType()->getIntegerBitWidth();
        const llvm::APInt reach = llvm::APInt(64, static_cast<uint64_t>(span)).sextOrTrunc(bits);
        const llvm::APInt highest = isSigned ? llvm::APInt::getSignedMaxValue(bits) : llvm::APInt::getMaxValue(bits);
        const llvm::APInt lowest = isSigned ? llvm::APInt::getSignedMinValue(bits) : llvm::APInt::getMinValue(bits);
        const bool up = span > 0;
        Value* bound = llvm::ConstantInt::get(first->getType(), (up ? highest : lowest) - reach);
        const auto compare = up ? (isSigned ? llvm::CmpInst::ICMP_SLE : llvm::CmpInst::ICMP_ULE)
                                : (isSigned ? llvm::CmpInst::ICMP_SGE : llvm::CmpInst::ICMP_UGE);
        Value* fits = at.CreateICmp(compare, first, bound);
        holds = holds != nullptr ? at.CreateAnd(holds, fits) : fits;
        return at.CreateCast(isSigned ? Instruction::SExt : Instruction::ZExt, first, instruction.getType());
    }
    case Instruction::Add: {
        Value* left = operand(0);
        return at.CreateAdd(left, operand(1));
    }
    case Instruction::Sub: {
        Value* left = operand(0);
        return at.CreateSub(left, operand(1));
    }
    case Instruction::Mul: {
        Value* left = operand(0);
        return at.CreateMul(left, operand(1));
    }
    case Instruction::Shl: {
        Value* left = operand(0);
        return at.CreateShl(left, operand(1));
    }
    default: { // GetElementPtr
        const auto& address = llvm::cast<llvm::GetElementPtrInst>(instruction);
        Value* base = operand(0);
        llvm::SmallVector<Value*, 4> indices;
        for (const Value* index : address.indices()) {
            indices.push_back(guess(at, index, holds));
        }
        return at.CreateGEP(address.getSourceElementType(), base, indices);
    }
    }
}

Widener::Choice Widener::choose(IRBuilder<>& at, const Value* pointer) {
    Value* holds = nullptr;
    Choice choice;
    choice.pointer = guess(at, pointer, holds);
    llvm::LLVMContext& context = at.getContext();
    auto* row = llvm::BasicBlock::Create(context, "row", &to_);
    choice.other = llvm::BasicBlock::Create(context, "apart", &to_);
    choice.done = llvm::BasicBlock::Create(context, "accessed", &to_);
    vector(at, pointer); // for both ways, and what follows
    at.CreateCondBr(holds, row, choice.other, llvm::MDBuilder(context).createLikelyBranchWeights());
    at.SetInsertPoint(row);
    return choice;
}

Value* Widener::underMask(IRBuilder<>& at, Value* mask, MaskedMemory wanted,
                          llvm::function_ref<Value*(Value*)> access) {
    if (mask == nullptr || shapes_.lanes().masked >= wanted) {
        return access(mask);
    }
    llvm::LLVMContext& context = at.getContext();
    auto* all = llvm::BasicBlock::Create(context, "all", &to_);
    auto* some = llvm::BasicBlock::Create(context, "some", &to_);
    auto* done = llvm::BasicBlock::Create(context, "accessed", &to_);
    at.CreateCondBr(any(at, at.CreateNot(mask)), some, all, llvm::MDBuilder(context).createUnlikelyBranchWeights());
    at.SetInsertPoint(all);
    Value* whole = access(nullptr);
    llvm::BasicBlock* wholeEnd = at.GetInsertBlock();
    at.CreateBr(done);
    at.SetInsertPoint(some);
    Value* part = access(mask);
    llvm::BasicBlock* partEnd = at.GetInsertBlock();
    at.CreateBr(done);
    at.SetInsertPoint(done);
    if (whole == nullptr) {
        return nullptr;
    }
    llvm::PHINode* either = at.CreatePHI(whole->getType(), 2);
    either->addIncoming(whole, wholeEnd);
    either->addIncoming(part, partEnd);
    return either;
}

Value* Widener::loadRow(IRBuilder<>& at, Type* wide, Value* first, llvm::Align align, Value* mask) {
    return underMask(at, mask, MaskedMemory::Loads, [&](Value* lanes) -> Value* {
        if (lanes == nullptr) {
            return at.CreateAlignedLoad(wide, first, align);
        }
        return at.CreateMaskedLoad(wide, first, align, lanes, llvm::PoisonValue::get(wide));
    });
}

void Widener::storeRow(IRBuilder<>& at, Value* value, Value* first, llvm::Align align, Value* mask) {
    underMask(at, mask, MaskedMemory::All, [&](Value* lanes) -> Value* {
        if (lanes == nullptr) {
            at.CreateAlignedStore(value, first, align);
        } else {
            at.CreateMaskedStore(value, first, align, lanes);
        }
        return nullptr;
    });
}

void Widener::emitLoad(IRBuilder<>& at, const llvm::LoadInst& load, Value* mask) {
    const Value* pointer = load.getPointerOperand();
    if (shapes_.of(&load).isUniform()) {
        return emitScalar(at, load);
    }
    Type* wide = wideType(load.getType(), lanes_);
    if (!load.isSimple() || !wide->isVectorTy()) {
        return serialise(at, load, mask);
    }
    if (emitFieldLoad(at, load, mask)) {
        return;
    }
    Value* result = nullptr;
    if (isContiguous(pointer, load.getType())) {
        result = loadRow(at, wide, scalar(at, pointer), load.getAlign(), mask);
    } else if (isLikelyContiguous(pointer, load.getType())) {
        const Choice choice = choose(at, pointer);
        Value* row = loadRow(at, wide, choice.pointer, load.getAlign(), mask);
        llvm::BasicBlock* rows = at.GetInsertBlock();
        at.CreateBr(choice.done);
        at.SetInsertPoint(choice.other);
        Value* apart = at.CreateMaskedGather(wide, vector(at, pointer), load.getAlign(), mask);
        at.CreateBr(choice.done);
        at.SetInsertPoint(choice.done);
        llvm::PHINode* either = at.CreatePHI(wide, 2);
        either->addIncoming(row, rows);
        either->addIncoming(apart, choice.other);
        result = either;
    } else if (data_.getTypeSizeInBits(load.getType()) < 8) {
        return serialise(at, load, mask);
    } else {
        result = at.CreateMaskedGather(wide, vector(at, pointer), load.getAlign(), mask);
    }
    define(at, load, result);
}

void Widener::emitStore(IRBuilder<>& at, const llvm::StoreInst& store, Value* mask) {
    const Value* pointer = store.getPointerOperand();
    const Value* value = store.getValueOperand();
    Type* wide = wideType(value->getType(), lanes_);
    if (!store.isSimple() || wide == nullptr || !wide->isVectorTy() || data_.getTypeSizeInBits(value->getType()) < 8) {
        return serialise(at, store, mask);
    }
    if (shapes_.of(pointer).isUniform()) {
        // Lanes that write one place race; the last active one does, as if they took turns.
        Value* last = nullptr;
        if (shapes_.of(value).isUniform()) {
            last = scalar(at, value);
        } else {
            Value* index = at.getInt32(lanes_ - 1);
            if (mask != nullptr) {
                Value* zeros = at.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, bits(at, mask), at.getTrue());
                index = at.CreateSub(at.getInt32(31), zeros);
            }
            last = at.CreateExtractElement(vector(at, value), index);
        }
        at.CreateAlignedStore(last, scalar(at, pointer), store.getAlign());
        return;
    }
    if (emitFieldStore(at, store, mask)) {
        return;
    }
    Value* all = vector(at, value);
    if (isContiguous(pointer, value->getType())) {
        return storeRow(at, all, scalar(at, pointer), store.getAlign(), mask);
    }
    if (!isLikelyContiguous(pointer, value->getType())) {
        at.CreateMaskedScatter(all, vector(at, pointer), store.getAlign(), mask);
        return;
    }
    const Choice choice = choose(at, pointer);
    storeRow(at, all, choice.pointer, store.getAlign(), mask);
    at.CreateBr(choice.done);
    at.SetInsertPoint(choice.other);
    at.CreateMaskedScatter(all, vector(at, pointer), store.getAlign(), mask);
    at.CreateBr(choice.done);
    at.SetInsertPoint(choice.done);
}

namespace {

llvm::Align lowestAlign(const Records& records) {
    for (const Records::Field& field : records.fields) {
        if (field.offset == 0) {
            return llvm::getLoadStoreAlignment(field.access);
        }
    }
    return llvm::Align(1); // not reached: the offsets begin at the lowest
}

} // namespace

bool Widener::emitFieldLoad(IRBuilder<>& at, const llvm::LoadInst& load, Value* mask) {
    const Records* records = interleaved_.of(&load);
    if (records == nullptr || records->where != &load) {
        return records != nullptr;
    }
    const Value* pointer = load.getPointerOperand();
    const auto distance = [&](unsigned offset) { return int64_t{offset} - int64_t{records->ownOffset}; };
    const auto read = [&](Value* own) {
        Value* first = at.CreateConstGEP1_64(records->element, own, static_cast<uint64_t>(distance(0)));
        return loadRecords(at, *records, first, lowestAlign(*records), mask, lanes_);
    };
    std::vector<Value*> fields;
    if (shapes_.of(pointer).isStrided()) {
        fields = read(scalar(at, pointer));
    } else {
        const Choice choice = choose(at, pointer);
        const std::vector<Value*> rows = read(choice.pointer);
        llvm::BasicBlock* together = at.GetInsertBlock();
        at.CreateBr(choice.done);
        Type* wide = wideType(records->element, lanes_);
        fields.resize(rows.size());
        for (const Records::Field& field : records->fields) {
            if (fields[field.offset] != nullptr) {
                continue;
            }
            at.SetInsertPoint(choice.other);
            Value* places = at.CreateConstGEP1_64(records->element, vector(at, pointer),
                                                  static_cast<uint64_t>(distance(field.offset)));
            Value* apart = at.CreateMaskedGather(wide, places, llvm::getLoadStoreAlignment(field.access), mask);
            at.SetInsertPoint(choice.done);
            llvm::PHINode* either = at.CreatePHI(wide, 2);
            either->addIncoming(rows[field.offset], together);
            either->addIncoming(apart, choice.other);
            fields[field.offset] = either;
        }
        at.SetInsertPoint(choice.other);
        at.CreateBr(choice.done);
        at.SetInsertPoint(choice.done);
    }
    for (const Records::Field& field : records->fields) {
        define(at, *field.access, fields[field.offset]);
    }
    return true;
}

bool Widener::emitFieldStore(IRBuilder<>& at, const llvm::StoreInst& store, Value* mask) {
    const Records* records = interleaved_.of(&store);
    if (records == nullptr || records->where != &store) {
        return records != nullptr;
    }
    const Value* pointer = store.getPointerOperand();
    const auto distance = [&](unsigned offset) {
        return static_cast<uint64_t>(int64_t{offset} - int64_t{records->ownOffset});
    };
    std::vector<Value*> fields(records->period);
    for (const Records::Field& field : records->fields) {
        fields[field.offset] = vector(at, llvm::cast<llvm::StoreInst>(field.access)->getValueOperand());
    }
    const auto write = [&](Value* own) {
        Value* first = at.CreateConstGEP1_64(records->element, own, distance(0));
        underMask(at, mask, MaskedMemory::All, [&](Value* lanes) -> Value* {
            storeRecords(at, *records, fields, first, lowestAlign(*records), lanes, lanes_);
            return nullptr;
        });
    };
    if (shapes_.of(pointer).isStrided()) {
        write(scalar(at, pointer));
        return true;
    }
    const Choice choice = choose(at, pointer);
    write(choice.pointer);
    at.CreateBr(choice.done);
    at.SetInsertPoint(choice.other);
    for (const Records::Field& field : records->fields) {
        Value* places = at.CreateConstGEP1_64(records->element, vector(at, pointer), distance(field.offset));
        at.CreateMaskedScatter(fields[field.offset], places, llvm::getLoadStoreAlignment(field.access), mask);
    }
    at.CreateBr(choice.done);
    at.SetInsertPoint(choice.done);
    return true;
}

} // namespace halyard::jit::spmd
