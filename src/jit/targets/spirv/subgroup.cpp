// Subgroup operations as the device has them.
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/collective.h"
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/Constants.h>

namespace halyard::jit::spirv {

using ::spv::Op;

namespace {

Op groupOperation(Combine combine) {
    switch (combine) {
    case Combine::IAdd:
        return Op::OpGroupNonUniformIAdd;
    case Combine::FAdd:
        return Op::OpGroupNonUniformFAdd;
    case Combine::IMul:
        return Op::OpGroupNonUniformIMul;
    case Combine::FMul:
        return Op::OpGroupNonUniformFMul;
    case Combine::SMin:
        return Op::OpGroupNonUniformSMin;
    case Combine::UMin:
        return Op::OpGroupNonUniformUMin;
    case Combine::FMin:
        return Op::OpGroupNonUniformFMin;
    case Combine::SMax:
        return Op::OpGroupNonUniformSMax;
    case Combine::UMax:
        return Op::OpGroupNonUniformUMax;
    case Combine::FMax:
        return Op::OpGroupNonUniformFMax;
    case Combine::And:
        return Op::OpGroupNonUniformBitwiseAnd;
    case Combine::Or:
        return Op::OpGroupNonUniformBitwiseOr;
    case Combine::Xor:
        return Op::OpGroupNonUniformBitwiseXor;
    default:
        return Op::OpNop;
    }
}

Op logicalOperation(Combine combine) {
    switch (combine) {
    case Combine::And:
    case Combine::IMul:
    case Combine::UMin:
        return Op::OpGroupNonUniformLogicalAnd;
    case Combine::Or:
    case Combine::UMax:
        return Op::OpGroupNonUniformLogicalOr;
    case Combine::Xor:
    case Combine::IAdd:
        return Op::OpGroupNonUniformLogicalXor;
    default:
        return Op::OpNop;
    }
}

} // namespace

bool Emitter::subgroup(const llvm::CallInst& call) {
    if (builtinOf(call) != Builtin::Collective) {
        return false;
    }
    const std::optional<Collective> collective = collectiveOf(call);
    if (!collective || collective->workgroup || collective->kind == CollectiveKind::MatrixMulAdd) {
        return false;
    }
    using ::spv::Capability;
    const Id scope = u32(static_cast<uint32_t>(::spv::Scope::Subgroup));
    const Id type = typeOf(call.getType());
    const auto operand = [&](unsigned index) { return valueOf(call.getArgOperand(index)); };
    const auto lane = [&](unsigned index) { return operand(index); };
    const auto plain = [&](Op op, Capability capability, std::initializer_list<uint32_t> operands) {
        module_.capability(capability);
        Words words{scope};
        words.insert(words.end(), operands);
        define(&call, emit(op, type, words));
        return true;
    };
    switch (collective->kind) {
    case CollectiveKind::Elect:
        return plain(Op::OpGroupNonUniformElect, Capability::GroupNonUniform, {});
    case CollectiveKind::AllEqual:
        return plain(Op::OpGroupNonUniformAllEqual, Capability::GroupNonUniformVote, {operand(0)});
    case CollectiveKind::Ballot:
        return plain(Op::OpGroupNonUniformBallot, Capability::GroupNonUniformBallot, {operand(0)});
    case CollectiveKind::Broadcast: // the lane may vary here: a shuffle
    case CollectiveKind::Shuffle:
        return plain(Op::OpGroupNonUniformShuffle, Capability::GroupNonUniformShuffle, {operand(0), lane(1)});
    case CollectiveKind::BroadcastFirst:
        return plain(Op::OpGroupNonUniformBroadcastFirst, Capability::GroupNonUniformBallot, {operand(0)});
    case CollectiveKind::ShuffleXor:
        return plain(Op::OpGroupNonUniformShuffleXor, Capability::GroupNonUniformShuffle, {operand(0), lane(1)});
    case CollectiveKind::ShuffleUp:
        return plain(Op::OpGroupNonUniformShuffleUp, Capability::GroupNonUniformShuffleRelative, {operand(0), lane(1)});
    case CollectiveKind::ShuffleDown:
        return plain(Op::OpGroupNonUniformShuffleDown, Capability::GroupNonUniformShuffleRelative,
                     {operand(0), lane(1)});
    default:
        break;
    }
    const bool isBool = collective->type->isIntegerTy(1);
    const Op op = isBool ? logicalOperation(collective->combine) : groupOperation(collective->combine);
    if (op == Op::OpNop) {
        return false;
    }
    module_.capability(::spv::Capability::GroupNonUniformArithmetic);
    using ::spv::GroupOperation;
    const auto group = [&](GroupOperation operation) { return static_cast<uint32_t>(operation); };
    Words words{scope, 0, operand(0)};
    switch (collective->kind) {
    case CollectiveKind::Reduce:
        words[1] = group(GroupOperation::Reduce);
        break;
    case CollectiveKind::Inclusive:
        words[1] = group(GroupOperation::InclusiveScan);
        break;
    case CollectiveKind::Exclusive:
        words[1] = group(GroupOperation::ExclusiveScan);
        break;
    default:
        module_.capability(::spv::Capability::GroupNonUniformClustered);
        words[1] = group(GroupOperation::ClusteredReduce);
        words.push_back(operand(1));
        break;
    }
    define(&call, emit(op, type, words));
    return true;
}

} // namespace halyard::jit::spirv
