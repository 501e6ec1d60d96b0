#include "jit/passes/spmd/row_guards.h"

#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"

#include <vector>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit::spmd {

namespace {

using llvm::BasicBlock;
using llvm::Value;

struct Guard {
    llvm::BranchInst* branch;
    Value* id;
    Value* bound;
    llvm::CmpInst::Predicate predicate; // id predicate bound: on to `body`
    unsigned body;                      // the successor
};

// The local id that the value is, whatever its width; or null.
llvm::CallInst* localRow(Value* value) {
    using namespace llvm::PatternMatch;
    Value* source = value;
    const bool isCast = match(value, m_Trunc(m_Value(source))) || match(value, m_ZExt(m_Value(source))) ||
                        match(value, m_And(m_Value(source), m_SpecificInt(UINT32_MAX)));
    auto* call = llvm::dyn_cast<llvm::CallInst>(isCast ? source : value);
    const bool isId = call != nullptr && value->getType()->getIntegerBitWidth() >= 32 &&
                      builtinOf(*call) == Builtin::LocalId && builtinDimension(*call) == 0U;
    return isId ? call : nullptr;
}

std::optional<Guard> guardOf(llvm::BranchInst& branch, unsigned lanes) {
    auto* compare = branch.isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(branch.getCondition()) : nullptr;
    if (compare == nullptr || !compare->getOperand(0)->getType()->isIntegerTy()) {
        return std::nullopt;
    }
    Guard guard{&branch, compare->getOperand(0), compare->getOperand(1), compare->getPredicate(), 0};
    if (localRow(guard.bound) != nullptr) {
        std::swap(guard.id, guard.bound);
        guard.predicate = llvm::CmpInst::getSwappedPredicate(guard.predicate);
    }
    if (localRow(guard.id) == nullptr) {
        return std::nullopt;
    }
    if (llvm::ICmpInst::isGT(guard.predicate) || llvm::ICmpInst::isGE(guard.predicate)) {
        guard.predicate = llvm::CmpInst::getInversePredicate(guard.predicate);
        guard.body = 1;
    }
    // The first of them, as many kernels have it.
    if (compare->isEquality() && match(guard.bound, llvm::PatternMatch::m_Zero())) {
        guard.body = guard.predicate == llvm::CmpInst::ICMP_EQ ? 0 : 1;
        guard.predicate = llvm::CmpInst::ICMP_EQ;
        return guard;
    }
    const bool below = llvm::ICmpInst::isLT(guard.predicate);
    if (!below && !llvm::ICmpInst::isLE(guard.predicate)) {
        return std::nullopt;
    }
    // Bounds between vectors need none: all lanes go the same way.
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(guard.bound);
    if (number != nullptr && (number->getValue() + (below ? 0 : 1)).urem(lanes) == 0) {
        return std::nullopt;
    }
    return guard;
}

void insert(const Guard& guard, unsigned lanes) {
    BasicBlock* block = guard.branch->getParent();
    BasicBlock* body = guard.branch->getSuccessor(guard.body);
    BasicBlock* other = guard.branch->getSuccessor(1 - guard.body);
    BasicBlock* some = BasicBlock::Create(block->getContext(), "some", block->getParent(), body);
    llvm::IRBuilder<> at(guard.branch);
    llvm::CallInst* id = localRow(guard.id);
    Value* first = at.CreateAnd(id, ~uint64_t{lanes - 1}, "first");
    first = at.CreateZExtOrTrunc(first, guard.id->getType());
    at.CreateCondBr(at.CreateICmp(guard.predicate, first, guard.bound), some, other);
    guard.branch->moveBefore(*some, some->end());
    body->replacePhiUsesWith(block, some);
    for (llvm::PHINode& phi : other->phis()) {
        phi.addIncoming(phi.getIncomingValueForBlock(block), some);
    }
}

} // namespace

void guardRows(llvm::Function& function, unsigned lanes) {
    std::vector<Guard> guards;
    for (BasicBlock& block : function) {
        auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
        const std::optional<Guard> guard = branch != nullptr ? guardOf(*branch, lanes) : std::nullopt;
        if (guard && branch->getSuccessor(0) != branch->getSuccessor(1)) {
            guards.push_back(*guard);
        }
    }
    if (guards.empty()) {
        return;
    }
    const llvm::DominatorTree dominators(function);
    const llvm::LoopInfo loops(dominators);
    const llvm::PostDominatorTree postDominators(function);
    const Uniformity uniformity(function, postDominators, loops);
    std::erase_if(guards, [&](const Guard& guard) { return !uniformity.isUniform(*guard.bound); });
    for (const Guard& guard : guards) {
        insert(guard, lanes);
    }
}

} // namespace halyard::jit::spmd
