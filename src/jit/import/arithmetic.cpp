// Integer and floating-point arithmetic.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

void Importer::checkFloat(llvm::Type* type) const {
    check(type->isFPOrFPVectorTy(), "the operation needs floating-point numbers");
    if (type->getScalarType()->isBFloatTy()) {
        unsupported("bfloat16 has no arithmetic but conversions and OpDot");
    }
}

void Importer::checkInteger(llvm::Type* type) const {
    check(type->isIntOrIntVectorTy(), "the operation needs integers");
}

void Importer::integerBinary(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* a = operand(instruction, 0, type);
    llvm::Value* b = operand(instruction, 1, type);
    const bool nsw = isDecorated(instruction.result, sv::Decoration::NoSignedWrap);
    const bool nuw = isDecorated(instruction.result, sv::Decoration::NoUnsignedWrap);
    switch (instruction.op()) {
    case sv::Op::OpIAdd:
        define(instruction, builder_.CreateAdd(a, b, "", nuw, nsw));
        return;
    case sv::Op::OpISub:
        define(instruction, builder_.CreateSub(a, b, "", nuw, nsw));
        return;
    case sv::Op::OpIMul:
        define(instruction, builder_.CreateMul(a, b, "", nuw, nsw));
        return;
    case sv::Op::OpBitwiseAnd:
        define(instruction, builder_.CreateAnd(a, b));
        return;
    case sv::Op::OpBitwiseOr:
        define(instruction, builder_.CreateOr(a, b));
        return;
    default:
        define(instruction, builder_.CreateXor(a, b));
    }
}

// SPIR-V leaves the result of a division by zero open, LLVM the whole program, and some processors trap: divide by
// one instead. The same for the smallest integer by minus one.
llvm::Value* Importer::safeDivisor(llvm::Value* numerator, llvm::Value* divisor, bool isSigned) {
    llvm::Type* type = divisor->getType();
    llvm::Value* bad = builder_.CreateICmpEQ(divisor, llvm::Constant::getNullValue(type));
    if (isSigned) {
        const llvm::APInt smallest = llvm::APInt::getSignedMinValue(type->getScalarSizeInBits());
        llvm::Value* overflow =
            builder_.CreateAnd(builder_.CreateICmpEQ(numerator, llvm::ConstantInt::get(type, smallest)),
                               builder_.CreateICmpEQ(divisor, llvm::Constant::getAllOnesValue(type)));
        bad = builder_.CreateOr(bad, overflow);
    }
    return builder_.CreateSelect(bad, llvm::ConstantInt::get(type, 1), divisor);
}

void Importer::integerDivision(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* a = operand(instruction, 0, type);
    const bool isSigned = instruction.op() != sv::Op::OpUDiv && instruction.op() != sv::Op::OpUMod;
    llvm::Value* b = safeDivisor(a, operand(instruction, 1, type), isSigned);
    switch (instruction.op()) {
    case sv::Op::OpUDiv:
        define(instruction, builder_.CreateUDiv(a, b));
        return;
    case sv::Op::OpSDiv:
        define(instruction, builder_.CreateSDiv(a, b));
        return;
    case sv::Op::OpUMod:
        define(instruction, builder_.CreateURem(a, b));
        return;
    default:
        break;
    }
    llvm::Value* remainder = builder_.CreateSRem(a, b);
    if (instruction.op() == sv::Op::OpSMod) { // the sign of the divisor, where SRem has that of the dividend
        llvm::Value* zero = llvm::Constant::getNullValue(type);
        llvm::Value* differs = builder_.CreateICmpSLT(builder_.CreateXor(remainder, b), zero);
        llvm::Value* fix = builder_.CreateAnd(differs, builder_.CreateICmpNE(remainder, zero));
        remainder = builder_.CreateSelect(fix, builder_.CreateAdd(remainder, b), remainder);
    }
    define(instruction, remainder);
}

void Importer::floatBinary(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Value* a = operand(instruction, 0, type);
    llvm::Value* b = operand(instruction, 1, type);
    switch (instruction.op()) {
    case sv::Op::OpFAdd:
        define(instruction, builder_.CreateFAdd(a, b));
        return;
    case sv::Op::OpFSub:
        define(instruction, builder_.CreateFSub(a, b));
        return;
    case sv::Op::OpFMul:
        define(instruction, builder_.CreateFMul(a, b));
        return;
    case sv::Op::OpFDiv:
        define(instruction, builder_.CreateFDiv(a, b));
        return;
    case sv::Op::OpFRem:
        define(instruction, mathCall("fmod", type, {a, b}));
        return;
    default:
        break;
    }
    // OpFMod: the exact remainder moved to the divisor's sign.
    llvm::Value* zero = llvm::Constant::getNullValue(type);
    llvm::Value* remainder = mathCall("fmod", type, {a, b});
    llvm::Value* differs = builder_.CreateXor(builder_.CreateFCmpOLT(remainder, zero), builder_.CreateFCmpOLT(b, zero));
    llvm::Value* fix = builder_.CreateAnd(differs, builder_.CreateFCmpONE(remainder, zero));
    define(instruction, builder_.CreateSelect(fix, builder_.CreateFAdd(remainder, b), remainder));
}

void Importer::negate(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* a = operand(instruction, 0, type);
    if (instruction.op() == sv::Op::OpFNegate) {
        checkFloat(type);
        define(instruction, builder_.CreateFNeg(a));
    } else {
        checkInteger(type);
        define(instruction, builder_.CreateNeg(a, "", isDecorated(instruction.result, sv::Decoration::NoSignedWrap)));
    }
}

void Importer::fusedMultiplyAdd(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Value* a = operand(instruction, 0, type);
    llvm::Value* b = operand(instruction, 1, type);
    define(instruction, builder_.CreateIntrinsic(llvm::Intrinsic::fma, {type}, {a, b, operand(instruction, 2, type)}));
}

void Importer::arithmeticFence(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Value* value = operand(instruction, 0, type);
    define(instruction, builder_.CreateIntrinsic(llvm::Intrinsic::arithmetic_fence, {type}, {value}));
}

// OpIAddCarry and relatives give a structure of two equal members.
void Importer::extendedArithmetic(const Instruction& instruction) {
    const Type& result = resultType(instruction);
    check(result.kind == TypeKind::Struct && result.members.size() == 2 && result.members[0] == result.members[1],
          "the result is a structure of two equal members");
    llvm::Type* type = this->type(result.members[0]).llvmType;
    checkInteger(type);
    llvm::Value* a = operand(instruction, 0, type);
    llvm::Value* b = operand(instruction, 1, type);
    llvm::Value* low = nullptr;
    llvm::Value* high = nullptr;
    switch (instruction.op()) {
    case sv::Op::OpIAddCarry:
        low = builder_.CreateAdd(a, b);
        high = builder_.CreateZExt(builder_.CreateICmpULT(low, a), type);
        break;
    case sv::Op::OpISubBorrow:
        low = builder_.CreateSub(a, b);
        high = builder_.CreateZExt(builder_.CreateICmpULT(a, b), type);
        break;
    default:
        low = builder_.CreateMul(a, b);
        high = multiplyHigh(a, b, instruction.op() == sv::Op::OpSMulExtended);
    }
    llvm::Value* pair = builder_.CreateInsertValue(llvm::PoisonValue::get(result.llvmType), low, 0);
    define(instruction, builder_.CreateInsertValue(pair, high, 1));
}

llvm::Value* Importer::dotProduct(llvm::Value* a, llvm::Value* b) {
    llvm::Value* products = builder_.CreateFMul(a, b);
    if (!products->getType()->isVectorTy()) {
        return products;
    }
    llvm::Value* sum = builder_.CreateExtractElement(products, uint64_t(0));
    for (uint64_t i = 1; i < partCount(products->getType()); ++i) {
        sum = builder_.CreateFAdd(sum, builder_.CreateExtractElement(products, i));
    }
    return sum;
}

void Importer::dot(const Instruction& instruction) {
    llvm::Value* a = operand(instruction, 0);
    check(a->getType()->isVectorTy() && a->getType()->isFPOrFPVectorTy(), "a dot product needs vectors of numbers");
    llvm::Value* b = operand(instruction, 1, a->getType());
    if (a->getType()->getScalarType()->isBFloatTy()) { // products are exact as floats
        llvm::Type* floats = a->getType()->getWithNewType(builder_.getFloatTy());
        llvm::Value* sum = dotProduct(builder_.CreateFPExt(a, floats), builder_.CreateFPExt(b, floats));
        define(instruction, builder_.CreateFPTrunc(sum, builder_.getBFloatTy()));
        return;
    }
    define(instruction, dotProduct(a, b));
}

// OpFDot2MixAcc32VALVE: two products of halves, exact as floats, added to a float.
void Importer::mixedDot(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    auto* halves = llvm::FixedVectorType::get(builder_.getHalfTy(), 2);
    check(type->isFloatTy(), "the result is a 32-bit number");
    llvm::Type* floats = halves->getWithNewType(type);
    llvm::Value* a = builder_.CreateFPExt(operand(instruction, 0, halves), floats);
    llvm::Value* b = builder_.CreateFPExt(operand(instruction, 1, halves), floats);
    llvm::Value* sum = operand(instruction, 2, type);
    for (uint64_t i = 0; i < 2; ++i) {
        sum = builder_.CreateIntrinsic(llvm::Intrinsic::fma, {type},
                                       {builder_.CreateExtractElement(a, i), builder_.CreateExtractElement(b, i), sum});
    }
    define(instruction, sum);
}

// OpSDot and relatives, on vectors of integers or four 8-bit integers packed into 32 bits.
void Importer::integerDot(const Instruction& instruction) {
    llvm::Type* result = resultType(instruction).llvmType;
    check(result->isIntegerTy(), "the result is an integer");
    const sv::Op op = instruction.op();
    const bool saturates = op == sv::Op::OpSDotAccSat || op == sv::Op::OpUDotAccSat || op == sv::Op::OpSUDotAccSat;
    const bool signedA = op != sv::Op::OpUDot && op != sv::Op::OpUDotAccSat;
    const bool signedB = op == sv::Op::OpSDot || op == sv::Op::OpSDotAccSat;
    llvm::Value* a = operand(instruction, 0);
    llvm::Value* b = operand(instruction, 1, a->getType());
    checkInteger(a->getType());
    if (!a->getType()->isVectorTy()) {
        const uint32_t formatIndex = saturates ? 3 : 2;
        check(a->getType()->isIntegerTy(32) && literal(instruction, formatIndex) == 0, "unknown packed vector format");
        auto* packed = llvm::FixedVectorType::get(builder_.getInt8Ty(), 4);
        a = builder_.CreateBitCast(a, packed);
        b = builder_.CreateBitCast(b, packed);
    }
    // The dot product itself fits by definition of the result type; the accumulation saturates.
    llvm::Value* accumulator = saturates ? operand(instruction, 2, result) : nullptr;
    define(instruction, integerDotProduct(a, b, signedA, signedB, result, accumulator));
}

// Of vectors of integers. Saturates the addition of `accumulator`, unless that is null.
llvm::Value* Importer::integerDotProduct(llvm::Value* a, llvm::Value* b, bool signedA, bool signedB, llvm::Type* result,
                                         llvm::Value* accumulator) {
    // The exact sum first: wide enough for sixteen products of two 64-bit numbers.
    const unsigned width = std::max(result->getIntegerBitWidth(), 2 * a->getType()->getScalarSizeInBits() + 8);
    llvm::Type* wide = builder_.getIntNTy(width);
    llvm::Value* sum = llvm::ConstantInt::get(wide, 0);
    auto extend = [&](llvm::Value* x, bool isSigned) {
        return isSigned ? builder_.CreateSExt(x, wide) : builder_.CreateZExt(x, wide);
    };
    for (uint64_t i = 0; i < partCount(a->getType()); ++i) {
        llvm::Value* product = builder_.CreateMul(extend(builder_.CreateExtractElement(a, i), signedA),
                                                  extend(builder_.CreateExtractElement(b, i), signedB));
        sum = builder_.CreateAdd(sum, product);
    }
    llvm::Value* narrow = builder_.CreateTrunc(sum, result);
    if (!accumulator) {
        return narrow;
    }
    const auto id = signedA || signedB ? llvm::Intrinsic::sadd_sat : llvm::Intrinsic::uadd_sat;
    return builder_.CreateBinaryIntrinsic(id, narrow, accumulator);
}

} // namespace halyard::jit
