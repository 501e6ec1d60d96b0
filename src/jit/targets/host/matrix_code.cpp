#include "jit/targets/host/matrix_code.h"

#include "jit/passes/bfloat.h"
#include "spv/cooperative_matrix.h"

#include <bit>

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

namespace {

using llvm::BasicBlock;
using llvm::FixedVectorType;
using llvm::Type;
using llvm::Value;

// A tile of this many sums, and a row of the second matrix, stay in the registers of AVX2 and AVX-512.
constexpr uint64_t kTileRows = 4;
constexpr uint64_t kTileRowBits = 512;

class Emitter {
public:
    Emitter(llvm::IRBuilder<>& at, const MatrixProduct& product, const std::array<Value*, 4>& matrices)
        : at_(at), what_(product), matrices_(matrices) {
        types_ = {what_.a->getElementType(), what_.b->getElementType(), what_.c->getElementType(),
                  what_.c->getElementType()};
        isFloat_ = types_[3]->isFloatingPointTy();
        saturates_ = (what_.flags & spv::kMatrixSaturating) != 0 && !isFloat_;
        const bool isWide = llvm::any_of(types_, [](Type* type) { return type->isDoubleTy(); });
        sum_ = !isFloat_ ? types_[3] : isWide ? at.getDoubleTy() : at.getFloatTy();
    }

    // All subgroups, or those that wait at the cut.
    void run(Value* items, uint64_t subgroupSize, Value* waiting, Value* cut) {
        loop(0, items, subgroupSize, [&](Value* first) {
            BasicBlock* done = nullptr;
            if (waiting != nullptr) {
                Value* here = at_.CreateLoad(at_.getInt32Ty(), at_.CreateInBoundsGEP(at_.getInt32Ty(), waiting, first));
                BasicBlock* work = block("subgroup");
                done = block("subgroup.end");
                at_.CreateCondBr(at_.CreateICmpEQ(here, cut), work, done);
                at_.SetInsertPoint(work);
            }
            const std::array<FixedVectorType*, 4> vectors{what_.a, what_.b, what_.c, what_.c};
            for (unsigned i = 0; i < 4; ++i) {
                Value* element = at_.CreateMul(first, at_.getInt64(vectors[i]->getNumElements()), "", true, true);
                base_[i] = at_.CreateInBoundsGEP(types_[i], matrices_[i], element);
            }
            widenAll(kA, uint64_t{what_.rows} * what_.inner, spv::kMatrixASigned);
            widenAll(kB, uint64_t{what_.inner} * what_.columns, spv::kMatrixBSigned);
            product();
            if (done != nullptr) {
                at_.CreateBr(done);
                at_.SetInsertPoint(done);
            }
        });
    }

private:
    enum Which : unsigned { kA, kB, kC, kResult };

    BasicBlock* block(const char* name) {
        return BasicBlock::Create(at_.getContext(), name, at_.GetInsertBlock()->getParent());
    }

    // for (i = begin; i < end; i += step) body(i). REQUIRES: it runs at least once.
    void loop(uint64_t begin, Value* end, uint64_t step, llvm::function_ref<void(Value*)> body) {
        BasicBlock* before = at_.GetInsertBlock();
        BasicBlock* header = block("matrix");
        at_.CreateBr(header);
        at_.SetInsertPoint(header);
        llvm::PHINode* index = at_.CreatePHI(at_.getInt64Ty(), 2);
        index->addIncoming(at_.getInt64(begin), before);
        body(index);
        Value* next = at_.CreateAdd(index, at_.getInt64(step), "", true, true);
        index->addIncoming(next, at_.GetInsertBlock());
        BasicBlock* done = block("matrix.end");
        at_.CreateCondBr(at_.CreateICmpULT(next, end), header, done);
        at_.SetInsertPoint(done);
    }

    // body(i, size) for blocks of `size`, then for what is left, in powers of two.
    void blocks(uint64_t count, uint64_t size, llvm::function_ref<void(Value*, uint64_t)> body) {
        const uint64_t whole = count / size * size;
        if (whole != 0) {
            loop(0, at_.getInt64(whole), size, [&](Value* first) { body(first, size); });
        }
        for (uint64_t first = whole; first < count;) {
            const uint64_t rest = std::bit_floor(count - first);
            body(at_.getInt64(first), rest);
            first += rest;
        }
    }

    // Converts a factor once instead of in every tile that reads it.
    void widenAll(Which which, uint64_t elements, uint32_t signedFlag) {
        if (types_[which] == sum_) {
            return;
        }
        BasicBlock& entry = at_.GetInsertBlock()->getParent()->getEntryBlock();
        llvm::AllocaInst* wide =
            llvm::IRBuilder<>(&entry, entry.begin()).CreateAlloca(llvm::ArrayType::get(sum_, elements));
        wide->setAlignment(llvm::Align(64));
        blocks(elements, kTileRowBits / sum_->getScalarSizeInBits(), [&](Value* first, uint64_t count) {
            auto* type = FixedVectorType::get(types_[which], static_cast<unsigned>(count));
            Value* narrow = at_.CreateAlignedLoad(type, at_.CreateInBoundsGEP(types_[which], base_[which], first),
                                                  alignment(which));
            at_.CreateAlignedStore(widen(narrow, (what_.flags & signedFlag) != 0),
                                   at_.CreateInBoundsGEP(sum_, wide, first),
                                   llvm::Align(sum_->getScalarSizeInBits() / 8));
        });
        base_[which] = wide;
        types_[which] = sum_;
    }

    void product() {
        const uint64_t width = kTileRowBits / sum_->getScalarSizeInBits();
        blocks(what_.rows, kTileRows, [&](Value* row, uint64_t rows) {
            blocks(what_.columns, width, [&](Value* column, uint64_t columns) { tile(row, rows, column, columns); });
        });
    }

    Value* element(Which which, Value* row, Value* column) {
        const uint64_t columns = which == kA ? what_.inner : what_.columns;
        Value* number =
            at_.CreateAdd(at_.CreateMul(row, at_.getInt64(columns), "", true, true), column, "", true, true);
        return at_.CreateInBoundsGEP(types_[which], base_[which], number);
    }

    // `width` elements of a row.
    Value* load(Which which, Value* row, Value* column, uint64_t width) {
        auto* type = FixedVectorType::get(types_[which], static_cast<unsigned>(width));
        return at_.CreateAlignedLoad(type, element(which, row, column), alignment(which));
    }

    llvm::Align alignment(Which which) const { return llvm::Align(types_[which]->getScalarSizeInBits() / 8); }

    Value* widen(Value* value, bool isSigned) {
        Type* to = value->getType()->getWithNewType(sum_);
        if (!isFloat_) {
            return at_.CreateIntCast(value, to, isSigned);
        }
        return value->getType()->getScalarType()->isBFloatTy() ? extendBfloat(at_, value, to)
                                                               : at_.CreateFPExt(value, to);
    }

    Value* round(Value* sum) {
        Type* to = sum->getType()->getWithNewType(types_[kResult]);
        return types_[kResult]->isBFloatTy() ? truncateToBfloat(at_, sum, to) : at_.CreateFPTrunc(sum, to);
    }

    // The products, which are exact or wrapped, added to what C has, saturating.
    Value* addSaturating(Value* products, Value* c) {
        const unsigned bits = sum_->getScalarSizeInBits();
        const bool isSigned = (what_.flags & spv::kMatrixResultSigned) != 0;
        Type* wide = products->getType()->getWithNewType(at_.getIntNTy(2 * bits));
        Value* sum = at_.CreateAdd(at_.CreateIntCast(products, wide, isSigned),
                                   at_.CreateIntCast(c, wide, (what_.flags & spv::kMatrixCSigned) != 0));
        using llvm::APInt;
        const APInt low = isSigned ? APInt::getSignedMinValue(bits).sext(2 * bits) : APInt::getZero(2 * bits);
        const APInt high =
            isSigned ? APInt::getSignedMaxValue(bits).sext(2 * bits) : APInt::getMaxValue(bits).zext(2 * bits);
        sum = at_.CreateBinaryIntrinsic(llvm::Intrinsic::smax, sum, llvm::ConstantInt::get(wide, low));
        sum = at_.CreateBinaryIntrinsic(llvm::Intrinsic::smin, sum, llvm::ConstantInt::get(wide, high));
        return at_.CreateTrunc(sum, products->getType());
    }

    Value* step(Value* sum, Value* a, Value* b) {
        return isFloat_ ? at_.CreateIntrinsic(llvm::Intrinsic::fma, {sum->getType()}, {a, b, sum})
                        : at_.CreateAdd(sum, at_.CreateMul(a, b));
    }

    // The result's elements from (row, column) on: `rows` times `columns` of them.
    void tile(Value* row, uint64_t rows, Value* column, uint64_t columns) {
        auto* type = FixedVectorType::get(sum_, static_cast<unsigned>(columns));
        const auto rowAt = [&](uint64_t r) { return at_.CreateAdd(row, at_.getInt64(r), "", true, true); };
        std::array<Value*, kTileRows> start{};
        for (uint64_t r = 0; r < rows; ++r) {
            start[r] =
                saturates_ ? llvm::Constant::getNullValue(type) : widen(load(kC, rowAt(r), column, columns), false);
        }
        BasicBlock* before = at_.GetInsertBlock();
        BasicBlock* header = block("inner");
        at_.CreateBr(header);
        at_.SetInsertPoint(header);
        llvm::PHINode* k = at_.CreatePHI(at_.getInt64Ty(), 2);
        k->addIncoming(at_.getInt64(0), before);
        std::array<llvm::PHINode*, kTileRows> sums{};
        for (uint64_t r = 0; r < rows; ++r) {
            sums[r] = at_.CreatePHI(type, 2);
            sums[r]->addIncoming(start[r], before);
        }
        std::array<Value*, kTileRows> after{};
        Value* b = load(kB, k, column, columns);
        for (uint64_t r = 0; r < rows; ++r) {
            Value* a = at_.CreateAlignedLoad(sum_, element(kA, rowAt(r), k), alignment(kA));
            after[r] = step(sums[r], at_.CreateVectorSplat(static_cast<unsigned>(columns), a), b);
            sums[r]->addIncoming(after[r], header);
        }
        Value* next = at_.CreateAdd(k, at_.getInt64(1), "", true, true);
        k->addIncoming(next, header);
        BasicBlock* done = block("inner.end");
        at_.CreateCondBr(at_.CreateICmpULT(next, at_.getInt64(what_.inner)), header, done);
        at_.SetInsertPoint(done);
        for (uint64_t r = 0; r < rows; ++r) {
            Value* result = after[r];
            if (saturates_) {
                result = addSaturating(result, load(kC, rowAt(r), column, columns));
            } else if (isFloat_) {
                result = round(result);
            }
            at_.CreateAlignedStore(result, element(kResult, rowAt(r), column), alignment(kResult));
        }
    }

    llvm::IRBuilder<>& at_;
    const MatrixProduct& what_;
    std::array<Value*, 4> matrices_{}; // a, b, c, result: of all invocations
    std::array<Value*, 4> base_{};     // of the subgroup
    std::array<Type*, 4> types_{};
    Type* sum_ = nullptr;
    bool isFloat_ = false;
    bool saturates_ = false;
};

std::string nameOf(const MatrixProduct& product, const Lanes& lanes) {
    std::string name = "matrix";
    for (const uint64_t number : {uint64_t(product.rows), uint64_t(product.columns), uint64_t(product.inner),
                                  uint64_t(product.flags), uint64_t(lanes.waiting != nullptr)}) {
        name += "." + std::to_string(number);
    }
    for (const FixedVectorType* type : {product.a, product.b, product.c}) {
        name += "." + std::to_string(type->getElementType()->getTypeID()) + "x" +
                std::to_string(type->getScalarSizeInBits());
    }
    return name;
}

} // namespace

void emitMatrixMulAdd(llvm::IRBuilder<>& at, const Exchange& exchange, const Lanes& lanes,
                      const llvm::DenseMap<const llvm::AllocaInst*, Value*>& cells) {
    const MatrixProduct& product = exchange.what.matrix;
    llvm::SmallVector<Value*, 8> arguments{lanes.items};
    for (unsigned i = 0; i < 3; ++i) {
        arguments.push_back(cells.lookup(llvm::cast<llvm::AllocaInst>(exchange.operands[i])));
    }
    arguments.push_back(cells.lookup(exchange.result));
    if (lanes.waiting != nullptr) {
        arguments.append({lanes.waiting, lanes.cut});
    }
    llvm::Module& module = *at.GetInsertBlock()->getModule();
    const std::string name = nameOf(product, lanes);
    llvm::Function* function = module.getFunction(name);
    if (function == nullptr) {
        llvm::SmallVector<Type*, 8> types;
        for (const Value* argument : arguments) {
            types.push_back(argument->getType());
        }
        function = llvm::Function::Create(llvm::FunctionType::get(at.getVoidTy(), types, false),
                                          llvm::GlobalValue::InternalLinkage, name, module);
        function->addFnAttr(llvm::Attribute::NoUnwind);
        function->addFnAttr(llvm::Attribute::NoInline); // one shape, often several places
        for (llvm::Argument& argument : function->args()) {
            if (argument.getType()->isPointerTy()) {
                argument.addAttr(llvm::Attribute::NoAlias);
            }
        }
        llvm::IRBuilder<> into(BasicBlock::Create(at.getContext(), "entry", function));
        const bool dispatched = lanes.waiting != nullptr;
        Emitter(into, product, {function->getArg(1), function->getArg(2), function->getArg(3), function->getArg(4)})
            .run(function->getArg(0), lanes.subgroupSize, dispatched ? function->getArg(5) : nullptr,
                 dispatched ? function->getArg(6) : nullptr);
        into.CreateRetVoid();
    }
    at.CreateCall(function, arguments);
}

} // namespace halyard::jit::host
