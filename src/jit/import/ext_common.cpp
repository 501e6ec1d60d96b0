// Extended instructions that OpenCL.std and GLSL.std.450 share.
#include "jit/import/ext_kinds.h"
#include "jit/import/importer.h"

#include <cmath>

namespace halyard::jit {

llvm::Constant* Importer::floatConstant(llvm::Type* type, double number) const {
    return llvm::ConstantFP::get(type, number);
}

// A call of the device library with every argument of the result's type, or an integer of 32 bits.
void Importer::extMath(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    std::vector<llvm::Value*> arguments;
    for (uint32_t i = 0; i < argumentCount(instruction); ++i) {
        llvm::Value* value = argument(instruction, i);
        if (value->getType() != type) {
            check(i == 1 && value->getType()->isIntOrIntVectorTy() && partCount(value->getType()) == partCount(type),
                  "an argument has the wrong type");
            value = resize(value, value->getType()->getWithNewType(builder_.getInt32Ty()), true);
        }
        arguments.push_back(value);
    }
    check(!arguments.empty() && arguments[0]->getType() == type, "an argument has the wrong type");
    define(instruction, mathCall(entry.name, type, arguments));
}

// `parameter` is the LLVM intrinsic, exact by IEEE-754.
void Importer::extIntrinsic(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    std::vector<llvm::Value*> arguments;
    for (uint32_t i = 0; i < argumentCount(instruction); ++i) {
        arguments.push_back(argument(instruction, i, type));
    }
    const llvm::Intrinsic::ID id = entry.parameter;
    const llvm::FunctionType* signature = llvm::Intrinsic::getType(context_, id, {type});
    check(signature->getNumParams() == arguments.size(), "the instruction has the wrong number of arguments");
    define(instruction, builder_.CreateIntrinsic(id, {type}, arguments));
}

void Importer::extFloatBlend(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    std::vector<llvm::Value*> arguments;
    for (uint32_t i = 0; i < argumentCount(instruction); ++i) {
        llvm::Value* value = argument(instruction, i);
        // OpenCL C allows a scalar edge or weight with vectors.
        check(value->getType()->getScalarType() == type->getScalarType(), "an argument has the wrong type");
        value = splatTo(value, type);
        check(value->getType() == type, "an argument has the wrong type");
        arguments.push_back(value);
    }
    const Blend kind = static_cast<Blend>(entry.parameter);
    const size_t expected = kind == kSign || kind == kDegrees || kind == kRadians       ? 1
                            : kind == kStep || kind == kMaxCommon || kind == kMinCommon ? 2
                                                                                        : 3;
    check(arguments.size() == expected, "the instruction has the wrong number of arguments");
    llvm::Value* x = arguments[0];
    llvm::Value* y = expected > 1 ? arguments[1] : nullptr;
    llvm::Value* z = expected > 2 ? arguments[2] : nullptr;
    llvm::Value* zero = floatConstant(type, 0.0);
    llvm::Value* one = floatConstant(type, 1.0);
    const auto clamp = [&](llvm::Value* value, llvm::Value* low, llvm::Value* high) {
        return binaryIntrinsic(llvm::Intrinsic::minnum, binaryIntrinsic(llvm::Intrinsic::maxnum, value, low), high);
    };
    llvm::Value* result = nullptr;
    switch (kind) {
    case kClamp:
        result = clamp(x, y, z);
        break;
    case kMix:
        result = builder_.CreateFAdd(x, builder_.CreateFMul(builder_.CreateFSub(y, x), z));
        break;
    case kStep:
        result = builder_.CreateSelect(builder_.CreateFCmpOLT(y, x), zero, one);
        break;
    case kSmoothstep: {
        llvm::Value* t = builder_.CreateFDiv(builder_.CreateFSub(z, x), builder_.CreateFSub(y, x));
        t = clamp(t, zero, one);
        llvm::Value* slope =
            builder_.CreateFSub(floatConstant(type, 3.0), builder_.CreateFMul(floatConstant(type, 2.0), t));
        result = builder_.CreateFMul(builder_.CreateFMul(t, t), slope);
        break;
    }
    case kSign:
        result = builder_.CreateSelect(builder_.CreateFCmpUNO(x, x), zero, x);
        result = builder_.CreateSelect(builder_.CreateFCmpOLT(x, zero), floatConstant(type, -1.0), result);
        result = builder_.CreateSelect(builder_.CreateFCmpOGT(x, zero), one, result);
        break;
    case kDegrees:
        result = builder_.CreateFMul(x, floatConstant(type, 180.0 / M_PI));
        break;
    case kRadians:
        result = builder_.CreateFMul(x, floatConstant(type, M_PI / 180.0));
        break;
    case kMaxCommon:
        result = builder_.CreateSelect(builder_.CreateFCmpOLT(x, y), y, x);
        break;
    case kMinCommon:
        result = builder_.CreateSelect(builder_.CreateFCmpOLT(y, x), y, x);
        break;
    case kMad:
        result = builder_.CreateIntrinsic(llvm::Intrinsic::fmuladd, {type}, {x, y, z});
        break;
    }
    define(instruction, result);
}

// Brings a vector whose squares would overflow or vanish into range; `unscale` undoes it on the length.
llvm::Value* Importer::scaled(llvm::Value* vector, llvm::Value** unscale) {
    llvm::Type* scalar = vector->getType()->getScalarType();
    const bool wide = scalar->isDoubleTy();
    llvm::Value* square = dotProduct(vector, vector);
    llvm::Value* huge = builder_.CreateFCmpOEQ(square, llvm::ConstantFP::getInfinity(scalar));
    llvm::Value* tiny = builder_.CreateFCmpOLT(square, floatConstant(scalar, wide ? 0x1p-900 : 0x1p-100));
    const double down = wide ? 0x1p-514 : 0x1p-66;
    const double up = wide ? 0x1p563 : 0x1p86;
    llvm::Value* one = floatConstant(scalar, 1.0);
    llvm::Value* factor = builder_.CreateSelect(tiny, floatConstant(scalar, up), one);
    factor = builder_.CreateSelect(huge, floatConstant(scalar, down), factor);
    *unscale = builder_.CreateSelect(tiny, floatConstant(scalar, 1.0 / up), one);
    *unscale = builder_.CreateSelect(huge, floatConstant(scalar, 1.0 / down), *unscale);
    return builder_.CreateFMul(vector, splatTo(factor, vector->getType()));
}

llvm::Value* Importer::lengthOf(llvm::Value* vector, bool guarded) {
    if (!vector->getType()->isVectorTy()) {
        return unaryIntrinsic(llvm::Intrinsic::fabs, vector);
    }
    llvm::Type* scalar = vector->getType()->getScalarType();
    if (scalar->isHalfTy() && guarded) { // every square of a half fits a float
        llvm::Value* wide = builder_.CreateFPExt(vector, vector->getType()->getWithNewType(builder_.getFloatTy()));
        return builder_.CreateFPTrunc(lengthOf(wide, false), scalar);
    }
    if (!guarded) {
        return unaryIntrinsic(llvm::Intrinsic::sqrt, dotProduct(vector, vector));
    }
    llvm::Value* unscale = nullptr;
    llvm::Value* inRange = scaled(vector, &unscale);
    return builder_.CreateFMul(unaryIntrinsic(llvm::Intrinsic::sqrt, dotProduct(inRange, inRange)), unscale);
}

llvm::Value* Importer::normalized(llvm::Value* vector, bool guarded) {
    llvm::Type* type = vector->getType();
    llvm::Type* scalar = type->getScalarType();
    if (scalar->isHalfTy()) {
        llvm::Value* wide = builder_.CreateFPExt(vector, type->getWithNewType(builder_.getFloatTy()));
        return builder_.CreateFPTrunc(normalized(wide, false), type);
    }
    llvm::Value* unscale = nullptr;
    llvm::Value* inRange = guarded && type->isVectorTy() ? scaled(vector, &unscale) : vector;
    llvm::Value* length = type->isVectorTy() ? unaryIntrinsic(llvm::Intrinsic::sqrt, dotProduct(inRange, inRange))
                                             : unaryIntrinsic(llvm::Intrinsic::fabs, vector);
    llvm::Value* unit = builder_.CreateFDiv(inRange, splatTo(length, type));
    llvm::Value* none = builder_.CreateFCmpOEQ(length, floatConstant(scalar, 0.0));
    return builder_.CreateSelect(none, vector, unit);
}

llvm::Value* Importer::crossProduct(llvm::Value* a, llvm::Value* b) {
    const uint64_t count = partCount(a->getType());
    check(a->getType()->isVectorTy() && (count == 3 || count == 4), "a cross product needs three components");
    const std::vector<int> left = count == 3 ? std::vector<int>{1, 2, 0} : std::vector<int>{1, 2, 0, 3};
    const std::vector<int> right = count == 3 ? std::vector<int>{2, 0, 1} : std::vector<int>{2, 0, 1, 3};
    const auto turned = [&](llvm::Value* v, const std::vector<int>& lanes) {
        return builder_.CreateShuffleVector(v, lanes);
    };
    llvm::Value* result = builder_.CreateFSub(builder_.CreateFMul(turned(a, left), turned(b, right)),
                                              builder_.CreateFMul(turned(a, right), turned(b, left)));
    if (count == 4) {
        result = builder_.CreateInsertElement(result, floatConstant(a->getType()->getScalarType(), 0.0), uint64_t(3));
    }
    return result;
}

void Importer::extGeometric(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Value* a = argument(instruction, 0);
    checkFloat(a->getType());
    switch (static_cast<Geometric>(entry.parameter)) {
    case kCross:
        define(instruction, crossProduct(a, argument(instruction, 1, a->getType())));
        return;
    case kDistance:
    case kFastDistance: {
        llvm::Value* difference = builder_.CreateFSub(a, argument(instruction, 1, a->getType()));
        define(instruction, lengthOf(difference, entry.parameter == kDistance));
        return;
    }
    case kLength:
    case kFastLength:
        define(instruction, lengthOf(a, entry.parameter == kLength));
        return;
    case kNormalize:
    case kFastNormalize:
        define(instruction, normalized(a, entry.parameter == kNormalize));
        return;
    }
}

llvm::Value* Importer::multiplyHigh(llvm::Value* a, llvm::Value* b, bool isSigned) {
    llvm::Type* type = a->getType();
    const unsigned width = type->getScalarSizeInBits();
    llvm::Type* wide = type->getWithNewType(builder_.getIntNTy(2 * width));
    llvm::Value* product = builder_.CreateMul(resize(a, wide, isSigned), resize(b, wide, isSigned));
    return builder_.CreateTrunc(builder_.CreateLShr(product, llvm::ConstantInt::get(wide, width)), type);
}

llvm::Value* Importer::saturatingMad(llvm::Value* a, llvm::Value* b, llvm::Value* c, bool isSigned) {
    llvm::Type* type = a->getType();
    const unsigned width = type->getScalarSizeInBits();
    llvm::Type* wide = type->getWithNewType(builder_.getIntNTy(2 * width));
    llvm::Value* sum = builder_.CreateAdd(builder_.CreateMul(resize(a, wide, isSigned), resize(b, wide, isSigned)),
                                          resize(c, wide, isSigned));
    if (isSigned) {
        const llvm::APInt high = llvm::APInt::getSignedMaxValue(width).sext(2 * width);
        const llvm::APInt low = llvm::APInt::getSignedMinValue(width).sext(2 * width);
        sum = binaryIntrinsic(llvm::Intrinsic::smin, sum, llvm::ConstantInt::get(wide, high));
        sum = binaryIntrinsic(llvm::Intrinsic::smax, sum, llvm::ConstantInt::get(wide, low));
    } else {
        const llvm::APInt high = llvm::APInt::getMaxValue(width).zext(2 * width);
        sum = binaryIntrinsic(llvm::Intrinsic::umin, sum, llvm::ConstantInt::get(wide, high));
    }
    return builder_.CreateTrunc(sum, type);
}

void Importer::extInteger(const Instruction& instruction, const ExtEntry& entry) {
    namespace in = llvm::Intrinsic;
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    const uint32_t count = argumentCount(instruction);
    check(count >= 1 && count <= 3, "the instruction has the wrong number of arguments");
    llvm::Value* a = argument(instruction, 0, type);
    const auto kind = static_cast<Integer>(entry.parameter);
    // Missing arguments throw in argument(): the kinds below ask for what they need.
    const auto b = [&] { return argument(instruction, 1, type); };
    const auto c = [&] { return argument(instruction, 2, type); };
    llvm::Value* one = llvm::ConstantInt::get(type, 1);
    llvm::Value* zero = llvm::Constant::getNullValue(type);
    const auto between = [&](in::ID low, in::ID high) {
        return binaryIntrinsic(high, binaryIntrinsic(low, a, b()), c());
    };
    // The mean of two integers without the carry: common bits plus half of the differing ones.
    const auto mean = [&](bool isSigned, bool up) {
        llvm::Value* differing = builder_.CreateXor(a, b());
        llvm::Value* half = isSigned ? builder_.CreateAShr(differing, one) : builder_.CreateLShr(differing, one);
        return up ? builder_.CreateSub(builder_.CreateOr(a, b()), half)
                  : builder_.CreateAdd(builder_.CreateAnd(a, b()), half);
    };
    const auto difference = [&](in::ID high, in::ID low) {
        return builder_.CreateSub(binaryIntrinsic(high, a, b()), binaryIntrinsic(low, a, b()));
    };
    llvm::Value* result = nullptr;
    switch (kind) {
    case kSAbs:
        result = builder_.CreateBinaryIntrinsic(in::abs, a, builder_.getFalse());
        break;
    case kUAbs:
        result = a;
        break;
    case kSAbsDiff:
        result = difference(in::smax, in::smin);
        break;
    case kUAbsDiff:
        result = difference(in::umax, in::umin);
        break;
    case kSAddSat:
        result = binaryIntrinsic(in::sadd_sat, a, b());
        break;
    case kUAddSat:
        result = binaryIntrinsic(in::uadd_sat, a, b());
        break;
    case kSSubSat:
        result = binaryIntrinsic(in::ssub_sat, a, b());
        break;
    case kUSubSat:
        result = binaryIntrinsic(in::usub_sat, a, b());
        break;
    case kSHadd:
    case kUHadd:
        result = mean(kind == kSHadd, false);
        break;
    case kSRhadd:
    case kURhadd:
        result = mean(kind == kSRhadd, true);
        break;
    case kSClamp:
        result = between(in::smax, in::smin);
        break;
    case kUClamp:
        result = between(in::umax, in::umin);
        break;
    case kClz:
        result = builder_.CreateBinaryIntrinsic(in::ctlz, a, builder_.getFalse());
        break;
    case kCtz:
        result = builder_.CreateBinaryIntrinsic(in::cttz, a, builder_.getFalse());
        break;
    case kPopcount:
        result = unaryIntrinsic(in::ctpop, a);
        break;
    case kSMadHi:
    case kUMadHi:
        result = builder_.CreateAdd(multiplyHigh(a, b(), kind == kSMadHi), c());
        break;
    case kSMadSat:
    case kUMadSat:
        result = saturatingMad(a, b(), c(), kind == kSMadSat);
        break;
    case kSMax:
        result = binaryIntrinsic(in::smax, a, b());
        break;
    case kUMax:
        result = binaryIntrinsic(in::umax, a, b());
        break;
    case kSMin:
        result = binaryIntrinsic(in::smin, a, b());
        break;
    case kUMin:
        result = binaryIntrinsic(in::umin, a, b());
        break;
    case kSMulHi:
    case kUMulHi:
        result = multiplyHigh(a, b(), kind == kSMulHi);
        break;
    case kRotate: {
        llvm::Value* amount = b();
        result = builder_.CreateIntrinsic(in::fshl, {type}, {a, a, amount});
        break;
    }
    case kMad24: // operands outside 24 bits have no defined result, so the full product serves
        result = builder_.CreateAdd(builder_.CreateMul(a, b()), c());
        break;
    case kMul24:
        result = builder_.CreateMul(a, b());
        break;
    case kSSign: {
        llvm::Value* positive = builder_.CreateZExt(builder_.CreateICmpSGT(a, zero), type);
        result =
            builder_.CreateSelect(builder_.CreateICmpSLT(a, zero), llvm::Constant::getAllOnesValue(type), positive);
        break;
    }
    }
    define(instruction, result);
}

// fract, frexp, modf, remquo, sincos, lgamma_r: the last argument is where the second result goes; `parameter` says
// whether it is an integer.
void Importer::extPointerResult(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    const uint32_t last = argumentCount(instruction) - 1;
    check(argumentCount(instruction) >= 2 && argumentCount(instruction) <= 3, "the instruction lacks an operand");
    std::vector<llvm::Value*> arguments;
    for (uint32_t i = 0; i < last; ++i) {
        arguments.push_back(argument(instruction, i, type));
    }
    const Type& pointee = pointeeOf(instruction, last + 2);
    llvm::Value* pointer = pointerOperand(instruction, last + 2);
    const bool isInteger = entry.parameter != 0;
    check(pointee.llvmType && partCount(pointee.llvmType) == partCount(type) && !pointee.isAggregate() &&
              (isInteger ? pointee.llvmType->isIntOrIntVectorTy() : pointee.llvmType == type),
          "the pointer does not point to the second result's type");
    auto [first, second] = mathPair(entry.name, isInteger ? builder_.getInt32Ty() : type->getScalarType(), arguments);
    if (isInteger) {
        second = resize(second, pointee.llvmType, true);
    }
    const PointerInfo info = pointerInfo(instruction.operand(last + 2));
    storeValue(pointee, second, pointer, info.matrix, {info.isVolatile, false, info.alignment});
    define(instruction, first);
}

} // namespace halyard::jit
