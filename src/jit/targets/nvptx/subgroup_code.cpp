#include "jit/targets/nvptx/subgroup_code.h"

#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

namespace halyard::jit::nvptx {

using llvm::Value;
using Kind = CollectiveKind;

namespace {

Value* allEqual(llvm::IRBuilder<>& at, Warp& warp, Value* value) {
    if (value->getType()->isIntegerTy(1)) {
        Value* votes = warp.ballot(value);
        return at.CreateOr(at.CreateICmpEQ(votes, at.getInt32(0)), at.CreateICmpEQ(votes, warp.mask().bits));
    }
    Value* common = warp.read(value, warp.first(warp.mask().bits));
    return warp.all(value->getType()->isFloatingPointTy() ? at.CreateFCmpOEQ(value, common)
                                                          : at.CreateICmpEQ(value, common));
}

} // namespace

Value* emitSubgroup(llvm::IRBuilder<>& at, const Collective& what, const llvm::CallInst& call, const WarpMask& mask,
                    uint32_t sm) {
    Warp warp(at, mask);
    const bool inAnyOrder = llvm::isa<llvm::FPMathOperator>(call) && call.hasAllowReassoc();
    LaneCombiner lanes(at, mask, what.combine, what.type, inAnyOrder, sm);
    Value* value = call.arg_size() > 0 ? call.getArgOperand(0) : nullptr;
    switch (what.kind) {
    case Kind::Elect:
        return at.CreateICmpEQ(warp.lane(), warp.first(mask.bits));
    case Kind::AllEqual:
        return allEqual(at, warp, value);
    case Kind::Ballot:
        return at.CreateInsertElement(llvm::Constant::getNullValue(call.getType()), warp.ballot(value), uint64_t{0});
    case Kind::BroadcastFirst:
        return warp.read(value, warp.first(mask.bits));
    case Kind::Broadcast:
    case Kind::Shuffle:
        return warp.read(value, call.getArgOperand(1));
    case Kind::ShuffleXor:
        return warp.readXor(value, call.getArgOperand(1));
    case Kind::ShuffleUp:
        return warp.readUp(value, call.getArgOperand(1));
    case Kind::ShuffleDown:
        return warp.readDown(value, call.getArgOperand(1));
    case Kind::Reduce:
        return lanes.reduce(value);
    case Kind::Inclusive:
        return lanes.scan(value, true);
    case Kind::Exclusive:
        return lanes.scan(value, false);
    case Kind::Clustered: {
        const auto* size = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1));
        return lanes.clustered(value, static_cast<uint32_t>(size->getLimitedValue(kWarpSize)));
    }
    case Kind::MatrixMulAdd:
        break;
    }
    return nullptr;
}

} // namespace halyard::jit::nvptx
