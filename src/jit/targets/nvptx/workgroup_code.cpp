#include "jit/targets/nvptx/workgroup_code.h"

#include "jit/kir.h"
#include "jit/targets/nvptx/subgroup_code.h"
#include "jit/targets/nvptx/warp_masks.h"

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Operator.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::BasicBlock;
using llvm::Value;
using Kind = CollectiveKind;

constexpr const char* kSlots = "hy.workgroup.slots";

class Emitter {
public:
    Emitter(const Collective& what, llvm::CallInst& call, const WarpMask& mask,
            const std::array<uint32_t, 3>& workgroupSize, uint32_t sm)
        : what_(what), call_(call), at_(&call), mask_(mask), size_(workgroupSize), type_(what.type),
          lanes_(at_, mask, what.combine, what.type, isReassociable(call), sm) {}

    Value* run() {
        id_ = localLinearId(at_, size_);
        if (what_.kind == Kind::Broadcast) {
            return broadcast();
        }
        if (size_[0] != 0 && items() <= kWarpSize) {
            return what_.kind == Kind::Reduce ? lanes_.reduce(value()) : lanes_.scan(value(), isInclusive());
        }
        warp_ = at_.CreateLShr(id_, at_.getInt32(5));
        Value* rounded = at_.CreateAdd(workgroupItems(at_, size_), at_.getInt32(kWarpSize - 1), "", true, true);
        warps_ = at_.CreateLShr(rounded, at_.getInt32(5));
        return lanes_.isFree() ? free() : ordered();
    }

private:
    static bool isReassociable(const llvm::CallInst& call) {
        return llvm::isa<llvm::FPMathOperator>(call) && call.hasAllowReassoc();
    }

    uint64_t items() const { return uint64_t{size_[0]} * size_[1] * size_[2]; }
    bool isInclusive() const { return what_.kind == Kind::Inclusive; }
    Value* value() { return call_.getArgOperand(0); }

    Value* slot(Value* index) {
        llvm::Module& module = *call_.getModule();
        llvm::Type* words = llvm::ArrayType::get(at_.getInt64Ty(), kWarpSize);
        llvm::GlobalVariable* slots = module.getNamedGlobal(kSlots);
        if (slots == nullptr) {
            slots = new llvm::GlobalVariable(module, words, false, llvm::GlobalValue::InternalLinkage,
                                             llvm::PoisonValue::get(words), kSlots, nullptr,
                                             llvm::GlobalValue::NotThreadLocal, kir::kWorkgroup);
            slots->setAlignment(llvm::Align(8));
        }
        return at_.CreateInBoundsGEP(at_.getInt64Ty(), slots, at_.CreateZExt(index, at_.getInt64Ty()));
    }

    void put(Value* index, Value* value) {
        if (type_->isIntegerTy(1)) {
            value = at_.CreateZExt(value, at_.getInt8Ty());
        }
        at_.CreateAlignedStore(value, slot(index), llvm::Align(8));
    }

    Value* get(Value* index) {
        if (type_->isIntegerTy(1)) {
            return at_.CreateTrunc(at_.CreateAlignedLoad(at_.getInt8Ty(), slot(index), llvm::Align(8)), type_);
        }
        return at_.CreateAlignedLoad(type_, slot(index), llvm::Align(8));
    }

    void barrier() { at_.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier_cta_sync_aligned_all, {at_.getInt32(0)}); }

    void onlyIf(Value* condition, llvm::function_ref<void()> body) {
        at_.SetInsertPoint(llvm::SplitBlockAndInsertIfThen(condition, &call_, false));
        body();
        at_.SetInsertPoint(&call_);
    }

    // sum = start; for (i = 0; i < end; ++i) sum = body(i, sum); gives the last sum.
    Value* loop(Value* end, Value* start, llvm::function_ref<Value*(Value*, Value*)> body) {
        BasicBlock* before = call_.getParent();
        BasicBlock* after = llvm::SplitBlock(before, &call_);
        BasicBlock* header = BasicBlock::Create(at_.getContext(), "warps", before->getParent(), after);
        BasicBlock* inside = BasicBlock::Create(at_.getContext(), "warp", before->getParent(), after);
        before->getTerminator()->setSuccessor(0, header);
        at_.SetInsertPoint(header);
        llvm::PHINode* index = at_.CreatePHI(at_.getInt32Ty(), 2);
        llvm::PHINode* sum = at_.CreatePHI(start->getType(), 2);
        at_.CreateCondBr(at_.CreateICmpULT(index, end), inside, after);
        at_.SetInsertPoint(inside);
        llvm::Instruction* back = at_.CreateBr(header);
        at_.SetInsertPoint(back);
        Value* next = body(index, sum);
        index->addIncoming(at_.getInt32(0), before);
        index->addIncoming(at_.CreateAdd(index, at_.getInt32(1), "", true, true), back->getParent());
        sum->addIncoming(start, before);
        sum->addIncoming(next, back->getParent());
        at_.SetInsertPoint(&call_);
        return sum;
    }

    // Each operation's first barrier is behind the last one's reads of the slots.
    Value* broadcast() {
        const auto part = [&](unsigned index) { return at_.CreateTrunc(call_.getArgOperand(index), at_.getInt32Ty()); };
        const auto extent = [&](unsigned dimension, llvm::Intrinsic::ID which) -> Value* {
            if (size_[0] != 0) {
                return at_.getInt32(size_[dimension]);
            }
            return at_.CreateIntrinsic(which, {});
        };
        Value* sizeX = extent(0, llvm::Intrinsic::nvvm_read_ptx_sreg_ntid_x);
        Value* sizeY = extent(1, llvm::Intrinsic::nvvm_read_ptx_sreg_ntid_y);
        Value* row = at_.CreateAdd(at_.CreateMul(part(3), sizeY), part(2));
        Value* from = at_.CreateAdd(at_.CreateMul(row, sizeX), part(1));
        barrier();
        onlyIf(at_.CreateICmpEQ(from, id_), [&] { put(at_.getInt32(0), value()); });
        barrier();
        return get(at_.getInt32(0));
    }

    Value* free() {
        Warp warp(at_, mask_);
        const bool reduces = what_.kind == Kind::Reduce;
        Value* own = reduces ? lanes_.reduce(value()) : lanes_.scan(value(), true);
        Value* lane = warp.lane();
        Value* isLast =
            reduces ? at_.CreateICmpEQ(lane, at_.getInt32(0)) : at_.CreateICmpEQ(lane, warp.last(mask_.bits));
        barrier();
        onlyIf(isLast, [&] { put(warp_, own); });
        barrier();
        Value* start = what_.kind == Kind::Exclusive ? lanes_.identity() : lanes_.neutral();
        Value* before = loop(reduces ? warps_ : warp_, start,
                             [&](Value* index, Value* sum) { return lanes_.combine(sum, get(index)); });
        return reduces ? before : lanes_.scan(value(), isInclusive(), before);
    }

    // One warp after the other takes the sum so far from slot 0 and leaves it with its own lanes added.
    Value* ordered() {
        const bool reduces = what_.kind == Kind::Reduce;
        Value* first = at_.getInt32(0);
        barrier();
        onlyIf(at_.CreateICmpEQ(id_, first),
               [&] { put(first, what_.kind == Kind::Exclusive ? lanes_.identity() : lanes_.neutral()); });
        barrier();
        Value* own = loop(warps_, llvm::Constant::getNullValue(type_), [&](Value* index, Value* result) {
            BasicBlock* skipped = at_.GetInsertBlock();
            llvm::Instruction* back = skipped->getTerminator();
            llvm::Instruction* taken =
                llvm::SplitBlockAndInsertIfThen(at_.CreateICmpEQ(index, warp_), back->getIterator(), false);
            at_.SetInsertPoint(taken);
            Value* start = get(first);
            Value* mine = reduces ? nullptr : lanes_.scan(value(), isInclusive(), start);
            Value* sum = lanes_.serial(value(), start);
            put(first, sum); // every lane the same
            at_.SetInsertPoint(back);
            llvm::PHINode* chosen = llvm::PHINode::Create(type_, 2, "", back->getParent()->begin());
            chosen->addIncoming(result, skipped);
            chosen->addIncoming(mine != nullptr ? mine : result, taken->getParent());
            barrier();
            return chosen;
        });
        return reduces ? get(first) : own;
    }

    const Collective& what_;
    llvm::CallInst& call_;
    llvm::IRBuilder<> at_;
    WarpMask mask_;
    std::array<uint32_t, 3> size_;
    llvm::Type* type_;
    LaneCombiner lanes_;
    Value* id_ = nullptr;    // i32, linear
    Value* warp_ = nullptr;  // i32, the own one's number
    Value* warps_ = nullptr; // i32, how many
};

} // namespace

Value* emitWorkgroup(const Collective& what, llvm::CallInst& call, const WarpMask& mask,
                     const std::array<uint32_t, 3>& workgroupSize, uint32_t sm) {
    return Emitter(what, call, mask, workgroupSize, sm).run();
}

} // namespace halyard::jit::nvptx
