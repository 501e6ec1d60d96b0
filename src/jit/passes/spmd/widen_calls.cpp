// Calls, and what lanes do one after the other.
#include "jit/passes/spmd/widen.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"

#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spmd {

using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Type;
using llvm::Value;

namespace {

// Whether an atomic operation is less code than a loop around it.
bool isShort(const llvm::AtomicRMWInst& rmw) {
    if (rmw.getPointerAddressSpace() == kir::kWorkgroup) {
        return true; // a workgroup has one thread: plain code
    }
    switch (rmw.getOperation()) {
    case llvm::AtomicRMWInst::Add:
    case llvm::AtomicRMWInst::Sub:
    case llvm::AtomicRMWInst::Xchg:
        return true;
    case llvm::AtomicRMWInst::And:
    case llvm::AtomicRMWInst::Or:
    case llvm::AtomicRMWInst::Xor:
        return rmw.use_empty(); // else a loop of its own
    default:
        return false;
    }
}

} // namespace

void Widener::emitCall(IRBuilder<>& at, const llvm::CallInst& call, Value* mask) {
    const Builtin builtin = builtinOf(call);
    if (call.isLifetimeStartOrEnd() || llvm::isa<llvm::AssumeInst, llvm::NoAliasScopeDeclInst>(call)) {
        return; // said of some lanes only
    }
    if (builtin == Builtin::Collective) {
        return emitCollective(at, call, mask);
    }
    if (builtin == Builtin::AllLanes) {
        return emitAllLanes(at, call, mask);
    }
    if (builtin == Builtin::Rows) {
        return emitRows(at, call);
    }
    if (builtin == Builtin::Index) {
        const bool isSigned = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1))->isOne();
        const Value* index = call.getArgOperand(0);
        Value* narrow = isWide(call) ? vector(at, index) : scalar(at, index);
        Type* type = isWide(call) ? wideType(call.getType(), lanes_) : call.getType();
        return define(at, call, isSigned ? at.CreateSExt(narrow, type) : at.CreateZExt(narrow, type));
    }
    if (builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd || shapes_.isLaneBarrier(call)) {
        return; // lanes are together by themselves
    }
    const bool once = builtin == Builtin::Barrier || builtin == Builtin::Fence;
    if (once || (!call.getType()->isVoidTy() && !isWide(call))) {
        return emitScalar(at, call);
    }
    const llvm::Intrinsic::ID id = call.getIntrinsicID();
    if (id == llvm::Intrinsic::not_intrinsic || !llvm::isTriviallyVectorizable(id) ||
        !llvm::VectorType::isValidElementType(call.getType())) {
        return serialise(at, call, mask);
    }
    llvm::SmallVector<Type*, 4> overloads;
    llvm::SmallVector<Value*, 4> operands;
    if (llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, -1, nullptr)) {
        overloads.push_back(wideType(call.getType(), lanes_));
    }
    for (unsigned i = 0; i < call.arg_size(); ++i) {
        const Value* operand = call.getArgOperand(i);
        if (llvm::isVectorIntrinsicWithScalarOpAtArg(id, i, nullptr)) {
            if (!shapes_.of(operand).isUniform()) {
                return serialise(at, call, mask);
            }
            operands.push_back(scalar(at, operand));
        } else {
            operands.push_back(vector(at, operand));
        }
        if (llvm::isVectorIntrinsicWithOverloadTypeAtArg(id, static_cast<int>(i), nullptr)) {
            overloads.push_back(operands.back()->getType());
        }
    }
    llvm::Function* callee = llvm::Intrinsic::getOrInsertDeclaration(to_.getParent(), id, overloads);
    llvm::CallInst* result = at.CreateCall(callee, operands);
    if (llvm::isa<llvm::FPMathOperator>(result)) {
        result->copyFastMathFlags(&call);
    }
    define(at, call, result);
}

// What a lane's address is made of. Base and index in one instruction instead of an address in a register: processors
// that predict by registers which loads follow which stores take the latter for one place (on Zen 4 six times slower).
Widener::Places Widener::places(IRBuilder<>& at, const Value* pointer) {
    const auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(pointer);
    if (address == nullptr || !isWide(*address) || address->getNumIndices() != 1 ||
        !shapes_.of(address->getPointerOperand()).isUniform()) {
        return {};
    }
    const Value* index = address->getOperand(1);
    Places places;
    places.element = address->getSourceElementType();
    places.base = scalar(at, address->getPointerOperand());
    if (llvm::isa<llvm::ZExtInst, llvm::SExtInst>(index) && shapes_.of(index).isVarying()) {
        places.isSigned = llvm::isa<llvm::SExtInst>(index);
        index = llvm::cast<Instruction>(index)->getOperand(0);
    }
    places.indices = vector(at, index);
    return places;
}

Value* Widener::place(IRBuilder<>& at, const Places& places, Value* lane) const {
    Value* index = at.CreateExtractElement(places.indices, lane);
    Type* whole = at.getInt64Ty();
    index = places.isSigned ? at.CreateSExt(index, whole) : at.CreateZExt(index, whole);
    return at.CreateGEP(places.element, places.base, index);
}

// `results`, a vector or a structure of those, with what `instruction` gives for one lane.
Value* Widener::doLane(IRBuilder<>& at, const Instruction& instruction, llvm::ArrayRef<Value*> operands,
                       const Places& places, Value* lane, Value* results) const {
    Instruction* copy = instruction.clone();
    for (unsigned i = 0; i < operands.size(); ++i) {
        const Value* operand = instruction.getOperand(i);
        const bool moves = llvm::isa<Instruction>(operand) && !shapes_.of(operand).isUniform();
        copy->setOperand(i, operands[i] == nullptr ? place(at, places, lane)
                            : moves                ? at.CreateExtractElement(operands[i], lane)
                                                   : operands[i]);
    }
    copy->dropUnknownNonDebugMetadata({llvm::LLVMContext::MD_fpmath});
    at.Insert(copy);
    if (results == nullptr || !results->getType()->isStructTy()) {
        return results != nullptr ? at.CreateInsertElement(results, copy, lane) : nullptr;
    }
    for (unsigned i = 0; i < results->getType()->getStructNumElements(); ++i) {
        Value* field = at.CreateInsertElement(at.CreateExtractValue(results, i), at.CreateExtractValue(copy, i), lane);
        results = at.CreateInsertValue(results, field, i);
    }
    return results;
}

void Widener::serialise(IRBuilder<>& at, const Instruction& instruction, Value* mask) {
    const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction);
    const bool atomic = rmw != nullptr;
    const Places places = atomic ? this->places(at, instruction.getOperand(0)) : Places{};
    llvm::SmallVector<Value*, 8> operands;
    for (const Value* operand : instruction.operands()) {
        if (places.base != nullptr && operands.empty()) {
            operands.push_back(nullptr);
            continue;
        }
        const bool fixed = llvm::isa<llvm::Function, llvm::MetadataAsValue>(operand);
        const bool moves = llvm::isa<Instruction>(operand) && !shapes_.of(operand).isUniform();
        operands.push_back(fixed ? const_cast<Value*>(operand) : moves ? vector(at, operand) : scalar(at, operand));
    }
    Type* type = instruction.getType()->isVoidTy() ? nullptr : wideType(instruction.getType(), lanes_);
    Value* none = type != nullptr ? llvm::PoisonValue::get(type) : nullptr;
    llvm::LLVMContext& context = at.getContext();
    auto* done = llvm::BasicBlock::Create(context, "lanes.end", &to_);
    llvm::SmallVector<std::pair<Value*, llvm::BasicBlock*>, 3> ends;
    Value* left = bits(at, mask);
    // All lanes are there more often than not.
    if (atomic && isShort(*rmw)) {
        llvm::BasicBlock* some = nullptr;
        if (mask != nullptr) {
            auto* all = llvm::BasicBlock::Create(context, "lanes.all", &to_);
            some = llvm::BasicBlock::Create(context, "lanes.some", &to_);
            at.CreateCondBr(at.CreateICmpEQ(left, bits(at, nullptr)), all, some);
            at.SetInsertPoint(all);
        }
        Value* results = none;
        for (unsigned lane = 0; lane < lanes_; ++lane) {
            results = doLane(at, instruction, operands, places, at.getInt32(lane), results);
        }
        ends.emplace_back(results, at.GetInsertBlock());
        at.CreateBr(done);
        at.SetInsertPoint(some != nullptr ? some : done);
    }
    if (ends.empty() || mask != nullptr) {
        auto* before = at.GetInsertBlock();
        auto* loop = llvm::BasicBlock::Create(context, "lane", &to_);
        if (mask == nullptr) {
            at.CreateBr(loop);
        } else {
            at.CreateCondBr(at.CreateICmpNE(left, at.getInt32(0)), loop, done);
            ends.emplace_back(none, before);
        }
        at.SetInsertPoint(loop);
        llvm::PHINode* pending = at.CreatePHI(at.getInt32Ty(), 2);
        llvm::PHINode* results = type != nullptr ? at.CreatePHI(type, 2) : nullptr;
        Value* lane = at.CreateBinaryIntrinsic(llvm::Intrinsic::cttz, pending, at.getTrue());
        Value* collected = doLane(at, instruction, operands, places, lane, results);
        Value* rest = at.CreateAnd(pending, at.CreateSub(pending, at.getInt32(1)));
        at.CreateCondBr(at.CreateICmpNE(rest, at.getInt32(0)), loop, done);
        pending->addIncoming(left, before);
        pending->addIncoming(rest, loop);
        if (results != nullptr) {
            results->addIncoming(none, before);
            results->addIncoming(collected, loop);
        }
        ends.emplace_back(collected, loop);
    }
    at.SetInsertPoint(done);
    if (type == nullptr) {
        return;
    }
    llvm::PHINode* all = at.CreatePHI(type, static_cast<unsigned>(ends.size()));
    for (const auto& [value, from] : ends) {
        all->addIncoming(value, from);
    }
    define(at, instruction, all);
}

} // namespace halyard::jit::spmd
