// Conversions of numbers and pointers.
#include "jit/targets/spirv/emitter.h"

namespace halyard::jit::spirv {
namespace {

using ::spv::Op;

// The two bits at the top of a generic pointer. Device addresses have neither or both.
constexpr uint64_t kTagShift = 62;
constexpr uint64_t kWorkgroupTag = 1;
constexpr uint64_t kPrivateTag = 2;

} // namespace

Id Emitter::resizeInteger(Id value, uint32_t from, uint32_t to, bool isSigned) {
    return from == to ? value : emit(isSigned ? Op::OpSConvert : Op::OpUConvert, module_.intType(to), {value});
}

Id Emitter::toGeneric(Id pointer, Space space) {
    if (space == Space::Global || space == Space::Generic) {
        return pointer;
    }
    const uint64_t tag = space == Space::Workgroup ? kWorkgroupTag : kPrivateTag;
    return emit(Op::OpBitwiseOr, uint64Type(), {resizeInteger(pointer, 32, 64, false), u64(tag << kTagShift)});
}

Id Emitter::fromGeneric(Id pointer, Space space) {
    return space == Space::Workgroup || space == Space::Private ? resizeInteger(pointer, 64, 32, false) : pointer;
}

Id Emitter::castPointer(const llvm::CastInst& cast) {
    const llvm::Value* operand = cast.getOperand(0);
    const Id value = valueOf(operand);
    if (cast.getOpcode() == llvm::Instruction::PtrToInt) {
        const Space space = spaceOf(operand->getType());
        return resizeInteger(value, pointerBits(space), bitsOf(cast.getType()), false);
    }
    const Space to = spaceOf(cast.getType());
    if (cast.getOpcode() == llvm::Instruction::IntToPtr) {
        return resizeInteger(value, bitsOf(operand->getType()), pointerBits(to), false);
    }
    const Space from = spaceOf(operand->getType());
    if (from == to) {
        return value;
    }
    return to == Space::Generic ? toGeneric(value, from) : fromGeneric(toGeneric(value, from), to);
}

Id Emitter::cast(const llvm::CastInst& cast) {
    llvm::Type* from = cast.getOperand(0)->getType();
    llvm::Type* to = cast.getType();
    if (from->isPointerTy() || to->isPointerTy()) {
        return castPointer(cast);
    }
    const Id type = typeOf(to);
    const Id value = valueOf(cast.getOperand(0));
    const auto chosen = [&](llvm::Constant* yes) {
        return emit(Op::OpSelect, type, {value, constantOf(yes), constantOf(llvm::Constant::getNullValue(to))});
    };
    const bool fromBool = from->isIntOrIntVectorTy(1);
    switch (cast.getOpcode()) {
    case llvm::Instruction::Trunc:
        if (to->isIntOrIntVectorTy(1)) {
            const Id low = emit(Op::OpBitwiseAnd, typeOf(from), {value, constantOf(llvm::ConstantInt::get(from, 1))});
            return emit(Op::OpINotEqual, type, {low, constantOf(llvm::Constant::getNullValue(from))});
        }
        return emit(Op::OpUConvert, type, {value});
    case llvm::Instruction::ZExt:
        return fromBool ? chosen(llvm::ConstantInt::get(to, 1)) : emit(Op::OpUConvert, type, {value});
    case llvm::Instruction::SExt:
        return fromBool ? chosen(llvm::Constant::getAllOnesValue(to)) : emit(Op::OpSConvert, type, {value});
    case llvm::Instruction::UIToFP:
        return fromBool ? chosen(llvm::ConstantFP::get(to, 1.0)) : exact(emit(Op::OpConvertUToF, type, {value}));
    case llvm::Instruction::SIToFP:
        return fromBool ? chosen(llvm::ConstantFP::get(to, -1.0)) : exact(emit(Op::OpConvertSToF, type, {value}));
    case llvm::Instruction::FPToUI:
    case llvm::Instruction::FPToSI: {
        const Op op = cast.getOpcode() == llvm::Instruction::FPToUI ? Op::OpConvertFToU : Op::OpConvertFToS;
        if (!to->isIntOrIntVectorTy(1)) {
            return exact(emit(op, type, {value}));
        }
        llvm::Type* wide = to->getWithNewBitWidth(32);
        return emit(Op::OpINotEqual, type,
                    {emit(op, typeOf(wide), {value}), constantOf(llvm::Constant::getNullValue(wide))});
    }
    case llvm::Instruction::FPTrunc:
    case llvm::Instruction::FPExt: {
        if (from->getScalarType()->isBFloatTy() || to->getScalarType()->isBFloatTy()) {
            refuse(cast);
            return value;
        }
        return exact(emit(Op::OpFConvert, type, {value}));
    }
    case llvm::Instruction::BitCast:
        if (from->isIntOrIntVectorTy(1) || to->isIntOrIntVectorTy(1)) {
            refuse(cast);
            return value;
        }
        return typeOf(from) == type ? value : emit(Op::OpBitcast, type, {value});
    default:
        refuse(cast);
        return value;
    }
}

} // namespace halyard::jit::spirv
