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
    Access(CallInst& call, bool reads, bool hasLines)
        : call_(call), reads_(reads), hasLines_(hasLines), at_(&call), given_(reads ? nullptr : call.getArgOperand(2)),
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

    // Whether base and stride are multiples of `bytes`.
    Value* areMultiples(uint64_t bytes) {
        Value* base = at_.CreatePtrToInt(call_.getArgOperand(0), at_.getInt64Ty());
        Value* both = at_.CreateOr(base, call_.getArgOperand(1));
        return at_.CreateICmpEQ(at_.CreateAnd(both, at_.getInt64(bytes - 1)), at_.getInt64(0));
    }

    // One of two ways, which each give the vector.
    template <typename Yes, typename No> Value* choose(Value* condition, const Yes& yes, const No& no) {
        llvm::Instruction* after = &*at_.GetInsertPoint();
        llvm::Instruction* endOfYes = nullptr;
        llvm::Instruction* endOfNo = nullptr;
        llvm::SplitBlockAndInsertIfThenElse(condition, after, &endOfYes, &endOfNo);
        at_.SetInsertPoint(endOfYes);
        Value* first = yes();
        at_.SetInsertPoint(endOfNo);
        Value* second = no();
        at_.SetInsertPoint(after);
        if (!reads_) {
            return nullptr;
        }
        llvm::PHINode* result = at_.CreatePHI(type_, 2);
        result->addIncoming(first, endOfYes->getParent());
        result->addIncoming(second, endOfNo->getParent());
        return result;
    }

    // The two elements of a tile at once, where they follow each other and memory is aligned for that, which SPIR-V
    // does not promise.
    Value* pairsOrSingles() {
        if (isVolatile_ || layout_.isTurned() != columnMajor_) {
            return tiles(false);
        }
        return choose(
            areMultiples(2 * bytes_), [&] { return tiles(true); }, [&] { return tiles(false); });
    }

    // ldmatrix: up to four tiles at once. A lane names one line of 16 bytes of one tile, and receives its own two
    // elements of each, which are the ones that matrix_layout.h gives it. Where the two do not follow each other in
    // memory, .trans turns the tile.
    Value* lines() {
        const bool isTurnedInMemory = layout_.isTurned() != columnMajor_;
        const uint32_t columns = layout_.columns / 8;
        const uint32_t total = layout_.rows / 8 * columns;
        Value* line = at_.CreateAnd(lane_, at_.getInt64(7));
        Value* which = at_.CreateLShr(lane_, at_.getInt64(3));
        auto* pair = FixedVectorType::get(element(), 2);
        Value* vector = nothing();
        for (uint32_t first = 0, count = 0; first < total; first += count) {
            count = total - first >= 4 ? 4 : total - first >= 2 ? 2 : 1;
            // Lanes that name no line repeat others': every address must be a good one.
            Value* tile = at_.CreateAdd(at_.getInt64(first), at_.CreateAnd(which, at_.getInt64(count - 1)));
            Value* row = at_.CreateShl(at_.CreateUDiv(tile, at_.getInt64(columns)), at_.getInt64(3));
            Value* column = at_.CreateShl(at_.CreateURem(tile, at_.getInt64(columns)), at_.getInt64(3));
            Value*& moving = columnMajor_ ? column : row;
            moving = at_.CreateAdd(moving, line);
            namespace Intrinsic = llvm::Intrinsic;
            constexpr Intrinsic::ID kLoads[2][3] = {{Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x1_b16,
                                                     Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x2_b16,
                                                     Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x4_b16},
                                                    {Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x1_trans_b16,
                                                     Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x2_trans_b16,
                                                     Intrinsic::nvvm_ldmatrix_sync_aligned_m8n8_x4_trans_b16}};
            Value* pointer = address(row, column);
            Value* loaded =
                at_.CreateIntrinsic(kLoads[isTurnedInMemory ? 1 : 0][count / 2], {pointer->getType()}, {pointer});
            for (uint32_t i = 0; i < count; ++i) {
                Value* both = at_.CreateBitCast(count == 1 ? loaded : at_.CreateExtractValue(loaded, i), pair);
                for (uint64_t half = 0; half < 2; ++half) {
                    vector = at_.CreateInsertElement(vector, at_.CreateExtractElement(both, half),
                                                     uint64_t{first + i} * 2 + half);
                }
            }
        }
        return vector;
    }

    Value* tiled() {
        constexpr unsigned kShared = 3;
        constexpr uint64_t kLineBytes = 16;
        const bool isShared = call_.getArgOperand(0)->getType()->getPointerAddressSpace() == kShared;
        if (!hasLines_ || !reads_ || isVolatile_ || !isShared || bytes_ * 8 != kLineBytes) {
            return pairsOrSingles();
        }
        // The pointer is the same for the whole subgroup, so it takes one way.
        return choose(
            areMultiples(kLineBytes), [&] { return lines(); }, [&] { return pairsOrSingles(); });
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
    bool hasLines_;
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

void lowerMatrixAccess(CallInst& call, bool reads, bool hasLines) {
    Access(call, reads, hasLines).lower();
}

} // namespace halyard::jit::nvptx
