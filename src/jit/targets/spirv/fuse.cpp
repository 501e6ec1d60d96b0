#include "jit/targets/spirv/fuse.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

llvm::BinaryOperator* productFor(Value* operand) {
    auto* product = llvm::dyn_cast<llvm::BinaryOperator>(operand);
    return product != nullptr && product->getOpcode() == llvm::Instruction::FMul && product->hasAllowContract() &&
                   product->hasOneUse()
               ? product
               : nullptr;
}

} // namespace

void fuseProducts(llvm::Function& kernel) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        const unsigned opcode = instruction.getOpcode();
        if ((opcode != llvm::Instruction::FAdd && opcode != llvm::Instruction::FSub) ||
            !instruction.hasAllowContract()) {
            continue;
        }
        const bool subtracts = opcode == llvm::Instruction::FSub;
        llvm::BinaryOperator* product = productFor(instruction.getOperand(0));
        const bool isFirst = product != nullptr;
        product = isFirst ? product : productFor(instruction.getOperand(1));
        if (product == nullptr) {
            continue;
        }
        llvm::IRBuilder<> at(&instruction);
        Value* factor = product->getOperand(0);
        Value* addend = instruction.getOperand(isFirst ? 1 : 0);
        if (subtracts) {
            (isFirst ? addend : factor) = at.CreateFNeg(isFirst ? addend : factor);
        }
        Value* sum = at.CreateIntrinsic(llvm::Intrinsic::fmuladd, {instruction.getType()},
                                        {factor, product->getOperand(1), addend});
        instruction.replaceAllUsesWith(sum);
        instruction.eraseFromParent();
        product->eraseFromParent();
    }
}

} // namespace halyard::jit::spirv
