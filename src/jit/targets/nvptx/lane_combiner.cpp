#include "jit/passes/combine.h"
#include "jit/targets/nvptx/subgroup_code.h"

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace halyard::jit::nvptx {

using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;
using Kind = WarpMask::Kind;

bool LaneCombiner::isFree() const {
    return inAnyOrder_ || (combine_ != Combine::FAdd && combine_ != Combine::FMul);
}

Value* LaneCombiner::combine(Value* a, Value* b) {
    return jit::combine(at_, combine_, a, b);
}

llvm::Constant* LaneCombiner::neutral() const {
    return jit::neutral(combine_, type_);
}

llvm::Constant* LaneCombiner::identity() const {
    return jit::identity(combine_, type_);
}

Value* LaneCombiner::bit(Value* lane) {
    return at_.CreateShl(at_.getInt32(1), lane);
}

// REQUIRES: a lane below 32.
Value* LaneCombiner::isActive(Value* lane) {
    return at_.CreateICmpNE(at_.CreateAnd(warp_.mask().bits, bit(lane)), at_.getInt32(0));
}

// The own lane's cluster, as a mask.
Value* LaneCombiner::cluster(uint32_t size) {
    Value* first = at_.CreateAnd(warp_.lane(), at_.getInt32(~(size - 1)));
    return at_.CreateShl(at_.getInt32(static_cast<uint32_t>((uint64_t{1} << size) - 1)), first);
}

// Of booleans, 1 and -1 being the same: what adding, multiplying and comparing them comes to.
Combine LaneCombiner::booleanCombine() const {
    switch (combine_) {
    case Combine::And:
    case Combine::IMul:
    case Combine::UMin:
    case Combine::SMax: // true is -1
        return Combine::And;
    case Combine::Or:
    case Combine::UMax:
    case Combine::SMin:
        return Combine::Or;
    default:
        return Combine::Xor;
    }
}

// Combines the booleans of those of `lanes` that take part; true for no lanes when all must be.
Value* LaneCombiner::booleans(Value* value, Value* lanes) {
    const Combine combine = booleanCombine();
    Value* votes = warp_.ballot(combine == Combine::And ? at_.CreateNot(value) : value);
    votes = at_.CreateAnd(votes, lanes);
    switch (combine) {
    case Combine::And:
        return at_.CreateICmpEQ(votes, at_.getInt32(0));
    case Combine::Or:
        return at_.CreateICmpNE(votes, at_.getInt32(0));
    default:
        return at_.CreateTrunc(at_.CreateUnaryIntrinsic(Intrinsic::ctpop, votes), at_.getInt1Ty());
    }
}

// One instruction, for up to 32 bits; null when there is none.
Value* LaneCombiner::redux(Value* value) {
    const unsigned bits = type_->getScalarSizeInBits();
    if (sm_ < 80 || !type_->isIntegerTy() || bits > 32) {
        return nullptr;
    }
    Intrinsic::ID which = 0;
    bool isSigned = false;
    switch (combine_) {
    case Combine::IAdd:
        which = Intrinsic::nvvm_redux_sync_add;
        break;
    case Combine::SMin:
        which = Intrinsic::nvvm_redux_sync_min;
        isSigned = true;
        break;
    case Combine::SMax:
        which = Intrinsic::nvvm_redux_sync_max;
        isSigned = true;
        break;
    case Combine::UMin:
        which = Intrinsic::nvvm_redux_sync_umin;
        break;
    case Combine::UMax:
        which = Intrinsic::nvvm_redux_sync_umax;
        break;
    case Combine::And:
        which = Intrinsic::nvvm_redux_sync_and;
        break;
    case Combine::Or:
        which = Intrinsic::nvvm_redux_sync_or;
        break;
    case Combine::Xor:
        which = Intrinsic::nvvm_redux_sync_xor;
        break;
    default:
        return nullptr;
    }
    Value* word = at_.CreateIntCast(value, at_.getInt32Ty(), isSigned);
    return at_.CreateTrunc(at_.CreateIntrinsic(which, {word, warp_.mask().bits}), type_);
}

Value* LaneCombiner::reduce(Value* value) {
    if (type_->isIntegerTy(1)) {
        const Combine combine = booleanCombine();
        return combine == Combine::And  ? warp_.all(value)
               : combine == Combine::Or ? warp_.any(value)
                                        : booleans(value, at_.getInt32(~0u));
    }
    if (!isFree()) {
        return serial(value, neutral());
    }
    if (Value* one = redux(value)) {
        return one;
    }
    if (warp_.mask().kind == Kind::Full) {
        return clustered(value, kWarpSize);
    }
    return warp_.read(prefixes(value, nullptr), warp_.last(warp_.mask().bits));
}

Value* LaneCombiner::clustered(Value* value, uint32_t size) {
    if (size >= kWarpSize && warp_.mask().kind != Kind::Full) {
        return reduce(value);
    }
    if (type_->isIntegerTy(1)) {
        return booleans(value, size >= kWarpSize ? at_.getInt32(~0u) : cluster(size));
    }
    if (size == 1) {
        return combine(neutral(), value);
    }
    if (!isFree()) {
        if (size >= kWarpSize) {
            return serial(value, neutral());
        }
        Value* first = at_.CreateAnd(warp_.lane(), at_.getInt32(~(size - 1)));
        Value* sum = neutral();
        for (uint32_t i = 0; i < size; ++i) {
            Value* from = at_.CreateOr(first, at_.getInt32(i));
            Value* next = combine(sum, warp_.read(value, from));
            sum = warp_.mask().kind == Kind::Full ? next : at_.CreateSelect(isActive(from), next, sum);
        }
        return sum;
    }
    if (warp_.mask().kind == Kind::Full) {
        for (uint32_t distance = std::min(size, kWarpSize) / 2; distance != 0; distance /= 2) {
            value = combine(value, warp_.readXor(value, at_.getInt32(distance)));
        }
        return value;
    }
    Value* lanes = cluster(size);
    Value* sums = prefixes(value, lanes);
    return warp_.read(sums, warp_.last(at_.CreateAnd(warp_.mask().bits, lanes)));
}

Value* LaneCombiner::prefixes(Value* value, Value* cluster) {
    Value* lane = warp_.lane();
    if (warp_.mask().kind != Kind::Any && cluster == nullptr) {
        // The lanes before one that takes part take part.
        for (uint32_t distance = 1; distance < kWarpSize; distance *= 2) {
            Value* other = warp_.readUp(value, at_.getInt32(distance));
            Value* exists = at_.CreateICmpUGE(lane, at_.getInt32(distance));
            value = at_.CreateSelect(exists, combine(other, value), value);
        }
        return value;
    }
    // Each lane knows the next one before it whose value its own does not have yet.
    Value* before = at_.CreateAnd(warp_.mask().bits, warp_.below());
    if (cluster != nullptr) {
        before = at_.CreateAnd(before, cluster);
    }
    Value* none = at_.getInt32(kWarpSize);
    Value* next = at_.CreateSelect(at_.CreateICmpNE(before, at_.getInt32(0)), warp_.last(before), none);
    for (uint32_t covered = 1; covered < kWarpSize; covered *= 2) {
        Value* exists = at_.CreateICmpNE(next, none);
        Value* from = at_.CreateSelect(exists, next, lane);
        Value* other = warp_.read(value, from);
        Value* further = warp_.read(next, from);
        value = at_.CreateSelect(exists, combine(other, value), value);
        next = at_.CreateSelect(exists, further, none);
    }
    return value;
}

Value* LaneCombiner::serial(Value* value, Value* start) {
    Value* sum = start;
    for (uint32_t i = 0; i < kWarpSize; ++i) {
        Value* lane = at_.getInt32(i);
        Value* next = combine(sum, warp_.read(value, lane));
        sum = warp_.mask().kind == Kind::Full ? next : at_.CreateSelect(isActive(lane), next, sum);
    }
    return sum;
}

Value* LaneCombiner::scan(Value* value, bool inclusive, Value* start) {
    Value* lane = warp_.lane();
    if (type_->isIntegerTy(1) && start == nullptr) {
        Value* lanes = warp_.below();
        return booleans(value, inclusive ? at_.CreateOr(lanes, bit(lane)) : lanes);
    }
    if (isFree()) {
        if (start == nullptr && !inclusive) {
            start = identity();
        }
        Value* sums = prefixes(value, nullptr);
        if (inclusive) {
            return start != nullptr ? combine(start, sums) : sums;
        }
        Value* hasAny = nullptr;
        Value* other = nullptr;
        if (warp_.mask().kind != Kind::Any) {
            hasAny = at_.CreateICmpNE(lane, at_.getInt32(0));
            other = warp_.readUp(sums, at_.getInt32(1));
        } else {
            Value* before = at_.CreateAnd(warp_.mask().bits, warp_.below());
            hasAny = at_.CreateICmpNE(before, at_.getInt32(0));
            other = warp_.read(sums, at_.CreateSelect(hasAny, warp_.last(before), lane));
        }
        return at_.CreateSelect(hasAny, combine(start, other), start);
    }
    Value* sum = start != nullptr ? start : inclusive ? neutral() : identity();
    for (uint32_t i = 0; i < kWarpSize; ++i) {
        Value* from = at_.getInt32(i);
        Value* next = combine(sum, warp_.read(value, from));
        Value* counts = inclusive ? at_.CreateICmpUGE(lane, from) : at_.CreateICmpUGT(lane, from);
        if (warp_.mask().kind != Kind::Full) {
            counts = at_.CreateAnd(counts, isActive(from));
        }
        sum = at_.CreateSelect(counts, next, sum);
    }
    return sum;
}

} // namespace halyard::jit::nvptx
