#include "jit/passes/bfloat.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit {

namespace {

using llvm::Type;
using llvm::Value;

Type* like(Type* shape, Type* scalar) {
    return shape->getWithNewType(scalar);
}

// A float that rounds to bfloat16 as the double does: towards zero, with the last bit set when anything was lost.
Value* roundToOdd(llvm::IRBuilder<>& at, Value* wide) {
    Value* nearest = at.CreateFPTrunc(wide, like(wide->getType(), at.getFloatTy()));
    Value* back = at.CreateFPExt(nearest, wide->getType());
    Type* bits = like(wide->getType(), at.getInt32Ty());
    Value* pattern = at.CreateBitCast(nearest, bits);
    Value* beyond = at.CreateFCmpOGT(at.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, back),
                                     at.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, wide));
    Value* inwards = at.CreateSub(pattern, at.CreateZExt(beyond, bits));
    Value* odd = at.CreateOr(inwards, at.CreateZExt(at.CreateFCmpONE(back, wide), bits));
    return at.CreateBitCast(odd, nearest->getType());
}

} // namespace

Value* narrowForBfloat(llvm::IRBuilder<>& at, Value* value) {
    Type* scalar = value->getType()->getScalarType();
    if (scalar->isDoubleTy()) {
        return roundToOdd(at, value);
    }
    return scalar->isFloatTy() ? value : at.CreateFPExt(value, like(value->getType(), at.getFloatTy()));
}

Value* truncateToBfloat(llvm::IRBuilder<>& at, Value* value, Type* to) {
    value = narrowForBfloat(at, value);
    Type* word = like(to, at.getInt32Ty());
    const auto number = [&](uint32_t constant) { return llvm::ConstantInt::get(word, constant); };
    Value* pattern = at.CreateBitCast(value, word);
    Value* high = at.CreateLShr(pattern, number(16));
    Value* half = at.CreateAdd(at.CreateAnd(high, number(1)), number(0x7fff)); // ties go to the even one
    Value* rounded = at.CreateLShr(at.CreateAdd(pattern, half), number(16));
    Value* isNan = at.CreateICmpUGT(at.CreateAnd(pattern, number(0x7fffffff)), number(0x7f800000));
    Value* result = at.CreateSelect(isNan, at.CreateOr(high, number(0x40)), rounded);
    return at.CreateBitCast(at.CreateTrunc(result, like(to, at.getInt16Ty())), to);
}

Value* extendBfloat(llvm::IRBuilder<>& at, Value* value, Type* to) {
    Value* pattern = at.CreateBitCast(value, like(to, at.getInt16Ty()));
    Type* word = like(to, at.getInt32Ty());
    Value* high = at.CreateShl(at.CreateZExt(pattern, word), llvm::ConstantInt::get(word, 16));
    Value* single = at.CreateBitCast(high, like(to, at.getFloatTy()));
    return to->getScalarType()->isDoubleTy() ? at.CreateFPExt(single, to) : single;
}

void lowerBfloat(llvm::Function& kernel) {
    llvm::SmallVector<llvm::CastInst*, 8> casts;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction);
        if (cast == nullptr) {
            continue;
        }
        const bool down = llvm::isa<llvm::FPTruncInst>(cast) && cast->getDestTy()->getScalarType()->isBFloatTy();
        const bool up = llvm::isa<llvm::FPExtInst>(cast) && cast->getSrcTy()->getScalarType()->isBFloatTy();
        if (down || up) {
            casts.push_back(cast);
        }
    }
    for (llvm::CastInst* cast : casts) {
        llvm::IRBuilder<> at(cast);
        Value* source = cast->getOperand(0);
        Value* result = llvm::isa<llvm::FPTruncInst>(cast) ? truncateToBfloat(at, source, cast->getDestTy())
                                                           : extendBfloat(at, source, cast->getDestTy());
        cast->replaceAllUsesWith(result);
        cast->eraseFromParent();
    }
}

} // namespace halyard::jit
