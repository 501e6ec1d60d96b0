#include "jit/targets/nvptx/matrix.h"
#include "jit/targets/nvptx/warp.h"

#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::FixedVectorType;
using llvm::Value;

class Access {
public:
    Access(CallInst& call, bool reads)
        : call_(call), reads_(reads), at_(&call), given_(reads ? nullptr : call.getArgOperand(2)),
          type_(llvm::cast<FixedVectorType>(reads ? call.getType() : given_->getType())),
          bytes_(call.getDataLayout().getTypeStoreSize(type_->getElementType())) {
        unsigned next = reads ? 2 : 3;
        const auto number = [&] {
            return static_cast<uint32_t>(llvm::cast<llvm::ConstantInt>(call.getArgOperand(next++))->getZExtValue());
        };
        layout_.rows = number();
        layout_.columns = number();
        columnMajor_ = number() == uint32_t(spv::MatrixMemory::ColumnMajor);
        alignment_ = llvm::Align(number());
        isVolatile_ = number() != 0;
        layout_.use = static_cast<spv::MatrixUse>(number());
    }

    void lower() {
        lane_ = at_.CreateZExt(at_.CreateIntrinsic(llvm::Intrinsic::nvvm_read_ptx_sreg_laneid, {}), at_.getInt64Ty());
        Value* result = layout_.isTiled() ? tiled() : linear();
        if (reads_) {
            call_.replaceAllUsesWith(result);
        }
        call_.eraseFromParent();
    }

private:
    Value* address(Value* row, Value* column) {
        Value* line = columnMajor_ ? column : row;
        Value* place = columnMajor_ ? row : column;
        Value* offset =
            at_.CreateAdd(at_.CreateMul(line, call_.getArgOperand(1)), at_.CreateMul(place, at_.getInt64(bytes_)));
        return at_.CreateGEP(at_.getInt8Ty(), call_.getArgOperand(0), offset);
    }

    llvm::Type* element() const { return type_->getElementType(); }
    Value* nothing() const { return reads_ ? llvm::Constant::getNullValue(type_) : nullptr; }

    // The element `index` of the vector; the vector after it.
    Value* move(Value* pointer, Value* vector, uint64_t index) {
        if (reads_) {
            return at_.CreateInsertElement(vector, at_.CreateAlignedLoad(element(), pointer, alignment_, isVolatile_),
                                           index);
        }
        at_.CreateAlignedStore(at_.CreateExtractElement(given_, index), pointer, alignment_, isVolatile_);
        return vector;
    }

    // Two elements that follow each other in memory, at once.
    Value* movePair(Value* pointer, Value* vector, uint64_t index) {
        auto* pair = FixedVectorType::get(element(), 2);
        const llvm::Align alignment(2 * bytes_);
        if (reads_) {
            Value* both = at_.CreateAlignedLoad(pair, pointer, alignment);
            for (uint64_t i = 0; i < 2; ++i) {
                vector = at_.CreateInsertElement(vector, at_.CreateExtractElement(both, i), index + i);
            }
            return vector;
        }
        Value* both = llvm::PoisonValue::get(pair);
        for (uint64_t i = 0; i < 2; ++i) {
            both = at_.CreateInsertElement(both, at_.CreateExtractElement(given_, index + i), i);
        }
        at_.CreateAlignedStore(both, pointer, alignment);
        return vector;
    }

    Value* tiles(bool pairs) {
        Value* outer = at_.CreateLShr(lane_, at_.getInt64(2));
        Value* inner = at_.CreateShl(at_.CreateAnd(lane_, at_.getInt64(3)), at_.getInt64(1));
        Value* row = layout_.isTurned() ? inner : outer;
        Value* column = layout_.isTurned() ? outer : inner;
        Value* vector = nothing();
        for (uint32_t i = 0; i < layout_.rows / 8; ++i) {
            for (uint32_t j = 0; j < layout_.columns / 8; ++j) {
                Value* r = at_.CreateAdd(row, at_.getInt64(i * 8), "", true, true);
                Value* c = at_.CreateAdd(column, at_.getInt64(j * 8), "", true, true);
                const uint32_t index = layout_.tile(i, j);
                if (pairs) {
                    vector = movePair(address(r, c), vector, index);
                    continue;
                }
                vector = move(address(r, c), vector, index);
                Value*& next = layout_.isTurned() ? r : c;
                next = at_.CreateAdd(next, at_.getInt64(1), "", true, true);
                vector = move(address(r, c), vector, index + 1);
            }
        }
        return vector;
    }

    // The two elements of a tile at once, where they follow each other and memory is aligned for that, which SPIR-V
    // does not promise.
    Value* tiled() {
        if (isVolatile_ || layout_.isTurned() != columnMajor_) {
            return tiles(false);
        }
        Value* base = at_.CreatePtrToInt(call_.getArgOperand(0), at_.getInt64Ty());
        Value* both = at_.CreateOr(base, call_.getArgOperand(1));
        Value* isAligned =
            at_.CreateICmpEQ(at_.CreateAnd(both, at_.getInt64(2 * bytes_ - 1)), at_.getInt64(0), "pairs");
        llvm::Instruction* yes = nullptr;
        llvm::Instruction* no = nullptr;
        llvm::SplitBlockAndInsertIfThenElse(isAligned, &call_, &yes, &no);
        at_.SetInsertPoint(yes);
        Value* pairs = tiles(true);
        at_.SetInsertPoint(no);
        Value* singles = tiles(false);
        at_.SetInsertPoint(&call_);
        if (!reads_) {
            return nullptr;
        }
        llvm::PHINode* result = at_.CreatePHI(type_, 2);
        result->addIncoming(pairs, yes->getParent());
        result->addIncoming(singles, no->getParent());
        return result;
    }

    Value* linear() {
        const uint64_t count = type_->getNumElements();
        const uint64_t total = uint64_t{layout_.rows} * layout_.columns;
        Value* columns = at_.getInt64(layout_.columns);
        Value* first = at_.CreateMul(lane_, at_.getInt64(count), "", true, true);
        Value* vector = nothing();
        for (uint64_t i = 0; i < count; ++i) {
            Value* number = at_.CreateAdd(first, at_.getInt64(i), "", true, true);
            BasicBlock* before = call_.getParent();
            Value* exists = at_.CreateICmpULT(number, at_.getInt64(total));
            llvm::Instruction* inside = llvm::SplitBlockAndInsertIfThen(exists, &call_, false);
            at_.SetInsertPoint(inside);
            Value* moved = move(address(at_.CreateUDiv(number, columns), at_.CreateURem(number, columns)), vector, i);
            at_.SetInsertPoint(&call_);
            if (reads_) {
                llvm::PHINode* phi = at_.CreatePHI(type_, 2);
                phi->addIncoming(vector, before);
                phi->addIncoming(moved, inside->getParent());
                vector = phi;
            }
        }
        return vector;
    }

    CallInst& call_;
    bool reads_;
    llvm::IRBuilder<> at_;
    Value* given_; // stores: the vector
    FixedVectorType* type_;
    uint64_t bytes_; // of an element
    MatrixLayout layout_;
    bool columnMajor_ = false;
    llvm::Align alignment_;
    bool isVolatile_ = false;
    Value* lane_ = nullptr; // i64
};

} // namespace

void lowerMatrixAccess(CallInst& call, bool reads) {
    Access(call, reads).lower();
}

} // namespace halyard::jit::nvptx
