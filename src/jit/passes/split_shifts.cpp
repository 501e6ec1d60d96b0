#include "jit/passes/split_shifts.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit {

llvm::PreservedAnalyses SplitShiftsPass::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
    auto& assumptions = analyses.getResult<llvm::AssumptionAnalysis>(function);
    auto& dominators = analyses.getResult<llvm::DominatorTreeAnalysis>(function);
    const llvm::DataLayout& data = function.getDataLayout();
    bool changed = false;
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
        llvm::Value* x = nullptr;
        const llvm::APInt* sum = nullptr;
        const llvm::APInt* shift = nullptr;
        using namespace llvm::PatternMatch;
        if (!match(&instruction, m_LShr(m_AddLike(m_Value(x), m_APInt(sum)), m_APInt(shift))) ||
            shift->uge(sum->getBitWidth()) || sum->isZero() || sum->countr_zero() < shift->getZExtValue()) {
            continue;
        }
        const llvm::KnownBits known = llvm::computeKnownBits(x, data, &assumptions, &instruction, &dominators);
        bool wraps = false;
        (void)known.getMaxValue().uadd_ov(*sum, wraps);
        if (wraps) {
            continue;
        }
        llvm::IRBuilder<> at(&instruction);
        llvm::Value* high = at.CreateLShr(x, llvm::ConstantInt::get(x->getType(), *shift));
        instruction.replaceAllUsesWith(
            at.CreateNUWAdd(high, llvm::ConstantInt::get(x->getType(), sum->lshr(*shift)), instruction.getName()));
        instruction.eraseFromParent();
        changed = true;
    }
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

} // namespace halyard::jit
