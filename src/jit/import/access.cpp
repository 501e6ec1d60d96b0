// Access chains and everything else that makes or compares addresses.
#include "jit/import/importer.h"

#include <llvm/Support/MathExtras.h>

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

PointerInfo Importer::pointerInfo(Id pointer) {
    if (auto found = pointers_.find(pointer); found != pointers_.end()) {
        return found->second;
    }
    PointerInfo result;
    const Type& own = typeOf(pointer);
    check(own.kind == TypeKind::Pointer, "the operand is not a pointer");
    const Type& pointee = type(own.element);
    if (pointee.kind != TypeKind::Void && pointee.kind != TypeKind::Function) {
        result.alignment = isExplicit(own.storage) ? pointee.layout.scalarAlignment : pointee.layout.alignment;
    }
    if (isExplicit(own.storage)) {
        const Type* inner = &pointee;
        while (inner->kind == TypeKind::Array || inner->kind == TypeKind::RuntimeArray) {
            inner = &type(inner->element);
        }
        if (inner->kind == TypeKind::Matrix) {
            unsupported("a pointer to a matrix whose layout is not known here");
        }
    }
    if (const spv::Decoration* alignment = source_.findDecoration(pointer, sv::Decoration::Alignment);
        alignment && !alignment->operands.empty() && llvm::isPowerOf2_32(alignment->operands[0])) {
        result.alignment = std::max<uint64_t>(result.alignment, alignment->operands[0]);
    }
    result.isVolatile =
        isDecorated(pointer, sv::Decoration::Volatile) || isDecorated(pointer, sv::Decoration::Coherent);
    pointers_[pointer] = result;
    return result;
}

void Importer::setPointerInfo(const Instruction& instruction, PointerInfo info) {
    info.isVolatile |= isDecorated(instruction.result, sv::Decoration::Volatile) ||
                       isDecorated(instruction.result, sv::Decoration::Coherent);
    pointers_[instruction.result] = info;
}

void Importer::flush(Cursor& cursor) {
    if (cursor.constantOffset == 0) {
        return;
    }
    const auto flags = cursor.inBounds ? llvm::GEPNoWrapFlags::inBounds() : llvm::GEPNoWrapFlags::none();
    cursor.pointer =
        builder_.CreateGEP(builder_.getInt8Ty(), cursor.pointer, builder_.getInt64(cursor.constantOffset), "", flags);
    cursor.constantOffset = 0;
}

// Moves by `index` (signed, any width) elements of `stride` bytes.
void Importer::advance(Cursor& cursor, llvm::Value* index, uint64_t stride) {
    check(index->getType()->isIntegerTy(), "an index is not an integer");
    if (auto* known = llvm::dyn_cast<llvm::ConstantInt>(index)) {
        const uint64_t offset = static_cast<uint64_t>(known->getSExtValue()) * stride;
        cursor.constantOffset += offset;
        cursor.alignment = llvm::MinAlign(cursor.alignment, offset);
        return;
    }
    flush(cursor);
    cursor.alignment = llvm::MinAlign(cursor.alignment, stride);
    const auto flags = cursor.inBounds ? llvm::GEPNoWrapFlags::inBounds() : llvm::GEPNoWrapFlags::none();
    llvm::Type* element = stride == 1 || stride == 2 || stride == 4 || stride == 8
                              ? builder_.getIntNTy(static_cast<unsigned>(stride * 8))
                              : bytes(stride);
    cursor.pointer =
        builder_.CreateGEP(element, cursor.pointer, builder_.CreateSExt(index, builder_.getInt64Ty()), "", flags);
}

Id Importer::step(Cursor& cursor, const Type& current, Id index, PointerInfo& info) {
    switch (current.kind) {
    case TypeKind::Struct: {
        const uint64_t member = constantInteger(index);
        check(member < current.members.size(), "the structure has no such member");
        const auto number = static_cast<uint32_t>(member);
        cursor.constantOffset += current.offsets[number];
        cursor.alignment = llvm::MinAlign(cursor.alignment, current.offsets[number]);
        info.matrix = memberMatrixLayout(current, number);
        info.isVolatile |= source_.findDecoration(current.id, sv::Decoration::Volatile, number) != nullptr ||
                           source_.findDecoration(current.id, sv::Decoration::Coherent, number) != nullptr;
        return current.members[number];
    }
    case TypeKind::Array:
    case TypeKind::RuntimeArray:
        advance(cursor, value(index), arrayStride(current, info.matrix));
        return current.element;
    case TypeKind::Matrix: {
        const Type& column = type(current.element);
        const uint64_t stride =
            info.matrix.rowMajor ? type(column.element).layout.size : matrixStride(current, info.matrix);
        advance(cursor, value(index), stride);
        return current.element;
    }
    case TypeKind::CooperativeMatrix:
        advance(cursor, value(index), type(current.element).layout.size);
        return current.element;
    case TypeKind::Vector: {
        const Type& component = type(current.element);
        advance(cursor, value(index), info.matrix.rowMajor ? info.matrix.stride : component.layout.size);
        return current.element;
    }
    default:
        invalid("the access chain walks into a scalar");
    }
}

void Importer::accessChain(const Instruction& instruction) {
    const Id baseId = literal(instruction, 0);
    const Type& base = operandType(instruction, 0);
    check(base.kind == TypeKind::Pointer, "the base is not a pointer");
    PointerInfo info = pointerInfo(baseId);
    Cursor cursor;
    cursor.alignment = info.alignment;
    const sv::Op op = instruction.op();
    const bool pointerStep = op == sv::Op::OpPtrAccessChain || op == sv::Op::OpInBoundsPtrAccessChain;
    // In the logical model an index outside its object has no meaning, so the plain chain is in bounds too.
    cursor.inBounds = op == sv::Op::OpInBoundsAccessChain || op == sv::Op::OpInBoundsPtrAccessChain ||
                      (op == sv::Op::OpAccessChain && source_.addressingModel() == sv::AddressingModel::Logical);
    uint32_t index = 1;
    const Type* current = &type(base.element);
    if (isDescriptorArray(baseId)) {
        check(!pointerStep && instruction.operandCount() > 1, "an array of buffers is used as a whole");
        cursor.pointer = descriptor(baseId, value(baseId), base.llvmType, instruction.operand(index++));
        current = &type(current->element);
        cursor.alignment = current->layout.scalarAlignment;
    } else {
        cursor.pointer = pointerOperand(instruction, 0);
    }
    if (pointerStep) {
        uint64_t stride = base.stride;
        if (stride == 0) {
            const Layout layout = layoutOf(*current, info.matrix);
            stride = llvm::alignTo(layout.size, layout.alignment);
        }
        advance(cursor, operand(instruction, index++), stride);
    }
    for (; index < instruction.operandCount(); ++index) {
        current = &type(step(cursor, *current, instruction.operand(index), info));
    }
    flush(cursor);
    const Type& result = resultType(instruction);
    check(result.kind == TypeKind::Pointer && result.element == current->id,
          "the access chain does not reach its type");
    info.alignment = cursor.alignment;
    setPointerInfo(instruction, info);
    define(instruction, cursor.pointer);
}

// An array of blocks outside any block: each element is a kernel parameter of its own (docs/design.md, section 5).
bool Importer::isDescriptorArray(Id variable) {
    const Instruction* definition = source_.definition(variable);
    if (!buffers_.count(variable) || !definition || definition->op() != sv::Op::OpVariable) {
        return false;
    }
    const Type& pointer = typeOf(variable);
    return pointer.kind == TypeKind::Pointer && pointer.storage != sv::StorageClass::PushConstant &&
           type(pointer.element).kind == TypeKind::Array;
}

// Element `index` of a descriptor table, moved into the array when it is outside: the kernel is wrong then, but it must
// not take an address from beyond the table.
llvm::Value* Importer::descriptor(Id variable, llvm::Value* table, llvm::Type* type, Id index) {
    llvm::Value* position = value(index);
    check(position->getType()->isIntegerTy(), "an index is not an integer");
    llvm::Type* wide = builder_.getInt64Ty();
    llvm::Value* last = builder_.getInt64(buffers_.at(variable).size() - 1);
    position = binaryIntrinsic(llvm::Intrinsic::umin, resize(position, wide, true), last);
    return builder_.CreateLoad(type, builder_.CreateInBoundsGEP(type, table, position));
}

llvm::Value* Importer::lengthOf(Id pointer) {
    constexpr int kMaximumChain = 64;
    for (int i = 0; i < kMaximumChain; ++i) {
        const Instruction* definition = source_.definition(pointer);
        check(definition != nullptr, "a pointer is not defined");
        switch (definition->op()) {
        case sv::Op::OpVariable: {
            auto length = lengths_.find(pointer);
            if (length == lengths_.end() || !length->second || isDescriptorArray(pointer)) {
                unsupported("the length of this buffer is not a parameter of the kernel");
            }
            return length->second;
        }
        case sv::Op::OpAccessChain:
        case sv::Op::OpInBoundsAccessChain:
            if (const Id base = literal(*definition, 0); isDescriptorArray(base) && lengths_.count(base)) {
                check(definition->operandCount() == 2, "the operand is not a block");
                return descriptor(base, lengths_.at(base), builder_.getInt64Ty(), definition->operand(1));
            }
            pointer = literal(*definition, 0);
            break;
        case sv::Op::OpCopyObject:
            pointer = literal(*definition, 0);
            break;
        default:
            unsupported("the buffer behind this pointer is not known while compiling");
        }
    }
    unsupported("the access chain is too long");
}

void Importer::arrayLength(const Instruction& instruction) {
    const Type& block = pointeeOf(instruction, 0);
    const uint32_t member = literal(instruction, 1);
    check(block.kind == TypeKind::Struct && member + 1 == block.members.size(), "the operand is not a block's array");
    const Type& array = type(block.members[member]);
    check(array.kind == TypeKind::RuntimeArray, "the member is not a runtime array");
    llvm::Value* length = lengthOf(literal(instruction, 0));
    llvm::Value* offset = builder_.getInt64(block.offsets[member]);
    llvm::Value* rest = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::usub_sat, length, offset);
    const uint64_t stride = arrayStride(array, memberMatrixLayout(block, member));
    check(stride != 0, "the array's elements have no size");
    llvm::Value* count = builder_.CreateUDiv(rest, builder_.getInt64(stride));
    llvm::Type* result = resultType(instruction).llvmType;
    checkInteger(result);
    define(instruction, resize(count, result, false));
}

void Importer::pointerCompare(const Instruction& instruction) {
    llvm::Value* a = pointerOperand(instruction, 0);
    llvm::Value* b = operand(instruction, 1, a->getType());
    define(instruction,
           instruction.op() == sv::Op::OpPtrEqual ? builder_.CreateICmpEQ(a, b) : builder_.CreateICmpNE(a, b));
}

void Importer::pointerDifference(const Instruction& instruction) {
    llvm::Value* a = pointerOperand(instruction, 0);
    llvm::Value* b = operand(instruction, 1, a->getType());
    const Type& pointer = operandType(instruction, 0);
    const Layout layout = layoutOf(type(pointer.element));
    const uint64_t stride = pointer.stride ? pointer.stride : llvm::alignTo(layout.size, layout.alignment);
    check(stride != 0, "the pointee has no size");
    llvm::Type* wide = builder_.getInt64Ty();
    llvm::Value* difference = builder_.CreateSub(builder_.CreatePtrToInt(a, wide), builder_.CreatePtrToInt(b, wide));
    llvm::Type* result = resultType(instruction).llvmType;
    checkInteger(result);
    define(instruction, resize(builder_.CreateExactSDiv(difference, builder_.getInt64(stride)), result, true));
}

void Importer::addressSpaceCast(const Instruction& instruction) {
    llvm::Value* pointer = pointerOperand(instruction, 0);
    const Type& result = resultType(instruction);
    check(result.kind == TypeKind::Pointer, "the result is not a pointer");
    PointerInfo info;
    if (type(result.element).id == pointeeOf(instruction, 0).id) {
        info = pointerInfo(literal(instruction, 0));
    }
    setPointerInfo(instruction, info);
    define(instruction, builder_.CreateAddrSpaceCast(pointer, result.llvmType));
}

void Importer::sizeOf(const Instruction& instruction) {
    llvm::Type* result = resultType(instruction).llvmType;
    checkInteger(result);
    define(instruction, llvm::ConstantInt::get(result, pointeeOf(instruction, 0).layout.size));
}

// One counter serves every scope: SPIR-V asks no more of it than that it does not run backwards.
void Importer::readClock(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(layout_.getTypeSizeInBits(type) == 64 && type->isIntOrIntVectorTy(), "a clock has 64 bits");
    llvm::Function* clock = llvm::Intrinsic::getOrInsertDeclaration(module_.get(), llvm::Intrinsic::readcyclecounter);
    define(instruction, builder_.CreateBitCast(builder_.CreateCall(clock), type));
}

} // namespace halyard::jit
