#include "jit/targets/nvptx/shared_addresses.h"

#include "jit/kir.h"

#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>
#include <llvm/Transforms/Utils/Local.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::Instruction;
using llvm::Value;

// What an access can add to an address by itself, well within its 32 bits.
constexpr int64_t kMaxOffset = 1 << 20;

class Narrower {
public:
    explicit Narrower(llvm::Function& kernel) : kernel_(kernel), data_(kernel.getDataLayout()) {}

    void run() {
        std::vector<llvm::Use*> uses;
        for (Instruction& instruction : llvm::instructions(kernel_)) {
            if (llvm::Use* use = addressOf(instruction);
                use != nullptr && use->get()->getType()->getPointerAddressSpace() == kir::kWorkgroup) {
                uses.push_back(use);
            }
        }
        for (llvm::Use* use : uses) {
            narrow(*use);
        }
        // Only now: low_ must not meet a new instruction at the address of an old one.
        for (const llvm::WeakTrackingVH& value : replaced_) {
            if (value != nullptr) {
                llvm::RecursivelyDeleteTriviallyDeadInstructions(value);
            }
        }
    }

private:
    static llvm::Use* addressOf(Instruction& instruction) {
        if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
            return &load->getOperandUse(llvm::LoadInst::getPointerOperandIndex());
        }
        if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
            return &store->getOperandUse(llvm::StoreInst::getPointerOperandIndex());
        }
        if (auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
            call != nullptr && call->getCalledFunction()->getName().starts_with("llvm.nvvm.ldmatrix.")) {
            return &call->getArgOperandUse(0);
        }
        return nullptr;
    }

    // The access is valid, so the whole address is below 2^31, and what is left without the offset is it, extended.
    void narrow(llvm::Use& use) {
        auto* address = llvm::dyn_cast<llvm::GetElementPtrInst>(use.get());
        if (address == nullptr) {
            return;
        }
        llvm::SmallMapVector<Value*, llvm::APInt, 4> variables;
        llvm::APInt offset(64, 0);
        Value* base = address;
        while (auto* step = llvm::dyn_cast<llvm::GEPOperator>(base)) {
            if (!step->collectOffset(data_, 64, variables, offset)) {
                return;
            }
            base = step->getPointerOperand();
        }
        if (variables.empty() || base->getType()->isVectorTy() || offset.abs().sgt(kMaxOffset)) {
            return;
        }
        llvm::IRBuilder<> at(address); // which may lie before a loop
        Value* sum = at.CreatePtrToInt(base, at.getInt32Ty());
        for (const auto& [variable, scale] : variables) {
            const auto times = static_cast<uint32_t>(scale.getZExtValue());
            sum = at.CreateAdd(sum, at.CreateMul(low(variable), at.getInt32(times)));
        }
        Value* pointer = at.CreateIntToPtr(at.CreateSExt(sum, at.getInt64Ty()), base->getType());
        if (!offset.isZero()) {
            pointer = at.CreateGEP(at.getInt8Ty(), pointer, at.getInt64(offset.getSExtValue()));
        }
        use.set(pointer);
        replaced_.emplace_back(address);
    }

    // The low 32 bits of an integer, made where it is made itself, once.
    Value* low(Value* value) {
        llvm::Type* narrow = llvm::Type::getInt32Ty(kernel_.getContext());
        if (value->getType() == narrow) {
            return value;
        }
        if (const auto* number = llvm::dyn_cast<llvm::ConstantInt>(value)) {
            return llvm::ConstantInt::get(narrow, number->getValue().sextOrTrunc(32));
        }
        if (const auto known = low_.find(value); known != low_.end()) {
            return known->second;
        }
        auto* instruction = llvm::dyn_cast<Instruction>(value);
        llvm::IRBuilder<> at(kernel_.getContext());
        if (instruction == nullptr) {
            at.SetInsertPoint(&*kernel_.getEntryBlock().getFirstInsertionPt());
        } else {
            at.SetInsertPoint(*instruction->getInsertionPointAfterDef());
        }
        Value* result = instruction != nullptr ? lowOf(*instruction, at) : nullptr;
        if (result == nullptr) {
            result = at.CreateSExtOrTrunc(value, narrow); // indices of less than 32 bits are signed
        }
        low_[value] = result;
        return result;
    }

    // Null where the low bits do not follow from those of the operands.
    Value* lowOf(Instruction& instruction, llvm::IRBuilder<>& at) {
        if (auto* cast = llvm::dyn_cast<llvm::CastInst>(&instruction);
            cast != nullptr && (cast->getOpcode() == Instruction::ZExt || cast->getOpcode() == Instruction::SExt)) {
            Value* from = cast->getOperand(0);
            if (from->getType()->getScalarSizeInBits() >= 32) {
                return low(from);
            }
            return cast->getOpcode() == Instruction::ZExt ? at.CreateZExt(from, at.getInt32Ty())
                                                          : at.CreateSExt(from, at.getInt32Ty());
        }
        if (instruction.getType()->getScalarSizeInBits() < 32) {
            return nullptr;
        }
        Value* first = nullptr;
        switch (instruction.getOpcode()) {
        case Instruction::Add:
        case Instruction::Sub:
        case Instruction::Mul:
        case Instruction::And:
        case Instruction::Or:
        case Instruction::Xor:
            first = low(instruction.getOperand(0));
            return at.CreateBinOp(static_cast<Instruction::BinaryOps>(instruction.getOpcode()), first,
                                  low(instruction.getOperand(1)));
        case Instruction::Shl: {
            const auto* amount = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(1));
            if (amount == nullptr || amount->getValue().uge(32)) {
                return nullptr;
            }
            return at.CreateShl(low(instruction.getOperand(0)), amount->getZExtValue());
        }
        default:
            return nullptr;
        }
    }

    llvm::Function& kernel_;
    const llvm::DataLayout& data_;
    llvm::DenseMap<Value*, Value*> low_;
    std::vector<llvm::WeakTrackingVH> replaced_;
};

} // namespace

void narrowSharedAddresses(llvm::Function& kernel) {
    Narrower(kernel).run();
}

} // namespace halyard::jit::nvptx
