#include "jit/targets/host/pointer_space.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/host/group_function.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>

namespace halyard::jit::host {

using llvm::Value;

namespace {

// What the pointer was made from tells it, mostly: a cast from another address space.
uint32_t knownSpace(const Value& pointer) {
    const Value* object = llvm::getUnderlyingObject(&pointer);
    const unsigned space = object->getType()->isPointerTy() ? object->getType()->getPointerAddressSpace() : 0;
    return space == kir::kGlobal || space == kir::kWorkgroup ? space : 0;
}

class Ranges {
public:
    Ranges(llvm::Function& group, unsigned kernelParameters, uint64_t scratchBytesPerItem)
        : at_(&group.getEntryBlock(), group.getEntryBlock().getFirstNonPHIOrDbgOrAlloca()) {
        const auto parameter = [&](unsigned index) -> Value* { return group.getArg(kernelParameters + index); };
        llvm::Type* word = at_.getInt64Ty();
        local_ = at_.CreatePtrToInt(parameter(kLocal), word);
        localBytes_ = parameter(kLocalBytes);
        scratch_ = at_.CreatePtrToInt(parameter(kScratch), word);
        Value* items = at_.getInt64(1);
        for (unsigned i = 0; i < 3; ++i) {
            items = at_.CreateMul(items, at_.CreateZExt(parameter(kLocalSize + i), word), "", true, true);
        }
        Value* padded = at_.CreateAnd(at_.CreateAdd(items, at_.getInt64(63)), at_.getInt64(~uint64_t{63}));
        scratchBytes_ = at_.CreateMul(padded, at_.getInt64(scratchBytesPerItem), "", true, true);
    }

    Value* spaceOf(llvm::IRBuilder<>& at, Value* pointer) const {
        Value* address = at.CreatePtrToInt(pointer, at.getInt64Ty());
        Value* isLocal = at.CreateICmpULT(at.CreateSub(address, local_), localBytes_);
        Value* isPrivate = at.CreateICmpULT(at.CreateSub(address, scratch_), scratchBytes_);
        Value* rest = at.CreateSelect(isPrivate, at.getInt32(kir::kPrivate), at.getInt32(kir::kGlobal));
        return at.CreateSelect(isLocal, at.getInt32(kir::kWorkgroup), rest);
    }

private:
    llvm::IRBuilder<> at_;
    Value* local_ = nullptr;
    Value* localBytes_ = nullptr;
    Value* scratch_ = nullptr;
    Value* scratchBytes_ = nullptr;
};

} // namespace

bool asksPointerSpaces(const llvm::Function& kernel) {
    for (const llvm::Instruction& instruction : llvm::instructions(kernel)) {
        if (builtinOf(instruction) == Builtin::PointerSpace) {
            return true;
        }
    }
    return false;
}

void lowerPointerSpaces(llvm::Function& group, unsigned kernelParameters, uint64_t scratchBytesPerItem) {
    llvm::SmallVector<llvm::CallInst*, 8> questions;
    for (llvm::Instruction& instruction : llvm::instructions(group)) {
        if (builtinOf(instruction) == Builtin::PointerSpace) {
            questions.push_back(llvm::cast<llvm::CallInst>(&instruction));
        }
    }
    if (questions.empty()) {
        return;
    }
    const Ranges ranges(group, kernelParameters, scratchBytesPerItem);
    for (llvm::CallInst* question : questions) {
        llvm::IRBuilder<> at(question);
        Value* pointer = question->getArgOperand(0);
        const uint32_t known = knownSpace(*pointer);
        question->replaceAllUsesWith(known != 0 ? at.getInt32(known) : ranges.spaceOf(at, pointer));
        question->eraseFromParent();
    }
}

} // namespace halyard::jit::host
