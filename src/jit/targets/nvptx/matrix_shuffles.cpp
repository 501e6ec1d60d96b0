#include "jit/targets/nvptx/bfloat.h"
#include "jit/targets/nvptx/matrix.h"
#include "jit/targets/nvptx/warp.h"

#include <array>
#include <vector>

namespace halyard::jit::nvptx {

namespace {

using llvm::FixedVectorType;
using llvm::Type;
using llvm::Value;

// Beyond this, compiling takes longer than anyone waits for.
constexpr uint64_t kMostShuffles = 8192;

class Emitter {
public:
    Emitter(llvm::IRBuilder<>& at, const MatrixOperands& operands)
        : at_(at), warp_(at, {at.getInt32(~0u), WarpMask::Kind::Full}), operands_(operands), what_(operands.what),
          a_(operands.layoutA()), b_(operands.layoutB()), c_(operands.layoutC()) {
        Type* result = what_.c->getElementType();
        isFloat_ = result->isFloatingPointTy();
        const bool isWide =
            what_.a->getElementType()->isDoubleTy() || what_.b->getElementType()->isDoubleTy() || result->isDoubleTy();
        sum_ = !isFloat_ ? result : isWide ? at.getDoubleTy() : at.getFloatTy();
    }

    Value* run() {
        const bool isTiled = a_.isTiled() && b_.isTiled();
        if (cost(isTiled) > kMostShuffles) {
            return nullptr;
        }
        split(operands_.a, (what_.flags & spv::kMatrixASigned) != 0, partsA_);
        split(operands_.b, (what_.flags & spv::kMatrixBSigned) != 0, partsB_);
        for (uint32_t i = 0; i < c_.elements(); ++i) {
            sums_.push_back(start(i));
        }
        if (isTiled) {
            tiled();
        } else {
            linear();
        }
        auto* vector = FixedVectorType::get(sum_, c_.elements());
        Value* result = llvm::PoisonValue::get(vector);
        for (uint64_t i = 0; i < sums_.size(); ++i) {
            result = at_.CreateInsertElement(result, sums_[i], i);
        }
        return isFloat_ ? convertFloats(at_, result, what_.c) : addAccumulator(at_, operands_, result);
    }

private:
    uint64_t cost(bool isTiled) const {
        if (isTiled) {
            const uint64_t lines = c_.isTurned() ? c_.rows / 8 * 2 + c_.columns / 8 : c_.rows / 8 + c_.columns / 8 * 2;
            return lines * what_.inner;
        }
        const uint64_t factors = uint64_t{a_.elements()} + b_.elements();
        return uint64_t{c_.elements()} * what_.inner * factors;
    }

    Value* start(uint64_t index) {
        if (!isFloat_) {
            return llvm::Constant::getNullValue(sum_);
        }
        return convertFloats(at_, at_.CreateExtractElement(operands_.c, index), sum_);
    }

    // The elements as they are multiplied.
    void split(Value* vector, bool isSigned, std::vector<Value*>& parts) {
        const auto* type = llvm::cast<FixedVectorType>(vector->getType());
        for (uint64_t i = 0; i < type->getNumElements(); ++i) {
            Value* part = at_.CreateExtractElement(vector, i);
            parts.push_back(isFloat_ ? convertFloats(at_, part, sum_) : at_.CreateIntCast(part, sum_, isSigned));
        }
    }

    void step(uint32_t index, Value* a, Value* b) {
        sums_[index] = isFloat_ ? at_.CreateIntrinsic(llvm::Intrinsic::fma, {sum_}, {a, b, sums_[index]})
                                : at_.CreateAdd(sums_[index], at_.CreateMul(a, b));
    }

    void tiled() {
        Value* lane = warp_.lane();
        Value* group = at_.CreateAnd(lane, at_.getInt32(~3u));                              // 4 * g
        Value* pair = at_.CreateShl(at_.CreateAnd(lane, at_.getInt32(3)), at_.getInt32(3)); // 4 * 2t
        const uint32_t tileRows = c_.rows / 8;
        const uint32_t tileColumns = c_.columns / 8;
        const bool turned = c_.isTurned();
        for (uint32_t k = 0; k < what_.inner; ++k) {
            const uint32_t half = k % 2;
            Value* own = at_.CreateOr(group, at_.getInt32(k % 8 / 2));
            Value* first = at_.CreateOr(pair, at_.getInt32(k % 8 / 2));
            Value* second = at_.CreateOr(first, at_.getInt32(4));
            // Of A, the rows of the own elements; of B, the columns. [h]: both the same where they do not vary.
            std::vector<std::array<Value*, 2>> rows(tileRows);
            std::vector<std::array<Value*, 2>> columns(tileColumns);
            for (uint32_t i = 0; i < tileRows; ++i) {
                Value* part = partsA_[a_.tile(i, k / 8) + half];
                rows[i][0] = warp_.read(part, turned ? first : own);
                rows[i][1] = turned ? warp_.read(part, second) : rows[i][0];
            }
            for (uint32_t j = 0; j < tileColumns; ++j) {
                Value* part = partsB_[b_.tile(k / 8, j) + half];
                columns[j][0] = warp_.read(part, turned ? own : first);
                columns[j][1] = turned ? columns[j][0] : warp_.read(part, second);
            }
            for (uint32_t i = 0; i < tileRows; ++i) {
                for (uint32_t j = 0; j < tileColumns; ++j) {
                    for (uint32_t h = 0; h < 2; ++h) {
                        step(c_.tile(i, j) + h, rows[i][h], columns[j][h]);
                    }
                }
            }
        }
    }

    // Where the element (row, column) is: the lane, and the number in its vector.
    std::pair<Value*, Value*> place(const MatrixLayout& layout, Value* row, Value* column) {
        const auto number = [&](uint32_t value) { return at_.getInt32(value); };
        if (!layout.isTiled()) {
            Value* element = at_.CreateAdd(at_.CreateMul(row, number(layout.columns)), column);
            return {at_.CreateUDiv(element, number(layout.elements())),
                    at_.CreateURem(element, number(layout.elements()))};
        }
        Value* major = at_.CreateAnd(layout.isTurned() ? column : row, number(7));
        Value* minor = at_.CreateAnd(layout.isTurned() ? row : column, number(7));
        Value* lane = at_.CreateOr(at_.CreateShl(major, number(2)), at_.CreateLShr(minor, number(1)));
        Value* tile = at_.CreateAdd(at_.CreateMul(at_.CreateLShr(row, number(3)), number(layout.columns / 8)),
                                    at_.CreateLShr(column, number(3)));
        return {lane, at_.CreateOr(at_.CreateShl(tile, number(1)), at_.CreateAnd(minor, number(1)))};
    }

    // The element that each lane wants: every part is asked for, and the right one taken.
    Value* fetch(const std::vector<Value*>& parts, const std::pair<Value*, Value*>& place) {
        Value* found = nullptr;
        for (uint32_t i = 0; i < parts.size(); ++i) {
            Value* part = warp_.read(parts[i], place.first);
            found = found == nullptr ? part
                                     : at_.CreateSelect(at_.CreateICmpEQ(place.second, at_.getInt32(i)), part, found);
        }
        return found;
    }

    // The row and the column of the own element `index`.
    std::pair<Value*, Value*> own(uint32_t index) {
        Value* lane = warp_.lane();
        if (!c_.isTiled()) {
            Value* number = at_.CreateAdd(at_.CreateMul(lane, at_.getInt32(c_.elements())), at_.getInt32(index));
            return {at_.CreateUDiv(number, at_.getInt32(c_.columns)), at_.CreateURem(number, at_.getInt32(c_.columns))};
        }
        Value* outer = at_.CreateLShr(lane, at_.getInt32(2));
        Value* inner = at_.CreateShl(at_.CreateAnd(lane, at_.getInt32(3)), at_.getInt32(1));
        inner = at_.CreateOr(inner, at_.getInt32(index % 2));
        const uint32_t tileRow = index / 2 / (c_.columns / 8);
        const uint32_t tileColumn = index / 2 % (c_.columns / 8);
        return {at_.CreateAdd(c_.isTurned() ? inner : outer, at_.getInt32(tileRow * 8)),
                at_.CreateAdd(c_.isTurned() ? outer : inner, at_.getInt32(tileColumn * 8))};
    }

    void linear() {
        for (uint32_t i = 0; i < c_.elements(); ++i) {
            const auto [row, column] = own(i);
            for (uint32_t k = 0; k < what_.inner; ++k) {
                Value* a = fetch(partsA_, place(a_, row, at_.getInt32(k)));
                Value* b = fetch(partsB_, place(b_, at_.getInt32(k), column));
                step(i, a, b);
            }
        }
    }

    llvm::IRBuilder<>& at_;
    Warp warp_;
    const MatrixOperands& operands_;
    const MatrixProduct& what_;
    MatrixLayout a_;
    MatrixLayout b_;
    MatrixLayout c_;
    Type* sum_ = nullptr;
    bool isFloat_ = false;
    std::vector<Value*> partsA_;
    std::vector<Value*> partsB_;
    std::vector<Value*> sums_;
};

} // namespace

Value* multiplyWithShuffles(llvm::IRBuilder<>& at, const MatrixOperands& operands) {
    return Emitter(at, operands).run();
}

} // namespace halyard::jit::nvptx
