// Execution modes of SPV_KHR_float_controls, made from arithmetic in the default environment: neither the processor's
// mode nor LLVM's view of it changes. Flushing surrounds each operation; rounding towards zero of 16 and 32 bits is
// worked out in 64, where the error of a sum, quotient or root can be told.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

void Importer::readFloatControl(const spv::EntryPoint::Mode& mode) {
    const uint32_t width = mode.operands.empty() ? 0 : mode.operands[0];
    check(width == 16 || width == 32 || width == 64, "an execution mode names no width of floating-point numbers");
    if (mode.mode == sv::ExecutionMode::DenormFlushToZero) {
        controls_.flushDenorms |= width;
        return;
    }
    if (width == 64) {
        unsupported("execution mode RoundingModeRTZ of 64-bit numbers: Halyard rounds them to nearest");
    }
    controls_.towardsZero |= width;
}

void Importer::readFastMathDefault(const spv::EntryPoint::Mode& mode) {
    check(mode.operands.size() >= 2, "FPFastMathDefault lacks an operand");
    controls_.fastMathDefaults[mode.operands[0]] = static_cast<uint32_t>(constantInteger(mode.operands[1]));
}

bool Importer::flushes(llvm::Type* type) const {
    llvm::Type* scalar = type->getScalarType();
    return scalar->isFloatingPointTy() && !scalar->isBFloatTy() &&
           (controls_.flushDenorms & scalar->getScalarSizeInBits()) != 0;
}

bool Importer::roundsTowardsZero(llvm::Type* type) const {
    llvm::Type* scalar = type->getScalarType();
    return scalar->isFloatingPointTy() && !scalar->isBFloatTy() &&
           (controls_.towardsZero & scalar->getScalarSizeInBits()) != 0;
}

// A zero of the same sign for a subnormal number. Matrices column by column.
llvm::Value* Importer::flushed(llvm::Value* value) {
    llvm::Type* type = value->getType();
    if (auto* array = llvm::dyn_cast<llvm::ArrayType>(type)) {
        for (unsigned i = 0; i < array->getNumElements(); ++i) {
            value = builder_.CreateInsertValue(value, flushed(builder_.CreateExtractValue(value, i)), i);
        }
        return value;
    }
    if (!flushes(type)) {
        return value;
    }
    const llvm::APFloat least = llvm::APFloat::getSmallestNormalized(type->getScalarType()->getFltSemantics());
    llvm::Value* magnitude = unaryIntrinsic(llvm::Intrinsic::fabs, value);
    llvm::Value* tiny = builder_.CreateFCmpOLT(magnitude, llvm::ConstantFP::get(type, least));
    llvm::Value* zero = binaryIntrinsic(llvm::Intrinsic::copysign, llvm::Constant::getNullValue(type), value);
    return builder_.CreateSelect(tiny, zero, value);
}

namespace {
bool isFlushed(sv::Op op) {
    switch (op) {
    case sv::Op::OpFNegate:
    case sv::Op::OpFAdd:
    case sv::Op::OpFSub:
    case sv::Op::OpFMul:
    case sv::Op::OpFDiv:
    case sv::Op::OpFRem:
    case sv::Op::OpFMod:
    case sv::Op::OpVectorTimesScalar:
    case sv::Op::OpMatrixTimesScalar:
    case sv::Op::OpVectorTimesMatrix:
    case sv::Op::OpMatrixTimesVector:
    case sv::Op::OpMatrixTimesMatrix:
    case sv::Op::OpOuterProduct:
    case sv::Op::OpDot:
    case sv::Op::OpConvertFToU:
    case sv::Op::OpConvertFToS:
    case sv::Op::OpConvertSToF:
    case sv::Op::OpConvertUToF:
    case sv::Op::OpFConvert:
        return true;
    default:
        return op >= sv::Op::OpFOrdEqual && op <= sv::Op::OpFUnordGreaterThanEqual;
    }
}

// Sums of products, whose every step would have to be rounded.
bool isCompound(sv::Op op) {
    switch (op) {
    case sv::Op::OpFMod:
    case sv::Op::OpMatrixTimesScalar:
    case sv::Op::OpVectorTimesMatrix:
    case sv::Op::OpMatrixTimesVector:
    case sv::Op::OpMatrixTimesMatrix:
    case sv::Op::OpOuterProduct:
    case sv::Op::OpDot:
        return true;
    default:
        return false;
    }
}

constexpr auto kOpFmaKhr = static_cast<sv::Op>(4427);
} // namespace

// Instructions of the extended sets that compute, as opposed to those that move bits.
Importer::ExtOperation Importer::extOperation(const Instruction& instruction) {
    const auto set = source_.extInstImports().find(literal(instruction, 0));
    if (set == source_.extInstImports().end()) {
        return ExtOperation::Other;
    }
    const uint32_t number = literal(instruction, 1);
    const bool openCl = set->second == "OpenCL.std";
    if (!openCl && set->second != "GLSL.std.450") {
        return ExtOperation::Other;
    }
    constexpr uint32_t kClFma = 26, kClMad = 42, kClSqrt = 61, kGlslSqrt = 31, kGlslFma = 50;
    if (openCl ? number == kClFma || number == kClMad : number == kGlslFma) {
        return ExtOperation::Fma;
    }
    if (number == (openCl ? kClSqrt : kGlslSqrt)) {
        return ExtOperation::Sqrt;
    }
    const ExtEntry* entry = openCl ? findOpenCl(number) : findGlsl(number);
    const bool computes =
        entry && (entry->handler == &Importer::extMath || entry->handler == &Importer::extIntrinsic ||
                  entry->handler == &Importer::extFloatBlend || entry->handler == &Importer::extGeometric ||
                  entry->handler == &Importer::glslGeometric || entry->handler == &Importer::glslMatrix);
    return computes ? ExtOperation::Computes : ExtOperation::Other;
}

void Importer::dispatchControlled(const Instruction& instruction, Handler handler) {
    const bool isExt = instruction.op() == sv::Op::OpExtInst;
    const ExtOperation ext = isExt ? extOperation(instruction) : ExtOperation::Other;
    if (!isFlushed(instruction.op()) && instruction.op() != kOpFmaKhr && ext == ExtOperation::Other) {
        (this->*handler)(instruction);
        return;
    }
    // Subnormal operands count as zero.
    std::vector<std::pair<Id, llvm::Value*>> original;
    const uint32_t first = isExt ? 2 : 0;
    for (uint32_t i = first; i < instruction.operandCount(); ++i) {
        const Id id = instruction.operand(i);
        llvm::Value* value = this->value(id);
        llvm::Value* zeroed =
            value->getType()->isPointerTy() || value->getType()->isStructTy() ? value : flushed(value);
        if (zeroed != value) {
            original.emplace_back(id, value);
            values_[id] = zeroed;
        }
    }
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Type* scalar = type->isArrayTy() ? type->getArrayElementType() : type;
    if (!roundsTowardsZero(scalar) || !towardsZero(instruction, ext)) {
        (this->*handler)(instruction);
    }
    for (const auto& [id, value] : original) {
        values_[id] = value;
    }
    values_[instruction.result] = flushed(values_[instruction.result]);
}

// Defines the result of one of IEEE-754's operations; false for an instruction that does not round.
bool Importer::towardsZero(const Instruction& instruction, ExtOperation ext) {
    if (isCompound(instruction.op())) {
        unsupported("this instruction under the execution mode RoundingModeRTZ");
    }
    llvm::Type* type = resultType(instruction).llvmType;
    const uint32_t first = instruction.op() == sv::Op::OpExtInst ? 2 : 0;
    const auto wide = [&](uint32_t index) -> llvm::Value* {
        llvm::Value* value = operand(instruction, first + index);
        check(value->getType()->getScalarType() == type->getScalarType(), "an operand has the wrong type");
        value = splatTo(value, type);
        check(value->getType() == type, "an operand has the wrong type");
        return builder_.CreateFPExt(value, type->getWithNewType(builder_.getDoubleTy()));
    };
    llvm::IRBuilderBase::FastMathFlagGuard guard(builder_);
    builder_.clearFastMathFlags();
    llvm::Value* result = nullptr;
    switch (instruction.op()) {
    case sv::Op::OpFAdd:
        result = sumTowardsZero(wide(0), wide(1));
        break;
    case sv::Op::OpFSub:
        result = sumTowardsZero(wide(0), builder_.CreateFNeg(wide(1)));
        break;
    case sv::Op::OpFMul:
    case sv::Op::OpVectorTimesScalar:
        result = builder_.CreateFMul(wide(0), wide(1)); // exact
        break;
    case sv::Op::OpFDiv: {
        llvm::Value* a = wide(0);
        llvm::Value* b = wide(1);
        llvm::Value* zero = llvm::Constant::getNullValue(a->getType());
        llvm::Value* quotient = builder_.CreateFDiv(a, b);
        llvm::Value* rest =
            builder_.CreateIntrinsic(llvm::Intrinsic::fma, {a->getType()}, {builder_.CreateFNeg(quotient), b, a});
        // What is left has the sign of rest / b.
        llvm::Value* error = builder_.CreateSelect(builder_.CreateFCmpOLT(b, zero), builder_.CreateFNeg(rest), rest);
        result = shrunk(quotient, error);
        break;
    }
    default:
        if (ext == ExtOperation::Fma || instruction.op() == kOpFmaKhr) {
            result = sumTowardsZero(builder_.CreateFMul(wide(0), wide(1)), wide(2));
            break;
        }
        if (ext == ExtOperation::Sqrt) {
            llvm::Value* x = wide(0);
            llvm::Value* root = unaryIntrinsic(llvm::Intrinsic::sqrt, x);
            llvm::Value* rest =
                builder_.CreateIntrinsic(llvm::Intrinsic::fma, {x->getType()}, {builder_.CreateFNeg(root), root, x});
            result = shrunk(root, rest);
            break;
        }
        return false;
    }
    define(instruction, truncateFloat(result, type, sv::FPRoundingMode::RTZ));
    return true;
}

// The number next to `value` towards zero when the exact one, which differs by `error`, is nearer to zero. Infinities
// and NaN, whose error is NaN, stay.
llvm::Value* Importer::shrunk(llvm::Value* value, llvm::Value* error) {
    llvm::Value* zero = llvm::Constant::getNullValue(value->getType());
    const auto both = [&](llvm::Value* a, llvm::Value* b) { return builder_.CreateAnd(a, b); };
    llvm::Value* beyond =
        builder_.CreateOr(both(builder_.CreateFCmpOGT(value, zero), builder_.CreateFCmpOLT(error, zero)),
                          both(builder_.CreateFCmpOLT(value, zero), builder_.CreateFCmpOGT(error, zero)));
    llvm::Type* bits = value->getType()->getWithNewType(builder_.getInt64Ty());
    llvm::Value* pattern = builder_.CreateBitCast(value, bits);
    llvm::Value* next = builder_.CreateSub(pattern, llvm::ConstantInt::get(bits, 1));
    return builder_.CreateSelect(beyond, builder_.CreateBitCast(next, value->getType()), value);
}

// The sum's error is a number of its own (Knuth's two-sum): numbers of 64 bits that come from fewer overflow nowhere.
llvm::Value* Importer::sumTowardsZero(llvm::Value* a, llvm::Value* b) {
    llvm::Value* sum = builder_.CreateFAdd(a, b);
    llvm::Value* partOfB = builder_.CreateFSub(sum, a);
    llvm::Value* partOfA = builder_.CreateFSub(sum, partOfB);
    llvm::Value* error = builder_.CreateFAdd(builder_.CreateFSub(a, partOfA), builder_.CreateFSub(b, partOfB));
    return shrunk(sum, error);
}

} // namespace halyard::jit
