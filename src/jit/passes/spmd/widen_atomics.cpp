// Atomic operations of all lanes on one place: one operation on what the lanes together do to it.
#include "jit/passes/spmd/widen.h"

#include <optional>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spmd {

using llvm::AtomicRMWInst;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

namespace {

// How operations on one place combine, and what a lane that takes no part brings. Not floating point numbers: their
// sum depends on the order, and no order of the lanes' own operations would give the sum of a sum.
struct Combination {
    llvm::Intrinsic::ID reduction = llvm::Intrinsic::not_intrinsic;
    llvm::Intrinsic::ID choice = llvm::Intrinsic::not_intrinsic; // of two; or
    llvm::Instruction::BinaryOps operation = llvm::Instruction::Add;
    llvm::APInt neutral;
};

std::optional<Combination> combinationOf(const AtomicRMWInst& rmw) {
    if (rmw.isVolatile() || !rmw.getType()->isIntegerTy()) {
        return std::nullopt;
    }
    using llvm::APInt;
    using llvm::Instruction;
    namespace id = llvm::Intrinsic;
    const unsigned bits = rmw.getType()->getIntegerBitWidth();
    const auto none = id::not_intrinsic;
    switch (rmw.getOperation()) {
    case AtomicRMWInst::Add:
    case AtomicRMWInst::Sub:
        return Combination{id::vector_reduce_add, none, Instruction::Add, APInt::getZero(bits)};
    case AtomicRMWInst::And:
        return Combination{id::vector_reduce_and, none, Instruction::And, APInt::getAllOnes(bits)};
    case AtomicRMWInst::Or:
        return Combination{id::vector_reduce_or, none, Instruction::Or, APInt::getZero(bits)};
    case AtomicRMWInst::Xor:
        return Combination{id::vector_reduce_xor, none, Instruction::Xor, APInt::getZero(bits)};
    case AtomicRMWInst::Max:
        return Combination{id::vector_reduce_smax, id::smax, Instruction::Add, APInt::getSignedMinValue(bits)};
    case AtomicRMWInst::Min:
        return Combination{id::vector_reduce_smin, id::smin, Instruction::Add, APInt::getSignedMaxValue(bits)};
    case AtomicRMWInst::UMax:
        return Combination{id::vector_reduce_umax, id::umax, Instruction::Add, APInt::getZero(bits)};
    case AtomicRMWInst::UMin:
        return Combination{id::vector_reduce_umin, id::umin, Instruction::Add, APInt::getAllOnes(bits)};
    default:
        return std::nullopt;
    }
}

Value* combine(IRBuilder<>& at, const Combination& how, Value* a, Value* b) {
    return how.choice != llvm::Intrinsic::not_intrinsic ? at.CreateBinaryIntrinsic(how.choice, a, b)
                                                        : at.CreateBinOp(how.operation, a, b);
}

// Lane j gets the value of lane j - by; the first lanes get those of `fill`.
Value* moveUp(IRBuilder<>& at, Value* value, Value* fill, unsigned lanes, unsigned by) {
    llvm::SmallVector<int, 16> from;
    for (unsigned lane = 0; lane < lanes; ++lane) {
        from.push_back(static_cast<int>(lane < by ? lanes : lane - by));
    }
    return at.CreateShuffleVector(value, fill, from);
}

} // namespace

void Widener::emitAtomic(IRBuilder<>& at, const AtomicRMWInst& rmw, Value* mask) {
    const std::optional<Combination> how = combinationOf(rmw);
    if (!how || !shapes_.of(rmw.getPointerOperand()).isUniform()) {
        return serialise(at, rmw, mask);
    }
    Type* type = rmw.getType();
    const Value* operand = rmw.getValOperand();
    const bool adds = how->reduction == llvm::Intrinsic::vector_reduce_add;
    const bool repeats = how->reduction == llvm::Intrinsic::vector_reduce_xor;
    Value* neutral = at.CreateVectorSplat(lanes_, llvm::ConstantInt::get(type, how->neutral));
    Value* each = nullptr;
    Value* all = nullptr;
    if (!rmw.use_empty() || !shapes_.of(operand).isUniform() || repeats) {
        each = vector(at, operand);
        each = mask != nullptr ? at.CreateSelect(mask, each, neutral) : each;
        all = at.CreateUnaryIntrinsic(how->reduction, each);
    } else if (adds) {
        Value* count = at.CreateUnaryIntrinsic(llvm::Intrinsic::ctpop, bits(at, mask));
        all = at.CreateMul(scalar(at, operand), at.CreateZExtOrTrunc(count, type));
    } else {
        all = scalar(at, operand);
    }
    auto* once = llvm::cast<AtomicRMWInst>(rmw.clone());
    once->setOperand(0, scalar(at, rmw.getPointerOperand()));
    once->setOperand(1, all);
    once->dropUnknownNonDebugMetadata();
    at.Insert(once);
    if (rmw.use_empty()) {
        return;
    }
    // What a lane finds: what was there, and with it what the lanes before it did.
    Value* before = each;
    for (unsigned by = 1; by < lanes_; by *= 2) {
        before = combine(at, *how, before, moveUp(at, before, neutral, lanes_, by));
    }
    before = moveUp(at, before, neutral, lanes_, 1);
    Value* old = at.CreateVectorSplat(lanes_, once);
    const bool subtracts = rmw.getOperation() == AtomicRMWInst::Sub;
    define(at, rmw, subtracts ? at.CreateSub(old, before) : combine(at, *how, old, before));
}

} // namespace halyard::jit::spmd
