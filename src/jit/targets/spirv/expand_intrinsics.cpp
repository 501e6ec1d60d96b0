#include "jit/targets/spirv/expand_intrinsics.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

llvm::Constant* zeroOf(const Value* value) {
    return llvm::Constant::getNullValue(value->getType());
}

// Whether `result`, the signed sum or difference of `a` and `b`, has another sign than it can have (Hacker's Delight,
// 2-13).
Value* signedOverflow(llvm::IRBuilder<>& at, Value* a, Value* b, Value* result, bool adds) {
    Value* other = adds ? b : at.CreateNot(b);
    Value* overflow = at.CreateAnd(at.CreateXor(a, result), at.CreateXor(other, result));
    return at.CreateICmpSLT(overflow, zeroOf(overflow));
}

Value* saturated(llvm::IRBuilder<>& at, const llvm::IntrinsicInst& call) {
    Value* a = call.getArgOperand(0);
    Value* b = call.getArgOperand(1);
    llvm::Type* type = call.getType();
    const unsigned bits = type->getIntegerBitWidth();
    switch (call.getIntrinsicID()) {
    case llvm::Intrinsic::uadd_sat: {
        Value* sum = at.CreateAdd(a, b);
        return at.CreateSelect(at.CreateICmpULT(sum, a), llvm::Constant::getAllOnesValue(type), sum);
    }
    case llvm::Intrinsic::usub_sat:
        return at.CreateSelect(at.CreateICmpULT(a, b), llvm::Constant::getNullValue(type), at.CreateSub(a, b));
    default: {
        const bool adds = call.getIntrinsicID() == llvm::Intrinsic::sadd_sat;
        Value* result = adds ? at.CreateAdd(a, b) : at.CreateSub(a, b);
        Value* sign = at.CreateAShr(a, bits - 1);
        Value* limit = at.CreateXor(sign, llvm::ConstantInt::get(type, llvm::APInt::getSignedMaxValue(bits)));
        return at.CreateSelect(signedOverflow(at, a, b, result, adds), limit, result);
    }
    }
}

// The result and whether it does not fit, to those who take them.
void expandOverflow(llvm::IRBuilder<>& at, llvm::WithOverflowInst& call) {
    Value* a = call.getLHS();
    Value* b = call.getRHS();
    Value* result = at.CreateBinOp(call.getBinaryOp(), a, b);
    Value* overflow = nullptr;
    if (call.getBinaryOp() == llvm::Instruction::Mul) {
        llvm::Type* type = a->getType();
        llvm::Type* twice = at.getIntNTy(2 * type->getIntegerBitWidth());
        const auto widened = [&](Value* value) { return at.CreateIntCast(value, twice, call.isSigned()); };
        overflow = at.CreateICmpNE(at.CreateMul(widened(a), widened(b)), widened(result));
    } else if (call.isSigned()) {
        overflow = signedOverflow(at, a, b, result, call.getBinaryOp() == llvm::Instruction::Add);
    } else {
        overflow = call.getBinaryOp() == llvm::Instruction::Add ? at.CreateICmpULT(result, a) : at.CreateICmpULT(a, b);
    }
    for (llvm::User* user : llvm::make_early_inc_range(call.users())) {
        if (auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user)) {
            part->replaceAllUsesWith(part->getIndices()[0] == 0 ? result : overflow);
            part->eraseFromParent();
        }
    }
}

Value* swappedBytes(llvm::IRBuilder<>& at, Value* value) {
    llvm::Type* type = value->getType();
    const unsigned bits = type->getIntegerBitWidth();
    Value* result = nullptr;
    for (unsigned from = 0; from < bits; from += 8) {
        Value* byte = at.CreateAnd(at.CreateLShr(value, from), llvm::ConstantInt::get(type, 255));
        byte = at.CreateShl(byte, bits - 8 - from);
        result = result == nullptr ? byte : at.CreateOr(result, byte);
    }
    return result;
}

// What stands for the call; null where it stays.
Value* expanded(llvm::IRBuilder<>& at, const llvm::IntrinsicInst& call) {
    const llvm::Intrinsic::ID id = call.getIntrinsicID();
    Value* a = call.arg_size() > 0 ? call.getArgOperand(0) : nullptr;
    switch (id) {
    case llvm::Intrinsic::arithmetic_fence: // nothing is moved across it once the optimiser is done
        return a;
    case llvm::Intrinsic::bswap:
        return swappedBytes(at, a);
    case llvm::Intrinsic::ucmp:
    case llvm::Intrinsic::scmp: {
        const bool isSigned = id == llvm::Intrinsic::scmp;
        Value* b = call.getArgOperand(1);
        Value* above = isSigned ? at.CreateICmpSGT(a, b) : at.CreateICmpUGT(a, b);
        Value* below = isSigned ? at.CreateICmpSLT(a, b) : at.CreateICmpULT(a, b);
        return at.CreateSub(at.CreateZExt(above, call.getType()), at.CreateZExt(below, call.getType()));
    }
    case llvm::Intrinsic::uadd_sat:
    case llvm::Intrinsic::usub_sat:
    case llvm::Intrinsic::sadd_sat:
    case llvm::Intrinsic::ssub_sat:
        return saturated(at, call);
    case llvm::Intrinsic::smin:
    case llvm::Intrinsic::smax:
    case llvm::Intrinsic::umin:
    case llvm::Intrinsic::umax:
        if (call.getType()->getIntegerBitWidth() <= 64) {
            return nullptr;
        }
        return at.CreateSelect(
            at.CreateICmp(llvm::cast<llvm::MinMaxIntrinsic>(call).getPredicate(), a, call.getArgOperand(1)), a,
            call.getArgOperand(1));
    case llvm::Intrinsic::abs:
        if (call.getType()->getIntegerBitWidth() <= 64) {
            return nullptr;
        }
        return at.CreateSelect(at.CreateICmpSLT(a, zeroOf(a)), at.CreateNeg(a), a);
    default:
        return nullptr;
    }
}

} // namespace

void expandIntrinsics(llvm::Function& kernel) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
        if (call == nullptr || call->getType()->isVectorTy()) {
            continue;
        }
        llvm::IRBuilder<> at(call);
        if (auto* pair = llvm::dyn_cast<llvm::WithOverflowInst>(call)) {
            expandOverflow(at, *pair);
        } else if (Value* result = expanded(at, *call)) {
            call->replaceAllUsesWith(result);
        } else {
            continue;
        }
        if (call->use_empty()) {
            call->eraseFromParent();
        }
    }
}

} // namespace halyard::jit::spirv
