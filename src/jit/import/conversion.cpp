// Conversions between numbers, and between numbers and pointers.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

sv::FPRoundingMode Importer::roundingMode(const Instruction& instruction, sv::FPRoundingMode fallback) const {
    const spv::Decoration* decoration = source_.findDecoration(instruction.result, sv::Decoration::FPRoundingMode);
    if (!decoration || decoration->operands.empty()) {
        return fallback;
    }
    if (decoration->operands[0] > uint32_t(sv::FPRoundingMode::RTN)) {
        unsupported("unknown rounding mode");
    }
    return static_cast<sv::FPRoundingMode>(decoration->operands[0]);
}

sv::FPRoundingMode Importer::defaultRounding(llvm::Type* type) const {
    return roundsTowardsZero(type) ? sv::FPRoundingMode::RTZ : sv::FPRoundingMode::RTE;
}

void Importer::floatToInteger(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    checkInteger(type);
    checkFloat(source->getType());
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    const bool isSigned = instruction.op() == sv::Op::OpConvertFToS;
    switch (roundingMode(instruction, sv::FPRoundingMode::RTZ)) {
    case sv::FPRoundingMode::RTE:
        source = unaryIntrinsic(llvm::Intrinsic::roundeven, source);
        break;
    case sv::FPRoundingMode::RTP:
        source = unaryIntrinsic(llvm::Intrinsic::ceil, source);
        break;
    case sv::FPRoundingMode::RTN:
        source = unaryIntrinsic(llvm::Intrinsic::floor, source);
        break;
    default:
        break;
    }
    if (isDecorated(instruction.result, sv::Decoration::SaturatedConversion)) {
        const auto id = isSigned ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
        define(instruction, builder_.CreateIntrinsic(id, {type, source->getType()}, {source}));
        return;
    }
    // Out of range SPIR-V gives some value and LLVM poison; freeze makes them agree.
    llvm::Value* result = isSigned ? builder_.CreateFPToSI(source, type) : builder_.CreateFPToUI(source, type);
    define(instruction, builder_.CreateFreeze(result));
}

llvm::Constant* Importer::signMask(llvm::Type* bits) {
    return llvm::ConstantInt::get(bits, llvm::APInt::getSignMask(bits->getScalarSizeInBits()));
}

// Moves `rounded` one step towards zero's, plus or minus infinity's side where the nearest number was on the wrong one.
// `tooLow` and `tooHigh` say how `rounded` compares with the exact value.
llvm::Value* Importer::stepTowards(llvm::Value* rounded, llvm::Value* tooLow, llvm::Value* tooHigh,
                                   sv::FPRoundingMode mode) {
    llvm::Type* type = rounded->getType();
    llvm::Type* bits = type->getWithNewType(builder_.getIntNTy(type->getScalarSizeInBits()));
    llvm::Value* pattern = builder_.CreateBitCast(rounded, bits);
    llvm::Value* one = llvm::ConstantInt::get(bits, 1);
    llvm::Value* negative = builder_.CreateICmpSLT(pattern, llvm::Constant::getNullValue(bits));
    llvm::Value* grow = builder_.CreateAdd(pattern, one);
    llvm::Value* shrink = builder_.CreateSub(pattern, one);
    llvm::Value* stepped = nullptr;
    llvm::Value* wrong = nullptr;
    switch (mode) {
    case sv::FPRoundingMode::RTZ:
        stepped = shrink;
        wrong = builder_.CreateSelect(negative, tooLow, tooHigh);
        break;
    case sv::FPRoundingMode::RTP:
        stepped = builder_.CreateSelect(negative, shrink, grow);
        stepped = builder_.CreateSelect(builder_.CreateICmpEQ(pattern, signMask(bits)), one, stepped);
        wrong = tooLow;
        break;
    default:
        stepped = builder_.CreateSelect(negative, grow, shrink);
        stepped = builder_.CreateSelect(builder_.CreateICmpEQ(pattern, llvm::Constant::getNullValue(bits)),
                                        builder_.CreateOr(signMask(bits), one), stepped);
        wrong = tooHigh;
        break;
    }
    return builder_.CreateSelect(wrong, builder_.CreateBitCast(stepped, type), rounded);
}

llvm::Value* Importer::truncateFloat(llvm::Value* value, llvm::Type* to, sv::FPRoundingMode mode) {
    llvm::Value* nearest = builder_.CreateFPTrunc(value, to);
    if (mode == sv::FPRoundingMode::RTE) {
        return nearest;
    }
    llvm::Value* back = builder_.CreateFPExt(nearest, value->getType());
    return stepTowards(nearest, builder_.CreateFCmpOLT(back, value), builder_.CreateFCmpOGT(back, value), mode);
}

llvm::Value* Importer::roundFromInteger(llvm::Value* value, llvm::Type* to, bool isSigned, sv::FPRoundingMode mode) {
    auto convert = [&](llvm::Value* x, llvm::Type* type) {
        return isSigned ? builder_.CreateSIToFP(x, type) : builder_.CreateUIToFP(x, type);
    };
    const unsigned bits = value->getType()->getScalarSizeInBits();
    const unsigned toBits = to->getScalarSizeInBits();
    if (mode == sv::FPRoundingMode::RTE) {
        return convert(value, to);
    }
    llvm::Type* wide = to->getWithNewType(builder_.getDoubleTy());
    if (bits <= 32) { // a double holds the integer exactly
        return to == wide ? convert(value, to) : truncateFloat(convert(value, wide), to, mode);
    }
    if (toBits == 16) { // beyond 32 bits a half has overflowed already, to the same side
        llvm::Type* narrow = value->getType()->getWithNewType(builder_.getInt32Ty());
        const auto limit = [&](const llvm::APInt& number, bool extend) {
            return llvm::ConstantInt::get(value->getType(), extend ? number.sext(64) : number.zext(64));
        };
        if (isSigned) {
            value = binaryIntrinsic(llvm::Intrinsic::smin, value, limit(llvm::APInt::getSignedMaxValue(32), true));
            value = binaryIntrinsic(llvm::Intrinsic::smax, value, limit(llvm::APInt::getSignedMinValue(32), true));
        } else {
            value = binaryIntrinsic(llvm::Intrinsic::umin, value, limit(llvm::APInt::getMaxValue(32), false));
        }
        return roundFromInteger(builder_.CreateTrunc(value, narrow), to, isSigned, mode);
    }
    // Compare as integers. The saturated way back differs from the true one only where `nearest` is 2^63 or 2^64, which
    // is more than every integer.
    llvm::Value* nearest = convert(value, to);
    const auto id = isSigned ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
    llvm::Value* back = builder_.CreateIntrinsic(id, {value->getType(), to}, {nearest});
    llvm::Value* limit = floatConstant(to, isSigned ? 0x1p63 : 0x1p64);
    llvm::Value* beyond = builder_.CreateFCmpOGE(nearest, limit);
    llvm::Value* low = isSigned ? builder_.CreateICmpSLT(back, value) : builder_.CreateICmpULT(back, value);
    llvm::Value* high = isSigned ? builder_.CreateICmpSGT(back, value) : builder_.CreateICmpUGT(back, value);
    return stepTowards(nearest, builder_.CreateAnd(low, builder_.CreateNot(beyond)), builder_.CreateOr(high, beyond),
                       mode);
}

void Importer::integerToFloat(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    checkFloat(type);
    checkInteger(source->getType());
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    define(instruction, roundFromInteger(source, type, instruction.op() == sv::Op::OpConvertSToF,
                                         roundingMode(instruction, defaultRounding(type))));
}

void Importer::integerConvert(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    checkInteger(type);
    checkInteger(source->getType());
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    const bool isSigned = instruction.op() == sv::Op::OpSConvert;
    const unsigned from = source->getType()->getScalarSizeInBits();
    const unsigned to = type->getScalarSizeInBits();
    if (isDecorated(instruction.result, sv::Decoration::SaturatedConversion) && to < from) {
        llvm::Type* own = source->getType();
        if (isSigned) {
            const llvm::APInt low = llvm::APInt::getSignedMinValue(to).sext(from);
            const llvm::APInt high = llvm::APInt::getSignedMaxValue(to).sext(from);
            source = binaryIntrinsic(llvm::Intrinsic::smax, source, llvm::ConstantInt::get(own, low));
            source = binaryIntrinsic(llvm::Intrinsic::smin, source, llvm::ConstantInt::get(own, high));
        } else {
            const llvm::APInt high = llvm::APInt::getMaxValue(to).zext(from);
            source = binaryIntrinsic(llvm::Intrinsic::umin, source, llvm::ConstantInt::get(own, high));
        }
    }
    define(instruction, resize(source, type, isSigned));
}

// OpSatConvertSToU and OpSatConvertUToS.
void Importer::saturatingConvert(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    checkInteger(type);
    checkInteger(source->getType());
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    const unsigned from = source->getType()->getScalarSizeInBits();
    const unsigned to = type->getScalarSizeInBits();
    llvm::Type* own = source->getType();
    if (instruction.op() == sv::Op::OpSatConvertSToU) {
        source = binaryIntrinsic(llvm::Intrinsic::smax, source, llvm::Constant::getNullValue(own));
        if (to < from) {
            source = binaryIntrinsic(llvm::Intrinsic::umin, source,
                                     llvm::ConstantInt::get(own, llvm::APInt::getMaxValue(to).zext(from)));
        }
    } else if (to <= from) {
        source = binaryIntrinsic(llvm::Intrinsic::umin, source,
                                 llvm::ConstantInt::get(own, llvm::APInt::getSignedMaxValue(to).zext(from)));
    }
    define(instruction, resize(source, type, false));
}

void Importer::floatConvert(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    check(type->isFPOrFPVectorTy() && source->getType()->isFPOrFPVectorTy(),
          "the operation needs floating-point numbers");
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    const unsigned from = source->getType()->getScalarSizeInBits();
    const unsigned to = type->getScalarSizeInBits();
    if (source->getType() == type) {
        define(instruction, source);
    } else if (from == to) { // half and bfloat16 meet in float
        llvm::Type* middle = type->getWithNewType(builder_.getFloatTy());
        define(instruction, builder_.CreateFPTrunc(builder_.CreateFPExt(source, middle), type));
    } else if (to > from) {
        define(instruction, builder_.CreateFPExt(source, type));
    } else {
        define(instruction, truncateFloat(source, type, roundingMode(instruction, defaultRounding(type))));
    }
}

// OpConvertFToBF16INTEL and OpConvertBF16ToFINTEL carry the bfloat16 as a 16-bit integer.
void Importer::bfloatConvert(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    check(partCount(source->getType()) == partCount(type), "operand and result differ in components");
    llvm::Type* brain = type->getWithNewType(builder_.getBFloatTy());
    if (type->getScalarType()->isIntegerTy(16)) {
        check(source->getType()->getScalarType()->isFloatTy(), "only 32-bit numbers become bfloat16");
        define(instruction, builder_.CreateBitCast(builder_.CreateFPTrunc(source, brain), type));
        return;
    }
    check(type->getScalarType()->isFloatTy() && source->getType()->getScalarType()->isIntegerTy(16),
          "a bfloat16 becomes a 32-bit number");
    define(instruction, builder_.CreateFPExt(builder_.CreateBitCast(source, brain), type));
}

void Importer::quantizeToF16(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->getScalarType()->isFloatTy(), "only 32-bit numbers are quantised");
    llvm::Type* half = type->getWithNewType(builder_.getHalfTy());
    llvm::Value* x = operand(instruction, 0, type);
    llvm::Value* result = builder_.CreateFPExt(builder_.CreateFPTrunc(x, half), type);
    // What is too small for a normal half becomes zero of the same sign.
    llvm::Value* magnitude = unaryIntrinsic(llvm::Intrinsic::fabs, x);
    llvm::Value* tiny = builder_.CreateFCmpOLT(magnitude, floatConstant(type, 0x1p-14));
    llvm::Value* zero = binaryIntrinsic(llvm::Intrinsic::copysign, llvm::Constant::getNullValue(type), x);
    define(instruction, builder_.CreateSelect(tiny, zero, result));
}

void Importer::bitcast(const Instruction& instruction) {
    const Type& result = resultType(instruction);
    llvm::Type* type = result.llvmType;
    llvm::Value* source = operand(instruction, 0);
    llvm::Type* from = source->getType();
    if (from->isPointerTy() && type->isPointerTy()) {
        check(from == type, "a bitcast cannot change the storage class");
        PointerInfo info;
        info.isVolatile = pointerInfo(instruction.operand(0)).isVolatile;
        const Type& pointee = this->type(result.element);
        if (pointee.kind != TypeKind::Void && pointee.kind != TypeKind::Function) {
            info.alignment = pointee.layout.alignment;
        }
        setPointerInfo(instruction, info);
        define(instruction, source);
        return;
    }
    const auto wide = [&](llvm::Type* other) {
        return other->isIntOrIntVectorTy() && layout_.getTypeSizeInBits(other) == 64;
    };
    if (from->isPointerTy() && wide(type)) {
        define(instruction, builder_.CreateBitCast(builder_.CreatePtrToInt(source, builder_.getInt64Ty()), type));
        return;
    }
    if (type->isPointerTy() && wide(from)) {
        define(instruction, builder_.CreateIntToPtr(builder_.CreateBitCast(source, builder_.getInt64Ty()), type));
        return;
    }
    const auto plain = [](llvm::Type* other) {
        return (other->isIntOrIntVectorTy() && !other->isIntOrIntVectorTy(1)) || other->isFPOrFPVectorTy();
    };
    check(plain(from) && plain(type) && layout_.getTypeSizeInBits(from) == layout_.getTypeSizeInBits(type),
          "a bitcast keeps the number of bits");
    define(instruction, builder_.CreateBitCast(source, type));
}

void Importer::pointerToInteger(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->isIntegerTy(), "the result is an integer");
    define(instruction, builder_.CreatePtrToInt(pointerOperand(instruction, 0), type));
}

void Importer::integerToPointer(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = operand(instruction, 0);
    check(type->isPointerTy() && source->getType()->isIntegerTy(), "an integer becomes a pointer");
    define(instruction, builder_.CreateIntToPtr(source, type));
}

} // namespace halyard::jit
