#include "jit/passes/spmd/widen.h"

#include "jit/passes/builtin.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spmd {

using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

Type* wideType(Type* type, unsigned lanes) {
    if (auto* structure = llvm::dyn_cast<llvm::StructType>(type)) {
        llvm::SmallVector<Type*, 4> fields;
        for (Type* field : structure->elements()) {
            fields.push_back(wideType(field, lanes));
            if (fields.back() == nullptr) {
                return nullptr;
            }
        }
        return llvm::StructType::get(type->getContext(), fields);
    }
    return llvm::VectorType::isValidElementType(type) ? llvm::FixedVectorType::get(type, lanes) : nullptr;
}

Widener::Widener(llvm::Function& from, llvm::Function& to, const Shapes& shapes, unsigned lanes)
    : to_(to), shapes_(shapes), interleaved_(from, shapes), lanes_(lanes), data_(from.getDataLayout()),
      maskType_(llvm::FixedVectorType::get(Type::getInt1Ty(from.getContext()), lanes)) {
    for (unsigned i = 0; i < from.arg_size(); ++i) {
        arguments_[from.getArg(i)] = to.getArg(i);
    }
}

llvm::AllocaInst* Widener::newCell(Type* type) {
    llvm::BasicBlock& entry = to_.getEntryBlock();
    cells_.push_back(new llvm::AllocaInst(type, data_.getAllocaAddrSpace(), "", entry.begin()));
    return cells_.back();
}

llvm::AllocaInst* Widener::cell(const Instruction& value) {
    llvm::AllocaInst*& found = cellOf_[&value];
    if (found == nullptr) {
        found = newCell(isWide(value) ? wideType(value.getType(), lanes_) : value.getType());
    }
    return found;
}

void Widener::define(IRBuilder<>& at, const Instruction& instruction, Value* value) {
    (isWide(instruction) ? vectors_ : scalars_)[&instruction] = value;
    // Addresses of strided values are built anew from what they are made of, so those may be wanted anywhere.
    const bool elsewhere = llvm::any_of(instruction.users(), [&](const llvm::User* user) {
        const auto* other = llvm::cast<Instruction>(user);
        return other->getParent() != instruction.getParent() || llvm::isa<llvm::PHINode>(other);
    });
    if (elsewhere || !isWide(instruction)) {
        at.CreateStore(value, cell(instruction));
    }
}

Value* Widener::scalar(IRBuilder<>& at, const Value* value) {
    const auto* instruction = llvm::dyn_cast<Instruction>(value);
    if (instruction == nullptr) {
        const auto found = arguments_.find(value);
        return found != arguments_.end() ? static_cast<Value*>(found->second) : const_cast<Value*>(value);
    }
    if (const auto variable = variables_.find(instruction); variable != variables_.end()) {
        return variable->second;
    }
    Value*& known = scalars_[instruction];
    if (known == nullptr) {
        known = at.CreateLoad(value->getType(), cell(*instruction));
    }
    return known;
}

Value* Widener::vector(IRBuilder<>& at, const Value* value) {
    if (Value* known = vectors_.lookup(value)) {
        return known;
    }
    const LaneShape shape = shapes_.of(value);
    Value* result = nullptr;
    if (shape.isVarying()) {
        const auto& instruction = *llvm::cast<Instruction>(value);
        result = at.CreateLoad(wideType(value->getType(), lanes_), cell(instruction));
    } else {
        result = spread(at, scalar(at, value), shape.stride);
    }
    return vectors_[value] = result;
}

Value* Widener::spread(IRBuilder<>& at, Value* first, int64_t stride) const {
    if (auto* structure = llvm::dyn_cast<llvm::StructType>(first->getType())) {
        Value* result = llvm::PoisonValue::get(wideType(structure, lanes_));
        for (unsigned i = 0; i < structure->getNumElements(); ++i) {
            Value* field = at.CreateVectorSplat(lanes_, at.CreateExtractValue(first, i));
            result = at.CreateInsertValue(result, field, i);
        }
        return result;
    }
    if (stride == 0) {
        return at.CreateVectorSplat(lanes_, first);
    }
    const bool address = first->getType()->isPointerTy();
    Type* type = address ? at.getInt64Ty() : first->getType();
    llvm::SmallVector<llvm::Constant*, 16> offsets;
    for (unsigned i = 0; i < lanes_; ++i) {
        const llvm::APInt offset(64, static_cast<uint64_t>(stride) * i);
        offsets.push_back(llvm::ConstantInt::get(type, offset.sextOrTrunc(type->getIntegerBitWidth())));
    }
    llvm::Constant* vector = llvm::ConstantVector::get(offsets);
    return address ? at.CreateGEP(at.getInt8Ty(), first, vector)
                   : at.CreateAdd(at.CreateVectorSplat(lanes_, first), vector);
}

Value* Widener::bits(IRBuilder<>& at, Value* mask) const {
    if (mask == nullptr) {
        return at.getInt32((uint64_t{1} << lanes_) - 1);
    }
    return at.CreateZExt(at.CreateBitCast(mask, at.getIntNTy(lanes_)), at.getInt32Ty());
}

Value* Widener::any(IRBuilder<>& at, Value* mask) const {
    Type* whole = at.getIntNTy(lanes_);
    return at.CreateICmpNE(at.CreateBitCast(mask, whole), llvm::ConstantInt::get(whole, 0));
}

bool Widener::isSpeculatable(const Instruction& instruction) const {
    if (llvm::isa<llvm::PHINode, llvm::AllocaInst>(instruction) || instruction.isTerminator()) {
        return true;
    }
    if (builtinOf(instruction) == Builtin::Collective) {
        return false; // among nobody, it has no result
    }
    const bool wide = !instruction.getType()->isVoidTy() && isWide(instruction);
    if (const Value* pointer = llvm::getLoadStorePointerOperand(&instruction)) {
        return !shapes_.of(pointer).isUniform(); // masked, or one lane after the other
    }
    if (wide && instruction.isIntDivRem()) {
        return true; // by one, where a lane is not active
    }
    return !instruction.mayReadOrWriteMemory() && (wide || llvm::isSafeToSpeculativelyExecute(&instruction));
}

void Widener::emit(IRBuilder<>& at, const Instruction& instruction, Value* mask) {
    at.SetCurrentDebugLocation(instruction.getDebugLoc());
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
        return emitVariable(*variable);
    }
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return emitLoad(at, *load, mask);
    }
    if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        return emitStore(at, *store, mask);
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        return emitCall(at, *call, mask);
    }
    if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        return emitAtomic(at, *rmw, mask);
    }
    const LaneShape shape = shapes_.of(&instruction);
    if (shape.isUniform()) {
        return emitScalar(at, instruction);
    }
    return shape.isStrided() ? emitStrided(at, instruction) : emitWide(at, instruction, mask);
}

void Widener::emitScalar(IRBuilder<>& at, const Instruction& instruction) {
    bool same = true;
    llvm::SmallVector<Value*, 8> operands;
    for (const Value* operand : instruction.operands()) {
        same = same && shapes_.of(operand).isScalar();
    }
    if (!same) {
        return emitStrided(at, instruction);
    }
    Instruction* copy = instruction.clone();
    for (llvm::Use& operand : copy->operands()) {
        if (!llvm::isa<llvm::Function, llvm::MetadataAsValue>(operand.get())) {
            operand.set(scalar(at, operand.get()));
        }
    }
    // What lane 0 computes of strided values need not be what an active lane does.
    if (llvm::any_of(instruction.operands(), [&](const Value* operand) { return shapes_.of(operand).isStrided(); })) {
        copy->dropPoisonGeneratingFlags();
    }
    copy->dropUnknownNonDebugMetadata({llvm::LLVMContext::MD_fpmath});
    at.Insert(copy, instruction.getName());
    if (!copy->getType()->isVoidTy()) {
        define(at, instruction, copy);
    }
}

// Lane 0 of a strided value, in arithmetic that cannot go wrong where that lane is not active.
void Widener::emitStrided(IRBuilder<>& at, const Instruction& instruction) {
    const auto operand = [&](unsigned i) { return scalar(at, instruction.getOperand(i)); };
    Type* type = instruction.getType();
    Value* result = nullptr;
    switch (instruction.getOpcode()) {
    case Instruction::Or:
        result = at.CreateAdd(operand(0), operand(1));
        break;
    case Instruction::ZExt:
    case Instruction::SExt:
        result = extend(at, instruction.getOperand(0), instruction.getOpcode() == Instruction::SExt, type);
        break;
    case Instruction::GetElementPtr: {
        const auto& address = llvm::cast<llvm::GetElementPtrInst>(instruction);
        llvm::SmallVector<Value*, 4> indices;
        for (const Value* index : address.indices()) {
            const bool narrow = shapes_.of(index).isStrided() && index->getType()->getScalarSizeInBits() < 64;
            indices.push_back(narrow ? extend(at, index, true, at.getInt64Ty()) : scalar(at, index));
        }
        result = at.CreateGEP(address.getSourceElementType(), operand(0), indices);
        break;
    }
    default:
        return emitScalar(at, instruction);
    }
    define(at, instruction, result);
}

Value* Widener::extend(IRBuilder<>& at, const Value* value, bool isSigned, Type* type) {
    if (shapes_.of(value).isUniform()) {
        return isSigned ? at.CreateSExt(scalar(at, value), type) : at.CreateZExt(scalar(at, value), type);
    }
    if (const llvm::CallInst* id = cutId(value)) {
        return at.CreateZExtOrTrunc(scalar(at, id), type);
    }
    if (shapes_.isAligned(value)) {
        Value* first = scalar(at, value);
        return isSigned ? at.CreateSExt(first, type) : at.CreateZExt(first, type);
    }
    const auto& instruction = *llvm::cast<Instruction>(value);
    const auto operand = [&](unsigned i) { return extend(at, instruction.getOperand(i), isSigned, type); };
    switch (instruction.getOpcode()) {
    case Instruction::Add:
    case Instruction::Or:
        return at.CreateAdd(operand(0), operand(1));
    case Instruction::Sub:
        return at.CreateSub(operand(0), operand(1));
    case Instruction::Mul:
        return at.CreateMul(operand(0), operand(1));
    case Instruction::Shl:
        return at.CreateShl(operand(0), operand(1));
    default: // ZExt, SExt
        return extend(at, instruction.getOperand(0), instruction.getOpcode() == Instruction::SExt, type);
    }
}

// Each lane has its copy, one behind the other.
void Widener::emitVariable(const llvm::AllocaInst& variable) {
    llvm::BasicBlock& entry = to_.getEntryBlock();
    IRBuilder<> at(&entry, entry.begin());
    const uint64_t stride = static_cast<uint64_t>(shapes_.of(&variable).stride);
    auto* type = llvm::ArrayType::get(at.getInt8Ty(), stride * lanes_);
    auto* all = at.CreateAlloca(type, variable.getAddressSpace(), nullptr, variable.getName());
    all->setAlignment(variable.getAlign());
    variables_[&variable] = all;
}

bool Widener::isContiguous(const Value* pointer, Type* element) const {
    const LaneShape shape = shapes_.of(pointer);
    return shape.isStrided() && shape.stride == static_cast<int64_t>(data_.getTypeStoreSize(element).getFixedValue()) &&
           data_.getTypeSizeInBits(element) == data_.getTypeStoreSizeInBits(element);
}

bool Widener::isLikelyContiguous(const Value* pointer, Type* element) const {
    return shapes_.likelyStride(pointer) == static_cast<int64_t>(data_.getTypeStoreSize(element).getFixedValue()) &&
           data_.getTypeSizeInBits(element) == data_.getTypeStoreSizeInBits(element);
}

// Comparisons of ids, in the 32 bits that most kernels ask for and that masks are cheapest of; null: of anything else.
Value* Widener::emitNarrow(IRBuilder<>& at, const llvm::CmpInst& compare) {
    constexpr uint64_t kEnd = uint64_t{1} << 31; // signed or not, it is the same below
    Value* narrow[2];
    for (unsigned i = 0; i < 2; ++i) {
        const Value* operand = compare.getOperand(i);
        const LaneShape shape = shapes_.of(operand);
        const auto* number = llvm::dyn_cast<llvm::ConstantInt>(operand);
        const auto* call = llvm::dyn_cast<llvm::CallInst>(operand);
        const bool isId = call != nullptr && isQuery(builtinOf(*call)) && call->getRange() &&
                          call->getRange()->getUnsignedMax().ult(kEnd);
        const bool fits = number != nullptr ? number->getValue().ult(kEnd) : isId;
        if (!operand->getType()->isIntegerTy(64) || !shape.isScalar() || !fits) {
            return nullptr;
        }
        narrow[i] = spread(at, at.CreateTrunc(scalar(at, operand), at.getInt32Ty()), shape.stride);
    }
    return at.CreateICmp(compare.getPredicate(), narrow[0], narrow[1]);
}

void Widener::emitWide(IRBuilder<>& at, const Instruction& instruction, Value* mask) {
    const auto operand = [&](unsigned i) { return vector(at, instruction.getOperand(i)); };
    Type* type = wideType(instruction.getType(), lanes_);
    Value* result = nullptr;
    if (const auto* binary = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
        Value* right = operand(1);
        if (binary->isIntDivRem() && mask != nullptr) {
            right = at.CreateSelect(mask, right, llvm::ConstantInt::get(type, 1));
        }
        result = at.CreateBinOp(binary->getOpcode(), operand(0), right);
    } else if (const auto* unary = llvm::dyn_cast<llvm::UnaryOperator>(&instruction)) {
        result = at.CreateUnOp(unary->getOpcode(), operand(0));
    } else if (const auto* compare = llvm::dyn_cast<llvm::CmpInst>(&instruction)) {
        result = emitNarrow(at, *compare);
        result = result != nullptr ? result : at.CreateCmp(compare->getPredicate(), operand(0), operand(1));
    } else if (const auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
        result = at.CreateCast(cast->getOpcode(), operand(0), type);
    } else if (llvm::isa<llvm::SelectInst>(instruction)) {
        Value* condition =
            shapes_.of(instruction.getOperand(0)).isUniform() ? scalar(at, instruction.getOperand(0)) : operand(0);
        result = at.CreateSelect(condition, operand(1), operand(2));
    } else if (const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(&instruction)) {
        const auto part = [&](const Value* value) {
            return shapes_.of(value).isUniform() ? scalar(at, value) : vector(at, value);
        };
        llvm::SmallVector<Value*, 4> indices;
        for (const Value* index : address->indices()) {
            indices.push_back(part(index));
        }
        result = at.CreateGEP(address->getSourceElementType(), part(address->getPointerOperand()), indices);
        if (!result->getType()->isVectorTy()) {
            result = at.CreateVectorSplat(lanes_, result);
        }
    } else if (llvm::isa<llvm::FreezeInst>(instruction)) {
        result = at.CreateFreeze(operand(0));
    } else if (const auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(&instruction)) {
        result = at.CreateExtractValue(operand(0), part->getIndices());
    } else if (const auto* put = llvm::dyn_cast<llvm::InsertValueInst>(&instruction)) {
        result = at.CreateInsertValue(operand(0), operand(1), put->getIndices());
    } else {
        return serialise(at, instruction, mask);
    }
    if (auto* made = llvm::dyn_cast<Instruction>(result); made != nullptr && !llvm::isa<llvm::GEPOperator>(made)) {
        made->copyIRFlags(&instruction);
    }
    define(at, instruction, result);
}

} // namespace halyard::jit::spmd
