// Shifts, bit fields and counts.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

llvm::Value* Importer::resize(llvm::Value* value, llvm::Type* type, bool isSigned) {
    return isSigned ? builder_.CreateSExtOrTrunc(value, type) : builder_.CreateZExtOrTrunc(value, type);
}

llvm::Value* Importer::splatTo(llvm::Value* scalar, llvm::Type* type) {
    if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type); vector && !scalar->getType()->isVectorTy()) {
        return builder_.CreateVectorSplat(vector->getNumElements(), scalar);
    }
    return scalar;
}

// A shift by the width or more is undefined in SPIR-V and poison in LLVM; taking it modulo the width costs nothing
// where the hardware does so and keeps the result an ordinary value everywhere.
void Importer::shift(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* base = operand(instruction, 0, type);
    llvm::Value* amount = operand(instruction, 1);
    checkInteger(amount->getType());
    check(partCount(amount->getType()) == partCount(type), "base and shift differ in components");
    amount = resize(amount, type, false);
    amount = builder_.CreateAnd(amount, llvm::ConstantInt::get(type, type->getScalarSizeInBits() - 1));
    switch (instruction.op()) {
    case sv::Op::OpShiftLeftLogical:
        define(instruction, builder_.CreateShl(base, amount));
        return;
    case sv::Op::OpShiftRightLogical:
        define(instruction, builder_.CreateLShr(base, amount));
        return;
    default:
        define(instruction, builder_.CreateAShr(base, amount));
    }
}

void Importer::bitwiseNot(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    define(instruction, builder_.CreateNot(operand(instruction, 0, type)));
}

// `count` low bits set, for 0 <= count <= width.
llvm::Value* Importer::lowMask(llvm::Value* count) {
    llvm::Type* type = count->getType();
    const unsigned width = type->getScalarSizeInBits();
    llvm::Value* zero = llvm::Constant::getNullValue(type);
    llvm::Value* distance = builder_.CreateSub(llvm::ConstantInt::get(type, width), count);
    distance = builder_.CreateAnd(distance, llvm::ConstantInt::get(type, width - 1));
    llvm::Value* mask = builder_.CreateLShr(llvm::Constant::getAllOnesValue(type), distance);
    return builder_.CreateSelect(builder_.CreateICmpEQ(count, zero), zero, mask);
}

void Importer::bitFieldInsert(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* base = operand(instruction, 0, type);
    llvm::Value* insert = operand(instruction, 1, type);
    llvm::Value* offset = operand(instruction, 2);
    llvm::Value* count = operand(instruction, 3);
    check(offset->getType()->isIntegerTy() && count->getType()->isIntegerTy(), "offset and count are integers");
    offset = splatTo(resize(offset, type->getScalarType(), false), type);
    count = splatTo(resize(count, type->getScalarType(), false), type);
    llvm::Value* inRange = llvm::ConstantInt::get(type, type->getScalarSizeInBits() - 1);
    offset = builder_.CreateAnd(offset, inRange);
    llvm::Value* mask = builder_.CreateShl(lowMask(count), offset);
    llvm::Value* moved = builder_.CreateAnd(builder_.CreateShl(insert, offset), mask);
    define(instruction, builder_.CreateOr(builder_.CreateAnd(base, builder_.CreateNot(mask)), moved));
}

void Importer::bitFieldExtract(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* base = operand(instruction, 0, type);
    llvm::Value* offset = operand(instruction, 1);
    llvm::Value* count = operand(instruction, 2);
    check(offset->getType()->isIntegerTy() && count->getType()->isIntegerTy(), "offset and count are integers");
    offset = splatTo(resize(offset, type->getScalarType(), false), type);
    count = splatTo(resize(count, type->getScalarType(), false), type);
    const unsigned width = type->getScalarSizeInBits();
    llvm::Value* inRange = llvm::ConstantInt::get(type, width - 1);
    llvm::Value* field =
        builder_.CreateAnd(builder_.CreateLShr(base, builder_.CreateAnd(offset, inRange)), lowMask(count));
    if (instruction.op() == sv::Op::OpBitFieldSExtract) {
        llvm::Value* distance =
            builder_.CreateAnd(builder_.CreateSub(llvm::ConstantInt::get(type, width), count), inRange);
        llvm::Value* extended = builder_.CreateAShr(builder_.CreateShl(field, distance), distance);
        // With a count of zero the distance wraps to zero and the field is zero already.
        field = extended;
    }
    define(instruction, field);
}

void Importer::bitReverse(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    define(instruction, unaryIntrinsic(llvm::Intrinsic::bitreverse, operand(instruction, 0, type)));
}

void Importer::bitCount(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* base = operand(instruction, 0);
    checkInteger(type);
    checkInteger(base->getType());
    check(partCount(base->getType()) == partCount(type), "operand and result differ in components");
    define(instruction, resize(unaryIntrinsic(llvm::Intrinsic::ctpop, base), type, false));
}

} // namespace halyard::jit
