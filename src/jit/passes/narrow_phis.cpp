#include "jit/passes/narrow_phis.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit {

namespace {

using llvm::PHINode;
using llvm::Value;

constexpr unsigned kWide = 64;
constexpr unsigned kNarrow = 32;

// Whether the user reads low bits alone.
bool readsLow(const llvm::User* user, const Value* value) {
    const llvm::APInt* mask = nullptr;
    if (const auto* cut = llvm::dyn_cast<llvm::TruncInst>(user)) {
        return cut->getType()->getScalarSizeInBits() <= kNarrow;
    }
    return match(user, llvm::PatternMatch::m_c_And(llvm::PatternMatch::m_Specific(value),
                                                   llvm::PatternMatch::m_APInt(mask))) &&
           mask->getActiveBits() <= kNarrow;
}

void narrow(PHINode& phi) {
    llvm::IRBuilder<> at(&phi);
    PHINode* low = at.CreatePHI(at.getInt32Ty(), phi.getNumIncomingValues(), phi.getName());
    for (unsigned i = 0; i < phi.getNumIncomingValues(); ++i) {
        at.SetInsertPoint(phi.getIncomingBlock(i)->getTerminator());
        low->addIncoming(at.CreateTrunc(phi.getIncomingValue(i), low->getType()), phi.getIncomingBlock(i));
    }
    at.SetInsertPoint(phi.getParent(), phi.getParent()->getFirstInsertionPt());
    phi.replaceAllUsesWith(at.CreateZExt(low, phi.getType()));
    phi.eraseFromParent();
}

} // namespace

bool narrowPhis(llvm::Function& function) {
    bool changed = false;
    for (llvm::BasicBlock& block : function) {
        for (PHINode& phi : llvm::make_early_inc_range(block.phis())) {
            if (phi.getType()->isIntegerTy(kWide) && !phi.use_empty() &&
                llvm::all_of(phi.users(), [&](const llvm::User* user) { return readsLow(user, &phi); })) {
                narrow(phi);
                changed = true;
            }
        }
    }
    return changed;
}

} // namespace halyard::jit
