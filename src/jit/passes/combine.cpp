#include "jit/passes/combine.h"

#include <llvm/IR/Constants.h>

namespace halyard::jit {

using llvm::APInt;
using llvm::Constant;
using llvm::ConstantFP;
using llvm::ConstantInt;
using llvm::Type;
using llvm::Value;

Value* combine(llvm::IRBuilder<>& at, Combine operation, Value* a, Value* b) {
    switch (operation) {
    case Combine::IAdd:
        return at.CreateAdd(a, b);
    case Combine::FAdd:
        return at.CreateFAdd(a, b);
    case Combine::IMul:
        return at.CreateMul(a, b);
    case Combine::FMul:
        return at.CreateFMul(a, b);
    case Combine::SMin:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::smin, a, b);
    case Combine::UMin:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::umin, a, b);
    case Combine::FMin:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::minnum, a, b);
    case Combine::SMax:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::smax, a, b);
    case Combine::UMax:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::umax, a, b);
    case Combine::FMax:
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::maxnum, a, b);
    case Combine::And:
        return at.CreateAnd(a, b);
    case Combine::Or:
        return at.CreateOr(a, b);
    case Combine::Xor:
        return at.CreateXor(a, b);
    case Combine::None:
        break;
    }
    return a;
}

Constant* identity(Combine operation, Type* type) {
    const unsigned bits = type->getScalarSizeInBits();
    switch (operation) {
    case Combine::IMul:
        return ConstantInt::get(type, 1);
    case Combine::FMul:
        return ConstantFP::get(type, 1.0);
    case Combine::SMin:
        return ConstantInt::get(type, APInt::getSignedMaxValue(bits));
    case Combine::SMax:
        return ConstantInt::get(type, APInt::getSignedMinValue(bits));
    case Combine::UMin:
        return Constant::getAllOnesValue(type);
    case Combine::And:
        return Constant::getAllOnesValue(type);
    case Combine::FMin:
        return ConstantFP::getInfinity(type);
    case Combine::FMax:
        return ConstantFP::getInfinity(type, /*Negative=*/true);
    default: // IAdd, FAdd, UMax, Or, Xor
        return Constant::getNullValue(type);
    }
}

Constant* neutral(Combine operation, Type* type) {
    switch (operation) {
    case Combine::FAdd:
        return ConstantFP::getNegativeZero(type);
    case Combine::FMin:
    case Combine::FMax:
        return ConstantFP::getQNaN(type);
    default:
        return identity(operation, type);
    }
}

} // namespace halyard::jit
