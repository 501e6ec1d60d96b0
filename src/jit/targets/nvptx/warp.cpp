#include "jit/targets/nvptx/warp.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace halyard::jit::nvptx {

using llvm::Type;
using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

Value* Warp::lane() {
    return at_.CreateIntrinsic(Intrinsic::nvvm_read_ptx_sreg_laneid, {});
}

Value* Warp::below() {
    return at_.CreateIntrinsic(Intrinsic::nvvm_read_ptx_sreg_lanemask_lt, {});
}

Value* Warp::ballot(Value* vote) {
    return at_.CreateIntrinsic(Intrinsic::nvvm_vote_ballot_sync, {mask_.bits, vote});
}

Value* Warp::all(Value* vote) {
    return at_.CreateIntrinsic(Intrinsic::nvvm_vote_all_sync, {mask_.bits, vote});
}

Value* Warp::any(Value* vote) {
    return at_.CreateIntrinsic(Intrinsic::nvvm_vote_any_sync, {mask_.bits, vote});
}

Value* Warp::read(Value* value, Value* from) {
    return shuffle(Intrinsic::nvvm_shfl_sync_idx_i32, kWarpSize - 1, value, from);
}

Value* Warp::readXor(Value* value, Value* bits) {
    return shuffle(Intrinsic::nvvm_shfl_sync_bfly_i32, kWarpSize - 1, value, bits);
}

Value* Warp::readUp(Value* value, Value* distance) {
    return shuffle(Intrinsic::nvvm_shfl_sync_up_i32, 0, value, distance);
}

Value* Warp::readDown(Value* value, Value* distance) {
    return shuffle(Intrinsic::nvvm_shfl_sync_down_i32, kWarpSize - 1, value, distance);
}

Value* Warp::first(Value* lanes) {
    return at_.CreateIntrinsic(Intrinsic::cttz, {lanes->getType()}, {lanes, at_.getTrue()});
}

Value* Warp::last(Value* lanes) {
    Value* zeros = at_.CreateIntrinsic(Intrinsic::ctlz, {lanes->getType()}, {lanes, at_.getTrue()});
    return at_.CreateSub(at_.getInt32(kWarpSize - 1), zeros);
}

Value* Warp::shuffle(Intrinsic::ID mode, uint32_t clamp, Value* value, Value* operand) {
    Type* type = value->getType();
    Type* word = at_.getInt32Ty();
    const auto move = [&](Value* part) {
        return at_.CreateIntrinsic(mode, {mask_.bits, part, operand, at_.getInt32(clamp)});
    };
    const unsigned bits = type->getPrimitiveSizeInBits();
    if (bits == 64) {
        Value* halves = at_.CreateBitCast(value, llvm::FixedVectorType::get(word, 2));
        for (uint64_t i = 0; i < 2; ++i) {
            halves = at_.CreateInsertElement(halves, move(at_.CreateExtractElement(halves, i)), i);
        }
        return at_.CreateBitCast(halves, type);
    }
    Type* integer = at_.getIntNTy(bits);
    Value* moved = move(at_.CreateZExt(at_.CreateBitCast(value, integer), word));
    return at_.CreateBitCast(at_.CreateTrunc(moved, integer), type);
}

} // namespace halyard::jit::nvptx
