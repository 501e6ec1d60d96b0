#include "jit/targets/spirv/wide_integers.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>

#include <map>
#include <vector>

namespace halyard::jit::spirv {
namespace {

using llvm::Value;

bool isWide(const llvm::Type* type) {
    return type->isIntegerTy(128);
}

struct Parts {
    Value* low = nullptr;
    Value* high = nullptr;
};

class Splitter {
public:
    explicit Splitter(llvm::Function& function)
        : function_(function), word_(llvm::Type::getInt64Ty(function.getContext())) {}

    void run() {
        std::vector<llvm::Instruction*> all;
        for (llvm::Instruction& instruction : llvm::instructions(function_)) {
            const bool touches =
                isWide(instruction.getType()) ||
                llvm::any_of(instruction.operands(), [](const llvm::Use& use) { return isWide(use->getType()); });
            auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
            if (touches || (variable != nullptr && isWide(variable->getAllocatedType()))) {
                all.push_back(&instruction);
            }
        }
        std::vector<llvm::Instruction*> done;
        for (llvm::Instruction* instruction : all) {
            if (split(*instruction)) {
                done.push_back(instruction);
            }
        }
        // From the last to the first, so that nothing is used any more; what is, stays for the emitter to refuse.
        for (size_t i = done.size(); i-- > 0;) {
            if (done[i]->use_empty()) {
                done[i]->eraseFromParent();
            }
        }
    }

private:
    Value* number(uint64_t value) { return llvm::ConstantInt::get(word_, value); }

    bool has(Value* value) { return llvm::isa<llvm::ConstantInt, llvm::UndefValue>(value) || parts_.contains(value); }

    Parts parts(Value* value) {
        if (const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value)) {
            return {number(constant->getValue().extractBitsAsZExtValue(64, 0)),
                    number(constant->getValue().extractBitsAsZExtValue(64, 64))};
        }
        if (llvm::isa<llvm::UndefValue>(value)) {
            return {number(0), number(0)};
        }
        return parts_[value];
    }

    // The upper half of a product, from products of halves.
    Value* highProduct(llvm::IRBuilder<>& at, Value* a, Value* b) {
        const auto low = [&](Value* value) { return at.CreateAnd(value, number(0xffffffff)); };
        const auto high = [&](Value* value) { return at.CreateLShr(value, 32); };
        Value* first = at.CreateMul(low(a), low(b));
        Value* second = at.CreateAdd(at.CreateMul(high(a), low(b)), high(first));
        Value* third = at.CreateAdd(at.CreateMul(low(a), high(b)), low(second));
        return at.CreateAdd(at.CreateAdd(at.CreateMul(high(a), high(b)), high(second)), high(third));
    }

    Parts shift(llvm::IRBuilder<>& at, llvm::Instruction::BinaryOps op, const Parts& value, Value* amount) {
        Value* whole = at.CreateICmpNE(at.CreateAnd(amount, number(64)), number(0));
        Value* within = at.CreateAnd(amount, number(63));
        Value* rest = at.CreateSub(number(63), within);
        if (op == llvm::Instruction::Shl) {
            Value* low = at.CreateShl(value.low, within);
            Value* carried = at.CreateLShr(at.CreateLShr(value.low, 1), rest); // never by 64, which does not exist
            Value* high = at.CreateOr(at.CreateShl(value.high, within), carried);
            return {at.CreateSelect(whole, number(0), low), at.CreateSelect(whole, low, high)};
        }
        const bool isSigned = op == llvm::Instruction::AShr;
        Value* high = isSigned ? at.CreateAShr(value.high, within) : at.CreateLShr(value.high, within);
        Value* carried = at.CreateShl(at.CreateShl(value.high, 1), rest);
        Value* low = at.CreateOr(at.CreateLShr(value.low, within), carried);
        Value* fill = isSigned ? at.CreateAShr(value.high, 63) : number(0);
        return {at.CreateSelect(whole, high, low), at.CreateSelect(whole, fill, high)};
    }

    bool binary(llvm::IRBuilder<>& at, llvm::BinaryOperator& operation) {
        const Parts a = parts(operation.getOperand(0));
        const Parts b = parts(operation.getOperand(1));
        Parts& out = parts_[&operation];
        switch (operation.getOpcode()) {
        case llvm::Instruction::And:
        case llvm::Instruction::Or:
        case llvm::Instruction::Xor:
            out = {at.CreateBinOp(operation.getOpcode(), a.low, b.low),
                   at.CreateBinOp(operation.getOpcode(), a.high, b.high)};
            return true;
        case llvm::Instruction::Add: {
            Value* low = at.CreateAdd(a.low, b.low);
            Value* carry = at.CreateZExt(at.CreateICmpULT(low, a.low), word_);
            out = {low, at.CreateAdd(at.CreateAdd(a.high, b.high), carry)};
            return true;
        }
        case llvm::Instruction::Sub: {
            Value* borrow = at.CreateZExt(at.CreateICmpULT(a.low, b.low), word_);
            out = {at.CreateSub(a.low, b.low), at.CreateSub(at.CreateSub(a.high, b.high), borrow)};
            return true;
        }
        case llvm::Instruction::Mul: {
            Value* cross = at.CreateAdd(at.CreateMul(a.low, b.high), at.CreateMul(a.high, b.low));
            out = {at.CreateMul(a.low, b.low), at.CreateAdd(highProduct(at, a.low, b.low), cross)};
            return true;
        }
        case llvm::Instruction::Shl:
        case llvm::Instruction::LShr:
        case llvm::Instruction::AShr:
            out = shift(at, operation.getOpcode(), a, b.low);
            return true;
        default:
            parts_.erase(&operation);
            return false;
        }
    }

    bool compare(llvm::IRBuilder<>& at, llvm::ICmpInst& comparison) {
        const Parts a = parts(comparison.getOperand(0));
        const Parts b = parts(comparison.getOperand(1));
        Value* result = nullptr;
        if (comparison.isEquality()) {
            Value* differing = at.CreateOr(at.CreateXor(a.low, b.low), at.CreateXor(a.high, b.high));
            result = at.CreateICmp(comparison.getPredicate(), differing, number(0));
        } else {
            Value* above = at.CreateICmp(comparison.getStrictPredicate(), a.high, b.high);
            Value* below = at.CreateICmp(comparison.getUnsignedPredicate(), a.low, b.low);
            result = at.CreateOr(above, at.CreateAnd(at.CreateICmpEQ(a.high, b.high), below));
        }
        comparison.replaceAllUsesWith(result);
        return true;
    }

    bool cast(llvm::IRBuilder<>& at, llvm::CastInst& conversion) {
        Value* source = conversion.getOperand(0);
        llvm::Type* halves = llvm::FixedVectorType::get(word_, 2);
        switch (conversion.getOpcode()) {
        case llvm::Instruction::ZExt:
        case llvm::Instruction::SExt: {
            const bool isSigned = conversion.getOpcode() == llvm::Instruction::SExt;
            Value* low = isSigned ? at.CreateSExt(source, word_) : at.CreateZExt(source, word_);
            parts_[&conversion] = {low, isSigned ? at.CreateAShr(low, 63) : number(0)};
            return true;
        }
        case llvm::Instruction::Trunc:
            conversion.replaceAllUsesWith(at.CreateTrunc(parts(source).low, conversion.getType()));
            return true;
        case llvm::Instruction::BitCast:
            if (isWide(conversion.getType())) {
                Value* pair = at.CreateBitCast(source, halves);
                parts_[&conversion] = {at.CreateExtractElement(pair, uint64_t{0}),
                                       at.CreateExtractElement(pair, uint64_t{1})};
            } else {
                Value* pair = at.CreateInsertElement(llvm::PoisonValue::get(halves), parts(source).low, uint64_t{0});
                pair = at.CreateInsertElement(pair, parts(source).high, uint64_t{1});
                conversion.replaceAllUsesWith(at.CreateBitCast(pair, conversion.getType()));
            }
            return true;
        default:
            return false;
        }
    }

    bool variable(llvm::IRBuilder<>& at, llvm::AllocaInst& slot) {
        const bool simple = llvm::all_of(slot.users(), [&](const llvm::User* user) {
            const auto* load = llvm::dyn_cast<llvm::LoadInst>(user);
            const auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
            return (load != nullptr && isWide(load->getType())) ||
                   (store != nullptr && store->getValueOperand() != &slot &&
                    isWide(store->getValueOperand()->getType()));
        });
        if (simple && !slot.isArrayAllocation()) {
            parts_[&slot] = {at.CreateAlloca(word_), at.CreateAlloca(word_)};
        }
        return simple;
    }

    Parts places(llvm::IRBuilder<>& at, Value* pointer) {
        if (const auto found = parts_.find(pointer); found != parts_.end()) {
            return found->second;
        }
        return {pointer, at.CreateConstInBoundsGEP1_64(at.getInt8Ty(), pointer, 8)};
    }

    bool bits(llvm::IRBuilder<>& at, llvm::IntrinsicInst& call) {
        const llvm::Intrinsic::ID id = call.getIntrinsicID();
        if (id != llvm::Intrinsic::ctlz && id != llvm::Intrinsic::cttz && id != llvm::Intrinsic::ctpop) {
            return false;
        }
        const Parts value = parts(call.getArgOperand(0));
        const auto count = [&](Value* half) {
            return id == llvm::Intrinsic::ctpop ? at.CreateUnaryIntrinsic(id, half)
                                                : at.CreateBinaryIntrinsic(id, half, at.getFalse());
        };
        Value* low = count(value.low);
        Value* high = count(value.high);
        Value* result = at.CreateAdd(low, high);
        if (id == llvm::Intrinsic::ctlz) {
            result = at.CreateSelect(at.CreateICmpEQ(value.high, number(0)), at.CreateAdd(low, number(64)), high);
        } else if (id == llvm::Intrinsic::cttz) {
            result = at.CreateSelect(at.CreateICmpEQ(value.low, number(0)), at.CreateAdd(high, number(64)), low);
        }
        parts_[&call] = {result, number(0)};
        return true;
    }

    bool split(llvm::Instruction& instruction) {
        llvm::IRBuilder<> at(&instruction);
        for (Value* operand : instruction.operands()) {
            if (isWide(operand->getType()) && !has(operand)) {
                return false;
            }
        }
        if (auto* slot = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
            return variable(at, *slot);
        }
        if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction); load != nullptr && !load->isAtomic()) {
            const Parts from = places(at, load->getPointerOperand());
            const llvm::Align alignment = std::min(load->getAlign(), llvm::Align(8));
            parts_[load] = {at.CreateAlignedLoad(word_, from.low, alignment, load->isVolatile()),
                            at.CreateAlignedLoad(word_, from.high, alignment, load->isVolatile())};
            return true;
        }
        if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction); store != nullptr && !store->isAtomic()) {
            const Parts to = places(at, store->getPointerOperand());
            const Parts value = parts(store->getValueOperand());
            const llvm::Align alignment = std::min(store->getAlign(), llvm::Align(8));
            at.CreateAlignedStore(value.low, to.low, alignment, store->isVolatile());
            at.CreateAlignedStore(value.high, to.high, alignment, store->isVolatile());
            return true;
        }
        if (auto* operation = llvm::dyn_cast<llvm::BinaryOperator>(&instruction)) {
            return binary(at, *operation);
        }
        if (auto* comparison = llvm::dyn_cast<llvm::ICmpInst>(&instruction)) {
            return compare(at, *comparison);
        }
        if (auto* conversion = llvm::dyn_cast<llvm::CastInst>(&instruction)) {
            return cast(at, *conversion);
        }
        if (auto* choice = llvm::dyn_cast<llvm::SelectInst>(&instruction)) {
            const Parts yes = parts(choice->getTrueValue());
            const Parts no = parts(choice->getFalseValue());
            parts_[choice] = {at.CreateSelect(choice->getCondition(), yes.low, no.low),
                              at.CreateSelect(choice->getCondition(), yes.high, no.high)};
            return true;
        }
        if (llvm::isa<llvm::FreezeInst>(instruction)) {
            parts_[&instruction] = parts(instruction.getOperand(0));
            return true;
        }
        auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
        return call != nullptr && bits(at, *call);
    }

    llvm::Function& function_;
    llvm::Type* word_;
    std::map<Value*, Parts> parts_; // of values, and of variables: their places
};

} // namespace

void splitWideIntegers(llvm::Function& kernel) {
    Splitter(kernel).run();
}

} // namespace halyard::jit::spirv
