#include "jit/targets/host/recipe.h"

#include "jit/passes/builtin.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/ValueMapper.h>

namespace halyard::jit::host {

using llvm::Instruction;

namespace {

constexpr unsigned kMaxInstructions = 12; // about what a load and a store of a context array cost

bool isCheap(const Instruction& instruction) {
    if (const auto* binary = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
        switch (binary->getOpcode()) {
        case Instruction::UDiv:
        case Instruction::SDiv:
        case Instruction::URem:
        case Instruction::SRem:
        case Instruction::FDiv:
        case Instruction::FRem:
            return false;
        default:
            return true;
        }
    }
    return llvm::isa<llvm::CastInst, llvm::GetElementPtrInst, llvm::CmpInst, llvm::SelectInst, llvm::ExtractElementInst,
                     llvm::InsertElementInst, llvm::ShuffleVectorInst>(instruction) ||
           isQuery(builtinOf(instruction));
}

bool collect(Instruction& value, llvm::SmallSetVector<Instruction*, 16>& order, unsigned depth = 0) {
    if (order.contains(&value)) {
        return true;
    }
    if (depth == kMaxInstructions || !isCheap(value)) {
        return false;
    }
    for (llvm::Value* operand : value.operands()) {
        auto* instruction = llvm::dyn_cast<Instruction>(operand);
        if (instruction != nullptr && !llvm::isa<llvm::AllocaInst>(instruction) &&
            !collect(*instruction, order, depth + 1)) {
            return false;
        }
    }
    order.insert(&value);
    return order.size() <= kMaxInstructions;
}

} // namespace

bool makeRecipe(Instruction& value, llvm::BasicBlock& holder, std::vector<Instruction*>& recipe) {
    llvm::SmallSetVector<Instruction*, 16> order;
    if (!collect(value, order)) {
        return false;
    }
    llvm::ValueToValueMapTy map;
    for (Instruction* instruction : order) {
        Instruction* copy = instruction->clone();
        copy->insertInto(&holder, holder.end());
        llvm::RemapInstruction(copy, map, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
        map[instruction] = copy;
        recipe.push_back(copy);
    }
    return true;
}

} // namespace halyard::jit::host
