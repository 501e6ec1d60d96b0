// LLVM's intrinsics: what Vulkan has exactly, and what is made of exact parts.
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/Intrinsics.h>

#include <spirv/unified1/GLSL.std.450.h>

namespace halyard::jit::spirv {

using ::spv::Op;

Id Emitter::reverseBits(Id value, uint32_t bits) {
    const auto reversed = [&](Id word) { return emit(Op::OpBitReverse, uint32Type(), {word}); };
    if (bits < 32) { // only 32 bits are reversed by a device
        const Id word = reversed(resizeInteger(value, bits, 32, false));
        return resizeInteger(emit(Op::OpShiftRightLogical, uint32Type(), {word, u32(32 - bits)}), 32, bits, false);
    }
    if (bits == 32) {
        return reversed(value);
    }
    const Id low = resizeInteger(value, 64, 32, false);
    const Id high = resizeInteger(emit(Op::OpShiftRightLogical, uint64Type(), {value, u32(32)}), 64, 32, false);
    const Id top = emit(Op::OpShiftLeftLogical, uint64Type(), {resizeInteger(reversed(low), 32, 64, false), u32(32)});
    return emit(Op::OpBitwiseOr, uint64Type(), {top, resizeInteger(reversed(high), 32, 64, false)});
}

// ctpop, ctlz and cttz of any width, by words.
Id Emitter::countBits(const llvm::IntrinsicInst& call) {
    const uint32_t bits = bitsOf(call.getType());
    const Id type = typeOf(call.getType());
    const Id given = valueOf(call.getArgOperand(0));
    if (call.getIntrinsicID() == llvm::Intrinsic::ctpop) {
        const auto count = [&](Id word) { return emit(Op::OpBitCount, uint32Type(), {word}); };
        if (bits <= 32) {
            return resizeInteger(count(resizeInteger(given, bits, 32, false)), 32, bits, false);
        }
        const Id high = emit(Op::OpShiftRightLogical, uint64Type(), {given, u32(32)});
        const Id sum = emit(Op::OpIAdd, uint32Type(),
                            {count(resizeInteger(given, 64, 32, false)), count(resizeInteger(high, 64, 32, false))});
        return resizeInteger(sum, 32, 64, false);
    }
    // Leading zeros are the trailing zeros of the reversed value. FindILsb gives -1 for 0.
    const Id value = call.getIntrinsicID() == llvm::Intrinsic::ctlz ? reverseBits(given, bits) : given;
    const auto lowest = [&](Id word) { return extended(GLSLstd450FindILsb, uint32Type(), {word}); };
    const Id isZero = emit(Op::OpIEqual, module_.boolType(), {value, module_.constant(bits, 0)});
    Id found = 0;
    if (bits <= 32) {
        found = lowest(resizeInteger(value, bits, 32, false));
    } else {
        const Id low = resizeInteger(value, 64, 32, false);
        const Id high = resizeInteger(emit(Op::OpShiftRightLogical, uint64Type(), {value, u32(32)}), 64, 32, false);
        const Id noLow = emit(Op::OpIEqual, module_.boolType(), {low, u32(0)});
        const Id inHigh = emit(Op::OpIAdd, uint32Type(), {lowest(high), u32(32)});
        found = emit(Op::OpSelect, uint32Type(), {noLow, inHigh, lowest(low)});
    }
    return emit(Op::OpSelect, type, {isZero, module_.constant(bits, bits), resizeInteger(found, 32, bits, false)});
}

bool Emitter::intrinsic(const llvm::IntrinsicInst& call) {
    llvm::Type* llvmType = call.getType();
    const auto operand = [&](unsigned index) { return valueOf(call.getArgOperand(index)); };
    const auto glsl = [&](uint32_t instruction, unsigned count) {
        Words operands;
        for (unsigned i = 0; i < count; ++i) {
            operands.push_back(operand(i));
        }
        define(&call, exact(extended(instruction, typeOf(llvmType), operands), &call));
        return true;
    };
    const auto withSign = [&](Id magnitude, Id sign) {
        const uint32_t bits = bitsOf(llvmType);
        const Id type = module_.intType(bits);
        const uint64_t top = uint64_t{1} << (bits - 1);
        const Id low = emit(Op::OpBitwiseAnd, type, {toBits(magnitude, llvmType), module_.constant(bits, top - 1)});
        const Id high = emit(Op::OpBitwiseAnd, type, {toBits(sign, llvmType), module_.constant(bits, top)});
        return fromBits(emit(Op::OpBitwiseOr, type, {low, high}), llvmType);
    };
    // Vulkan lets a zero have either sign, and where lavapipe's vectors have 256 bits it makes all of 64 bits positive.
    // There it also rounds 1.5 to 1, so doubles are rounded by adding 2^52, above which all of them are whole.
    const auto truncated = [&] {
        define(&call, withSign(exact(extended(GLSLstd450Trunc, typeOf(llvmType), {operand(0)}), &call), operand(0)));
        return true;
    };
    const auto roundedToEven = [&] {
        const Id type = typeOf(llvmType);
        const Id limit = constantOf(llvm::ConstantFP::get(llvmType, 0x1p52));
        const Id magnitude = exact(extended(GLSLstd450FAbs, type, {operand(0)}), &call);
        const Id raised = exact(emit(Op::OpFAdd, type, {magnitude, limit}), &call);
        const Id whole = withSign(exact(emit(Op::OpFSub, type, {raised, limit}), &call), operand(0));
        const Id small =
            emit(Op::OpFOrdLessThan, typeOf(llvm::CmpInst::makeCmpResultType(llvmType)), {magnitude, limit});
        define(&call, emit(Op::OpSelect, type, {small, whole, operand(0)}));
        return true;
    };
    const auto choose = [&](Op comparison) {
        const Id type = typeOf(llvmType);
        const Id condition =
            emit(comparison, typeOf(llvm::CmpInst::makeCmpResultType(llvmType)), {operand(0), operand(1)});
        define(&call, emit(Op::OpSelect, type, {condition, operand(0), operand(1)}));
        return true;
    };
    switch (call.getIntrinsicID()) {
    case llvm::Intrinsic::assume:
    case llvm::Intrinsic::experimental_noalias_scope_decl:
    case llvm::Intrinsic::lifetime_start:
    case llvm::Intrinsic::lifetime_end:
    case llvm::Intrinsic::dbg_declare:
    case llvm::Intrinsic::dbg_value:
        return true;
    case llvm::Intrinsic::fabs:
        return glsl(GLSLstd450FAbs, 1);
    case llvm::Intrinsic::floor:
        return glsl(GLSLstd450Floor, 1);
    case llvm::Intrinsic::ceil:
        return glsl(GLSLstd450Ceil, 1);
    case llvm::Intrinsic::trunc:
        return llvmType->isDoubleTy() ? truncated() : glsl(GLSLstd450Trunc, 1);
    case llvm::Intrinsic::rint:
    case llvm::Intrinsic::nearbyint:
    case llvm::Intrinsic::roundeven:
        return llvmType->isDoubleTy() ? roundedToEven() : glsl(GLSLstd450RoundEven, 1);
    case llvm::Intrinsic::sqrt:
        return glsl(GLSLstd450Sqrt, 1);
    case llvm::Intrinsic::fma:
    case llvm::Intrinsic::fmuladd:
        return glsl(GLSLstd450Fma, 3);
    case llvm::Intrinsic::minnum:
    case llvm::Intrinsic::minimumnum:
        return glsl(GLSLstd450NMin, 2);
    case llvm::Intrinsic::maxnum:
    case llvm::Intrinsic::maximumnum:
        return glsl(GLSLstd450NMax, 2);
    case llvm::Intrinsic::umin:
        return choose(Op::OpULessThan);
    case llvm::Intrinsic::umax:
        return choose(Op::OpUGreaterThan);
    case llvm::Intrinsic::smin:
        return choose(Op::OpSLessThan);
    case llvm::Intrinsic::smax:
        return choose(Op::OpSGreaterThan);
    case llvm::Intrinsic::abs: {
        const Id type = typeOf(llvmType);
        const Id zero = constantOf(llvm::Constant::getNullValue(llvmType));
        const Id negative =
            emit(Op::OpSLessThan, typeOf(llvm::CmpInst::makeCmpResultType(llvmType)), {operand(0), zero});
        define(&call, emit(Op::OpSelect, type, {negative, emit(Op::OpSNegate, type, {operand(0)}), operand(0)}));
        return true;
    }
    case llvm::Intrinsic::ctpop:
    case llvm::Intrinsic::ctlz:
    case llvm::Intrinsic::cttz:
        define(&call, countBits(call));
        return true;
    case llvm::Intrinsic::bitreverse:
        define(&call, reverseBits(operand(0), bitsOf(llvmType)));
        return true;
    case llvm::Intrinsic::fshl:
    case llvm::Intrinsic::fshr: {
        // (high:low) shifted; a shift by the whole width does not exist, so it is done in two steps.
        const uint32_t bits = bitsOf(llvmType);
        const Id type = typeOf(llvmType);
        const bool left = call.getIntrinsicID() == llvm::Intrinsic::fshl;
        const Id amount = emit(Op::OpBitwiseAnd, type, {operand(2), module_.constant(bits, bits - 1)});
        const Id rest = emit(Op::OpISub, type, {module_.constant(bits, bits - 1), amount});
        const Id one = module_.constant(bits, 1);
        Id high = operand(0);
        Id low = operand(1);
        if (left) {
            high = emit(Op::OpShiftLeftLogical, type, {high, amount});
            low = emit(Op::OpShiftRightLogical, type, {emit(Op::OpShiftRightLogical, type, {low, one}), rest});
        } else {
            low = emit(Op::OpShiftRightLogical, type, {low, amount});
            high = emit(Op::OpShiftLeftLogical, type, {emit(Op::OpShiftLeftLogical, type, {high, one}), rest});
        }
        define(&call, emit(Op::OpBitwiseOr, type, {high, low}));
        return true;
    }
    case llvm::Intrinsic::copysign:
        define(&call, withSign(operand(0), operand(1)));
        return true;
    default:
        return false; // prepare.cpp has expanded what has a plain form in LLVM
    }
}

} // namespace halyard::jit::spirv
