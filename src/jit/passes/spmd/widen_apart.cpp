// Code that is not worth vectors: a block for one lane after the other, in a loop.
#include "jit/passes/spmd/widen.h"

#include "jit/passes/builtin.h"

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Value;

namespace {

// Says of a loop that it is to be left as it is.
void keepLoop(llvm::BranchInst& backEdge) {
    llvm::LLVMContext& context = backEdge.getContext();
    llvm::SmallVector<llvm::Metadata*, 3> hints{nullptr};
    for (const char* words : {"llvm.loop.unroll.disable", "llvm.loop.vectorize.enable"}) {
        llvm::SmallVector<llvm::Metadata*, 2> hint{llvm::MDString::get(context, words)};
        if (hints.size() == 2) {
            hint.push_back(llvm::ConstantAsMetadata::get(llvm::ConstantInt::getFalse(context)));
        }
        hints.push_back(llvm::MDNode::get(context, hint));
    }
    llvm::MDNode* id = llvm::MDNode::getDistinct(context, hints);
    id->replaceOperandWith(0, id);
    backEdge.setMetadata(llvm::LLVMContext::MD_loop, id);
}

} // namespace

// What the lane has of a value that lane 0 tells.
Value* Widener::ofLane(IRBuilder<>& at, Value* first, int64_t stride, Value* lane) const {
    if (stride == 0) {
        return first;
    }
    Value* distance = at.CreateMul(lane, at.getInt64(static_cast<uint64_t>(stride)));
    return first->getType()->isPointerTy() ? at.CreateGEP(at.getInt8Ty(), first, distance)
                                           : at.CreateAdd(first, at.CreateZExtOrTrunc(distance, first->getType()));
}

void Widener::emitApart(IRBuilder<>& at, const BasicBlock& block) {
    llvm::ValueToValueMapTy map;
    for (const auto& [from, to] : arguments_) {
        map[from] = to;
    }
    std::vector<const Instruction*> work;
    llvm::SetVector<const Instruction*> given;
    for (const Instruction& instruction : block) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call != nullptr && isQuery(builtinOf(*call))) {
            emit(at, instruction, nullptr);
            given.insert(&instruction);
            continue;
        }
        const bool says = call != nullptr && (call->isLifetimeStartOrEnd() ||
                                              llvm::isa<llvm::AssumeInst, llvm::NoAliasScopeDeclInst>(call));
        if (says || instruction.isTerminator()) {
            continue;
        }
        work.push_back(&instruction);
        for (const Value* operand : instruction.operands()) {
            const auto* made = llvm::dyn_cast<Instruction>(operand);
            if (made != nullptr && made->getParent() != &block) {
                given.insert(made);
            }
        }
    }
    for (const Instruction* value : given) {
        isWide(*value) ? vector(at, value) : scalar(at, value);
    }
    llvm::LLVMContext& context = at.getContext();
    BasicBlock* before = at.GetInsertBlock();
    auto* loop = BasicBlock::Create(context, "apart.lane", &to_);
    auto* done = BasicBlock::Create(context, "apart.end", &to_);
    at.CreateBr(loop);
    at.SetInsertPoint(loop);
    llvm::PHINode* lane = at.CreatePHI(at.getInt64Ty(), 2, "lane");
    struct Result {
        const Instruction* value;
        llvm::PHINode* all; // of the lanes so far: a vector, or lane 0's
    };
    std::vector<Result> results;
    for (const Instruction* value : work) {
        if (value->isUsedOutsideOfBlock(&block)) {
            results.push_back(
                {value, at.CreatePHI(isWide(*value) ? wideType(value->getType(), lanes_) : value->getType(), 2)});
        }
    }
    for (const Instruction* value : given) {
        const LaneShape shape = shapes_.of(value);
        map[value] = shape.isVarying() ? at.CreateExtractElement(vectors_.lookup(value), lane)
                                       : ofLane(at, scalar(at, value), shape.stride, lane);
    }
    for (const Instruction* instruction : work) {
        Instruction* copy = at.Insert(instruction->clone(), instruction->getName());
        copy->setDebugLoc(instruction->getDebugLoc());
        llvm::RemapInstruction(copy, map, llvm::RF_NoModuleLevelChanges | llvm::RF_IgnoreMissingLocals);
        map[instruction] = copy;
    }
    Value* isFirst = at.CreateICmpEQ(lane, at.getInt64(0));
    for (const Result& result : results) {
        Value* mine = map[result.value];
        Value* all = isWide(*result.value) ? at.CreateInsertElement(result.all, mine, lane)
                                           : at.CreateSelect(isFirst, mine, result.all);
        result.all->addIncoming(llvm::PoisonValue::get(all->getType()), before);
        result.all->addIncoming(all, loop);
    }
    Value* next = at.CreateAdd(lane, at.getInt64(1), "", true, true);
    lane->addIncoming(at.getInt64(0), before);
    lane->addIncoming(next, loop);
    keepLoop(*at.CreateCondBr(at.CreateICmpULT(next, at.getInt64(lanes_)), loop, done));
    beginBlock();
    at.SetInsertPoint(done);
    for (const Result& result : results) {
        define(at, *result.value, result.all->getIncomingValueForBlock(loop));
    }
}

} // namespace halyard::jit::spmd
