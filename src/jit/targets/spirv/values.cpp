// Types, constants and values.
#include "jit/kir.h"
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/Operator.h>

namespace halyard::jit::spirv {

Space Emitter::spaceOf(const llvm::Type* pointer) const {
    switch (pointer->getPointerAddressSpace()) {
    case kir::kWorkgroup:
        return Space::Workgroup;
    case kir::kPrivate:
        return Space::Private;
    case kir::kGlobal:
    case kir::kConstant:
        return Space::Global;
    default:
        return Space::Generic;
    }
}

uint32_t Emitter::bitsOf(llvm::Type* type) const {
    return type->isPointerTy() ? pointerBits(spaceOf(type)) : static_cast<uint32_t>(type->getScalarSizeInBits());
}

Id Emitter::typeOf(llvm::Type* type) {
    if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type)) {
        if (vector->getNumElements() > widestVector()) {
            refuse("a vector of " + std::to_string(vector->getNumElements()) + " components");
        }
        return module_.vectorType(typeOf(vector->getElementType()), vector->getNumElements());
    }
    if (type->isVoidTy()) {
        return module_.voidType();
    }
    if (type->isIntegerTy(1)) {
        return module_.boolType();
    }
    if (const uint32_t bits = bitsOf(type);
        type->isIntegerTy() && bits != 8 && bits != 16 && bits != 32 && bits != 64) {
        refuse("integers of " + std::to_string(bits) + " bits");
        return uint32Type();
    }
    if (type->isPointerTy()) {
        return pointerValueType(spaceOf(type));
    }
    if (type->isIntegerTy() || type->isBFloatTy()) { // a bfloat16 is its bits
        return module_.intType(bitsOf(type));
    }
    return module_.floatType(bitsOf(type));
}

Id Emitter::constantOf(const llvm::Constant* constant) {
    llvm::Type* type = constant->getType();
    if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type)) {
        Words parts;
        for (uint32_t i = 0; i < vector->getNumElements(); ++i) {
            const llvm::Constant* element = constant->getAggregateElement(i);
            parts.push_back(element == nullptr ? 0 : constantOf(element));
        }
        return module_.constantComposite(typeOf(type), parts);
    }
    if (llvm::isa<llvm::UndefValue, llvm::ConstantPointerNull>(
            constant)) { // any value will do for poison, and the same each time
        return type->isPointerTy()                                ? nullPointer(spaceOf(type))
               : type->isIntegerTy(1)                             ? module_.constantBool(false)
               : type->isFloatingPointTy() && !type->isBFloatTy() ? module_.constantFloat(bitsOf(type), 0)
                                                                  : module_.constant(bitsOf(type), 0);
    }
    if (const auto* integer = llvm::dyn_cast<llvm::ConstantInt>(constant)) {
        if (bitsOf(type) > 64) {
            refuse("integers of " + std::to_string(bitsOf(type)) + " bits");
            return u32(0);
        }
        return type->isIntegerTy(1) ? module_.constantBool(integer->isOne())
                                    : module_.constant(bitsOf(type), integer->getZExtValue());
    }
    if (const auto* number = llvm::dyn_cast<llvm::ConstantFP>(constant)) {
        if (type->isBFloatTy()) {
            return module_.constant(16, number->getValueAPF().bitcastToAPInt().getZExtValue());
        }
        return module_.constantFloat(bitsOf(type), number->getValueAPF().bitcastToAPInt().getZExtValue());
    }
    if (const auto* global = llvm::dyn_cast<llvm::GlobalVariable>(constant)) {
        if (const auto at = workgroupOffsets_.find(global); at != workgroupOffsets_.end()) {
            return u32(at->second);
        }
        if (const std::optional<Id> address = dataAddress(*global)) {
            return *address;
        }
    }
    refuse("a constant that has no form: " + constant->getName().str());
    return module_.constantNull(typeOf(type));
}

// An alloca is a generic pointer in LLVM's eyes.
Id Emitter::privateAddress(const llvm::AllocaInst& variable) {
    const Id offset = u32(privateOffsets_.at(&variable));
    return spaceOf(variable.getType()) == Space::Generic ? toGeneric(offset, Space::Private) : offset;
}

Id Emitter::valueOf(const llvm::Value* value) {
    if (const auto at = values_.find(value); at != values_.end()) {
        return at->second;
    }
    if (const auto at = lasting_.find(value); at != lasting_.end()) {
        return at->second;
    }
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(value)) {
        return privateAddress(*variable);
    }
    if (const auto* expression = llvm::dyn_cast<llvm::ConstantExpr>(value)) {
        // What is behind a constant is written where it is used.
        llvm::Instruction* instruction = expression->getAsInstruction();
        Id result = 0;
        if (const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(instruction)) {
            result = address(*gep);
        } else if (const auto* conversion = llvm::dyn_cast<llvm::CastInst>(instruction)) {
            result = cast(*conversion);
        } else if (const auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(instruction)) {
            result = binary(*operation);
        } else {
            refuse(*instruction);
        }
        instruction->deleteValue();
        return result;
    }
    if (const auto* constant = llvm::dyn_cast<llvm::Constant>(value)) {
        return constantOf(constant);
    }
    refuse("a value that is used where it is not known: " + value->getName().str());
    return 1;
}

Id Emitter::fromBits(Id value, llvm::Type* type) {
    const Id wanted = typeOf(type);
    llvm::Type* element = type->getScalarType();
    if (element->isFloatingPointTy() && !element->isBFloatTy()) {
        return emit(::spv::Op::OpBitcast, wanted, {value});
    }
    if (element->isPointerTy() && pointerBits(spaceOf(element)) == 32) {
        return resizeInteger(value, 64, 32, false);
    }
    return value;
}

Id Emitter::toBits(Id value, llvm::Type* type) {
    llvm::Type* element = type->getScalarType();
    if (element->isFloatingPointTy() && !element->isBFloatTy()) {
        const Id bits = module_.intType(bitsOf(element));
        const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
        return emit(::spv::Op::OpBitcast, vector != nullptr ? module_.vectorType(bits, vector->getNumElements()) : bits,
                    {value});
    }
    if (element->isPointerTy() && pointerBits(spaceOf(element)) == 32) {
        return resizeInteger(value, 32, 64, false);
    }
    return value;
}

} // namespace halyard::jit::spirv
