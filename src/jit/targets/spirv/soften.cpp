#include "jit/targets/spirv/soften.h"

#include "jit/devlib/devlib.h"
#include "jit/kir.h"
#include "jit/passes/bfloat.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

std::vector<llvm::IntrinsicInst*> callsOf(llvm::Function& function, std::initializer_list<llvm::Intrinsic::ID> wanted) {
    std::vector<llvm::IntrinsicInst*> found;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
        if (call != nullptr && llvm::is_contained(wanted, call->getIntrinsicID())) {
            found.push_back(call);
        }
    }
    return found;
}

// The function of the device library on scalars.
Value* soft(llvm::IRBuilder<>& at, const llvm::IntrinsicInst& call, llvm::ArrayRef<Value*> operands) {
    llvm::Type* type = operands[0]->getType();
    const bool isFma = call.getIntrinsicID() == llvm::Intrinsic::fma;
    if (type->isHalfTy()) {
        // A double holds the product exactly, and the sum as far as a half can tell.
        llvm::Type* wide = at.getDoubleTy();
        const auto extended = [&](unsigned index) { return at.CreateFPExt(operands[index], wide); };
        if (isFma) {
            Value* product = at.CreateFMul(extended(0), extended(1));
            return at.CreateFPTrunc(at.CreateFAdd(product, extended(2)), type);
        }
    }
    llvm::Type* own = type->isHalfTy() ? at.getFloatTy() : type;
    llvm::SmallVector<Value*, 3> values;
    llvm::SmallVector<llvm::Type*, 3> types;
    for (Value* operand : operands) {
        values.push_back(own == type ? operand : at.CreateFPExt(operand, own));
        types.push_back(own);
    }
    llvm::Module* module = at.GetInsertBlock()->getModule();
    const std::string name =
        kir::mathName(isFma ? "soft_fma" : "soft_round", own->isDoubleTy() ? std::string_view("f64") : "f32");
    llvm::FunctionCallee function = module->getOrInsertFunction(name, llvm::FunctionType::get(own, types, false));
    Value* result = at.CreateCall(function, values);
    return own == type ? result : at.CreateFPTrunc(result, type);
}

// Calls `make(at, operands)` for the scalars of each operand.
template <typename Make> Value* byElement(llvm::IRBuilder<>& at, llvm::Instruction& call, Make&& make) {
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(call.getType());
    const unsigned count = vector != nullptr ? vector->getNumElements() : 1;
    Value* result = vector != nullptr ? llvm::PoisonValue::get(call.getType()) : nullptr;
    for (unsigned i = 0; i < count; ++i) {
        llvm::SmallVector<Value*, 3> operands;
        const auto* function = llvm::dyn_cast<llvm::CallBase>(&call);
        for (Value* operand : function != nullptr ? llvm::User::op_range(const_cast<llvm::CallBase*>(function)->args())
                                                  : call.operands()) {
            operands.push_back(operand->getType()->isVectorTy() ? at.CreateExtractElement(operand, i) : operand);
        }
        Value* element = make(at, operands);
        result = vector != nullptr ? at.CreateInsertElement(result, element, i) : element;
    }
    return result;
}

Value* isClass(llvm::IRBuilder<>& at, Value* number, uint32_t classes) {
    llvm::Type* type = number->getType();
    llvm::Type* bits = at.getIntNTy(type->getScalarSizeInBits());
    const llvm::fltSemantics& semantics = type->getFltSemantics();
    const auto pattern = [&](const llvm::APFloat& value) {
        return llvm::ConstantInt::get(bits, value.bitcastToAPInt());
    };
    Value* infinity = pattern(llvm::APFloat::getInf(semantics));
    Value* normal = pattern(llvm::APFloat::getSmallestNormalized(semantics));
    const llvm::APInt quietBit = llvm::APFloat::getQNaN(semantics).bitcastToAPInt();
    Value* quiet = llvm::ConstantInt::get(bits, quietBit);
    Value* zero = llvm::ConstantInt::get(bits, 0);
    Value* all = at.CreateBitCast(number, bits);
    Value* magnitude =
        at.CreateAnd(all, llvm::ConstantInt::get(bits, llvm::APInt::getSignedMaxValue(bits->getIntegerBitWidth())));
    Value* negative = at.CreateICmpSLT(all, zero);
    Value* isNan = at.CreateICmpUGT(magnitude, infinity);
    Value* isQuiet = at.CreateICmpUGE(magnitude, quiet);
    Value* isInfinite = at.CreateICmpEQ(magnitude, infinity);
    Value* isZero = at.CreateICmpEQ(magnitude, zero);
    Value* isBelowNormal = at.CreateICmpULT(magnitude, normal);
    Value* isSubnormal = at.CreateAnd(isBelowNormal, at.CreateNot(isZero));
    Value* isNormal = at.CreateAnd(at.CreateNot(isBelowNormal), at.CreateICmpULT(magnitude, infinity));
    Value* result = at.getFalse();
    const auto take = [&](uint32_t mask, Value* holds) {
        if ((classes & mask) != 0) {
            result = at.CreateOr(result, holds);
        }
    };
    const auto bySign = [&](uint32_t below, uint32_t above, Value* holds) {
        take(below, at.CreateAnd(holds, negative));
        take(above, at.CreateAnd(holds, at.CreateNot(negative)));
    };
    take(llvm::fcSNan, at.CreateAnd(isNan, at.CreateNot(isQuiet)));
    take(llvm::fcQNan, isQuiet);
    bySign(llvm::fcNegInf, llvm::fcPosInf, isInfinite);
    bySign(llvm::fcNegNormal, llvm::fcPosNormal, isNormal);
    bySign(llvm::fcNegSubnormal, llvm::fcPosSubnormal, isSubnormal);
    bySign(llvm::fcNegZero, llvm::fcPosZero, isZero);
    return result;
}

Value* saturate(llvm::IRBuilder<>& at, Value* number, llvm::Type* to, bool isSigned) {
    const unsigned bits = to->getIntegerBitWidth();
    const llvm::APInt lowest = isSigned ? llvm::APInt::getSignedMinValue(bits) : llvm::APInt::getMinValue(bits);
    const llvm::APInt highest = isSigned ? llvm::APInt::getSignedMaxValue(bits) : llvm::APInt::getMaxValue(bits);
    // The first number that is too large is a power of two, or infinity when there is none.
    llvm::APFloat above(number->getType()->getFltSemantics());
    above.convertFromAPInt(highest.zext(bits + 1) + 1, false, llvm::APFloat::rmTowardPositive);
    llvm::APFloat below(number->getType()->getFltSemantics());
    below.convertFromAPInt(lowest, isSigned, llvm::APFloat::rmTowardZero);
    Value* tooLarge = at.CreateFCmpOGE(number, llvm::ConstantFP::get(number->getType(), above));
    Value* inRange = at.CreateFCmpOGT(number, llvm::ConstantFP::get(number->getType(), below));
    Value* fits = at.CreateAnd(inRange, at.CreateNot(tooLarge));
    // Nothing out of range is converted: what that gives is open.
    Value* safe = at.CreateSelect(fits, number, llvm::Constant::getNullValue(number->getType()));
    Value* converted = isSigned ? at.CreateFPToSI(safe, to) : at.CreateFPToUI(safe, to);
    Value* isNan = at.CreateFCmpUNO(number, number);
    Value* clamped = at.CreateSelect(tooLarge, llvm::ConstantInt::get(to, highest), llvm::ConstantInt::get(to, lowest));
    return at.CreateSelect(fits, converted, at.CreateSelect(isNan, llvm::ConstantInt::get(to, 0), clamped));
}

// Drivers round a double to a float on its way to a half.
void narrowDoubles(llvm::Function& function) {
    std::vector<llvm::Instruction*> found;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        if (llvm::isa<llvm::FPTruncInst>(instruction) && instruction.getType()->getScalarType()->isHalfTy() &&
            instruction.getOperand(0)->getType()->getScalarType()->isDoubleTy()) {
            found.push_back(&instruction);
        }
    }
    for (llvm::Instruction* conversion : found) {
        llvm::IRBuilder<> at(conversion);
        llvm::FunctionCallee narrow = function.getParent()->getOrInsertFunction(
            kir::mathName("soft_narrow", "f64"), llvm::FunctionType::get(at.getHalfTy(), {at.getDoubleTy()}, false));
        conversion->replaceAllUsesWith(
            byElement(at, *conversion, [&](llvm::IRBuilder<>&, llvm::ArrayRef<Value*> operands) {
                return at.CreateCall(narrow, operands);
            }));
        conversion->eraseFromParent();
    }
}

} // namespace

halyard::spv::Status soften(llvm::Module& module, bool exactFma) {
    std::vector<llvm::Function*> functions;
    for (llvm::Function& function : module) {
        if (!function.isDeclaration()) {
            functions.push_back(&function);
        }
    }
    for (llvm::Function* function : functions) {
        lowerBfloat(*function);
        for (llvm::IntrinsicInst* call : callsOf(*function, {llvm::Intrinsic::fma, llvm::Intrinsic::round})) {
            if (exactFma && call->getIntrinsicID() == llvm::Intrinsic::fma) {
                continue;
            }
            llvm::IRBuilder<> at(call);
            call->replaceAllUsesWith(byElement(at, *call, [&](llvm::IRBuilder<>&, llvm::ArrayRef<Value*> operands) {
                return soft(at, *call, operands);
            }));
            call->eraseFromParent();
        }
    }
    for (llvm::Function* function : functions) {
        narrowDoubles(*function);
    }
    return linkDevlib(module);
}

void expandFloats(llvm::Function& kernel) {
    for (llvm::IntrinsicInst* call :
         callsOf(kernel, {llvm::Intrinsic::is_fpclass, llvm::Intrinsic::fptosi_sat, llvm::Intrinsic::fptoui_sat})) {
        llvm::IRBuilder<> at(call);
        const llvm::Intrinsic::ID id = call->getIntrinsicID();
        call->replaceAllUsesWith(byElement(at, *call, [&](llvm::IRBuilder<>&, llvm::ArrayRef<Value*> operands) {
            if (id == llvm::Intrinsic::is_fpclass) {
                const auto* classes = llvm::cast<llvm::ConstantInt>(operands[1]);
                return isClass(at, operands[0], static_cast<uint32_t>(classes->getZExtValue()));
            }
            return saturate(at, operands[0], call->getType()->getScalarType(), id == llvm::Intrinsic::fptosi_sat);
        }));
        call->eraseFromParent();
    }
}

} // namespace halyard::jit::spirv
