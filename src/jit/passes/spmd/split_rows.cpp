#include "jit/passes/spmd/split_rows.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/spmd/levels.h"
#include "jit/passes/spmd/shapes.h"

#include <vector>

#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Value;

namespace {

constexpr size_t kLongest = 300;     // instructions to copy
constexpr int64_t kReach = 1 << 20;  // between the lowest and the highest of indices that are asked for together
constexpr unsigned kWorthAsking = 2; // accesses

// Indices that are the same but for constants.
struct Span {
    int64_t lowest = 0;
    int64_t highest = 0;
};

struct Plan {
    BasicBlock* block = nullptr;
    llvm::SmallSetVector<llvm::CastInst*, 8> extensions;
    llvm::MapVector<std::pair<Value*, unsigned>, Span>
        spans;                                     // by the value without the constant, and whether it is signed
    llvm::SmallSetVector<Instruction*, 16> before; // what computes the indices
};

class Planner {
public:
    Planner(BasicBlock& block, const Shapes& shapes) : shapes_(shapes) { plan_.block = &block; }

    // Whether there is something to gain.
    bool plan() {
        if (plan_.block->size() > kLongest) {
            return false;
        }
        for (Instruction& instruction : *plan_.block) {
            const Builtin builtin = builtinOf(instruction);
            // Records have no phi of lanes.
            const bool leaves = instruction.getType()->isStructTy() && instruction.isUsedOutsideOfBlock(plan_.block);
            if (leaves || builtin == Builtin::Barrier || builtin == Builtin::Collective ||
                builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd ||
                llvm::isa<llvm::AllocaInst>(instruction)) {
                return false; // there once
            }
            Value* pointer = const_cast<Value*>(llvm::getLoadStorePointerOperand(&instruction));
            if (pointer != nullptr && shapes_.of(pointer).isVarying() && shapes_.likelyStride(pointer)) {
                found_ = false;
                collect(*pointer);
                accesses_ += found_ ? 1 : 0;
            }
        }
        keepOthersWhole();
        return accesses_ >= kWorthAsking;
    }

    Plan take() { return std::move(plan_); }

private:
    bool isHere(const Value& value) const {
        const auto* instruction = llvm::dyn_cast<Instruction>(&value);
        return instruction != nullptr && instruction->getParent() == plan_.block;
    }

    // The extensions that the address or index is made of.
    void collect(Value& value) {
        if (shapes_.of(&value).isScalar() || !isHere(value)) {
            return;
        }
        auto& instruction = llvm::cast<Instruction>(value);
        if (!llvm::isa<llvm::ZExtInst, llvm::SExtInst>(instruction)) {
            for (Value* operand : instruction.operands()) {
                collect(*operand);
            }
            return;
        }
        Value* narrow = instruction.getOperand(0);
        const LaneShape shape = shapes_.of(narrow);
        if (!narrow->getType()->isIntegerTy(32) || !shape.isStrided() || shape.stride < 0 || shape.stride > kReach) {
            return;
        }
        int64_t offset = 0;
        while (const auto* sum = llvm::dyn_cast<llvm::BinaryOperator>(narrow)) {
            const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(sum->getOperand(1));
            if (sum->getOpcode() != Instruction::Add || constant == nullptr) {
                break;
            }
            offset += constant->getSExtValue();
            narrow = sum->getOperand(0);
        }
        Span span{offset, offset};
        const std::pair<Value*, unsigned> key{narrow, llvm::isa<llvm::SExtInst>(instruction) ? 1U : 0U};
        const auto known = plan_.spans.find(key);
        if (known != plan_.spans.end()) {
            span = {std::min(known->second.lowest, offset), std::max(known->second.highest, offset)};
        }
        const bool near = offset >= -kReach && offset <= kReach && span.highest - span.lowest <= kReach;
        llvm::SmallSetVector<Instruction*, 16> before;
        if (near && canGoFirst(*narrow, before)) {
            plan_.spans[key] = span;
            plan_.extensions.insert(llvm::cast<llvm::CastInst>(&instruction));
            plan_.before.insert_range(before);
            found_ = true;
        }
    }

    // What the block's end or others use and can be computed before all else is: a loop's counter stays one value.
    void keepOthersWhole() {
        const auto isExtension = [&](Instruction* instruction) {
            const auto* cast = llvm::dyn_cast<llvm::CastInst>(instruction);
            return cast != nullptr && llvm::is_contained(plan_.extensions, cast);
        };
        for (Instruction& instruction : *plan_.block) {
            llvm::SmallSetVector<Instruction*, 16> before;
            const bool leaves = instruction.isUsedOutsideOfBlock(plan_.block) ||
                                llvm::is_contained(plan_.block->getTerminator()->operand_values(), &instruction);
            if (leaves && !instruction.isTerminator() && canGoFirst(instruction, before) &&
                llvm::none_of(before, isExtension)) {
                plan_.before.insert_range(before);
            }
        }
    }

    // Whether the value can be computed before all else in the block, and what does.
    bool canGoFirst(Value& value, llvm::SmallSetVector<Instruction*, 16>& before) const {
        auto* instruction = llvm::dyn_cast<Instruction>(&value);
        if (instruction == nullptr || !isHere(value) || llvm::isa<llvm::PHINode>(instruction)) {
            return true;
        }
        const bool plain = (instruction->isBinaryOp() && !instruction->isIntDivRem()) || instruction->isCast() ||
                           llvm::isa<llvm::ICmpInst, llvm::SelectInst>(instruction) || isQuery(builtinOf(*instruction));
        if (!plain ||
            !llvm::all_of(instruction->operands(), [&](llvm::Use& operand) { return canGoFirst(*operand, before); })) {
            return false;
        }
        before.insert(instruction);
        return true;
    }

    const Shapes& shapes_;
    Plan plan_;
    bool found_ = false; // an extension of the access at hand
    unsigned accesses_ = 0;
};

llvm::FunctionCallee pure(llvm::Module& module, std::string_view name, llvm::Type* result,
                          llvm::ArrayRef<llvm::Type*> parameters) {
    llvm::FunctionCallee callee =
        module.getOrInsertFunction(llvm::StringRef(name), llvm::FunctionType::get(result, parameters, false));
    llvm::cast<llvm::Function>(callee.getCallee())->setDoesNotAccessMemory();
    return callee;
}

// Makes of the extension of an index one that is known not to wrap round.
void makeRow(llvm::CastInst* extension) {
    llvm::IRBuilder<> at(extension);
    llvm::FunctionCallee index =
        pure(*extension->getModule(), kir::kIndex, at.getInt64Ty(), {at.getInt32Ty(), at.getInt1Ty()});
    Value* isSigned = at.getInt1(llvm::isa<llvm::SExtInst>(extension));
    extension->replaceAllUsesWith(at.CreateCall(index, {extension->getOperand(0), isSigned}));
    extension->eraseFromParent();
}

// Returns the copy for lanes apart.
const BasicBlock* split(const Plan& plan) {
    BasicBlock& head = *plan.block;
    llvm::Function& function = *head.getParent();
    const auto isBefore = [&](Instruction& instruction) { return plan.before.contains(&instruction); };
    auto first = head.getFirstNonPHIIt();
    while (isBefore(*first)) {
        ++first;
    }
    for (Instruction& instruction : llvm::make_early_inc_range(llvm::make_range(first, head.end()))) {
        if (isBefore(instruction)) {
            instruction.moveBefore(first);
        }
    }
    BasicBlock* apart = head.splitBasicBlock(first, "apart");
    BasicBlock* tail = apart->splitBasicBlock(apart->getTerminator(), "rows.end");
    llvm::ValueToValueMapTy map;
    BasicBlock* rows = llvm::CloneBasicBlock(apart, map, ".rows", &function);
    map[apart] = rows;
    llvm::remapInstructionsInBlocks({rows}, map);
    for (Instruction& instruction : *apart) {
        if (!instruction.isUsedOutsideOfBlock(apart)) {
            continue;
        }
        llvm::PHINode* either = llvm::PHINode::Create(instruction.getType(), 2, "", tail->begin());
        instruction.replaceUsesOutsideBlock(either, apart);
        either->addIncoming(&instruction, apart);
        either->addIncoming(map[&instruction], rows);
    }
    for (llvm::CastInst* extension : plan.extensions) {
        if (isBefore(*extension)) {
            continue; // another index is made of it
        }
        makeRow(llvm::cast<llvm::CastInst>(map[extension]));
    }
    llvm::Instruction* jump = head.getTerminator();
    llvm::IRBuilder<> at(jump);
    llvm::FunctionCallee ask =
        pure(*function.getParent(), kir::kRows, at.getInt1Ty(), {at.getInt32Ty(), at.getInt32Ty(), at.getInt1Ty()});
    Value* all = at.getTrue();
    for (const auto& [key, span] : plan.spans) {
        Value* lowest = at.CreateAdd(key.first, at.getInt32(static_cast<uint32_t>(span.lowest)));
        const auto reach = static_cast<uint32_t>(span.highest - span.lowest);
        all = at.CreateAnd(at.CreateCall(ask, {lowest, at.getInt32(reach), at.getInt1(key.second != 0)}), all);
    }
    at.CreateCondBr(all, rows, apart, llvm::MDBuilder(at.getContext()).createLikelyBranchWeights());
    jump->eraseFromParent();
    return apart;
}

} // namespace

BlockSet splitRows(llvm::Function& function, const Levels& levels, const Shapes& shapes) {
    std::vector<Plan> plans;
    for (BasicBlock& block : function) {
        Planner planner(block, shapes);
        if (isFull(levels.nodeOf(&block)) && planner.plan()) {
            plans.push_back(planner.take());
        }
    }
    BlockSet apart;
    for (const Plan& plan : plans) {
        apart.insert(split(plan));
    }
    return apart;
}

} // namespace halyard::jit::spmd
