#include "jit/targets/nvptx/bfloat.h"

#include "jit/passes/bfloat.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicsNVPTX.h>

namespace halyard::jit::nvptx {

using llvm::Type;
using llvm::Value;

namespace {

Value* truncateWithInstruction(llvm::IRBuilder<>& at, Value* value, Type* to) {
    value = narrowForBfloat(at, value);
    const auto one = [&](Value* part) { return at.CreateIntrinsic(llvm::Intrinsic::nvvm_f2bf16_rn, {part}); };
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(to);
    if (vector == nullptr) {
        return one(value);
    }
    Value* result = llvm::PoisonValue::get(to);
    for (uint64_t i = 0; i < vector->getNumElements(); ++i) {
        result = at.CreateInsertElement(result, one(at.CreateExtractElement(value, i)), i);
    }
    return result;
}

} // namespace

void lowerBfloat(llvm::Function& kernel, uint32_t sm) {
    llvm::SmallVector<llvm::CastInst*, 8> casts;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction);
        const bool down = llvm::isa<llvm::FPTruncInst>(instruction) && cast->getDestTy()->getScalarType()->isBFloatTy();
        const bool up = llvm::isa<llvm::FPExtInst>(instruction) && cast->getSrcTy()->getScalarType()->isBFloatTy();
        if (down || up) {
            casts.push_back(cast);
        }
    }
    for (llvm::CastInst* cast : casts) {
        llvm::IRBuilder<> at(cast);
        Value* source = cast->getOperand(0);
        Type* to = cast->getDestTy();
        Value* result = llvm::isa<llvm::FPExtInst>(cast) ? extendBfloat(at, source, to)
                        : sm >= 80                       ? truncateWithInstruction(at, source, to)
                                                         : truncateToBfloat(at, source, to);
        cast->replaceAllUsesWith(result);
        cast->eraseFromParent();
    }
}

Value* convertFloats(llvm::IRBuilder<>& at, Value* value, Type* to) {
    const unsigned from = value->getType()->getScalarSizeInBits();
    const unsigned bits = to->getScalarSizeInBits();
    if (value->getType() == to) {
        return value;
    }
    return bits > from ? at.CreateFPExt(value, to) : at.CreateFPTrunc(value, to);
}

} // namespace halyard::jit::nvptx
