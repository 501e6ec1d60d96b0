#include "jit/targets/spirv/float_traps.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

// Of either sign.
const llvm::ConstantFP* zeroIn(const Value* value) {
    const auto* constant = llvm::dyn_cast<llvm::ConstantFP>(value);
    return constant != nullptr && constant->isZero() ? constant : nullptr;
}

llvm::Constant* nanOf(const Value* number) {
    return llvm::ConstantFP::getNaN(number->getType());
}

Value* isFinite(llvm::IRBuilder<>& at, Value* number) {
    Value* magnitude = at.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, number);
    return at.CreateFCmpOLT(magnitude, llvm::ConstantFP::getInfinity(number->getType()));
}

// Zero with the sign of `number`, or the other one.
Value* signedZero(llvm::IRBuilder<>& at, Value* number, bool inverted) {
    llvm::Type* bits = at.getIntNTy(number->getType()->getScalarSizeInBits());
    llvm::Constant* sign = llvm::ConstantInt::get(bits, llvm::APInt::getSignMask(bits->getIntegerBitWidth()));
    Value* own = at.CreateAnd(at.CreateBitCast(number, bits), sign);
    return at.CreateBitCast(inverted ? at.CreateXor(own, sign) : own, number->getType());
}

Value* product(llvm::IRBuilder<>& at, Value* a, Value* b) {
    const llvm::ConstantFP* zero = zeroIn(a) != nullptr ? zeroIn(a) : zeroIn(b);
    if (zero == nullptr) {
        return nullptr;
    }
    Value* number = zero == a ? b : a;
    return at.CreateSelect(isFinite(at, number), signedZero(at, number, zero->isNegative()), nanOf(number));
}

// x + -0 is x.
Value* sum(llvm::IRBuilder<>& at, Value* a, Value* b) {
    const auto isPositive = [](const Value* value) { return zeroIn(value) != nullptr && !zeroIn(value)->isNegative(); };
    if (!isPositive(a) && !isPositive(b)) {
        return nullptr;
    }
    Value* number = isPositive(a) ? b : a;
    Value* zero = llvm::ConstantFP::get(number->getType(), 0.0);
    return at.CreateSelect(at.CreateFCmpOEQ(number, zero), zero, number);
}

// What stands for the instruction; null where it is no trap.
Value* replacement(llvm::IRBuilder<>& at, llvm::Instruction& instruction) {
    Value* a = instruction.getNumOperands() > 1 ? instruction.getOperand(0) : nullptr;
    Value* b = instruction.getNumOperands() > 1 ? instruction.getOperand(1) : nullptr;
    switch (instruction.getOpcode()) {
    case llvm::Instruction::FMul:
        return product(at, a, b);
    case llvm::Instruction::FAdd:
        return sum(at, a, b);
    case llvm::Instruction::FSub:
        return a == b ? at.CreateSelect(isFinite(at, a), llvm::ConstantFP::get(a->getType(), 0.0), nanOf(a)) : nullptr;
    case llvm::Instruction::FDiv: {
        const llvm::ConstantFP* zero = zeroIn(a);
        if (zero == nullptr) {
            return nullptr;
        }
        Value* magnitude = at.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, b);
        Value* isNumber = at.CreateFCmpOGT(magnitude, llvm::ConstantFP::get(b->getType(), 0.0));
        return at.CreateSelect(isNumber, signedZero(at, b, zero->isNegative()), nanOf(b));
    }
    default:
        break;
    }
    // Drivers take a multiplication and addition apart where the device has none.
    auto* fused = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (fused == nullptr || fused->getIntrinsicID() != llvm::Intrinsic::fmuladd) {
        return nullptr;
    }
    Value* addend = fused->getArgOperand(2);
    Value* multiplied = product(at, a, b);
    if (multiplied == nullptr && zeroIn(addend) == nullptr) {
        return nullptr;
    }
    multiplied = multiplied != nullptr ? multiplied : at.CreateFMul(a, b);
    Value* result = sum(at, multiplied, addend);
    return result != nullptr ? result : at.CreateFAdd(multiplied, addend);
}

} // namespace

void avoidFoldedZeros(llvm::Function& kernel) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        if (!llvm::isa<llvm::FPMathOperator>(instruction) || instruction.isFast()) {
            continue;
        }
        llvm::IRBuilder<> at(&instruction);
        if (Value* made = replacement(at, instruction)) {
            instruction.replaceAllUsesWith(made);
            instruction.eraseFromParent();
        }
    }
}

} // namespace halyard::jit::spirv
