#include "jit/targets/host/item_limit.h"

#include "jit/passes/builtin.h"

#include <bit>

#include <llvm/IR/Instructions.h>
#include <llvm/IR/PatternMatch.h>

namespace halyard::jit::host {

namespace {

using llvm::BasicBlock;
using llvm::Instruction;

// What a read of a cell is made of, when it is made anew in each piece.
const llvm::Value* resolve(const llvm::Value* value, const Slots& slots) {
    const auto* load = llvm::dyn_cast<llvm::LoadInst>(value);
    for (unsigned i = 0; load != nullptr && i < slots.all().size(); ++i) {
        const Slot& slot = slots.all()[i];
        if (slot.cell == load->getPointerOperand() && slot.carry == Carry::Recomputed) {
            return slot.recipe.back();
        }
    }
    return value;
}

// Whether the value is the local id, but for the lowest `lowBits` of it.
bool isLocalId(const llvm::Value* operand, const Slots& slots, unsigned& lowBits) {
    constexpr unsigned kBits = 31; // that an id has at most
    lowBits = 0;
    const llvm::Value* value = resolve(operand, slots);
    for (const Instruction* step = llvm::dyn_cast<Instruction>(value); step != nullptr;) {
        if (const auto* call = llvm::dyn_cast<llvm::CallInst>(step)) {
            return builtinOf(*call) == Builtin::LocalId && builtinDimension(*call) == 0U;
        }
        if (step->getOpcode() == Instruction::And) {
            const auto* mask = llvm::dyn_cast<llvm::ConstantInt>(step->getOperand(1));
            const uint64_t kept = mask != nullptr ? mask->getValue().getLimitedValue() : 0;
            const auto low = static_cast<unsigned>(std::countr_zero(kept));
            if ((kept | ((uint64_t{1} << std::min(low, kBits)) - 1)) << (64 - kBits) != UINT64_MAX << (64 - kBits)) {
                return false;
            }
            lowBits = std::max(lowBits, low);
        } else if (!llvm::isa<llvm::TruncInst, llvm::ZExtInst>(step) ||
                   value->getType()->getIntegerBitWidth() <= kBits) {
            return false;
        }
        step = llvm::dyn_cast<Instruction>(resolve(step->getOperand(0), slots));
    }
    return false;
}

std::optional<ItemLimit> limitOf(const llvm::ICmpInst& compare, const Slots& slots) {
    const auto* number = llvm::dyn_cast<llvm::ConstantInt>(compare.getOperand(1));
    unsigned lowBits = 0;
    if (number == nullptr || !isLocalId(compare.getOperand(0), slots, lowBits) ||
        (lowBits != 0 && !(compare.isEquality() && number->isZero()))) {
        return std::nullopt;
    }
    ItemLimit limit{number->getValue().getLimitedValue(INT32_MAX), 0, true, nullptr};
    switch (compare.getPredicate()) { // ids are below 2^31
    case llvm::CmpInst::ICMP_ULT:
    case llvm::CmpInst::ICMP_SLT:
        break;
    case llvm::CmpInst::ICMP_UGT:
    case llvm::CmpInst::ICMP_SGT:
        limit.end += 1;
        limit.body = 1;
        break;
    case llvm::CmpInst::ICMP_EQ:
    case llvm::CmpInst::ICMP_NE:
        limit.body = compare.getPredicate() == llvm::CmpInst::ICMP_EQ ? 0 : 1;
        limit.end = limit.end == 0 ? uint64_t{1} << lowBits : 0;
        break;
    default:
        return std::nullopt;
    }
    return limit.end > 0 && limit.end <= INT32_MAX ? std::optional(limit) : std::nullopt;
}

// Of a condition, or of what it is with other conditions.
std::optional<ItemLimit> limitOf(const llvm::Value& condition, const Slots& slots) {
    using namespace llvm::PatternMatch;
    if (const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(&condition)) {
        return limitOf(*compare, slots);
    }
    const llvm::Value* parts[2];
    if (match(&condition, m_Not(m_Value(parts[0])))) {
        std::optional<ItemLimit> limit = limitOf(*resolve(parts[0], slots), slots);
        if (limit) {
            limit->body = 1 - limit->body;
        }
        return limit;
    }
    const bool both = match(&condition, m_LogicalAnd(m_Value(parts[0]), m_Value(parts[1])));
    if (!both && !match(&condition, m_LogicalOr(m_Value(parts[0]), m_Value(parts[1])))) {
        return std::nullopt;
    }
    for (const llvm::Value* part : parts) {
        std::optional<ItemLimit> limit = limitOf(*resolve(part, slots), slots);
        if (limit && limit->body == (both ? 0 : 1)) {
            limit->exact = false;
            return limit;
        }
    }
    return std::nullopt;
}

// Whether it is a store to a cell that nothing reads behind the piece, or that is made anew there.
bool isForgotten(const Instruction& instruction, const Slots& slots, const llvm::BitVector& live) {
    const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction);
    for (unsigned i = 0; store != nullptr && i < slots.all().size(); ++i) {
        if (slots.all()[i].cell == store->getPointerOperand()) {
            return !live.test(i) || slots.all()[i].carry == Carry::Recomputed;
        }
    }
    return false;
}

// Whether a work-item that goes to `block` is at the exit at once.
bool leads(const BasicBlock* block, const BasicBlock* exit) {
    while (block != exit && block != nullptr) {
        block = block->sizeWithoutDebug() == 1 ? block->getSingleSuccessor() : nullptr;
    }
    return block == exit;
}

} // namespace

std::optional<ItemLimit> itemLimit(const Piece& piece, const Slots& slots) {
    if (piece.exits.size() != 1 || piece.blocks.empty()) {
        return std::nullopt;
    }
    // What all items bring behind the piece is brought by those in it; there may be none of them.
    const llvm::BitVector live = liveOut(piece, slots);
    for (const unsigned i : live.set_bits()) {
        if (slots.all()[i].carry == Carry::Uniform) {
            return std::nullopt;
        }
    }
    // Up to the branch it may only compute.
    const BasicBlock* block = piece.start;
    const llvm::BranchInst* branch = nullptr;
    while (branch == nullptr && block != nullptr && block != piece.exits[0]) {
        for (const Instruction& instruction : *block) {
            if (!instruction.isTerminator() && instruction.mayHaveSideEffects() &&
                !isForgotten(instruction, slots, live)) {
                return std::nullopt;
            }
        }
        const auto* end = llvm::dyn_cast<llvm::BranchInst>(block->getTerminator());
        branch = end != nullptr && end->isConditional() ? end : nullptr;
        block = block->getSingleSuccessor();
    }
    std::optional<ItemLimit> limit =
        branch != nullptr ? limitOf(*resolve(branch->getCondition(), slots), slots) : std::nullopt;
    if (!limit || !leads(branch->getSuccessor(1 - limit->body), piece.exits[0])) {
        return std::nullopt;
    }
    limit->branch = branch;
    return limit;
}

} // namespace halyard::jit::host
