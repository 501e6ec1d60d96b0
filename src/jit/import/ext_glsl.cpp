// The GLSL.std.450 instruction set.
#include "jit/import/ext_kinds.h"
#include "jit/import/importer.h"

#include <spirv/unified1/GLSL.std.450.h>

#include <algorithm>

namespace halyard::jit {

// In number order, as findGlsl() relies on.
const Importer::ExtEntry* Importer::findGlsl(uint32_t number) {
    using I = Importer;
    namespace in = llvm::Intrinsic;
    static const ExtEntry table[] = {
        {GLSLstd450Round, &I::extIntrinsic, "", in::roundeven}, // either way at one half is allowed
        {GLSLstd450RoundEven, &I::extIntrinsic, "", in::roundeven},
        {GLSLstd450Trunc, &I::extIntrinsic, "", in::trunc},
        {GLSLstd450FAbs, &I::extIntrinsic, "", in::fabs},
        {GLSLstd450SAbs, &I::extInteger, "", kSAbs},
        {GLSLstd450FSign, &I::extFloatBlend, "", kSign},
        {GLSLstd450SSign, &I::extInteger, "", kSSign},
        {GLSLstd450Floor, &I::extIntrinsic, "", in::floor},
        {GLSLstd450Ceil, &I::extIntrinsic, "", in::ceil},
        {GLSLstd450Fract, &I::glslFract, "", 0},
        {GLSLstd450Radians, &I::extFloatBlend, "", kRadians},
        {GLSLstd450Degrees, &I::extFloatBlend, "", kDegrees},
        {GLSLstd450Sin, &I::extMath, "sin", 0},
        {GLSLstd450Cos, &I::extMath, "cos", 0},
        {GLSLstd450Tan, &I::extMath, "tan", 0},
        {GLSLstd450Asin, &I::extMath, "asin", 0},
        {GLSLstd450Acos, &I::extMath, "acos", 0},
        {GLSLstd450Atan, &I::extMath, "atan", 0},
        {GLSLstd450Sinh, &I::extMath, "sinh", 0},
        {GLSLstd450Cosh, &I::extMath, "cosh", 0},
        {GLSLstd450Tanh, &I::extMath, "tanh", 0},
        {GLSLstd450Asinh, &I::extMath, "asinh", 0},
        {GLSLstd450Acosh, &I::extMath, "acosh", 0},
        {GLSLstd450Atanh, &I::extMath, "atanh", 0},
        {GLSLstd450Atan2, &I::extMath, "atan2", 0},
        {GLSLstd450Pow, &I::extMath, "pow", 0},
        {GLSLstd450Exp, &I::extMath, "exp", 0},
        {GLSLstd450Log, &I::extMath, "log", 0},
        {GLSLstd450Exp2, &I::extMath, "exp2", 0},
        {GLSLstd450Log2, &I::extMath, "log2", 0},
        {GLSLstd450Sqrt, &I::extIntrinsic, "", in::sqrt},
        {GLSLstd450InverseSqrt, &I::extMath, "rsqrt", 0},
        {GLSLstd450Determinant, &I::glslMatrix, "", GLSLstd450Determinant},
        {GLSLstd450MatrixInverse, &I::glslMatrix, "", GLSLstd450MatrixInverse},
        {GLSLstd450Modf, &I::extPointerResult, "modf", 0},
        {GLSLstd450ModfStruct, &I::glslPair, "modf", 0},
        {GLSLstd450FMin, &I::extIntrinsic, "", in::minnum},
        {GLSLstd450UMin, &I::extInteger, "", kUMin},
        {GLSLstd450SMin, &I::extInteger, "", kSMin},
        {GLSLstd450FMax, &I::extIntrinsic, "", in::maxnum},
        {GLSLstd450UMax, &I::extInteger, "", kUMax},
        {GLSLstd450SMax, &I::extInteger, "", kSMax},
        {GLSLstd450FClamp, &I::extFloatBlend, "", kClamp},
        {GLSLstd450UClamp, &I::extInteger, "", kUClamp},
        {GLSLstd450SClamp, &I::extInteger, "", kSClamp},
        {GLSLstd450FMix, &I::extFloatBlend, "", kMix},
        {GLSLstd450Step, &I::extFloatBlend, "", kStep},
        {GLSLstd450SmoothStep, &I::extFloatBlend, "", kSmoothstep},
        {GLSLstd450Fma, &I::extIntrinsic, "", in::fma},
        {GLSLstd450Frexp, &I::extPointerResult, "frexp", 1},
        {GLSLstd450FrexpStruct, &I::glslPair, "frexp", 1},
        {GLSLstd450Ldexp, &I::extMath, "ldexp", 0},
        {GLSLstd450PackSnorm4x8, &I::glslPack, "", GLSLstd450PackSnorm4x8},
        {GLSLstd450PackUnorm4x8, &I::glslPack, "", GLSLstd450PackUnorm4x8},
        {GLSLstd450PackSnorm2x16, &I::glslPack, "", GLSLstd450PackSnorm2x16},
        {GLSLstd450PackUnorm2x16, &I::glslPack, "", GLSLstd450PackUnorm2x16},
        {GLSLstd450PackHalf2x16, &I::glslPack, "", GLSLstd450PackHalf2x16},
        {GLSLstd450PackDouble2x32, &I::glslPack, "", GLSLstd450PackDouble2x32},
        {GLSLstd450UnpackSnorm2x16, &I::glslUnpack, "", GLSLstd450UnpackSnorm2x16},
        {GLSLstd450UnpackUnorm2x16, &I::glslUnpack, "", GLSLstd450UnpackUnorm2x16},
        {GLSLstd450UnpackHalf2x16, &I::glslUnpack, "", GLSLstd450UnpackHalf2x16},
        {GLSLstd450UnpackSnorm4x8, &I::glslUnpack, "", GLSLstd450UnpackSnorm4x8},
        {GLSLstd450UnpackUnorm4x8, &I::glslUnpack, "", GLSLstd450UnpackUnorm4x8},
        {GLSLstd450UnpackDouble2x32, &I::glslUnpack, "", GLSLstd450UnpackDouble2x32},
        {GLSLstd450Length, &I::extGeometric, "", kFastLength},
        {GLSLstd450Distance, &I::extGeometric, "", kFastDistance},
        {GLSLstd450Cross, &I::extGeometric, "", kCross},
        {GLSLstd450Normalize, &I::extGeometric, "", kFastNormalize},
        {GLSLstd450FaceForward, &I::glslGeometric, "", GLSLstd450FaceForward},
        {GLSLstd450Reflect, &I::glslGeometric, "", GLSLstd450Reflect},
        {GLSLstd450Refract, &I::glslGeometric, "", GLSLstd450Refract},
        {GLSLstd450FindILsb, &I::glslFindBit, "", GLSLstd450FindILsb},
        {GLSLstd450FindSMsb, &I::glslFindBit, "", GLSLstd450FindSMsb},
        {GLSLstd450FindUMsb, &I::glslFindBit, "", GLSLstd450FindUMsb},
        {GLSLstd450NMin, &I::extIntrinsic, "", in::minnum},
        {GLSLstd450NMax, &I::extIntrinsic, "", in::maxnum},
        {GLSLstd450NClamp, &I::extFloatBlend, "", kClamp},
    };
    const auto* found = std::lower_bound(std::begin(table), std::end(table), number,
                                         [](const ExtEntry& entry, uint32_t wanted) { return entry.number < wanted; });
    return found != std::end(table) && found->number == number ? found : nullptr;
}

bool Importer::supportsGlsl(uint32_t number) {
    return findGlsl(number) != nullptr;
}

void Importer::glslFract(const Instruction& instruction, const ExtEntry&) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Value* x = argument(instruction, 0, type);
    define(instruction, builder_.CreateFSub(x, unaryIntrinsic(llvm::Intrinsic::floor, x)));
}

// ModfStruct and FrexpStruct.
void Importer::glslPair(const Instruction& instruction, const ExtEntry& entry) {
    const Type& result = resultType(instruction);
    check(result.kind == TypeKind::Struct && result.members.size() == 2, "the result is a structure of two");
    llvm::Type* type = this->type(result.members[0]).llvmType;
    llvm::Type* other = this->type(result.members[1]).llvmType;
    checkFloat(type);
    const bool isInteger = entry.parameter != 0;
    check(isInteger ? other->isIntOrIntVectorTy() && partCount(other) == partCount(type) : other == type,
          "the structure's members do not fit");
    auto [first, second] = mathPair(entry.name, isInteger ? builder_.getInt32Ty() : type->getScalarType(),
                                    {argument(instruction, 0, type)});
    if (isInteger) {
        second = resize(second, other, true);
    }
    llvm::Value* pair = builder_.CreateInsertValue(llvm::PoisonValue::get(result.llvmType), first, 0);
    define(instruction, builder_.CreateInsertValue(pair, second, 1));
}

// By expansion along the first of `columns`; 24 products for a 4x4 matrix.
llvm::Value* Importer::determinant(llvm::Value* matrix, llvm::ArrayRef<uint32_t> rows,
                                   llvm::ArrayRef<uint32_t> columns) {
    llvm::Value* first = builder_.CreateExtractValue(matrix, columns[0]);
    if (rows.size() == 1) {
        return builder_.CreateExtractElement(first, uint64_t(rows[0]));
    }
    llvm::Value* sum = nullptr;
    for (size_t i = 0; i < rows.size(); ++i) {
        std::vector<uint32_t> rest(rows.begin(), rows.end());
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        llvm::Value* term = builder_.CreateFMul(builder_.CreateExtractElement(first, uint64_t(rows[i])),
                                                determinant(matrix, rest, columns.drop_front()));
        if (!sum) {
            sum = term;
        } else {
            sum = i % 2 ? builder_.CreateFSub(sum, term) : builder_.CreateFAdd(sum, term);
        }
    }
    return sum;
}

void Importer::glslMatrix(const Instruction& instruction, const ExtEntry& entry) {
    const Type& matrix = operandType(instruction, 2);
    check(matrix.kind == TypeKind::Matrix && type(matrix.element).count == matrix.count && matrix.count <= 4,
          "a square matrix is needed");
    llvm::Value* source = argument(instruction, 0);
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < matrix.count; ++i) {
        all.push_back(i);
    }
    llvm::Value* whole = determinant(source, all, all);
    if (entry.parameter == GLSLstd450Determinant) {
        define(instruction, whole);
        return;
    }
    llvm::Type* scalar = whole->getType();
    llvm::Type* column = type(matrix.element).llvmType;
    llvm::Value* scale = splatTo(builder_.CreateFDiv(floatConstant(scalar, 1.0), whole), column);
    llvm::Value* inverse = llvm::PoisonValue::get(matrix.llvmType);
    for (uint32_t c = 0; c < matrix.count; ++c) {
        llvm::Value* cofactors = llvm::PoisonValue::get(column);
        for (uint32_t r = 0; r < matrix.count; ++r) {
            // Element (r, c) of the adjugate is the cofactor of (c, r).
            std::vector<uint32_t> rows = all;
            std::vector<uint32_t> columns = all;
            rows.erase(rows.begin() + c);
            columns.erase(columns.begin() + r);
            llvm::Value* cofactor = determinant(source, rows, columns);
            if ((r + c) % 2) {
                cofactor = builder_.CreateFNeg(cofactor);
            }
            cofactors = builder_.CreateInsertElement(cofactors, cofactor, uint64_t(r));
        }
        inverse = builder_.CreateInsertValue(inverse, builder_.CreateFMul(cofactors, scale), c);
    }
    define(instruction, inverse);
}

void Importer::glslPack(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Value* x = argument(instruction, 0);
    llvm::Type* result = resultType(instruction).llvmType;
    llvm::Type* word = builder_.getInt32Ty();
    if (entry.parameter == GLSLstd450PackDouble2x32) {
        check(result->isDoubleTy() && x->getType() == llvm::FixedVectorType::get(word, 2), "two words become a double");
        define(instruction, builder_.CreateBitCast(x, result));
        return;
    }
    const bool bytesOnly = entry.parameter == GLSLstd450PackSnorm4x8 || entry.parameter == GLSLstd450PackUnorm4x8;
    const unsigned count = bytesOnly ? 4 : 2;
    check(result == word && x->getType() == llvm::FixedVectorType::get(builder_.getFloatTy(), count),
          "floats become a word");
    if (entry.parameter == GLSLstd450PackHalf2x16) {
        llvm::Value* halves = builder_.CreateFPTrunc(x, llvm::FixedVectorType::get(builder_.getHalfTy(), 2));
        define(instruction, builder_.CreateBitCast(halves, word));
        return;
    }
    const bool isSigned = entry.parameter == GLSLstd450PackSnorm4x8 || entry.parameter == GLSLstd450PackSnorm2x16;
    const unsigned width = 32 / count;
    const double scale = isSigned ? (1 << (width - 1)) - 1 : (1 << width) - 1;
    llvm::Type* type = x->getType();
    llvm::Value* clamped = binaryIntrinsic(llvm::Intrinsic::maxnum, x, floatConstant(type, isSigned ? -1.0 : 0.0));
    clamped = binaryIntrinsic(llvm::Intrinsic::minnum, clamped, floatConstant(type, 1.0));
    llvm::Value* rounded =
        unaryIntrinsic(llvm::Intrinsic::roundeven, builder_.CreateFMul(clamped, floatConstant(type, scale)));
    auto* lanes = llvm::FixedVectorType::get(builder_.getIntNTy(width), count);
    llvm::Value* integers = isSigned ? builder_.CreateFPToSI(rounded, lanes) : builder_.CreateFPToUI(rounded, lanes);
    define(instruction, builder_.CreateBitCast(builder_.CreateFreeze(integers), word));
}

void Importer::glslUnpack(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Value* x = argument(instruction, 0);
    llvm::Type* result = resultType(instruction).llvmType;
    if (entry.parameter == GLSLstd450UnpackDouble2x32) {
        check(x->getType()->isDoubleTy() && result == llvm::FixedVectorType::get(builder_.getInt32Ty(), 2),
              "a double becomes two words");
        define(instruction, builder_.CreateBitCast(x, result));
        return;
    }
    const bool bytesOnly = entry.parameter == GLSLstd450UnpackSnorm4x8 || entry.parameter == GLSLstd450UnpackUnorm4x8;
    const unsigned count = bytesOnly ? 4 : 2;
    check(x->getType()->isIntegerTy(32) && result == llvm::FixedVectorType::get(builder_.getFloatTy(), count),
          "a word becomes floats");
    if (entry.parameter == GLSLstd450UnpackHalf2x16) {
        llvm::Value* halves = builder_.CreateBitCast(x, llvm::FixedVectorType::get(builder_.getHalfTy(), 2));
        define(instruction, builder_.CreateFPExt(halves, result));
        return;
    }
    const bool isSigned = entry.parameter == GLSLstd450UnpackSnorm4x8 || entry.parameter == GLSLstd450UnpackSnorm2x16;
    const unsigned width = 32 / count;
    llvm::Value* lanes = builder_.CreateBitCast(x, llvm::FixedVectorType::get(builder_.getIntNTy(width), count));
    llvm::Value* floats = isSigned ? builder_.CreateSIToFP(lanes, result) : builder_.CreateUIToFP(lanes, result);
    const double scale = isSigned ? (1 << (width - 1)) - 1 : (1 << width) - 1;
    llvm::Value* scaledDown = builder_.CreateFDiv(floats, floatConstant(result, scale));
    if (isSigned) {
        scaledDown = binaryIntrinsic(llvm::Intrinsic::maxnum, scaledDown, floatConstant(result, -1.0));
    }
    define(instruction, scaledDown);
}

void Importer::glslGeometric(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Type* scalar = type->getScalarType();
    llvm::Value* a = argument(instruction, 0, type);
    llvm::Value* b = argument(instruction, 1, type);
    if (entry.parameter == GLSLstd450FaceForward) {
        llvm::Value* reference = argument(instruction, 2, type);
        llvm::Value* facing = builder_.CreateFCmpOLT(dotProduct(reference, b), floatConstant(scalar, 0.0));
        define(instruction, builder_.CreateSelect(facing, a, builder_.CreateFNeg(a)));
        return;
    }
    llvm::Value* along = dotProduct(b, a);
    if (entry.parameter == GLSLstd450Reflect) {
        llvm::Value* twice = builder_.CreateFMul(along, floatConstant(scalar, 2.0));
        define(instruction, builder_.CreateFSub(a, builder_.CreateFMul(splatTo(twice, type), b)));
        return;
    }
    llvm::Value* eta = argument(instruction, 2);
    check(eta->getType()->isFloatingPointTy(), "the ratio is a floating-point number");
    eta = builder_.CreateFPCast(eta, scalar);
    llvm::Value* one = floatConstant(scalar, 1.0);
    llvm::Value* sine = builder_.CreateFSub(one, builder_.CreateFMul(along, along));
    llvm::Value* k = builder_.CreateFSub(one, builder_.CreateFMul(builder_.CreateFMul(eta, eta), sine));
    llvm::Value* total = builder_.CreateFCmpOLT(k, floatConstant(scalar, 0.0));
    llvm::Value* root = unaryIntrinsic(llvm::Intrinsic::sqrt, builder_.CreateSelect(total, one, k));
    llvm::Value* factor = builder_.CreateFAdd(builder_.CreateFMul(eta, along), root);
    llvm::Value* bent =
        builder_.CreateFSub(builder_.CreateFMul(splatTo(eta, type), a), builder_.CreateFMul(splatTo(factor, type), b));
    define(instruction, builder_.CreateSelect(total, llvm::Constant::getNullValue(type), bent));
}

// The number of a bit, or -1 when there is none.
void Importer::glslFindBit(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* x = argument(instruction, 0);
    checkInteger(x->getType());
    check(partCount(x->getType()) == partCount(type), "operand and result differ in components");
    llvm::Type* own = x->getType();
    llvm::Value* zero = llvm::Constant::getNullValue(own);
    llvm::Value* none = llvm::Constant::getAllOnesValue(own);
    llvm::Value* result = nullptr;
    if (entry.parameter == GLSLstd450FindILsb) {
        llvm::Value* zeros = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, x, builder_.getFalse());
        result = builder_.CreateSelect(builder_.CreateICmpEQ(x, zero), none, zeros);
    } else {
        if (entry.parameter == GLSLstd450FindSMsb) {
            x = builder_.CreateSelect(builder_.CreateICmpSLT(x, zero), builder_.CreateNot(x), x);
        }
        llvm::Value* zeros = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, x, builder_.getFalse());
        result = builder_.CreateSub(llvm::ConstantInt::get(own, own->getScalarSizeInBits() - 1), zeros);
    }
    define(instruction, resize(result, type, true));
}

} // namespace halyard::jit
