// What is asked of a whole vector: whether all lanes meet a condition, of ids that only grow the first or the last lane
// tells, and whether indices are rows.
#include "jit/passes/spmd/widen.h"

#include "jit/passes/builtin.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit::spmd {

using llvm::CmpInst;
using llvm::IRBuilder;
using llvm::Value;
using namespace llvm::PatternMatch;

// Whether the value grows from lane to lane and wraps round among them neither as a signed nor as an unsigned number.
bool Widener::grows(const Value* value) const {
    const Value* narrow = nullptr;
    if (shapes_.isAligned(value) || cutId(value) != nullptr) {
        return true;
    }
    if (match(value, m_ZExtOrSExt(m_Value(narrow)))) {
        return shapes_.of(value).isStrided() && grows(narrow);
    }
    const auto* call = llvm::dyn_cast<llvm::CallInst>(value);
    const Builtin builtin = call != nullptr ? builtinOf(*call) : Builtin::None;
    return (builtin == Builtin::GlobalId || builtin == Builtin::LocalId) && shapes_.of(value).isStrided();
}

Value* Widener::allCompare(IRBuilder<>& at, const llvm::ICmpInst& compare, CmpInst::Predicate predicate) {
    const Value* row = compare.getOperand(0);
    const Value* bound = compare.getOperand(1);
    if (shapes_.of(row).isUniform()) {
        std::swap(row, bound);
        predicate = CmpInst::getSwappedPredicate(predicate);
    }
    if (!shapes_.of(bound).isUniform() || !grows(row)) {
        return nullptr;
    }
    // Unlike zero are all when the first is.
    const bool first = CmpInst::isRelational(predicate)
                           ? llvm::ICmpInst::isGT(predicate) || llvm::ICmpInst::isGE(predicate)
                           : predicate == CmpInst::ICMP_NE && match(bound, m_Zero());
    if (!first && !CmpInst::isRelational(predicate)) {
        return nullptr;
    }
    Value* lane = scalar(at, row);
    if (!first) {
        const uint64_t last = static_cast<uint64_t>(shapes_.of(row).stride) * (lanes_ - 1);
        lane = at.CreateAdd(lane, llvm::ConstantInt::get(lane->getType(), last));
    }
    return at.CreateICmp(predicate, lane, scalar(at, bound));
}

// `wanted`: what all lanes must give.
Value* Widener::all(IRBuilder<>& at, const Value* condition, bool wanted) {
    if (shapes_.of(condition).isUniform()) {
        Value* value = scalar(at, condition);
        return wanted ? value : at.CreateNot(value);
    }
    const Value* left = nullptr;
    const Value* right = nullptr;
    if (match(condition, m_Not(m_Value(left)))) {
        return all(at, left, !wanted);
    }
    const bool both = wanted ? match(condition, m_LogicalAnd(m_Value(left), m_Value(right)))
                             : match(condition, m_LogicalOr(m_Value(left), m_Value(right)));
    if (both) {
        // What stands on the right is poison at worst where the left one already says no.
        Value* first = all(at, left, wanted);
        return at.CreateLogicalAnd(first, all(at, right, wanted));
    }
    if (const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition)) {
        const auto predicate = wanted ? compare->getPredicate() : compare->getInversePredicate();
        if (Value* known = allCompare(at, *compare, predicate)) {
            return known;
        }
    }
    Value* lanes = vector(at, condition);
    return at.CreateNot(any(at, wanted ? at.CreateNot(lanes) : lanes));
}

// kir::kAllLanes. Lanes that are not there do not meet it.
void Widener::emitAllLanes(IRBuilder<>& at, const llvm::CallInst& call, Value* mask) {
    Value* meets = all(at, call.getArgOperand(0), true);
    define(at, call, mask != nullptr ? at.CreateAnd(meets, at.CreateNot(any(at, at.CreateNot(mask)))) : meets);
}

// kir::kRows.
void Widener::emitRows(IRBuilder<>& at, const llvm::CallInst& call) {
    const auto number = [&](unsigned i) {
        return llvm::cast<llvm::ConstantInt>(call.getArgOperand(i))->getZExtValue();
    };
    const LaneShape shape = shapes_.of(call.getArgOperand(0));
    if (!shape.isScalar() || shape.stride < 0) {
        return define(at, call, at.getFalse());
    }
    const bool isSigned = number(2) != 0;
    const uint64_t span = number(1) + static_cast<uint64_t>(shape.stride) * (lanes_ - 1);
    const uint64_t highest = isSigned ? INT32_MAX : UINT32_MAX;
    Value* fits = at.getFalse();
    if (span <= highest) {
        Value* bound = at.getInt32(static_cast<uint32_t>(highest - span));
        Value* first = scalar(at, call.getArgOperand(0));
        fits = isSigned ? at.CreateICmpSLE(first, bound) : at.CreateICmpULE(first, bound);
    }
    define(at, call, fits);
}

} // namespace halyard::jit::spmd
