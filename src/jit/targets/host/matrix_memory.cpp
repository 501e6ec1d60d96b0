#include "jit/targets/host/matrix_memory.h"

#include "jit/kir.h"
#include "jit/passes/collective.h"
#include "spv/cooperative_matrix.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace halyard::jit::host {

namespace {

using llvm::CallInst;
using llvm::FixedVectorType;
using llvm::Value;

bool isNamed(const CallInst& call, std::string_view prefix) {
    const llvm::Function* callee = call.getCalledFunction();
    return callee != nullptr && callee->getName().starts_with(prefix);
}

// One access. The elements of an invocation are taken in runs that lie in one row.
class Access {
public:
    Access(CallInst& call, bool reads, uint32_t subgroupSize)
        : call_(call), reads_(reads), at_(&call), vector_(reads ? nullptr : call.getArgOperand(2)),
          type_(llvm::cast<FixedVectorType>(reads ? call.getType() : vector_->getType())),
          bytes_(call.getDataLayout().getTypeStoreSize(type_->getElementType())), count_(type_->getNumElements()) {
        unsigned next = reads ? 2 : 3;
        const auto number = [&] { return llvm::cast<llvm::ConstantInt>(call.getArgOperand(next++))->getZExtValue(); };
        rows_ = number();
        columns_ = number();
        columnMajor_ = number() == uint64_t(spv::MatrixMemory::ColumnMajor);
        alignment_ = llvm::Align(number());
        isVolatile_ = number() != 0;
        isExact_ = rows_ * columns_ == count_ * subgroupSize;
    }

    void lower() {
        llvm::FunctionCallee local = call_.getModule()->getOrInsertFunction(
            llvm::StringRef(kir::kSubgroupLocalId), llvm::FunctionType::get(at_.getInt32Ty(), false));
        auto* function = llvm::cast<llvm::Function>(local.getCallee());
        function->setDoesNotAccessMemory();
        function->setDoesNotThrow();
        function->setWillReturn();
        Value* lane = at_.CreateZExt(at_.CreateCall(local), at_.getInt64Ty());
        if (reads_) {
            vector_ = llvm::Constant::getNullValue(type_);
        }
        if (isExact_ && columns_ % count_ == 0) {
            const uint64_t perRow = columns_ / count_;
            Value* column = at_.CreateMul(at_.CreateURem(lane, at_.getInt64(perRow)), at_.getInt64(count_));
            run(at_.CreateUDiv(lane, at_.getInt64(perRow)), column, 0, count_);
        } else if (isExact_ && count_ % columns_ == 0) {
            const uint64_t rows = count_ / columns_;
            Value* first = at_.CreateMul(lane, at_.getInt64(rows));
            for (uint64_t i = 0; i < rows; ++i) {
                run(at_.CreateAdd(first, at_.getInt64(i)), at_.getInt64(0), i * columns_, columns_);
            }
        } else {
            Value* first = at_.CreateMul(lane, at_.getInt64(count_));
            for (uint64_t i = 0; i < count_; ++i) {
                single(at_.CreateAdd(first, at_.getInt64(i)), i);
            }
        }
        if (reads_) {
            call_.replaceAllUsesWith(vector_);
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

    void move(Value* pointer, llvm::Type* type, uint64_t index) {
        const bool isVector = type->isVectorTy();
        if (reads_) {
            Value* part = at_.CreateAlignedLoad(type, pointer, alignment_, isVolatile_);
            vector_ = isVector ? at_.CreateInsertVector(type_, vector_, part, index)
                               : at_.CreateInsertElement(vector_, part, index);
            return;
        }
        Value* part =
            isVector ? at_.CreateExtractVector(type, vector_, index) : at_.CreateExtractElement(vector_, index);
        at_.CreateAlignedStore(part, pointer, alignment_, isVolatile_);
    }

    // `length` elements from (row, column) on, which are those from `index` on of the vector.
    void run(Value* row, Value* column, uint64_t index, uint64_t length) {
        if (!columnMajor_) {
            move(address(row, column), FixedVectorType::get(type_->getElementType(), static_cast<unsigned>(length)),
                 index);
            return;
        }
        for (uint64_t i = 0; i < length; ++i) {
            move(address(row, at_.CreateAdd(column, at_.getInt64(i))), type_->getElementType(), index + i);
        }
    }

    // The element `number` of the matrix, which need not exist.
    void single(Value* number, uint64_t index) {
        const auto pointer = [&](Value* which) {
            return address(at_.CreateUDiv(which, at_.getInt64(columns_)),
                           at_.CreateURem(which, at_.getInt64(columns_)));
        };
        if (isExact_) {
            move(pointer(number), type_->getElementType(), index);
            return;
        }
        Value* last = at_.getInt64(rows_ * columns_ - 1);
        Value* exists = at_.CreateICmpULE(number, last);
        if (reads_) {
            Value* known = at_.CreateBinaryIntrinsic(llvm::Intrinsic::umin, number, last);
            Value* element = at_.CreateAlignedLoad(type_->getElementType(), pointer(known), alignment_, isVolatile_);
            Value* zero = llvm::Constant::getNullValue(element->getType());
            vector_ = at_.CreateInsertElement(vector_, at_.CreateSelect(exists, element, zero), index);
            return;
        }
        at_.SetInsertPoint(llvm::SplitBlockAndInsertIfThen(exists, &call_, false));
        move(pointer(number), type_->getElementType(), index);
        at_.SetInsertPoint(&call_);
    }

    CallInst& call_;
    bool reads_;
    llvm::IRBuilder<> at_;
    Value* vector_;
    FixedVectorType* type_;
    uint64_t bytes_; // of an element
    uint64_t count_; // elements of an invocation
    uint64_t rows_ = 0;
    uint64_t columns_ = 0;
    bool columnMajor_ = false;
    llvm::Align alignment_;
    bool isVolatile_ = false;
    bool isExact_ = false; // every invocation holds as many
};

} // namespace

bool usesMatrices(const llvm::Function& kernel) {
    return llvm::any_of(llvm::instructions(kernel), [](const llvm::Instruction& instruction) {
        const auto* call = llvm::dyn_cast<CallInst>(&instruction);
        return call != nullptr &&
               (isNamed(*call, kir::kMatrixLoad) || isNamed(*call, kir::kMatrixStore) || isMatrixMulAdd(*call));
    });
}

void lowerMatrixMemory(llvm::Function& kernel, uint32_t subgroupSize) {
    llvm::SmallVector<CallInst*, 8> calls;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        auto* call = llvm::dyn_cast<CallInst>(&instruction);
        if (call != nullptr && (isNamed(*call, kir::kMatrixLoad) || isNamed(*call, kir::kMatrixStore))) {
            calls.push_back(call);
        }
    }
    for (CallInst* call : calls) {
        Access(*call, isNamed(*call, kir::kMatrixLoad), subgroupSize).lower();
    }
}

} // namespace halyard::jit::host
