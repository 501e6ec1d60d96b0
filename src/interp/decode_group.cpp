// Barriers, group and subgroup operations, cooperative matrices.
#include "interp/decoder.h"
#include "spv/cooperative_matrix.h"

#include <bit>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

using Op = ::spv::Op;
using Scope = ::spv::Scope;

// SPIR-V numbers that the installed headers may lack.
enum : uint32_t {
    kSubgroupBallot = 4421,
    kSubgroupFirstInvocation = 4422,
    kSubgroupAll = 4428,
    kSubgroupAny = 4429,
    kSubgroupAllEqual = 4430,
    kRotate = 4431,
    kSubgroupReadInvocation = 4432,
    kQuadAll = 5110,
    kQuadAny = 5111,
    kShuffleIntel = 5571,
    kShuffleDownIntel = 5572,
    kShuffleUpIntel = 5573,
    kShuffleXorIntel = 5574,
    kBlockReadIntel = 5575,
    kBlockWriteIntel = 5576,
};

constexpr uint32_t kMaxClusterSize = 128;

// What the operands of an instruction are, in order: s scope, v value, b boolean, i integer scalar, 4 ballot,
// g group operation, p pointer, c optional size of a cluster.
struct Shape {
    uint32_t opcode;
    GroupOp op;
    const char* operands;
    bool booleanResult = false;
    bool sameAsValue = false; // the result has the type of the first value
};

constexpr uint32_t number(Op op) {
    return static_cast<uint32_t>(op);
}

constexpr Shape kShapes[] = {
    {number(Op::OpGroupAll), GroupOp::All, "sb", true},
    {number(Op::OpGroupAny), GroupOp::Any, "sb", true},
    {number(Op::OpGroupBroadcast), GroupOp::Broadcast, "svi", false, true},
    {number(Op::OpGroupNonUniformElect), GroupOp::Elect, "s", true},
    {number(Op::OpGroupNonUniformAll), GroupOp::All, "sb", true},
    {number(Op::OpGroupNonUniformAny), GroupOp::Any, "sb", true},
    {number(Op::OpGroupNonUniformAllEqual), GroupOp::AllEqual, "sv", true},
    {number(Op::OpGroupNonUniformBroadcast), GroupOp::Broadcast, "svi", false, true},
    {number(Op::OpGroupNonUniformBroadcastFirst), GroupOp::BroadcastFirst, "sv", false, true},
    {number(Op::OpGroupNonUniformBallot), GroupOp::Ballot, "sb"},
    {number(Op::OpGroupNonUniformInverseBallot), GroupOp::InverseBallot, "s4", true},
    {number(Op::OpGroupNonUniformBallotBitExtract), GroupOp::BallotBitExtract, "s4i", true},
    {number(Op::OpGroupNonUniformBallotBitCount), GroupOp::BallotBitCount, "sg4"},
    {number(Op::OpGroupNonUniformBallotFindLSB), GroupOp::BallotFindLsb, "s4"},
    {number(Op::OpGroupNonUniformBallotFindMSB), GroupOp::BallotFindMsb, "s4"},
    {number(Op::OpGroupNonUniformShuffle), GroupOp::Shuffle, "svi", false, true},
    {number(Op::OpGroupNonUniformShuffleXor), GroupOp::ShuffleXor, "svi", false, true},
    {number(Op::OpGroupNonUniformShuffleUp), GroupOp::ShuffleUp, "svi", false, true},
    {number(Op::OpGroupNonUniformShuffleDown), GroupOp::ShuffleDown, "svi", false, true},
    {number(Op::OpGroupNonUniformQuadBroadcast), GroupOp::QuadBroadcast, "svi", false, true},
    {number(Op::OpGroupNonUniformQuadSwap), GroupOp::QuadSwap, "svi", false, true},
    {kQuadAll, GroupOp::QuadAll, "b", true},
    {kQuadAny, GroupOp::QuadAny, "b", true},
    {kSubgroupBallot, GroupOp::Ballot, "b"},
    {kSubgroupFirstInvocation, GroupOp::BroadcastFirst, "v", false, true},
    {kSubgroupAll, GroupOp::All, "b", true},
    {kSubgroupAny, GroupOp::Any, "b", true},
    {kSubgroupAllEqual, GroupOp::AllEqual, "b", true},
    {kSubgroupReadInvocation, GroupOp::Shuffle, "vi", false, true},
    {kRotate, GroupOp::Rotate, "svic", false, true},
    {kShuffleIntel, GroupOp::Shuffle, "vi", false, true},
    {kShuffleDownIntel, GroupOp::ShuffleDownPair, "vvi", false, true},
    {kShuffleUpIntel, GroupOp::ShuffleUpPair, "vvi", false, true},
    {kShuffleXorIntel, GroupOp::ShuffleXor, "vi", false, true},
    {kBlockReadIntel, GroupOp::BlockRead, "p"},
    {kBlockWriteIntel, GroupOp::BlockWrite, "pv"},
    {number(Op::OpGroupWaitEvents), GroupOp::WaitEvents, "sip"},
};

// The arithmetic ones: scope, group operation, value and, when not uniform, the size of a cluster.
bool isCombining(uint32_t opcode) {
    return (opcode >= number(Op::OpGroupIAdd) && opcode <= number(Op::OpGroupSMax)) ||
           (opcode >= number(Op::OpGroupNonUniformIAdd) && opcode <= number(Op::OpGroupNonUniformLogicalXor)) ||
           (opcode >= 6401 && opcode <= 6408);
}

bool isLogical(uint32_t opcode) {
    return (opcode >= number(Op::OpGroupNonUniformLogicalAnd) && opcode <= number(Op::OpGroupNonUniformLogicalXor)) ||
           (opcode >= 6406 && opcode <= 6408);
}

} // namespace

// Whether the scope is the workgroup; otherwise it is the subgroup.
bool Decoder::groupScope(const Instruction& instruction, Id scope) {
    switch (static_cast<Scope>(constant(instruction, scope))) {
    case Scope::Workgroup:
        return true;
    case Scope::Subgroup:
        return false;
    default:
        unsupported(instruction, "is of a scope other than the workgroup or the subgroup");
    }
}

void Decoder::barrier(const Instruction& instruction) {
    idAt(instruction, 2);
    const auto scope = static_cast<Scope>(constant(instruction, instruction.operand(0)));
    const auto semantics = static_cast<uint32_t>(constantOr(instruction.operand(2), 0));
    if (scope == Scope::Invocation) {
        emit(instruction, Code::Fence, {}).payload = semantics;
        return;
    }
    if (scope == Scope::Device) {
        emit(instruction, Code::Barrier, {}).payload = kBarrierOfGrid;
        return;
    }
    if (groupScope(instruction, instruction.operand(0))) {
        emit(instruction, Code::Barrier, {}).payload = kBarrierOfWorkgroup;
        return;
    }
    CollectiveCode code;
    code.op = GroupOp::Barrier;
    collective(instruction, code, {});
}

void Decoder::collective(const Instruction& instruction, CollectiveCode code, std::initializer_list<Id> values) {
    Step& step = emit(instruction, Code::Collective, values);
    step.payload = static_cast<uint32_t>(prepared_->collectives.size());
    if (instruction.result != 0)
        result(step, instruction);
    code.opcode = instruction.opcode;
    prepared_->collectives.push_back(code);
}

bool Decoder::group(const Instruction& instruction) {
    switch (instruction.opcode) {
    case static_cast<uint16_t>(Op::OpControlBarrier):
        barrier(instruction);
        return true;
    case static_cast<uint16_t>(Op::OpGroupAsyncCopy):
        asyncCopy(instruction);
        return true;
    case spv::kOpCooperativeMatrixLoad:
    case spv::kOpCooperativeMatrixStore:
        matrixAccess(instruction, instruction.opcode == spv::kOpCooperativeMatrixStore);
        return true;
    case spv::kOpCooperativeMatrixMulAdd:
        matrixMulAdd(instruction);
        return true;
    case spv::kOpCooperativeMatrixLength: {
        const Type* type = declarations_.findType(idAt(instruction, 0));
        if (type == nullptr || type->kind != Kind::CooperativeMatrix || resultType(instruction).kind != Kind::Int)
            invalid(instruction, "asks for the length of no cooperative matrix");
        aliases_[instruction.result] = makeRef(RefBase::Constant, declarations_.addConstant({type->cells, false}));
        return true;
    }
    default:
        break;
    }

    const char* operands = nullptr;
    CollectiveCode code;
    bool booleanResult = false;
    bool sameAsValue = false;
    if (isCombining(instruction.opcode)) {
        code.op = GroupOp::Combine;
        operands = "sgvc";
        sameAsValue = true;
        code.combine = combineOf(instruction.opcode);
        if (code.combine == nullptr)
            unsupported(instruction, "is not supported by the interpreter");
    } else {
        for (const Shape& shape : kShapes)
            if (shape.opcode == instruction.opcode) {
                operands = shape.operands;
                code.op = shape.op;
                booleanResult = shape.booleanResult;
                sameAsValue = shape.sameAsValue;
            }
    }
    if (operands == nullptr)
        return false;

    Id values[3] = {};
    uint32_t count = 0;
    uint32_t at = 0;
    for (const char* kind = operands; *kind != 0; ++kind) {
        if (*kind == 'c') {
            if (at >= instruction.operandCount())
                continue;
            const uint64_t size = constant(instruction, instruction.operand(at++));
            if (!std::has_single_bit(size) || size > kMaxClusterSize)
                invalid(instruction, fmt::format("has clusters of {}", size));
            code.clusterSize = static_cast<uint32_t>(size);
            continue;
        }
        const Id id = idAt(instruction, at++);
        if (*kind == 's') {
            code.workgroup = groupScope(instruction, id);
            continue;
        }
        if (*kind == 'g') {
            code.variant = id;
            continue;
        }
        const Type& type = valueType(instruction, id);
        const bool vectorIndex =
            code.op == GroupOp::Broadcast && type.kind == Kind::Vector && type.element->kind == Kind::Int;
        const bool fits = *kind == 'b'   ? type.kind == Kind::Bool
                          : *kind == 'i' ? type.kind == Kind::Int || vectorIndex
                          : *kind == '4' ? type.kind == Kind::Vector && type.cells == 4 && type.element->bits == 32 &&
                                               type.element->kind == Kind::Int
                          : *kind == 'p' ? type.kind == Kind::Pointer
                                         : type.isScalar() || type.kind == Kind::Vector;
        if (!fits)
            invalid(instruction, fmt::format("has the operand %{} of a type that it does not take", id));
        if ((*kind == 'v' || *kind == 'b') && code.type != nullptr && code.type != &type)
            invalid(instruction, "has values of different types");
        if (*kind == 'v' || *kind == 'b')
            code.type = &type;
        values[count++] = id;
    }
    if (instruction.resultType != 0) {
        const Type& type = resultType(instruction);
        if ((booleanResult && type.kind != Kind::Bool) ||
            (sameAsValue &&
             (type.cells != code.type->cells || type.kind != code.type->kind ||
              type.scalar().kind != code.type->scalar().kind || type.scalar().bits != code.type->scalar().bits)))
            invalid(instruction, "has a type that does not fit its operands");
        if (code.op == GroupOp::Ballot && (type.cells != 4 || type.scalar().kind != Kind::Int))
            invalid(instruction, "has a type that is no ballot");
        const bool number = code.op == GroupOp::BallotBitCount || code.op == GroupOp::BallotFindLsb ||
                            code.op == GroupOp::BallotFindMsb;
        if (number && type.kind != Kind::Int)
            invalid(instruction, "has a type that is no integer");
    }
    if (code.op == GroupOp::Combine || code.op == GroupOp::BallotBitCount) {
        const uint32_t last = code.op == GroupOp::Combine ? 3 : 2; // reduce, inclusive, exclusive, clustered
        if (code.variant > last)
            unsupported(instruction, fmt::format("is of the group operation {}", code.variant));
        if ((code.variant == 3) != (code.clusterSize != 0))
            invalid(instruction, "has clusters of no size");
    }
    if (code.op == GroupOp::Combine) {
        const Kind kind = code.type->scalar().kind;
        if (isLogical(instruction.opcode) ? kind != Kind::Bool : kind != Kind::Int && kind != Kind::Float)
            invalid(instruction, "has a value of a type that it does not take");
        code.identity = identityOf(instruction.opcode, code.type->scalar());
    }
    if (code.workgroup && code.op != GroupOp::All && code.op != GroupOp::Any && code.op != GroupOp::Broadcast &&
        code.op != GroupOp::Combine && code.op != GroupOp::WaitEvents)
        unsupported(instruction, "is not supported for the whole workgroup");
    if (code.op == GroupOp::BlockRead || code.op == GroupOp::BlockWrite) {
        const Type& type = code.op == GroupOp::BlockRead ? resultType(instruction) : *code.type;
        const Kind kind = type.scalar().kind;
        if ((!type.isScalar() && type.kind != Kind::Vector) || (kind != Kind::Int && kind != Kind::Float))
            invalid(instruction, "moves what is no number");
        code.type = &type;
        code.elementBytes = type.scalar().bits / 8u;
        code.access = access(instruction, values[0], nullptr, {});
    }
    const auto start = static_cast<uint32_t>(prepared_->operands.size());
    for (uint32_t i = 0; i < count; ++i) {
        const Ref place = ref(instruction, values[i]);
        prepared_->operands.push_back(place);
    }
    collective(instruction, code, {});
    Step& step = prepared_->steps.back();
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(count);
    return true;
}

void Decoder::asyncCopy(const Instruction& instruction) {
    CollectiveCode code;
    code.op = GroupOp::AsyncCopy;
    idAt(instruction, 5);
    code.workgroup = groupScope(instruction, instruction.operand(0));
    const Id target = instruction.operand(1), source = instruction.operand(2);
    code.access = access(instruction, target, nullptr, {});
    const Layout* layout = traits(target).layout;
    pointerType(instruction, source);
    for (uint32_t i = 3; i < 5; ++i)
        if (valueType(instruction, instruction.operand(i)).kind != Kind::Int)
            invalid(instruction, "has a count that is no integer");
    if (layout == nullptr || layout->type->cells == 0 || resultType(instruction).cells != 1)
        invalid(instruction, "copies what has no size");
    code.elementBytes = static_cast<uint32_t>(layout->size);
    code.type = layout->type;
    // Global memory is what the stride applies to.
    code.layout = declarations_.typeOf(target).storage == ::spv::StorageClass::Workgroup ? 0 : 1;
    collective(instruction, code, {target, source, instruction.operand(3), instruction.operand(4)});
}

void Decoder::matrixAccess(const Instruction& instruction, bool isStore) {
    prepared_->wholeSubgroups = true;
    CollectiveCode code;
    code.op = isStore ? GroupOp::MatrixStore : GroupOp::MatrixLoad;
    const Id pointer = idAt(instruction, 0);
    const Type& type = isStore ? valueType(instruction, idAt(instruction, 1)) : resultType(instruction);
    if (type.kind != Kind::CooperativeMatrix)
        invalid(instruction, "moves what is no cooperative matrix");
    uint32_t at = isStore ? 2 : 1;
    code.layout = constant(instruction, idAt(instruction, at++));
    if (code.layout > 1)
        unsupported(instruction, fmt::format("has the memory layout {}", code.layout));
    const Id stride = at < instruction.operandCount() ? instruction.operand(at++) : 0;
    if (stride == 0 || valueType(instruction, stride).kind != Kind::Int)
        invalid(instruction, "has no stride");
    const MemoryOperands operands = memoryOperands(instruction, at);
    code.access = access(instruction, pointer, nullptr, operands);
    code.type = &type;
    code.elementBytes = static_cast<uint32_t>(declarations_.layoutOf(*type.element).size);
    const Layout* pointee = traits(pointer).layout;
    while (pointee != nullptr && (pointee->type->kind == Kind::Array || pointee->type->kind == Kind::RuntimeArray))
        pointee = pointee->element;
    if (pointee != nullptr && !pointee->type->isScalar() && pointee->type->kind != Kind::Vector)
        invalid(instruction, "has a pointer to neither numbers nor vectors of them");
    code.pointerStride = pointee != nullptr ? static_cast<uint32_t>(pointee->size) : code.elementBytes;
    if (isStore)
        collective(instruction, code, {pointer, stride, instruction.operand(1)});
    else
        collective(instruction, code, {pointer, stride});
}

void Decoder::matrixMulAdd(const Instruction& instruction) {
    prepared_->wholeSubgroups = true;
    CollectiveCode code;
    code.op = GroupOp::MatrixMulAdd;
    for (uint32_t i = 0; i < 3; ++i)
        code.matrices[i] = &valueType(instruction, idAt(instruction, i));
    code.matrices[3] = &resultType(instruction);
    code.flags = instruction.operandCount() > 3 ? instruction.operand(3) : 0;
    for (const Type* type : code.matrices)
        if (type->kind != Kind::CooperativeMatrix)
            invalid(instruction, "multiplies what is no cooperative matrix");
    const Type &a = *code.matrices[0], &b = *code.matrices[1], &c = *code.matrices[2], &d = *code.matrices[3];
    if ((code.flags & ~spv::kMatrixKnownOperands) != 0)
        unsupported(instruction, fmt::format("has the cooperative matrix operands {:#x}", code.flags));
    if (a.use != static_cast<uint32_t>(spv::MatrixUse::A) || b.use != static_cast<uint32_t>(spv::MatrixUse::B) ||
        c.use != static_cast<uint32_t>(spv::MatrixUse::Accumulator) || c.use != d.use)
        invalid(instruction, "multiplies matrices of other uses than A, B and accumulator");
    for (const Type* type : code.matrices)
        if (type->scalar().kind != d.scalar().kind)
            invalid(instruction, "mixes matrices of integers and of floating-point numbers");
    if (a.columns != b.rows || a.rows != c.rows || b.columns != c.columns || c.rows != d.rows || c.columns != d.columns)
        invalid(instruction, "multiplies matrices of sizes that do not fit");
    collective(instruction, code, {instruction.operand(0), instruction.operand(1), instruction.operand(2)});
}

} // namespace halyard::interp
