#include "jit/targets/host/half_min_max.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

void widenHalfMinMax(llvm::Module& module) {
    llvm::SmallVector<llvm::IntrinsicInst*, 16> found;
    for (llvm::Function& function : module) {
        for (llvm::Instruction& instruction : llvm::instructions(function)) {
            auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
            const bool picks = call != nullptr && (call->getIntrinsicID() == llvm::Intrinsic::minnum ||
                                                   call->getIntrinsicID() == llvm::Intrinsic::maxnum);
            if (picks && call->getType()->getScalarType()->isHalfTy()) {
                found.push_back(call);
            }
        }
    }
    for (llvm::IntrinsicInst* call : found) {
        llvm::IRBuilder<> at(call);
        llvm::Type* wide = call->getType()->getWithNewType(at.getFloatTy());
        llvm::Value* a = at.CreateFPExt(call->getArgOperand(0), wide);
        llvm::Value* b = at.CreateFPExt(call->getArgOperand(1), wide);
        llvm::Value* result = at.CreateBinaryIntrinsic(call->getIntrinsicID(), a, b);
        call->replaceAllUsesWith(at.CreateFPTrunc(result, call->getType()));
        call->eraseFromParent();
    }
}

} // namespace halyard::jit::host
