// The OpenCL.std instruction set.
#include "jit/import/ext_kinds.h"
#include "jit/import/importer.h"

#include <spirv/unified1/OpenCL.std.h>

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;
namespace cl = OpenCLLIB;

// In number order, as findOpenCl() relies on.
const Importer::ExtEntry* Importer::findOpenCl(uint32_t number) {
    using I = Importer;
    namespace in = llvm::Intrinsic;
    static const ExtEntry table[] = {
        {cl::Acos, &I::extMath, "acos", 0},
        {cl::Acosh, &I::extMath, "acosh", 0},
        {cl::Acospi, &I::extMath, "acospi", 0},
        {cl::Asin, &I::extMath, "asin", 0},
        {cl::Asinh, &I::extMath, "asinh", 0},
        {cl::Asinpi, &I::extMath, "asinpi", 0},
        {cl::Atan, &I::extMath, "atan", 0},
        {cl::Atan2, &I::extMath, "atan2", 0},
        {cl::Atanh, &I::extMath, "atanh", 0},
        {cl::Atanpi, &I::extMath, "atanpi", 0},
        {cl::Atan2pi, &I::extMath, "atan2pi", 0},
        {cl::Cbrt, &I::extMath, "cbrt", 0},
        {cl::Ceil, &I::extIntrinsic, "", in::ceil},
        {cl::Copysign, &I::extIntrinsic, "", in::copysign},
        {cl::Cos, &I::extMath, "cos", 0},
        {cl::Cosh, &I::extMath, "cosh", 0},
        {cl::Cospi, &I::extMath, "cospi", 0},
        {cl::Erfc, &I::extMath, "erfc", 0},
        {cl::Erf, &I::extMath, "erf", 0},
        {cl::Exp, &I::extMath, "exp", 0},
        {cl::Exp2, &I::extMath, "exp2", 0},
        {cl::Exp10, &I::extMath, "exp10", 0},
        {cl::Expm1, &I::extMath, "expm1", 0},
        {cl::Fabs, &I::extIntrinsic, "", in::fabs},
        {cl::Fdim, &I::extMath, "fdim", 0},
        {cl::Floor, &I::extIntrinsic, "", in::floor},
        {cl::Fma, &I::extIntrinsic, "", in::fma},
        {cl::Fmax, &I::extIntrinsic, "", in::maxnum},
        {cl::Fmin, &I::extIntrinsic, "", in::minnum},
        {cl::Fmod, &I::extMath, "fmod", 0},
        {cl::Fract, &I::extPointerResult, "fract", 0},
        {cl::Frexp, &I::extPointerResult, "frexp", 1},
        {cl::Hypot, &I::extMath, "hypot", 0},
        {cl::Ilogb, &I::clIlogb, "ilogb", 0},
        {cl::Ldexp, &I::extMath, "ldexp", 0},
        {cl::Lgamma, &I::extMath, "lgamma", 0},
        {cl::Lgamma_r, &I::extPointerResult, "lgamma_r", 1},
        {cl::Log, &I::extMath, "log", 0},
        {cl::Log2, &I::extMath, "log2", 0},
        {cl::Log10, &I::extMath, "log10", 0},
        {cl::Log1p, &I::extMath, "log1p", 0},
        {cl::Logb, &I::extMath, "logb", 0},
        {cl::Mad, &I::extFloatBlend, "", kMad},
        {cl::Maxmag, &I::extMath, "maxmag", 0},
        {cl::Minmag, &I::extMath, "minmag", 0},
        {cl::Modf, &I::extPointerResult, "modf", 0},
        {cl::Nan, &I::clNan, "", 0},
        {cl::Nextafter, &I::extMath, "nextafter", 0},
        {cl::Pow, &I::extMath, "pow", 0},
        {cl::Pown, &I::extMath, "pown", 0},
        {cl::Powr, &I::extMath, "powr", 0},
        {cl::Remainder, &I::extMath, "remainder", 0},
        {cl::Remquo, &I::extPointerResult, "remquo", 1},
        {cl::Rint, &I::extIntrinsic, "", in::rint},
        {cl::Rootn, &I::extMath, "rootn", 0},
        {cl::Round, &I::extIntrinsic, "", in::round},
        {cl::Rsqrt, &I::extMath, "rsqrt", 0},
        {cl::Sin, &I::extMath, "sin", 0},
        {cl::Sincos, &I::extPointerResult, "sincos", 0},
        {cl::Sinh, &I::extMath, "sinh", 0},
        {cl::Sinpi, &I::extMath, "sinpi", 0},
        {cl::Sqrt, &I::extIntrinsic, "", in::sqrt},
        {cl::Tan, &I::extMath, "tan", 0},
        {cl::Tanh, &I::extMath, "tanh", 0},
        {cl::Tanpi, &I::extMath, "tanpi", 0},
        {cl::Tgamma, &I::extMath, "tgamma", 0},
        {cl::Trunc, &I::extIntrinsic, "", in::trunc},
        {cl::Half_cos, &I::extMath, "half_cos", 0},
        {cl::Half_divide, &I::extMath, "half_divide", 0},
        {cl::Half_exp, &I::extMath, "half_exp", 0},
        {cl::Half_exp2, &I::extMath, "half_exp2", 0},
        {cl::Half_exp10, &I::extMath, "half_exp10", 0},
        {cl::Half_log, &I::extMath, "half_log", 0},
        {cl::Half_log2, &I::extMath, "half_log2", 0},
        {cl::Half_log10, &I::extMath, "half_log10", 0},
        {cl::Half_powr, &I::extMath, "half_powr", 0},
        {cl::Half_recip, &I::extMath, "half_recip", 0},
        {cl::Half_rsqrt, &I::extMath, "half_rsqrt", 0},
        {cl::Half_sin, &I::extMath, "half_sin", 0},
        {cl::Half_sqrt, &I::extMath, "half_sqrt", 0},
        {cl::Half_tan, &I::extMath, "half_tan", 0},
        {cl::Native_cos, &I::extMath, "native_cos", 0},
        {cl::Native_divide, &I::extMath, "native_divide", 0},
        {cl::Native_exp, &I::extMath, "native_exp", 0},
        {cl::Native_exp2, &I::extMath, "native_exp2", 0},
        {cl::Native_exp10, &I::extMath, "native_exp10", 0},
        {cl::Native_log, &I::extMath, "native_log", 0},
        {cl::Native_log2, &I::extMath, "native_log2", 0},
        {cl::Native_log10, &I::extMath, "native_log10", 0},
        {cl::Native_powr, &I::extMath, "native_powr", 0},
        {cl::Native_recip, &I::extMath, "native_recip", 0},
        {cl::Native_rsqrt, &I::extMath, "native_rsqrt", 0},
        {cl::Native_sin, &I::extMath, "native_sin", 0},
        {cl::Native_sqrt, &I::extMath, "native_sqrt", 0},
        {cl::Native_tan, &I::extMath, "native_tan", 0},
        {cl::FClamp, &I::extFloatBlend, "", kClamp},
        {cl::Degrees, &I::extFloatBlend, "", kDegrees},
        {cl::FMax_common, &I::extFloatBlend, "", kMaxCommon},
        {cl::FMin_common, &I::extFloatBlend, "", kMinCommon},
        {cl::Mix, &I::extFloatBlend, "", kMix},
        {cl::Radians, &I::extFloatBlend, "", kRadians},
        {cl::Step, &I::extFloatBlend, "", kStep},
        {cl::Smoothstep, &I::extFloatBlend, "", kSmoothstep},
        {cl::Sign, &I::extFloatBlend, "", kSign},
        {cl::Cross, &I::extGeometric, "", kCross},
        {cl::Distance, &I::extGeometric, "", kDistance},
        {cl::Length, &I::extGeometric, "", kLength},
        {cl::Normalize, &I::extGeometric, "", kNormalize},
        {cl::Fast_distance, &I::extGeometric, "", kFastDistance},
        {cl::Fast_length, &I::extGeometric, "", kFastLength},
        {cl::Fast_normalize, &I::extGeometric, "", kFastNormalize},
        {cl::SAbs, &I::extInteger, "", kSAbs},
        {cl::SAbs_diff, &I::extInteger, "", kSAbsDiff},
        {cl::SAdd_sat, &I::extInteger, "", kSAddSat},
        {cl::UAdd_sat, &I::extInteger, "", kUAddSat},
        {cl::SHadd, &I::extInteger, "", kSHadd},
        {cl::UHadd, &I::extInteger, "", kUHadd},
        {cl::SRhadd, &I::extInteger, "", kSRhadd},
        {cl::URhadd, &I::extInteger, "", kURhadd},
        {cl::SClamp, &I::extInteger, "", kSClamp},
        {cl::UClamp, &I::extInteger, "", kUClamp},
        {cl::Clz, &I::extInteger, "", kClz},
        {cl::Ctz, &I::extInteger, "", kCtz},
        {cl::SMad_hi, &I::extInteger, "", kSMadHi},
        {cl::UMad_sat, &I::extInteger, "", kUMadSat},
        {cl::SMad_sat, &I::extInteger, "", kSMadSat},
        {cl::SMax, &I::extInteger, "", kSMax},
        {cl::UMax, &I::extInteger, "", kUMax},
        {cl::SMin, &I::extInteger, "", kSMin},
        {cl::UMin, &I::extInteger, "", kUMin},
        {cl::SMul_hi, &I::extInteger, "", kSMulHi},
        {cl::Rotate, &I::extInteger, "", kRotate},
        {cl::SSub_sat, &I::extInteger, "", kSSubSat},
        {cl::USub_sat, &I::extInteger, "", kUSubSat},
        {cl::U_Upsample, &I::clUpsample, "", 0},
        {cl::S_Upsample, &I::clUpsample, "", 1},
        {cl::Popcount, &I::extInteger, "", kPopcount},
        {cl::SMad24, &I::extInteger, "", kMad24},
        {cl::UMad24, &I::extInteger, "", kMad24},
        {cl::SMul24, &I::extInteger, "", kMul24},
        {cl::UMul24, &I::extInteger, "", kMul24},
        {cl::Vloadn, &I::clVload, "", cl::Vloadn},
        {cl::Vstoren, &I::clVstore, "", cl::Vstoren},
        {cl::Vload_half, &I::clVload, "", cl::Vload_half},
        {cl::Vload_halfn, &I::clVload, "", cl::Vload_halfn},
        {cl::Vstore_half, &I::clVstore, "", cl::Vstore_half},
        {cl::Vstore_half_r, &I::clVstore, "", cl::Vstore_half_r},
        {cl::Vstore_halfn, &I::clVstore, "", cl::Vstore_halfn},
        {cl::Vstore_halfn_r, &I::clVstore, "", cl::Vstore_halfn_r},
        {cl::Vloada_halfn, &I::clVload, "", cl::Vloada_halfn},
        {cl::Vstorea_halfn, &I::clVstore, "", cl::Vstorea_halfn},
        {cl::Vstorea_halfn_r, &I::clVstore, "", cl::Vstorea_halfn_r},
        {cl::Shuffle, &I::clShuffle, "", 1},
        {cl::Shuffle2, &I::clShuffle, "", 2},
        {cl::Printf, &I::clPrintf, "", 0},
        {cl::Prefetch, &I::clPrefetch, "", 0},
        {cl::Bitselect, &I::clBitselect, "", 0},
        {cl::Select, &I::clSelect, "", 0},
        {cl::UAbs, &I::extInteger, "", kUAbs},
        {cl::UAbs_diff, &I::extInteger, "", kUAbsDiff},
        {cl::UMul_hi, &I::extInteger, "", kUMulHi},
        {cl::UMad_hi, &I::extInteger, "", kUMadHi},
    };
    const auto* found = std::lower_bound(std::begin(table), std::end(table), number,
                                         [](const ExtEntry& entry, uint32_t wanted) { return entry.number < wanted; });
    return found != std::end(table) && found->number == number ? found : nullptr;
}

bool Importer::supportsOpenCl(uint32_t number) {
    return findOpenCl(number) != nullptr;
}

void Importer::clIlogb(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->getScalarType()->isIntegerTy(32), "the result is a 32-bit integer");
    llvm::Value* x = argument(instruction, 0);
    checkFloat(x->getType());
    check(partCount(x->getType()) == partCount(type), "operand and result differ in components");
    define(instruction, mathCall(entry.name, type, {x}));
}

void Importer::clNan(const Instruction& instruction, const ExtEntry&) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkFloat(type);
    llvm::Type* bits = type->getWithNewType(builder_.getIntNTy(type->getScalarSizeInBits()));
    llvm::Value* payload = argument(instruction, 0, bits);
    const unsigned mantissa = type->getScalarType()->getFPMantissaWidth() - 1;
    const unsigned width = type->getScalarSizeInBits();
    llvm::Value* mask = llvm::ConstantInt::get(bits, llvm::APInt::getLowBitsSet(width, mantissa));
    llvm::APInt quiet = llvm::APInt::getBitsSet(width, mantissa - 1, width - 1);
    define(instruction,
           builder_.CreateBitCast(
               builder_.CreateOr(builder_.CreateAnd(payload, mask), llvm::ConstantInt::get(bits, quiet)), type));
}

void Importer::clBitselect(const Instruction& instruction, const ExtEntry&) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->isIntOrIntVectorTy() || type->isFPOrFPVectorTy(), "bitselect needs numbers");
    llvm::Type* bits = type->getWithNewType(builder_.getIntNTy(type->getScalarSizeInBits()));
    llvm::Value* a = builder_.CreateBitCast(argument(instruction, 0, type), bits);
    llvm::Value* b = builder_.CreateBitCast(argument(instruction, 1, type), bits);
    llvm::Value* mask = builder_.CreateBitCast(argument(instruction, 2, type), bits);
    llvm::Value* mixed =
        builder_.CreateOr(builder_.CreateAnd(b, mask), builder_.CreateAnd(a, builder_.CreateNot(mask)));
    define(instruction, builder_.CreateBitCast(mixed, type));
}

// A scalar selects by truth, a vector by the sign of each component.
void Importer::clSelect(const Instruction& instruction, const ExtEntry&) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* a = argument(instruction, 0, type);
    llvm::Value* b = argument(instruction, 1, type);
    llvm::Value* c = argument(instruction, 2);
    checkInteger(c->getType());
    check(partCount(c->getType()) == partCount(type), "the selector has another number of components");
    llvm::Value* zero = llvm::Constant::getNullValue(c->getType());
    llvm::Value* condition =
        c->getType()->isVectorTy() ? builder_.CreateICmpSLT(c, zero) : builder_.CreateICmpNE(c, zero);
    define(instruction, builder_.CreateSelect(condition, b, a));
}

void Importer::clUpsample(const Instruction& instruction, const ExtEntry&) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* high = argument(instruction, 0);
    llvm::Value* low = argument(instruction, 1, high->getType());
    checkInteger(type);
    checkInteger(high->getType());
    const unsigned width = high->getType()->getScalarSizeInBits();
    check(type->getScalarSizeInBits() == 2 * width && partCount(type) == partCount(high->getType()),
          "the result is twice as wide as the operands");
    llvm::Value* shifted = builder_.CreateShl(builder_.CreateZExt(high, type), llvm::ConstantInt::get(type, width));
    define(instruction, builder_.CreateOr(shifted, builder_.CreateZExt(low, type)));
}

llvm::Value* Importer::vectorAddress(llvm::Value* pointer, llvm::Value* offset, uint64_t stride) {
    check(offset->getType()->isIntegerTy(), "the offset is an integer");
    return builder_.CreateGEP(bytes(stride), pointer, resize(offset, builder_.getInt64Ty(), false));
}

void Importer::clVload(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    const bool halves = entry.parameter != cl::Vloadn;
    check((type->isIntOrIntVectorTy() && !type->isIntOrIntVectorTy(1)) || type->isFPOrFPVectorTy(),
          "vectors of numbers are loaded");
    check(!halves || type->isFPOrFPVectorTy(), "halves become floating-point numbers");
    llvm::Type* memory = halves ? type->getWithNewType(builder_.getHalfTy()) : type;
    const uint64_t scalar = memory->getScalarSizeInBits() / 8;
    uint64_t count = partCount(type);
    const bool aligned = entry.parameter == cl::Vloada_halfn;
    if (aligned && count == 3) {
        count = 4;
    }
    llvm::Value* pointer = vectorAddress(pointerOperand(instruction, 3), argument(instruction, 0), scalar * count);
    const Access access{pointerInfo(instruction.operand(3)).isVolatile, false, aligned ? scalar * count : scalar};
    llvm::Value* value = loadScalar(memory, pointer, access);
    define(instruction, halves && memory != type ? builder_.CreateFPExt(value, type) : value);
}

void Importer::clVstore(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Value* value = argument(instruction, 0);
    llvm::Type* type = value->getType();
    const bool halves = entry.parameter != cl::Vstoren;
    check((type->isIntOrIntVectorTy() && !type->isIntOrIntVectorTy(1)) || type->isFPOrFPVectorTy(),
          "vectors of numbers are stored");
    if (halves) {
        check(type->isFPOrFPVectorTy(), "floating-point numbers become halves");
        auto mode = sv::FPRoundingMode::RTE;
        const bool named = entry.parameter == cl::Vstore_half_r || entry.parameter == cl::Vstore_halfn_r ||
                           entry.parameter == cl::Vstorea_halfn_r;
        if (named) {
            const uint32_t number = literal(instruction, 5);
            check(number <= uint32_t(sv::FPRoundingMode::RTN), "unknown rounding mode");
            mode = static_cast<sv::FPRoundingMode>(number);
        }
        llvm::Type* half = type->getWithNewType(builder_.getHalfTy());
        value = type == half ? value : truncateFloat(value, half, mode);
    }
    const bool aligned = entry.parameter == cl::Vstorea_halfn || entry.parameter == cl::Vstorea_halfn_r;
    const uint64_t scalar = value->getType()->getScalarSizeInBits() / 8;
    uint64_t count = partCount(type);
    if (aligned && count == 3) {
        count = 4;
    }
    llvm::Value* pointer = vectorAddress(pointerOperand(instruction, 4), argument(instruction, 1), scalar * count);
    storeScalar(value, pointer,
                {pointerInfo(instruction.operand(4)).isVolatile, false, aligned ? scalar * count : scalar});
}

// `parameter` vectors side by side; the mask counts modulo their components.
void Importer::clShuffle(const Instruction& instruction, const ExtEntry& entry) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* source = argument(instruction, 0);
    check(type->isVectorTy() && source->getType()->isVectorTy() &&
              source->getType()->getScalarType() == type->getScalarType(),
          "vectors of one component type are needed");
    uint64_t count = partCount(source->getType());
    check(llvm::isPowerOf2_64(count), "a shuffled vector has 2, 4, 8 or 16 components");
    if (entry.parameter == 2) {
        std::vector<int> lanes(2 * count);
        for (size_t i = 0; i < lanes.size(); ++i) {
            lanes[i] = static_cast<int>(i);
        }
        source = builder_.CreateShuffleVector(source, argument(instruction, 1, source->getType()), lanes);
        count *= 2;
    }
    llvm::Value* mask = argument(instruction, entry.parameter);
    checkInteger(mask->getType());
    check(partCount(mask->getType()) == partCount(type), "the mask has another number of components");
    llvm::Value* result = llvm::PoisonValue::get(type);
    for (uint64_t i = 0; i < partCount(type); ++i) {
        llvm::Value* lane = resize(builder_.CreateExtractElement(mask, i), builder_.getInt32Ty(), false);
        lane = builder_.CreateAnd(lane, static_cast<uint64_t>(count - 1));
        result = builder_.CreateInsertElement(result, builder_.CreateExtractElement(source, lane), i);
    }
    define(instruction, result);
}

void Importer::clPrefetch(const Instruction&, const ExtEntry&) {}

} // namespace halyard::jit
