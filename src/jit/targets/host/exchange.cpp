#include "jit/targets/host/exchange.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

using llvm::AllocaInst;
using llvm::Value;

namespace {

constexpr unsigned kResultRole = 4; // the operands have 0 to 3

uint64_t cellBytes(const llvm::Type& type) {
    const uint64_t element = (type.getScalarSizeInBits() + 7) / 8;
    const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(&type);
    return vector != nullptr ? element * vector->getNumElements() : element;
}

// The cells of all items have to follow each other without a gap.
llvm::Align cellAlignment(uint64_t bytes) {
    constexpr uint64_t kArrayAlignment = 64;
    return llvm::commonAlignment(llvm::Align(kArrayAlignment), bytes);
}

// A ballot of at most 64 lanes, as the four words that KIR knows.
Value* widenBallot(llvm::IRBuilder<>& at, Value* lanes) {
    Value* mask = llvm::Constant::getNullValue(llvm::FixedVectorType::get(at.getInt32Ty(), 4));
    mask = at.CreateInsertElement(mask, at.CreateTrunc(lanes, at.getInt32Ty()), uint64_t{0});
    return at.CreateInsertElement(mask, at.CreateTrunc(at.CreateLShr(lanes, 32), at.getInt32Ty()), uint64_t{1});
}

} // namespace

AllocaInst* Mailboxes::get(unsigned role, uint64_t bytes) {
    AllocaInst*& cell = known_[{role, bytes}];
    if (cell == nullptr) {
        llvm::BasicBlock& entry = kernel_->getEntryBlock();
        llvm::IRBuilder<> at(&entry, entry.begin());
        cell = at.CreateAlloca(llvm::ArrayType::get(at.getInt8Ty(), bytes), nullptr, "mailbox");
        cell->setAlignment(cellAlignment(bytes));
        all_.push_back(cell);
    }
    return cell;
}

Exchange Mailboxes::take(llvm::CallInst& call, bool sharedResult) {
    Exchange exchange;
    exchange.what = *collectiveOf(call);
    llvm::IRBuilder<> before(call.getParent()->getSinglePredecessor()->getTerminator());
    // What follows the matrices is in exchange.what.
    const unsigned operands = exchange.what.kind == CollectiveKind::MatrixMulAdd ? 3 : call.arg_size();
    for (unsigned i = 0; i < operands; ++i) {
        Value* operand = call.getArgOperand(i);
        if (llvm::isa<llvm::UndefValue>(operand)) {
            operand = llvm::Constant::getNullValue(operand->getType());
        }
        if (operand->getType()->isVectorTy() || !llvm::isa<llvm::ConstantInt, llvm::ConstantFP>(operand)) {
            if (operand->getType()->isIntegerTy(1)) {
                operand = before.CreateZExt(operand, before.getInt8Ty());
            }
            AllocaInst* cell = get(i, cellBytes(*operand->getType()));
            before.CreateAlignedStore(operand, cell, cell->getAlign());
            operand = cell;
        }
        exchange.operands[i] = operand;
        call.setArgOperand(i, llvm::PoisonValue::get(call.getArgOperand(i)->getType()));
    }
    if (sharedResult && isWorkgroupUniform(exchange.what)) {
        exchange.shared = &call;
        return exchange;
    }
    llvm::BasicBlock* resume = call.getParent()->getSingleSuccessor();
    llvm::IRBuilder<> behind(resume, resume->begin());
    Value* result = nullptr;
    if (exchange.what.kind == CollectiveKind::Ballot) {
        exchange.result = get(kResultRole, sizeof(uint64_t));
        result = widenBallot(behind, behind.CreateLoad(behind.getInt64Ty(), exchange.result));
    } else if (call.getType()->isIntegerTy(1)) {
        exchange.result = get(kResultRole, 1);
        result = behind.CreateTrunc(behind.CreateLoad(behind.getInt8Ty(), exchange.result), call.getType());
    } else {
        exchange.result = get(kResultRole, cellBytes(*call.getType()));
        result = behind.CreateAlignedLoad(call.getType(), exchange.result, exchange.result->getAlign());
    }
    call.replaceAllUsesWith(result);
    call.eraseFromParent();
    return exchange;
}

} // namespace halyard::jit::host
