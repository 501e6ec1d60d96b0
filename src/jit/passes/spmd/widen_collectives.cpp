// Operations of a subgroup whose invocations are the lanes: in registers.
#include "jit/passes/spmd/widen.h"

#include "jit/passes/collective.h"
#include "jit/passes/combine.h"

#include <llvm/IR/Instructions.h>

namespace halyard::jit::spmd {

using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;
using Kind = CollectiveKind;

namespace {

class Operation {
public:
    Operation(IRBuilder<>& at, const Collective& what, Value* mask, unsigned lanes, bool reassociates)
        : at_(at), what_(what), mask_(mask), lanes_(lanes), reassociates_(reassociates) {}

    // One value for all.
    Value* reduce(Value* values) {
        values = orNeutral(values);
        if (isOrdered()) {
            return chain(values, 0, lanes_, neutralValue());
        }
        if (const auto id = reduction()) {
            llvm::CallInst* result = at_.CreateUnaryIntrinsic(*id, values);
            return result;
        }
        return at_.CreateExtractElement(together(values, lanes_), uint64_t{0});
    }

    Value* clusters(Value* values, unsigned size) {
        values = orNeutral(values);
        if (!isOrdered()) {
            return together(values, size);
        }
        Value* result = llvm::PoisonValue::get(values->getType());
        for (unsigned begin = 0; begin < lanes_; begin += size) {
            Value* sum = chain(values, begin, begin + size, neutralValue());
            for (unsigned lane = begin; lane < begin + size; ++lane) {
                result = at_.CreateInsertElement(result, sum, lane);
            }
        }
        return result;
    }

    Value* scan(Value* values, bool inclusive) {
        values = orNeutral(values);
        Value* first = inclusive ? neutralValue() : identity(what_.combine, element(values));
        if (isOrdered()) {
            Value* result = llvm::PoisonValue::get(values->getType());
            Value* sum = first;
            for (unsigned lane = 0; lane < lanes_; ++lane) {
                Value* after = combine(at_, what_.combine, sum, at_.CreateExtractElement(values, lane));
                result = at_.CreateInsertElement(result, inclusive ? after : sum, lane);
                sum = after;
            }
            return result;
        }
        Value* none = at_.CreateVectorSplat(lanes_, neutralValue());
        for (unsigned by = 1; by < lanes_; by *= 2) {
            values = combine(at_, what_.combine, moveUp(values, none, by), values);
        }
        return inclusive ? values
                         : combine(at_, what_.combine, at_.CreateVectorSplat(lanes_, first), moveUp(values, none, 1));
    }

    // Where each lane looks, an i32 each; its own number where the lane that it asks for is not there.
    Value* sources(Value* operand) {
        llvm::SmallVector<llvm::Constant*, 16> numbers;
        for (unsigned lane = 0; lane < lanes_; ++lane) {
            numbers.push_back(at_.getInt32(lane));
        }
        Value* own = llvm::ConstantVector::get(numbers);
        Value* other = what_.kind == Kind::ShuffleXor    ? at_.CreateXor(own, operand)
                       : what_.kind == Kind::ShuffleUp   ? at_.CreateSub(own, operand)
                       : what_.kind == Kind::ShuffleDown ? at_.CreateAdd(own, operand)
                                                         : operand;
        Value* limit = llvm::ConstantInt::get(other->getType(), lanes_);
        other = at_.CreateSelect(at_.CreateICmpULT(other, limit), other, own);
        return mask_ != nullptr ? at_.CreateSelect(bitsAt(mask_, other), other, own) : other;
    }

    // The element of each lane's source.
    Value* permute(Value* values, Value* sources) {
        if (auto* fixed = llvm::dyn_cast<llvm::Constant>(sources)) {
            llvm::SmallVector<int, 16> from;
            for (unsigned lane = 0; lane < lanes_; ++lane) {
                const auto* number = llvm::cast<llvm::ConstantInt>(fixed->getAggregateElement(lane));
                from.push_back(static_cast<int>(number->getZExtValue()));
            }
            return at_.CreateShuffleVector(values, from);
        }
        if (values->getType()->isIntOrIntVectorTy(1)) {
            return bitsAt(values, sources);
        }
        // Code generation knows this for a permutation, where the processor has one.
        Value* result = llvm::PoisonValue::get(values->getType());
        for (unsigned lane = 0; lane < lanes_; ++lane) {
            Value* value = at_.CreateExtractElement(values, at_.CreateExtractElement(sources, lane));
            result = at_.CreateInsertElement(result, value, lane);
        }
        return result;
    }

private:
    static Type* element(const Value* values) {
        return llvm::cast<llvm::VectorType>(values->getType())->getElementType();
    }

    Value* neutralValue() const { return neutral(what_.combine, number()); }
    // Booleans are bytes where they are combined.
    Type* number() const { return what_.type->isIntegerTy(1) ? at_.getInt8Ty() : what_.type; }

    Value* orNeutral(Value* values) {
        return mask_ != nullptr ? at_.CreateSelect(mask_, values, at_.CreateVectorSplat(lanes_, neutralValue()))
                                : values;
    }

    // Rounding depends on the order, which is that of the lanes (docs/kir.md).
    bool isOrdered() const {
        return !reassociates_ && (what_.combine == Combine::FAdd || what_.combine == Combine::FMul);
    }

    Value* chain(Value* values, unsigned begin, unsigned end, Value* sum) {
        for (unsigned lane = begin; lane < end; ++lane) {
            sum = combine(at_, what_.combine, sum, at_.CreateExtractElement(values, lane));
        }
        return sum;
    }

    // In each lane what all lanes of its cluster give together.
    Value* together(Value* values, unsigned size) {
        for (unsigned by = 1; by < size; by *= 2) {
            llvm::SmallVector<int, 16> from;
            for (unsigned lane = 0; lane < lanes_; ++lane) {
                from.push_back(static_cast<int>(lane ^ by));
            }
            values = combine(at_, what_.combine, values, at_.CreateShuffleVector(values, from));
        }
        return values;
    }

    std::optional<llvm::Intrinsic::ID> reduction() const {
        switch (what_.combine) {
        case Combine::IAdd:
            return llvm::Intrinsic::vector_reduce_add;
        case Combine::IMul:
            return llvm::Intrinsic::vector_reduce_mul;
        case Combine::SMin:
            return llvm::Intrinsic::vector_reduce_smin;
        case Combine::UMin:
            return llvm::Intrinsic::vector_reduce_umin;
        case Combine::SMax:
            return llvm::Intrinsic::vector_reduce_smax;
        case Combine::UMax:
            return llvm::Intrinsic::vector_reduce_umax;
        case Combine::And:
            return llvm::Intrinsic::vector_reduce_and;
        case Combine::Or:
            return llvm::Intrinsic::vector_reduce_or;
        case Combine::Xor:
            return llvm::Intrinsic::vector_reduce_xor;
        default:
            return std::nullopt;
        }
    }

    Value* moveUp(Value* values, Value* fill, unsigned by) {
        llvm::SmallVector<int, 16> from;
        for (unsigned lane = 0; lane < lanes_; ++lane) {
            from.push_back(static_cast<int>(lane < by ? lanes_ : lane - by));
        }
        return at_.CreateShuffleVector(values, fill, from);
    }

    // The bits of a mask at the numbers in `places`.
    Value* bitsAt(Value* mask, Value* places) {
        Value* whole = at_.CreateZExt(at_.CreateBitCast(mask, at_.getIntNTy(lanes_)), at_.getInt32Ty());
        Value* moved = at_.CreateLShr(at_.CreateVectorSplat(lanes_, whole), places);
        return at_.CreateTrunc(moved, mask->getType());
    }

    IRBuilder<>& at_;
    const Collective& what_;
    Value* mask_;
    const unsigned lanes_;
    const bool reassociates_;
};

} // namespace

bool isLaneOperation(const llvm::CallInst& call) {
    const auto what = collectiveOf(call);
    return what && !what->workgroup && what->kind != Kind::MatrixMulAdd;
}

bool isSameForLanes(const llvm::CallInst& call, bool uniformLane) {
    switch (collectiveOf(call)->kind) {
    case Kind::AllEqual:
    case Kind::Ballot:
    case Kind::BroadcastFirst:
    case Kind::Reduce:
        return true;
    case Kind::Broadcast:
        return uniformLane;
    default:
        return false;
    }
}

void Widener::emitCollective(IRBuilder<>& at, const llvm::CallInst& call, Value* mask) {
    const Collective what = *collectiveOf(call);
    const bool reassociates = llvm::isa<llvm::FPMathOperator>(call) && call.hasAllowReassoc();
    Operation operation(at, what, mask, lanes_, reassociates);
    const auto both = [&](Value* some) { return mask != nullptr ? at.CreateAnd(some, mask) : some; };
    const auto firstLane = [&]() -> Value* {
        return mask != nullptr ? at.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, bits(at, mask), at.getTrue())
                               : at.getInt32(0);
    };
    if (what.kind == Kind::Elect) {
        Value* number = spread(at, at.getInt32(0), 1);
        return define(at, call, at.CreateICmpEQ(number, at.CreateVectorSplat(lanes_, firstLane())));
    }
    Value* values = vector(at, call.getArgOperand(0));
    const bool boolean = what.type->isIntegerTy(1);
    const auto asNumbers = [&] { return boolean ? at.CreateZExt(values, wideType(at.getInt8Ty(), lanes_)) : values; };
    const auto asBefore = [&](Value* result) {
        return boolean ? at.CreateTrunc(result, result->getType()->isVectorTy() ? values->getType() : what.type)
                       : result;
    };
    Value* result = nullptr;
    switch (what.kind) {
    case Kind::AllEqual: {
        Value* common = at.CreateVectorSplat(lanes_, at.CreateExtractElement(values, firstLane()));
        Value* differs =
            what.type->isFloatingPointTy() ? at.CreateFCmpUNE(values, common) : at.CreateICmpNE(values, common);
        result = at.CreateNot(any(at, both(differs)));
        break;
    }
    case Kind::Ballot: {
        Value* none = llvm::Constant::getNullValue(call.getType());
        result = at.CreateInsertElement(none, bits(at, both(values)), uint64_t{0});
        break;
    }
    case Kind::BroadcastFirst:
        result = at.CreateExtractElement(values, firstLane());
        break;
    case Kind::Reduce:
        if (boolean && what.combine == Combine::And) {
            result = at.CreateNot(any(at, both(at.CreateNot(values))));
        } else if (boolean && what.combine == Combine::Or) {
            result = any(at, both(values));
        } else {
            result = asBefore(operation.reduce(asNumbers()));
        }
        break;
    case Kind::Inclusive:
    case Kind::Exclusive:
        result = asBefore(operation.scan(asNumbers(), what.kind == Kind::Inclusive));
        break;
    case Kind::Clustered: {
        const auto* size = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1));
        result = asBefore(operation.clusters(asNumbers(), static_cast<unsigned>(size->getLimitedValue(lanes_))));
        break;
    }
    default:
        if (what.kind == Kind::Broadcast && !isWide(call)) {
            // A lane that is not there may hold anything, but no trap.
            Value* lane = at.CreateAnd(scalar(at, call.getArgOperand(1)), lanes_ - 1);
            result = at.CreateFreeze(at.CreateExtractElement(values, lane));
        } else {
            result = operation.permute(values, operation.sources(vector(at, call.getArgOperand(1))));
        }
        break;
    }
    define(at, call, result);
}

} // namespace halyard::jit::spmd
