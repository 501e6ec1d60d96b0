#include "jit/targets/spirv/odd_integers.h"

#include <map>
#include <vector>

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

bool isOdd(const llvm::Type* type) {
    const auto* integer = llvm::dyn_cast<llvm::IntegerType>(type);
    return integer != nullptr && integer->getBitWidth() > 1 && integer->getBitWidth() < 128 &&
           (integer->getBitWidth() < 8 || !llvm::isPowerOf2_32(integer->getBitWidth()));
}

// In its wide form a value has zeros above its own bits.
class Widener {
public:
    explicit Widener(llvm::Function& kernel) : kernel_(kernel) {}

    void run() {
        std::vector<llvm::Instruction*> order; // each after what it uses, but for phis
        for (llvm::BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&kernel_)) {
            for (llvm::Instruction& instruction : *block) {
                if (isOdd(instruction.getType()) ||
                    llvm::any_of(instruction.operands(), [](const llvm::Use& use) { return isOdd(use->getType()); })) {
                    order.push_back(&instruction);
                }
            }
        }
        std::vector<llvm::Instruction*> done;
        for (llvm::Instruction* instruction : order) {
            llvm::IRBuilder<> at(instruction);
            if (Value* made = widen(at, *instruction); made != nullptr) {
                if (isOdd(instruction->getType())) {
                    wide_[instruction] = made;
                } else if (!instruction->getType()->isVoidTy()) {
                    instruction->replaceAllUsesWith(made);
                }
                done.push_back(instruction);
            }
        }
        for (const auto& [phi, made] : phis_) {
            for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i) {
                made->addIncoming(wide(phi->getIncomingValue(i)), phi->getIncomingBlock(i));
            }
        }
        for (llvm::Instruction* instruction : done) {
            if (!instruction->use_empty()) {
                instruction->replaceAllUsesWith(llvm::PoisonValue::get(instruction->getType()));
            }
        }
        for (llvm::Instruction* instruction : done) {
            instruction->eraseFromParent();
        }
    }

private:
    llvm::IntegerType* widened(const llvm::Type* type) {
        const unsigned bits = type->getIntegerBitWidth();
        return llvm::IntegerType::get(kernel_.getContext(),
                                      std::max(8U, static_cast<unsigned>(llvm::PowerOf2Ceil(bits))));
    }

    Value* wide(Value* value) {
        if (!isOdd(value->getType())) {
            return value;
        }
        llvm::IntegerType* type = widened(value->getType());
        if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value)) {
            return llvm::ConstantInt::get(type, constant->getValue().zext(type->getBitWidth()));
        }
        const auto found = wide_.find(value);
        return found != wide_.end() ? found->second : llvm::ConstantInt::get(type, 0); // undefined: any value
    }

    // With the sign above the value's own bits instead.
    Value* extended(llvm::IRBuilder<>& at, Value* value) {
        Value* zeros = wide(value);
        if (!isOdd(value->getType())) {
            return zeros;
        }
        const unsigned above = zeros->getType()->getIntegerBitWidth() - value->getType()->getIntegerBitWidth();
        return at.CreateAShr(at.CreateShl(zeros, above), above);
    }

    // With zeros above the bits of `type`.
    static Value* cut(llvm::IRBuilder<>& at, Value* value, const llvm::Type* type) {
        const llvm::APInt mask =
            llvm::APInt::getLowBitsSet(value->getType()->getIntegerBitWidth(), type->getIntegerBitWidth());
        return at.CreateAnd(value, llvm::ConstantInt::get(value->getType(), mask));
    }

    Value* binary(llvm::IRBuilder<>& at, llvm::BinaryOperator& operation) {
        Value* a = operation.getOperand(0);
        Value* b = operation.getOperand(1);
        const llvm::Instruction::BinaryOps opcode = operation.getOpcode();
        switch (opcode) {
        case llvm::Instruction::And:
        case llvm::Instruction::Or:
        case llvm::Instruction::Xor:
        case llvm::Instruction::LShr:
        case llvm::Instruction::UDiv:
        case llvm::Instruction::URem:
            return at.CreateBinOp(opcode, wide(a), wide(b));
        case llvm::Instruction::Add:
        case llvm::Instruction::Sub:
        case llvm::Instruction::Mul:
        case llvm::Instruction::Shl:
            return cut(at, at.CreateBinOp(opcode, wide(a), wide(b)), operation.getType());
        case llvm::Instruction::AShr:
            return cut(at, at.CreateAShr(extended(at, a), wide(b)), operation.getType());
        case llvm::Instruction::SDiv:
        case llvm::Instruction::SRem:
            return cut(at, at.CreateBinOp(opcode, extended(at, a), extended(at, b)), operation.getType());
        default:
            return nullptr;
        }
    }

    Value* cast(llvm::IRBuilder<>& at, llvm::CastInst& conversion) {
        Value* source = conversion.getOperand(0);
        llvm::Type* to = conversion.getType();
        llvm::Type* place = isOdd(to) ? widened(to) : to;
        const auto fitting = [&](Value* value) { return isOdd(to) ? cut(at, value, to) : value; };
        switch (conversion.getOpcode()) {
        case llvm::Instruction::ZExt:
            return at.CreateZExtOrTrunc(wide(source), place);
        case llvm::Instruction::Trunc:
            return fitting(at.CreateZExtOrTrunc(wide(source), place));
        case llvm::Instruction::SExt:
            return fitting(at.CreateSExtOrTrunc(extended(at, source), place));
        case llvm::Instruction::UIToFP:
            return at.CreateUIToFP(wide(source), to);
        case llvm::Instruction::SIToFP:
            return at.CreateSIToFP(extended(at, source), to);
        case llvm::Instruction::FPToUI:
            return fitting(at.CreateFPToUI(source, place));
        case llvm::Instruction::FPToSI:
            return fitting(at.CreateFPToSI(source, place));
        case llvm::Instruction::PtrToInt:
            return fitting(at.CreateZExtOrTrunc(at.CreatePtrToInt(source, at.getInt64Ty()), place));
        case llvm::Instruction::IntToPtr:
            return at.CreateIntToPtr(at.CreateZExtOrTrunc(wide(source), at.getInt64Ty()), to);
        default:
            return nullptr;
        }
    }

    Value* compare(llvm::IRBuilder<>& at, llvm::ICmpInst& comparison) {
        Value* a = comparison.getOperand(0);
        Value* b = comparison.getOperand(1);
        return comparison.isSigned() ? at.CreateICmp(comparison.getPredicate(), extended(at, a), extended(at, b))
                                     : at.CreateICmp(comparison.getPredicate(), wide(a), wide(b));
    }

    Value* intrinsic(llvm::IRBuilder<>& at, llvm::IntrinsicInst& call) {
        const llvm::Intrinsic::ID id = call.getIntrinsicID();
        llvm::Type* type = call.getType();
        if (!isOdd(type)) {
            return nullptr;
        }
        llvm::IntegerType* place = widened(type);
        const unsigned above = place->getBitWidth() - type->getIntegerBitWidth();
        Value* a = call.getArgOperand(0);
        switch (id) {
        case llvm::Intrinsic::ctpop:
            return at.CreateUnaryIntrinsic(id, wide(a));
        case llvm::Intrinsic::ctlz:
            return at.CreateSub(at.CreateBinaryIntrinsic(id, wide(a), at.getFalse()),
                                llvm::ConstantInt::get(place, above));
        case llvm::Intrinsic::cttz: { // a bit above ends the search
            const llvm::APInt end = llvm::APInt::getOneBitSet(place->getBitWidth(), type->getIntegerBitWidth());
            return at.CreateBinaryIntrinsic(id, at.CreateOr(wide(a), llvm::ConstantInt::get(place, end)),
                                            at.getFalse());
        }
        case llvm::Intrinsic::bitreverse:
            return at.CreateLShr(at.CreateUnaryIntrinsic(id, wide(a)), above);
        case llvm::Intrinsic::umin:
        case llvm::Intrinsic::umax:
            return at.CreateBinaryIntrinsic(id, wide(a), wide(call.getArgOperand(1)));
        case llvm::Intrinsic::smin:
        case llvm::Intrinsic::smax:
            return cut(at, at.CreateBinaryIntrinsic(id, extended(at, a), extended(at, call.getArgOperand(1))), type);
        case llvm::Intrinsic::abs:
            return cut(at, at.CreateBinaryIntrinsic(id, extended(at, a), at.getFalse()), type);
        case llvm::Intrinsic::fshl:
        case llvm::Intrinsic::fshr: { // the amount is taken modulo the width, so no shift is by the whole of it
            Value* width = llvm::ConstantInt::get(place, type->getIntegerBitWidth());
            Value* last = llvm::ConstantInt::get(place, type->getIntegerBitWidth() - 1);
            Value* amount = at.CreateURem(wide(call.getArgOperand(2)), width);
            Value* rest = at.CreateSub(last, amount);
            Value* high = wide(a);
            Value* low = wide(call.getArgOperand(1));
            Value* result = id == llvm::Intrinsic::fshl
                                ? at.CreateOr(at.CreateShl(high, amount), at.CreateLShr(at.CreateLShr(low, 1), rest))
                                : at.CreateOr(at.CreateShl(at.CreateShl(high, 1), rest), at.CreateLShr(low, amount));
            return cut(at, result, type);
        }
        default:
            return nullptr;
        }
    }

    // Memory holds such an integer in as many bytes as it needs, the lowest first.
    Value* load(llvm::IRBuilder<>& at, llvm::LoadInst& load) {
        if (load.isAtomic()) {
            return nullptr;
        }
        llvm::IntegerType* place = widened(load.getType());
        Value* result = nullptr;
        for (unsigned byte = 0; byte * 8 < load.getType()->getIntegerBitWidth(); ++byte) {
            Value* from = at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), load.getPointerOperand(), byte);
            Value* piece =
                at.CreateZExt(at.CreateAlignedLoad(at.getInt8Ty(), from, llvm::commonAlignment(load.getAlign(), byte),
                                                   load.isVolatile()),
                              place);
            piece = byte == 0 ? piece : at.CreateShl(piece, byte * 8);
            result = result == nullptr ? piece : at.CreateOr(result, piece);
        }
        return cut(at, result, load.getType());
    }

    Value* store(llvm::IRBuilder<>& at, llvm::StoreInst& store) {
        if (store.isAtomic()) {
            return nullptr;
        }
        Value* value = wide(store.getValueOperand());
        Value* last = nullptr;
        for (unsigned byte = 0; byte * 8 < store.getValueOperand()->getType()->getIntegerBitWidth(); ++byte) {
            Value* to = at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), store.getPointerOperand(), byte);
            Value* piece = at.CreateTrunc(byte == 0 ? value : at.CreateLShr(value, byte * 8), at.getInt8Ty());
            last = at.CreateAlignedStore(piece, to, llvm::commonAlignment(store.getAlign(), byte), store.isVolatile());
        }
        return last;
    }

    // What stands for the instruction; null where there is no rule.
    Value* widen(llvm::IRBuilder<>& at, llvm::Instruction& instruction) {
        if (auto* phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
            llvm::PHINode* made = at.CreatePHI(widened(phi->getType()), phi->getNumIncomingValues());
            phis_.emplace_back(phi, made);
            return made;
        }
        if (auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
            return binary(at, *operation);
        }
        if (auto* conversion = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
            return cast(at, *conversion);
        }
        if (auto* comparison = llvm::dyn_cast<llvm::ICmpInst>(&instruction)) {
            return compare(at, *comparison);
        }
        if (auto* choice = llvm::dyn_cast<llvm::SelectInst>(&instruction)) {
            return at.CreateSelect(choice->getCondition(), wide(choice->getTrueValue()), wide(choice->getFalseValue()));
        }
        if (llvm::isa<llvm::FreezeInst>(instruction)) {
            return wide(instruction.getOperand(0));
        }
        if (auto* loading = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
            return load(at, *loading);
        }
        if (auto* storing = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
            return store(at, *storing);
        }
        auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
        return call != nullptr ? intrinsic(at, *call) : nullptr;
    }

    llvm::Function& kernel_;
    std::map<Value*, Value*> wide_;
    std::vector<std::pair<llvm::PHINode*, llvm::PHINode*>> phis_;
};

} // namespace

void widenOddIntegers(llvm::Function& kernel) {
    Widener(kernel).run();
}

} // namespace halyard::jit::spirv
