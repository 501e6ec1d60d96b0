#include "jit/passes/spmd/shapes.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/spmd/private_rows.h"

#include <bit>

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/GetElementPtrTypeIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Value;
using namespace llvm::PatternMatch;

namespace {

constexpr uint32_t kMaxMultiple = 1U << 16;

uint32_t multipleOf(uint64_t value) {
    return value == 0 ? kMaxMultiple : static_cast<uint32_t>(std::min<uint64_t>(value & -value, kMaxMultiple));
}

uint32_t product(uint64_t a, uint64_t b) {
    return static_cast<uint32_t>(std::min<uint64_t>(a * b, kMaxMultiple));
}

} // namespace

const llvm::CallInst* cutId(const Value* value) {
    const Value* source = nullptr;
    if (!match(value, m_Trunc(m_Value(source))) || value->getType()->getScalarSizeInBits() < 32) {
        return nullptr;
    }
    const auto* call = llvm::dyn_cast<llvm::CallInst>(source);
    const Builtin builtin = call != nullptr ? builtinOf(*call) : Builtin::None;
    const bool isId = builtin == Builtin::GlobalId || builtin == Builtin::LocalId || builtin == Builtin::LocalLinearId;
    return isId ? call : nullptr;
}

Shapes::Shapes(llvm::Function& function, Levels& levels, const Lanes& lanes) : levels_(levels), lanes_(lanes) {
    // Each round may find more branches divergent, which makes more values varying, never fewer.
    bool changed = true;
    llvm::DenseMap<const BasicBlock*, bool> divergent;
    while (changed) {
        levels.linearise([&](const BasicBlock& block) { return divergent.lookup(&block); });
        settle(function);
        changed = false;
        for (const BasicBlock& block : function) {
            const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
            if (branch != nullptr && branch->isConditional() && !of(branch->getCondition()).isUniform() &&
                !divergent.lookup(&block)) {
                divergent[&block] = changed = true;
            }
        }
    }
}

void Shapes::settle(llvm::Function& function) {
    llvm::ReversePostOrderTraversal<llvm::Function*> order(&function);
    bool changed = true;
    while (changed) {
        changed = false;
        for (BasicBlock* block : order) {
            for (const Instruction& instruction : *block) {
                if (instruction.getType()->isVoidTy()) {
                    continue;
                }
                const LaneShape before = shapes_.lookup(&instruction);
                const LaneShape after = before.isVarying() ? before : meet(before, transfer(instruction));
                if (!(after == before)) {
                    shapes_[&instruction] = after;
                    changed = true;
                }
            }
        }
    }
}

LaneShape Shapes::of(const Value* value) const {
    if (llvm::isa<Instruction>(value)) {
        return shapes_.lookup(value);
    }
    if (const auto* number = llvm::dyn_cast<llvm::ConstantInt>(value)) {
        return LaneShape::uniform(number->getBitWidth() <= 64 ? multipleOf(number->getZExtValue()) : 1);
    }
    return LaneShape::uniform();
}

bool Shapes::isLaneBarrier(const llvm::CallInst& call) const {
    if (builtinOf(call) != Builtin::Barrier || lanes_.count % lanes_.subgroupSize != 0) {
        return false;
    }
    const auto number = [&](unsigned i) -> std::optional<uint64_t> {
        const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(i));
        return constant != nullptr ? std::optional(constant->getZExtValue()) : std::nullopt;
    };
    const auto isOfLanes = [](std::optional<uint64_t> scope) { return scope && *scope >= kir::kScopeIdSubgroup; };
    return isOfLanes(number(0)) && (isOfLanes(number(1)) || number(2) == uint64_t{0});
}

bool Shapes::isAligned(const Value* value) const {
    const LaneShape shape = of(value);
    const auto stride = static_cast<uint64_t>(shape.stride);
    // Half of the numbers, so that none turns negative either.
    const unsigned bits = value->getType()->getScalarSizeInBits(); // none of an address
    const uint64_t half = bits > 0 && bits < 64 ? uint64_t{1} << (bits - 1) : UINT64_MAX;
    return shape.isStrided() && shape.stride > 0 && std::has_single_bit(stride) && stride <= shape.multiple &&
           stride * lanes_.count <= std::min<uint64_t>(shape.multiple, half);
}

bool Shapes::extends(const Value* value, bool isSigned) const {
    const LaneShape shape = of(value);
    if (shape.isUniform()) {
        return true;
    }
    if (!shape.isStrided()) {
        return false;
    }
    if (cutId(value) != nullptr || isAligned(value)) {
        return true;
    }
    const auto* instruction = llvm::dyn_cast<Instruction>(value);
    if (instruction == nullptr) {
        return false;
    }
    const auto both = [&] {
        return extends(instruction->getOperand(0), isSigned) && extends(instruction->getOperand(1), isSigned);
    };
    switch (instruction->getOpcode()) {
    case Instruction::Add:
    case Instruction::Sub:
    case Instruction::Mul:
    case Instruction::Shl:
        return (isSigned ? instruction->hasNoSignedWrap() : instruction->hasNoUnsignedWrap()) && both();
    case Instruction::Or: // disjoint, or it would not be strided
        return both();
    case Instruction::ZExt:
        return extends(instruction->getOperand(0), false);
    case Instruction::SExt:
        return isSigned && extends(instruction->getOperand(0), true);
    default:
        return false;
    }
}

std::optional<int64_t> Shapes::likelyStride(const Value* value) const {
    const LaneShape shape = of(value);
    if (shape.isScalar()) {
        return shape.stride;
    }
    const auto* instruction = llvm::dyn_cast<Instruction>(value);
    if (instruction == nullptr || instruction->getNumOperands() == 0) {
        return std::nullopt;
    }
    const auto operand = [&](unsigned i) { return likelyStride(instruction->getOperand(i)); };
    const auto number = [&]() -> std::optional<uint64_t> {
        const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(instruction->getOperand(1));
        return constant != nullptr && constant->getBitWidth() == 64 ? std::optional(constant->getZExtValue())
                                                                    : std::nullopt;
    };
    const bool wide = instruction->getType()->isIntegerTy(64);
    switch (instruction->getOpcode()) {
    case Instruction::ZExt:
    case Instruction::SExt:
        return wide && of(instruction->getOperand(0)).isStrided() ? operand(0) : std::nullopt;
    case Instruction::Add:
    case Instruction::Sub: {
        const auto a = wide ? operand(0) : std::nullopt;
        const auto b = a ? operand(1) : std::nullopt;
        const bool adds = instruction->getOpcode() == Instruction::Add;
        return b ? std::optional(adds ? *a + *b : *a - *b) : std::nullopt;
    }
    case Instruction::Mul:
    case Instruction::Shl: {
        const auto a = wide && number() ? operand(0) : std::nullopt;
        if (!a || (instruction->getOpcode() == Instruction::Shl && *number() > 63)) {
            return std::nullopt;
        }
        const uint64_t factor = instruction->getOpcode() == Instruction::Mul ? *number() : uint64_t{1} << *number();
        return static_cast<int64_t>(static_cast<uint64_t>(*a) * factor);
    }
    case Instruction::GetElementPtr: {
        const auto& address = llvm::cast<llvm::GetElementPtrInst>(*instruction);
        const llvm::DataLayout& data = instruction->getModule()->getDataLayout();
        const auto base = operand(0);
        uint64_t stride = base ? static_cast<uint64_t>(*base) : 0;
        for (auto it = llvm::gep_type_begin(address); base && it != llvm::gep_type_end(address); ++it) {
            if (of(it.getOperand()).isUniform()) {
                continue;
            }
            const auto index =
                it.getOperand()->getType()->isIntegerTy(64) ? likelyStride(it.getOperand()) : std::nullopt;
            if (!index) {
                return std::nullopt;
            }
            stride += static_cast<uint64_t>(*index) * it.getSequentialElementStride(data).getFixedValue();
        }
        return base ? std::optional(static_cast<int64_t>(stride)) : std::nullopt;
    }
    default:
        return std::nullopt;
    }
}

LaneShape Shapes::transfer(const Instruction& instruction) const {
    if (const auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
        return transferPhi(*phi);
    }
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
        return LaneShape::strided(
            static_cast<int64_t>(laneStride(*variable)),
            static_cast<uint32_t>(std::min<uint64_t>(variable->getAlign().value(), kMaxMultiple)));
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        return transferCall(*call);
    }
    for (const Value* operand : instruction.operands()) {
        if (llvm::isa<Instruction>(operand) && !of(operand).isKnown()) {
            return LaneShape::unknown();
        }
    }
    if (llvm::isa<llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst>(instruction)) {
        return LaneShape::varying();
    }
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return load->isSimple() && of(load->getPointerOperand()).isUniform() ? LaneShape::uniform()
                                                                             : LaneShape::varying();
    }
    bool uniform = true;
    bool scalar = true;
    for (const Value* operand : instruction.operands()) {
        uniform = uniform && of(operand).isUniform();
        scalar = scalar && of(operand).isScalar();
    }
    if (instruction.isBinaryOp() && scalar && instruction.getType()->isIntegerTy()) {
        return transferBinary(instruction);
    }
    if (uniform || isSameComparison(instruction)) {
        return LaneShape::uniform();
    }
    return scalar ? transferAddress(instruction) : LaneShape::varying();
}

// Whether it compares consecutive numbers with a bound that none of them can step over: both begin at multiples of the
// lanes.
bool Shapes::isSameComparison(const Instruction& instruction) const {
    const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(&instruction);
    if (compare == nullptr || !compare->isRelational()) {
        return false;
    }
    auto predicate = compare->getPredicate();
    const Value* row = compare->getOperand(0);
    const Value* bound = compare->getOperand(1);
    if (of(row).isUniform()) {
        std::swap(row, bound);
        predicate = llvm::CmpInst::getSwappedPredicate(predicate);
    }
    const bool below = predicate == llvm::CmpInst::ICMP_ULT || predicate == llvm::CmpInst::ICMP_SLT ||
                       predicate == llvm::CmpInst::ICMP_UGE || predicate == llvm::CmpInst::ICMP_SGE;
    // `x > 127` is what is left of `x >= 128`.
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(bound);
    const uint32_t multiple = below ? of(bound).multiple
                              : number != nullptr && number->getBitWidth() <= 64
                                  ? multipleOf(number->getZExtValue() + 1)
                                  : 1;
    return of(row).stride == 1 && isAligned(row) && of(bound).isUniform() && multiple >= lanes_.count;
}

LaneShape Shapes::transferPhi(const llvm::PHINode& phi) const {
    LaneShape all;
    bool same = true;
    bool branches = true;
    for (unsigned i = 0; i < phi.getNumIncomingValues(); ++i) {
        if (!llvm::isa<llvm::UndefValue>(phi.getIncomingValue(i))) {
            all = meet(all, of(phi.getIncomingValue(i)));
        }
        same = same && phi.getIncomingValue(i) == phi.getIncomingValue(0);
        branches = branches && levels_.isBranch(phi.getIncomingBlock(i), phi.getParent());
    }
    const Level& level = *levels_.nodeOf(phi.getParent()).level;
    if (level.loop != nullptr && level.loop->getHeader() == phi.getParent()) {
        return all; // lanes that stay in the loop are in the same iteration
    }
    if (!all.isKnown() &&
        llvm::all_of(phi.incoming_values(), [](const Value* value) { return llvm::isa<llvm::UndefValue>(value); })) {
        return LaneShape::uniform();
    }
    if (branches || !all.isKnown()) {
        return all;
    }
    const bool one = phi.getNumIncomingValues() == 1;
    for (const BasicBlock* from : phi.blocks()) {
        if (levels_.leavesDivergentLoop(from, phi.getParent())) {
            return one && !llvm::isa<Instruction>(phi.getIncomingValue(0)) ? all : LaneShape::varying();
        }
    }
    return one || same ? all : LaneShape::varying();
}

LaneShape Shapes::transferCall(const llvm::CallInst& call) const {
    const unsigned lanes = lanes_.count;
    const auto dimension = builtinDimension(call);
    switch (builtinOf(call)) {
    case Builtin::GlobalId:
    case Builtin::LocalId:
        if (!dimension) {
            return LaneShape::varying();
        }
        return *dimension == 0 ? LaneShape::strided(1, lanes) : LaneShape::uniform();
    case Builtin::LocalLinearId:
    case Builtin::GlobalLinearId:
        return LaneShape::strided(1, lanes);
    case Builtin::SubgroupLocalId:
        return LaneShape::strided(1, lanes);
    case Builtin::SubgroupId:
    case Builtin::SubgroupSize:
    case Builtin::AllLanes:
    case Builtin::Rows:
        return LaneShape::uniform();
    case Builtin::Index:
        return of(call.getArgOperand(0));
    case Builtin::PointerSpace: {
        const LaneShape pointer = of(call.getArgOperand(0));
        return pointer.isKnown() && pointer.isScalar() ? LaneShape::uniform() : pointer;
    }
    case Builtin::Collective: {
        const LaneShape lane = call.arg_size() > 1 ? of(call.getArgOperand(1)) : LaneShape::uniform();
        const bool same = isLaneOperation(call) && isSameForLanes(call, lane.isUniform());
        return !lane.isKnown() ? lane : same ? LaneShape::uniform() : LaneShape::varying();
    }
    default:
        break;
    }
    const bool pure = call.doesNotAccessMemory() || llvm::isa<llvm::AssumeInst>(call);
    if (!pure) {
        return LaneShape::varying();
    }
    LaneShape result = LaneShape::uniform();
    for (const Value* operand : call.args()) {
        const LaneShape shape = of(operand);
        if (!shape.isKnown()) {
            return shape;
        }
        result = shape.isUniform() ? result : LaneShape::varying();
    }
    return result;
}

// Integer arithmetic of uniform and strided values.
LaneShape Shapes::transferBinary(const Instruction& instruction) const {
    const LaneShape a = of(instruction.getOperand(0));
    const LaneShape b = of(instruction.getOperand(1));
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(1));
    const bool small = number != nullptr && number->getBitWidth() <= 64;
    const unsigned lanes = lanes_.count;
    switch (instruction.getOpcode()) {
    case Instruction::Add:
        return LaneShape::strided(a.stride + b.stride, std::min(a.multiple, b.multiple));
    case Instruction::Sub:
        return LaneShape::strided(a.stride - b.stride, std::min(a.multiple, b.multiple));
    case Instruction::Mul:
        if (a.isUniform() && b.isUniform()) {
            return LaneShape::uniform(product(a.multiple, b.multiple));
        }
        if (small && a.isStrided()) {
            return LaneShape::strided(static_cast<int64_t>(static_cast<uint64_t>(a.stride) * number->getSExtValue()),
                                      product(a.multiple, b.multiple));
        }
        return LaneShape::varying();
    case Instruction::Shl:
        if (small && number->getZExtValue() < 32) {
            const uint64_t factor = uint64_t{1} << number->getZExtValue();
            return LaneShape::strided(static_cast<int64_t>(static_cast<uint64_t>(a.stride) * factor),
                                      product(a.multiple, factor));
        }
        break;
    case Instruction::Or:
        if (llvm::cast<llvm::PossiblyDisjointInst>(instruction).isDisjoint()) {
            return LaneShape::strided(a.stride + b.stride, std::min(a.multiple, b.multiple));
        }
        break;
    case Instruction::And:
        // The low bits of consecutive numbers that start at a multiple of the lanes.
        if (small && a.isStrided() && a.stride == 1 && a.multiple >= lanes) {
            const uint64_t mask = number->getZExtValue();
            if ((mask & (lanes - 1)) == 0) {
                return LaneShape::uniform(multipleOf(mask));
            }
            if ((mask & (lanes - 1)) == lanes - 1) {
                return LaneShape::strided(1, a.multiple);
            }
        }
        break;
    case Instruction::LShr:
        if (small && a.isStrided() && a.stride == 1 && a.multiple >= lanes && number->getZExtValue() < 32 &&
            (uint64_t{1} << number->getZExtValue()) >= lanes) {
            return LaneShape::uniform();
        }
        break;
    case Instruction::UDiv:
        if (small && a.isStrided() && a.stride == 1 && a.multiple >= lanes && !number->isZero() &&
            number->getZExtValue() % lanes == 0) {
            return LaneShape::uniform();
        }
        break;
    case Instruction::URem:
        if (small && a.isStrided() && a.stride == 1 && a.multiple >= lanes && !number->isZero() &&
            number->getZExtValue() % lanes == 0) {
            return LaneShape::strided(1, lanes);
        }
        break;
    default:
        break;
    }
    return a.isUniform() && b.isUniform() ? LaneShape::uniform() : LaneShape::varying();
}

// Casts and addresses of strided values; anything else of them varies.
LaneShape Shapes::transferAddress(const Instruction& instruction) const {
    const LaneShape first = of(instruction.getOperand(0));
    switch (instruction.getOpcode()) {
    case Instruction::ZExt:
    case Instruction::SExt:
        return extends(instruction.getOperand(0), instruction.getOpcode() == Instruction::SExt) ? first
                                                                                                : LaneShape::varying();
    case Instruction::Trunc: {
        const unsigned bits = instruction.getType()->getScalarSizeInBits();
        return bits < 8 ? LaneShape::varying() : first;
    }
    case Instruction::PtrToInt:
    case Instruction::IntToPtr: {
        const llvm::DataLayout& data = instruction.getModule()->getDataLayout();
        const bool whole = data.getTypeSizeInBits(instruction.getType()) ==
                           data.getTypeSizeInBits(instruction.getOperand(0)->getType());
        return whole ? first : LaneShape::varying();
    }
    case Instruction::AddrSpaceCast:
    case Instruction::Freeze:
        return first;
    case Instruction::Select: {
        const LaneShape a = of(instruction.getOperand(1));
        const LaneShape b = of(instruction.getOperand(2));
        return first.isUniform() && a.kind == b.kind && a.stride == b.stride ? meet(a, b) : LaneShape::varying();
    }
    case Instruction::GetElementPtr: {
        const auto& address = llvm::cast<llvm::GetElementPtrInst>(instruction);
        const llvm::DataLayout& data = instruction.getModule()->getDataLayout();
        uint64_t stride = static_cast<uint64_t>(first.stride);
        for (auto it = llvm::gep_type_begin(address); it != llvm::gep_type_end(address); ++it) {
            const LaneShape index = of(it.getOperand());
            if (index.isUniform()) {
                continue;
            }
            const bool narrow = it.getOperand()->getType()->getScalarSizeInBits() < 64;
            if (narrow && !extends(it.getOperand(), true)) {
                return LaneShape::varying();
            }
            stride += static_cast<uint64_t>(index.stride) * it.getSequentialElementStride(data).getFixedValue();
        }
        return LaneShape::strided(static_cast<int64_t>(stride));
    }
    default:
        return LaneShape::varying();
    }
}

} // namespace halyard::jit::spmd
