// Products with mma.sync: see matrix_layout.h for why its registers are the lanes' elements as they are.
#include "jit/ptx_matrix_shapes.h"
#include "jit/targets/nvptx/bfloat.h"
#include "jit/targets/nvptx/matrix.h"

#include <array>
#include <vector>

#include <llvm/IR/IntrinsicsNVPTX.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::FixedVectorType;
using llvm::Type;
using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

enum class Elements : uint8_t { None, Half, Bfloat, Bytes };

Elements elementsOf(const MatrixOperands& operands, uint32_t sm, uint32_t ptx) {
    Type* a = operands.what.a->getElementType();
    Type* b = operands.what.b->getElementType();
    Type* c = operands.what.c->getElementType();
    const bool isTiled = operands.layoutA().isTiled() && operands.layoutB().isTiled();
    if (!isTiled || a != b || !hasMatrixInstructions(sm, ptx)) {
        return Elements::None;
    }
    if (a->isIntegerTy(8)) {
        return c->isIntegerTy(32) ? Elements::Bytes : Elements::None;
    }
    if (c->isDoubleTy()) {
        return Elements::None;
    }
    return a->isHalfTy()                                             ? Elements::Half
           : a->isBFloatTy() && hasBfloatMatrixInstructions(sm, ptx) ? Elements::Bfloat
                                                                     : Elements::None;
}

// The signedness is that of the first and the second operand.
constexpr std::array<std::array<Intrinsic::ID, 4>, 3> kByteProducts{{
    {Intrinsic::nvvm_mma_m8n8k16_row_col_u8, Intrinsic::nvvm_mma_m8n8k16_row_col_u8_s8,
     Intrinsic::nvvm_mma_m8n8k16_row_col_s8_u8, Intrinsic::nvvm_mma_m8n8k16_row_col_s8},
    {Intrinsic::nvvm_mma_m16n8k16_row_col_u8, Intrinsic::nvvm_mma_m16n8k16_row_col_u8_s8,
     Intrinsic::nvvm_mma_m16n8k16_row_col_s8_u8, Intrinsic::nvvm_mma_m16n8k16_row_col_s8},
    {Intrinsic::nvvm_mma_m16n8k32_row_col_u8, Intrinsic::nvvm_mma_m16n8k32_row_col_u8_s8,
     Intrinsic::nvvm_mma_m16n8k32_row_col_s8_u8, Intrinsic::nvvm_mma_m16n8k32_row_col_s8},
}};

// The instruction's first operand goes in steps of 16 lines, its second in steps of 8; for turned accumulators B is
// the first.
class Emitter {
public:
    Emitter(llvm::IRBuilder<>& at, const MatrixOperands& operands, Elements elements, uint32_t sm)
        : at_(at), operands_(operands), elements_(elements), sm_(sm), c_(operands.layoutC()), turned_(c_.isTurned()),
          depth_(operands.what.inner / 8) {}

    Value* run() {
        const MatrixLayout a = operands_.layoutA();
        const MatrixLayout b = operands_.layoutB();
        split(operands_.a, turned_ ? second_ : first_, a, false);
        split(operands_.b, turned_ ? first_ : second_, b, true);
        Type* sum = elements_ == Elements::Bytes ? at_.getInt32Ty() : at_.getFloatTy();
        Value* start = elements_ == Elements::Bytes
                           ? llvm::Constant::getNullValue(operands_.what.c)
                           : convertFloats(at_, operands_.c, operands_.what.c->getWithNewType(sum));
        for (uint32_t i = 0; i < c_.elements(); ++i) {
            sums_.push_back(at_.CreateExtractElement(start, uint64_t{i}));
        }
        sumType_ = sum;
        for (uint32_t i = 0; i < first_.size(); i += 2) {
            for (uint32_t j = 0; j < second_.size(); ++j) {
                multiply(i, j);
            }
        }
        Value* result = llvm::PoisonValue::get(FixedVectorType::get(sum, c_.elements()));
        for (uint64_t i = 0; i < sums_.size(); ++i) {
            result = at_.CreateInsertElement(result, sums_[i], i);
        }
        return elements_ == Elements::Bytes ? addAccumulator(at_, operands_, result)
                                            : convertFloats(at_, result, operands_.what.c);
    }

private:
    // One register for each 8 lines and each step of the inner dimension: [line / 8][step].
    using Strips = std::vector<std::vector<Value*>>;

    Type* registerType() const {
        return elements_ == Elements::Half ? static_cast<Type*>(FixedVectorType::get(at_.getHalfTy(), 2))
                                           : at_.getInt32Ty();
    }
    // Tiles in a register.
    uint32_t perRegister() const { return elements_ == Elements::Bytes ? 2 : 1; }
    uint32_t steps() const { return (depth_ + perRegister() - 1) / perRegister(); }

    void split(Value* vector, Strips& strips, const MatrixLayout& layout, bool isB) {
        const uint32_t lines = (isB ? layout.columns : layout.rows) / 8;
        Type* element = vector->getType()->getScalarType();
        auto* parts = FixedVectorType::get(element, 2 * perRegister());
        for (uint32_t line = 0; line < lines; ++line) {
            strips.emplace_back();
            for (uint32_t step = 0; step < steps(); ++step) {
                Value* packed = llvm::Constant::getNullValue(parts);
                for (uint32_t i = 0; i < perRegister() && step * perRegister() + i < depth_; ++i) {
                    const uint32_t k = step * perRegister() + i;
                    const uint32_t index = isB ? layout.tile(k, line) : layout.tile(line, k);
                    for (uint32_t h = 0; h < 2; ++h) {
                        Value* part = at_.CreateExtractElement(vector, uint64_t{index} + h);
                        packed = at_.CreateInsertElement(packed, part, uint64_t{i} * 2 + h);
                    }
                }
                strips.back().push_back(at_.CreateBitCast(packed, registerType()));
            }
        }
    }

    // The first of the two sums for lines `first` and `second` of the operands.
    uint32_t tile(uint32_t first, uint32_t second) const {
        return turned_ ? c_.tile(second, first) : c_.tile(first, second);
    }

    void multiply(uint32_t i, uint32_t j) {
        const bool isWhole = i + 1 < first_.size();
        std::array<Value*, 4> sums{};
        for (uint32_t part = 0; part < 4; ++part) {
            sums[part] =
                part < 2 || isWhole ? sums_[tile(i + part / 2, j) + part % 2] : llvm::Constant::getNullValue(sumType_);
        }
        const auto first = [&](uint32_t half, uint32_t step) -> Value* {
            return half == 0 || isWhole ? first_[i + half][step] : llvm::Constant::getNullValue(registerType());
        };
        const auto second = [&](uint32_t step) { return second_[j][step]; };
        const bool hasDouble = sm_ >= 80;
        for (uint32_t step = 0; step < steps();) {
            const bool isDouble = hasDouble && step + 1 < steps();
            if (elements_ == Elements::Bytes && !hasDouble) {
                for (uint32_t half = 0; half < (isWhole ? 2u : 1u); ++half) {
                    call(byteProduct(0), {first(half, step), second(step)}, &sums[half * 2], 2);
                }
            } else if (isDouble) {
                call(product(true),
                     {first(0, step), first(1, step), first(0, step + 1), first(1, step + 1), second(step),
                      second(step + 1)},
                     sums.data(), 4);
            } else {
                call(product(false), {first(0, step), first(1, step), second(step)}, sums.data(), 4);
            }
            step += isDouble ? 2 : 1;
        }
        for (uint32_t part = 0; part < (isWhole ? 4u : 2u); ++part) {
            sums_[tile(i + part / 2, j) + part % 2] = sums[part];
        }
    }

    Intrinsic::ID byteProduct(uint32_t size) const {
        const bool isSignedA = (operands_.what.flags & spv::kMatrixASigned) != 0;
        const bool isSignedB = (operands_.what.flags & spv::kMatrixBSigned) != 0;
        const bool isSignedFirst = turned_ ? isSignedB : isSignedA;
        const bool isSignedSecond = turned_ ? isSignedA : isSignedB;
        return kByteProducts[size][(isSignedFirst ? 2u : 0u) + (isSignedSecond ? 1u : 0u)];
    }

    Intrinsic::ID product(bool isDouble) const {
        switch (elements_) {
        case Elements::Bytes:
            return byteProduct(isDouble ? 2 : 1);
        case Elements::Bfloat:
            return isDouble ? Intrinsic::nvvm_mma_m16n8k16_row_col_bf16 : Intrinsic::nvvm_mma_m16n8k8_row_col_bf16;
        default:
            return isDouble ? Intrinsic::nvvm_mma_m16n8k16_row_col_f32_f32
                            : Intrinsic::nvvm_mma_m16n8k8_row_col_f32_f32;
        }
    }

    void call(Intrinsic::ID which, std::vector<Value*> arguments, Value** sums, uint32_t count) {
        arguments.insert(arguments.end(), sums, sums + count);
        Value* result = at_.CreateIntrinsic(which, arguments);
        for (uint32_t part = 0; part < count; ++part) {
            sums[part] = at_.CreateExtractValue(result, part);
        }
    }

    llvm::IRBuilder<>& at_;
    const MatrixOperands& operands_;
    Elements elements_;
    uint32_t sm_;
    MatrixLayout c_;
    bool turned_;
    uint32_t depth_; // tiles of the inner dimension
    Strips first_;
    Strips second_;
    std::vector<Value*> sums_;
    Type* sumType_ = nullptr;
};

} // namespace

Value* multiplyWithMma(llvm::IRBuilder<>& at, const MatrixOperands& operands, uint32_t sm, uint32_t ptx) {
    const Elements elements = elementsOf(operands, sm, ptx);
    return elements == Elements::None ? nullptr : Emitter(at, operands, elements, sm).run();
}

} // namespace halyard::jit::nvptx
