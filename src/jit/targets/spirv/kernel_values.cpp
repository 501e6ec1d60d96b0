// Pointers of the Kernel flavour as values.
#include "jit/kir.h"
#include "jit/targets/spirv/kernel_emitter.h"

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

::spv::StorageClass storageOf(Space space) {
    switch (space) {
    case Space::Global:
        return ::spv::StorageClass::CrossWorkgroup;
    case Space::Workgroup:
        return ::spv::StorageClass::Workgroup;
    case Space::Private:
        return ::spv::StorageClass::Function;
    default:
        return ::spv::StorageClass::Generic;
    }
}

} // namespace

// By-value arguments are the invocation's own here, and not a block in global memory.
Space KernelEmitter::spaceOf(const llvm::Type* pointer) const {
    return pointer->getPointerAddressSpace() == kir::kConstant ? Space::Private : Emitter::spaceOf(pointer);
}

Id KernelEmitter::pointerValueType(Space space) {
    return pointerTo(space, module_.intType(8));
}

Id KernelEmitter::pointerTo(Space space, Id pointee) {
    if (space == Space::Generic) {
        module_.capability(::spv::Capability::GenericPointer);
    }
    return module_.pointerType(storageOf(space), pointee);
}

Id KernelEmitter::accessed(Space space, Id pointer, Id pointee) {
    const Id type = pointerTo(space, pointee);
    return type == pointerValueType(space) ? pointer : emit(Op::OpBitcast, type, {pointer});
}

Id KernelEmitter::bytes(Id pointer, Space space) {
    return emit(Op::OpBitcast, pointerValueType(space), {pointer});
}

Id KernelEmitter::privateAddress(const llvm::AllocaInst& variable) {
    const auto found = privates_.find(&variable);
    if (found == privates_.end()) {
        refuse("a private variable that is used where it is not known");
        return 1;
    }
    return convert(found->second, Space::Private, spaceOf(variable.getType()));
}

Id KernelEmitter::convert(Id pointer, Space from, Space to) {
    if (from == to) {
        return pointer;
    }
    if (to == Space::Generic) {
        return emit(Op::OpPtrCastToGeneric, pointerValueType(to), {pointer});
    }
    if (from != Space::Generic) {
        refuse("a pointer into one address space used as one into another");
    }
    return emit(Op::OpGenericCastToPtr, pointerValueType(to), {pointer});
}

Id KernelEmitter::castPointer(const llvm::CastInst& cast) {
    const llvm::Value* operand = cast.getOperand(0);
    if (cast.getType()->isVectorTy()) {
        refuse(cast);
        return 1;
    }
    if (cast.getOpcode() == llvm::Instruction::PtrToInt) {
        return resizeInteger(comparable(valueOf(operand), operand->getType()), 64, bitsOf(cast.getType()), false);
    }
    const Space to = spaceOf(cast.getType());
    if (cast.getOpcode() == llvm::Instruction::IntToPtr) {
        const Id address = resizeInteger(valueOf(operand), bitsOf(operand->getType()), 64, false);
        return emit(Op::OpConvertUToPtr, pointerValueType(to), {address});
    }
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(operand);
        variable != nullptr && to == Space::Private && privates_.contains(variable)) {
        return privates_.at(variable); // with no way round by a generic pointer
    }
    return convert(valueOf(operand), spaceOf(operand->getType()), to);
}

Id KernelEmitter::comparable(Id value, llvm::Type* type) {
    return type->isPointerTy() ? emit(Op::OpConvertPtrToU, uint64Type(), {value}) : value;
}

Id KernelEmitter::fromBits(Id value, llvm::Type* type) {
    if (type->getScalarType()->isPointerTy()) {
        if (type->isVectorTy()) {
            refuse("a vector of pointers");
        }
        return emit(Op::OpConvertUToPtr, pointerValueType(spaceOf(type->getScalarType())), {value});
    }
    return Emitter::fromBits(value, type);
}

Id KernelEmitter::toBits(Id value, llvm::Type* type) {
    if (type->getScalarType()->isPointerTy()) {
        if (type->isVectorTy()) {
            refuse("a vector of pointers");
        }
        return emit(Op::OpConvertPtrToU, uint64Type(), {value});
    }
    return Emitter::toBits(value, type);
}

} // namespace halyard::jit::spirv
