#include "jit/passes/masked_indices.h"

#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/LazyValueInfo.h>
#include <llvm/IR/ConstantRange.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit {

llvm::PreservedAnalyses MaskedIndicesPass::run(llvm::Function& function, llvm::FunctionAnalysisManager& analyses) {
    using namespace llvm::PatternMatch;
    llvm::LazyValueInfo& values = analyses.getResult<llvm::LazyValueAnalysis>(function);
    bool changed = false;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        llvm::Value* whole = nullptr;
        const llvm::APInt* mask = nullptr;
        if (!instruction.getType()->isIntegerTy() || instruction.getType()->getIntegerBitWidth() > 64 ||
            !match(&instruction, m_And(m_Value(whole), m_LowBitMask(mask)))) {
            continue;
        }
        // Branches ask the narrow number.
        llvm::Value* asked = nullptr;
        if (!match(whole, m_ZExt(m_Value(asked)))) {
            asked = whole;
        }
        for (llvm::Use& use : llvm::make_early_inc_range(instruction.uses())) {
            auto* user = llvm::cast<llvm::Instruction>(use.getUser());
            if (llvm::isa<llvm::PHINode>(user)) {
                continue; // its place is the end of another block
            }
            const llvm::ConstantRange range = values.getConstantRange(asked, user, false);
            if (range.getUnsignedMax().getZExtValue() <= mask->getZExtValue()) {
                use.set(whole);
                changed = true;
            }
        }
    }
    return changed ? llvm::PreservedAnalyses::none() : llvm::PreservedAnalyses::all();
}

} // namespace halyard::jit
