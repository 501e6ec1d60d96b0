// Variables, loads, stores and copies. Composites move scalar by scalar (vectors whole), because their layout in memory
// is SPIR-V's and not LLVM's.
#include "jit/import/importer.h"

#include <llvm/Support/MathExtras.h>

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

llvm::Value* Importer::at(llvm::Value* pointer, uint64_t offset) {
    if (offset == 0) {
        return pointer;
    }
    return builder_.CreateInBoundsGEP(builder_.getInt8Ty(), pointer, builder_.getInt64(offset));
}

Access Importer::atOffset(Access access, uint64_t offset) const {
    access.alignment = llvm::MinAlign(access.alignment, offset);
    return access;
}

llvm::Value* Importer::loadScalar(llvm::Type* type, llvm::Value* pointer, Access access) {
    llvm::LoadInst* result =
        builder_.CreateAlignedLoad(type, pointer, llvm::Align(access.alignment), access.isVolatile);
    if (access.nontemporal) {
        result->setMetadata(llvm::LLVMContext::MD_nontemporal,
                            llvm::MDNode::get(context_, llvm::ConstantAsMetadata::get(builder_.getInt32(1))));
    }
    return result;
}

void Importer::storeScalar(llvm::Value* value, llvm::Value* pointer, Access access) {
    llvm::StoreInst* result =
        builder_.CreateAlignedStore(value, pointer, llvm::Align(access.alignment), access.isVolatile);
    if (access.nontemporal) {
        result->setMetadata(llvm::LLVMContext::MD_nontemporal,
                            llvm::MDNode::get(context_, llvm::ConstantAsMetadata::get(builder_.getInt32(1))));
    }
}

llvm::Value* Importer::loadValue(const Type& type, llvm::Value* pointer, MatrixLayout matrix, Access access) {
    switch (type.kind) {
    case TypeKind::Bool:
        return builder_.CreateICmpNE(loadScalar(builder_.getInt8Ty(), pointer, access), builder_.getInt8(0));
    case TypeKind::Pointer:
        if (type.layout.type != type.llvmType) {
            return builder_.CreateIntToPtr(loadScalar(type.layout.type, pointer, access), type.llvmType);
        }
        return loadScalar(type.llvmType, pointer, access);
    case TypeKind::Int:
    case TypeKind::Float:
    case TypeKind::Event:
    case TypeKind::CooperativeMatrix:
        return loadScalar(type.llvmType, pointer, access);
    case TypeKind::Vector: {
        const Type& element = this->type(type.element);
        if (matrix.rowMajor) { // a column of a row-major matrix: one component a row
            llvm::Value* result = llvm::PoisonValue::get(type.llvmType);
            for (uint64_t i = 0; i < type.count; ++i) {
                const uint64_t offset = i * matrix.stride;
                llvm::Value* component = loadScalar(element.llvmType, at(pointer, offset), atOffset(access, offset));
                result = builder_.CreateInsertElement(result, component, i);
            }
            return result;
        }
        if (element.kind == TypeKind::Bool) {
            auto* memory = llvm::FixedVectorType::get(builder_.getInt8Ty(), type.count);
            return builder_.CreateICmpNE(loadScalar(memory, pointer, access), llvm::Constant::getNullValue(memory));
        }
        return loadScalar(type.llvmType, pointer, access);
    }
    case TypeKind::Matrix:
    case TypeKind::Array: {
        const Type& element = this->type(type.element);
        uint64_t stride = type.kind == TypeKind::Array ? arrayStride(type, matrix) : matrixStride(type, matrix);
        if (type.kind == TypeKind::Matrix && matrix.rowMajor) {
            stride = this->type(element.element).layout.size;
        }
        llvm::Value* result = llvm::PoisonValue::get(type.llvmType);
        for (uint64_t i = 0; i < type.count; ++i) {
            llvm::Value* part = loadValue(element, at(pointer, i * stride), matrix, atOffset(access, i * stride));
            result = builder_.CreateInsertValue(result, part, static_cast<unsigned>(i));
        }
        return result;
    }
    case TypeKind::Struct: {
        llvm::Value* result = llvm::PoisonValue::get(type.llvmType);
        for (uint32_t i = 0; i < type.members.size(); ++i) {
            const uint64_t offset = type.offsets[i];
            llvm::Value* part = loadValue(this->type(type.members[i]), at(pointer, offset), memberMatrixLayout(type, i),
                                          atOffset(access, offset));
            result = builder_.CreateInsertValue(result, part, i);
        }
        return result;
    }
    case TypeKind::RuntimeArray:
    case TypeKind::Void:
    case TypeKind::Function:
        break;
    }
    invalid("an object of this type cannot be loaded");
}

void Importer::storeValue(const Type& type, llvm::Value* value, llvm::Value* pointer, MatrixLayout matrix,
                          Access access) {
    if (access.alignment == 0) {
        access.alignment = layoutOf(type, matrix).alignment;
    }
    switch (type.kind) {
    case TypeKind::Bool:
        storeScalar(builder_.CreateZExt(value, builder_.getInt8Ty()), pointer, access);
        return;
    case TypeKind::Pointer:
        if (type.layout.type != type.llvmType) {
            value = builder_.CreatePtrToInt(value, type.layout.type);
        }
        storeScalar(value, pointer, access);
        return;
    case TypeKind::Int:
    case TypeKind::Float:
    case TypeKind::Event:
    case TypeKind::CooperativeMatrix:
        storeScalar(value, pointer, access);
        return;
    case TypeKind::Vector: {
        if (matrix.rowMajor) {
            for (uint64_t i = 0; i < type.count; ++i) {
                const uint64_t offset = i * matrix.stride;
                storeScalar(builder_.CreateExtractElement(value, i), at(pointer, offset), atOffset(access, offset));
            }
            return;
        }
        if (this->type(type.element).kind == TypeKind::Bool) {
            value = builder_.CreateZExt(value, llvm::FixedVectorType::get(builder_.getInt8Ty(), type.count));
        }
        storeScalar(value, pointer, access);
        return;
    }
    case TypeKind::Matrix:
    case TypeKind::Array: {
        const Type& element = this->type(type.element);
        uint64_t stride = type.kind == TypeKind::Array ? arrayStride(type, matrix) : matrixStride(type, matrix);
        if (type.kind == TypeKind::Matrix && matrix.rowMajor) {
            stride = this->type(element.element).layout.size;
        }
        for (uint64_t i = 0; i < type.count; ++i) {
            storeValue(element, builder_.CreateExtractValue(value, static_cast<unsigned>(i)), at(pointer, i * stride),
                       matrix, atOffset(access, i * stride));
        }
        return;
    }
    case TypeKind::Struct:
        for (uint32_t i = 0; i < type.members.size(); ++i) {
            const uint64_t offset = type.offsets[i];
            storeValue(this->type(type.members[i]), builder_.CreateExtractValue(value, i), at(pointer, offset),
                       memberMatrixLayout(type, i), atOffset(access, offset));
        }
        return;
    case TypeKind::RuntimeArray:
    case TypeKind::Void:
    case TypeKind::Function:
        break;
    }
    invalid("an object of this type cannot be stored");
}

// A lookup table written out as a constant would otherwise be thousands of stores.
void Importer::storeConstant(const Type& type, llvm::Constant* value, llvm::Value* pointer, Access access) {
    const llvm::Align alignment(access.alignment);
    if (llvm::isa<llvm::UndefValue>(value)) {
        return;
    }
    if (value->isNullValue()) {
        builder_.CreateMemSet(pointer, builder_.getInt8(0), type.layout.size, alignment, access.isVolatile);
        return;
    }
    llvm::Value* data = constantData(type, value, {}, type.layout.alignment);
    builder_.CreateMemCpy(pointer, alignment, data, llvm::Align(type.layout.alignment), type.layout.size,
                          access.isVolatile);
}

Access Importer::memoryAccess(const Instruction& instruction, uint32_t& index, Id pointer) {
    const PointerInfo info = pointerInfo(pointer);
    Access result{info.isVolatile, false, info.alignment};
    if (index >= instruction.operandCount()) {
        return result;
    }
    const uint32_t mask = instruction.operand(index++);
    constexpr uint32_t kAliasScopeIntel = 0x10000, kNoAliasIntel = 0x20000;
    constexpr uint32_t kKnown = 0x3f | kAliasScopeIntel | kNoAliasIntel;
    if (mask & ~kKnown) {
        unsupported("unknown memory operands");
    }
    result.isVolatile |= (mask & uint32_t(sv::MemoryAccessMask::Volatile)) != 0;
    result.nontemporal = (mask & uint32_t(sv::MemoryAccessMask::Nontemporal)) != 0;
    if (mask & uint32_t(sv::MemoryAccessMask::Aligned)) {
        const uint32_t alignment = literal(instruction, index++);
        check(llvm::isPowerOf2_32(alignment), "Aligned is not a power of two");
        result.alignment = alignment;
    }
    // Availability and visibility operations on one access: the access itself must reach memory.
    for (uint32_t bit :
         {uint32_t(sv::MemoryAccessMask::MakePointerAvailable), uint32_t(sv::MemoryAccessMask::MakePointerVisible)}) {
        if (mask & bit) {
            literal(instruction, index++);
            result.isVolatile = true;
        }
    }
    for (uint32_t bit : {kAliasScopeIntel, kNoAliasIntel}) {
        if (mask & bit) {
            literal(instruction, index++);
        }
    }
    return result;
}

void Importer::functionVariable(const Instruction& instruction) {
    const Type& pointer = resultType(instruction);
    check(pointer.kind == TypeKind::Pointer && pointer.storage == sv::StorageClass::Function,
          "a variable in a function has Function storage");
    const Type& pointee = sizedPointee(pointer);
    check(pointee.llvmType != nullptr, "a variable of this type cannot exist");
    const uint64_t alignment = std::max(pointee.layout.alignment, pointerInfo(instruction.result).alignment);
    llvm::AllocaInst* variable = entryAlloca(pointee.layout.type, alignment);
    define(instruction, variable);
    if (instruction.operandCount() > 1) {
        llvm::Value* initial = operand(instruction, 1, pointee.llvmType);
        auto* known = llvm::dyn_cast<llvm::Constant>(initial);
        if (known && pointee.isAggregate()) {
            storeConstant(pointee, known, variable, {false, false, alignment});
        } else {
            storeValue(pointee, initial, variable, {}, {false, false, alignment});
        }
    }
}

llvm::Value* Importer::pointerOperand(const Instruction& instruction, uint32_t index) {
    llvm::Value* pointer = operand(instruction, index);
    const Type& type = operandType(instruction, index);
    check(pointer->getType()->isPointerTy() && type.kind == TypeKind::Pointer, "the operand is not a pointer");
    if (isDescriptorArray(instruction.operand(index))) {
        unsupported("an array of buffers is used as a whole");
    }
    return pointer;
}

const Type& Importer::pointeeOf(const Instruction& instruction, uint32_t index) {
    const Type& pointer = operandType(instruction, index);
    check(pointer.kind == TypeKind::Pointer, "the operand is not a pointer");
    const bool perInvocation =
        pointer.storage == sv::StorageClass::Function || pointer.storage == sv::StorageClass::Private;
    const Type* inner = &type(pointer.element);
    while (inner->kind == TypeKind::Array || inner->kind == TypeKind::RuntimeArray) {
        inner = &type(inner->element);
    }
    check(perInvocation || inner->kind != TypeKind::CooperativeMatrix,
          "a cooperative matrix is in memory that invocations share");
    return type(pointer.element);
}

void Importer::load(const Instruction& instruction) {
    const Type& type = resultType(instruction);
    const Id pointerId = literal(instruction, 0);
    check(&pointeeOf(instruction, 0) == &type, "the pointer does not point to the result type");
    uint32_t index = 1;
    const Access access = memoryAccess(instruction, index, pointerId);
    const Instruction& source = *source_.definition(pointerId);
    const bool isInput = operandType(instruction, 0).storage == sv::StorageClass::Input;
    if (isInput && source.op() == sv::Op::OpVariable) {
        define(instruction, builtinValue(source, type)); // the common case needs no copy
        return;
    }
    const MatrixLayout matrix = pointerInfo(pointerId).matrix;
    if (copies_.count(instruction.result) && isLarge(type) && matrix.stride == 0) {
        // The memory may change before the value is stored.
        llvm::AllocaInst* snapshot = entryAlloca(type.layout.type, type.layout.alignment);
        builder_.CreateMemCpy(snapshot, snapshot->getAlign(), pointerOperand(instruction, 0),
                              llvm::Align(access.alignment), type.layout.size, access.isVolatile);
        snapshots_[instruction.result] = snapshot;
        return;
    }
    leafCount(type);
    define(instruction, loadValue(type, pointerOperand(instruction, 0), matrix, access));
}

// An array that is assigned to another is loaded and stored: that is a copy of memory.
void Importer::findCopies(const spv::Function& function) {
    copies_.clear();
    snapshots_.clear();
    for (const spv::Block& block : function.blocks) {
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
            const Instruction& instruction = source_.instructions()[i];
            current_ = &instruction;
            if (instruction.op() == sv::Op::OpLoad && isLarge(resultType(instruction))) {
                copies_.insert(instruction.result);
            }
        }
    }
    if (copies_.empty()) {
        return;
    }
    for (const spv::Block& block : function.blocks) {
        for (uint32_t i = block.firstInstruction; i < block.endInstruction; ++i) {
            const Instruction& instruction = source_.instructions()[i];
            current_ = &instruction;
            // Any operand word may be an id; one that only looks like one costs a copy through registers.
            for (uint32_t index = 0; index < instruction.operandCount(); ++index) {
                const Id id = instruction.operand(index);
                if (!copies_.count(id)) {
                    continue;
                }
                const bool isStored = instruction.op() == sv::Op::OpStore && index == 1;
                if (!isStored || typeIdOf(id) != pointeeOf(instruction, 0).id) {
                    copies_.erase(id);
                }
            }
        }
    }
}

void Importer::store(const Instruction& instruction) {
    const Type& type = pointeeOf(instruction, 0);
    const Id pointerId = literal(instruction, 0);
    llvm::Value* pointer = pointerOperand(instruction, 0);
    check(type.llvmType != nullptr, "an object of this type cannot be stored");
    uint32_t index = 2;
    const Access access = memoryAccess(instruction, index, pointerId);
    const PointerInfo info = pointerInfo(pointerId);
    if (auto snapshot = snapshots_.find(literal(instruction, 1)); snapshot != snapshots_.end()) {
        if (info.matrix.stride != 0) {
            leafCount(type);
            storeValue(type, loadValue(type, snapshot->second, {}, {false, false, type.layout.alignment}), pointer,
                       info.matrix, access);
            return;
        }
        builder_.CreateMemCpy(pointer, llvm::Align(access.alignment), snapshot->second, snapshot->second->getAlign(),
                              type.layout.size, access.isVolatile);
        return;
    }
    llvm::Value* object = operand(instruction, 1, type.llvmType);
    auto* known = llvm::dyn_cast<llvm::Constant>(object);
    if (known && type.isAggregate() && info.matrix.stride == 0 && !isExplicit(operandType(instruction, 0).storage)) {
        storeConstant(type, known, pointer, access);
        return;
    }
    leafCount(type);
    storeValue(type, object, pointer, info.matrix, access);
}

void Importer::copyMemory(const Instruction& instruction) {
    const Type& target = pointeeOf(instruction, 0);
    const Type& source = pointeeOf(instruction, 1);
    check(target.llvmType && target.llvmType == source.llvmType, "the copy changes the type");
    llvm::Value* to = pointerOperand(instruction, 0);
    llvm::Value* from = pointerOperand(instruction, 1);
    uint32_t index = 2;
    const Access write = memoryAccess(instruction, index, instruction.operand(0));
    uint32_t again = 2;
    const bool separate = index < instruction.operandCount();
    const Access read = memoryAccess(instruction, separate ? index : again, instruction.operand(1));
    const PointerInfo toInfo = pointerInfo(instruction.operand(0));
    const PointerInfo fromInfo = pointerInfo(instruction.operand(1));
    if (&target == &source && target.isAggregate() && toInfo.matrix.stride == 0 && fromInfo.matrix.stride == 0) {
        builder_.CreateMemCpy(to, llvm::Align(write.alignment), from, llvm::Align(read.alignment), target.layout.size,
                              write.isVolatile || read.isVolatile);
        return;
    }
    leafCount(target);
    storeValue(target, loadValue(source, from, fromInfo.matrix, read), to, toInfo.matrix, write);
}

void Importer::copyMemorySized(const Instruction& instruction) {
    llvm::Value* to = pointerOperand(instruction, 0);
    llvm::Value* from = pointerOperand(instruction, 1);
    llvm::Value* size = operand(instruction, 2);
    check(size->getType()->isIntegerTy(), "the size is not an integer");
    uint32_t index = 3;
    const Access write = memoryAccess(instruction, index, instruction.operand(0));
    uint32_t again = 3;
    const bool separate = index < instruction.operandCount();
    const Access read = memoryAccess(instruction, separate ? index : again, instruction.operand(1));
    builder_.CreateMemCpy(to, llvm::Align(write.alignment), from, llvm::Align(read.alignment),
                          builder_.CreateZExtOrTrunc(size, builder_.getInt64Ty()), write.isVolatile || read.isVolatile);
}

} // namespace halyard::jit
