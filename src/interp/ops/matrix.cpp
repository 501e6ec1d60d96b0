// Matrices and inner products. Sums of products are what SPIR-V says they are: each product and each sum rounded in the
// result's precision, in component order. A matrix is the row of its columns.
#include "interp/ops/arithmetic.h"
#include "interp/ops/lane.h"

#include <algorithm>
#include <vector>

namespace halyard::interp::ops {
namespace {

using Op = ::spv::Op;

// sum over k of a[k * aStep] * b[k * bStep]
Cell sumOfProducts(const FloatMode& mode, const Cell* a, uint32_t aStep, const Cell* b, uint32_t bStep,
                   uint32_t count) {
    Cell sum;
    for (uint32_t k = 0; k < count; ++k) {
        const Cell& x = a[k * aStep];
        const Cell& y = b[k * bStep];
        if (x.undefined || y.undefined)
            return kUndefinedCell;
        const uint64_t product = multiply(mode, x.bits, y.bits);
        sum.bits = k == 0 ? product : add(mode, sum.bits, product);
    }
    return sum;
}

// Of bfloat16: products and sums are floats, and rounded to bfloat16 once.
Cell dotOfBFloats(const Cell* a, const Cell* b, uint32_t count) {
    const auto widened = [](Cell cell) {
        cell.bits = encode(decode(cell.bits, kBFloat16), kSingle);
        return cell;
    };
    std::vector<Cell> wide(size_t{2} * count);
    std::transform(a, a + count, wide.begin(), widened);
    std::transform(b, b + count, wide.begin() + count, widened);
    Cell sum = sumOfProducts(FloatMode{kSingle}, wide.data(), 1, wide.data() + count, 1, count);
    sum.bits = encode(decode(sum.bits, kSingle), kBFloat16);
    return sum;
}

void dot(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    if (op.resultType->format == FloatFormat::BFloat16) {
        out[0] = dotOfBFloats(in[0], in[1], op.types[0]->cells);
        return;
    }
    out[0] = sumOfProducts(modeOf(op, *op.resultType), in[0], 1, in[1], 1, op.types[0]->cells);
}

constexpr auto kScale = [](const LaneContext& c, const uint64_t* v) {
    if (c.result.kind == Kind::Int)
        return Cell{truncate(v[0] * v[1], c.result.bits), false};
    return Cell{multiply(modeOf(c.operation, c.result), v[0], v[1]), false};
};

uint32_t rowsOf(const Type& matrix) {
    return matrix.element->cells;
}

void vectorTimesMatrix(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const uint32_t rows = rowsOf(*op.types[1]);
    for (uint32_t column = 0; column < op.resultType->cells; ++column)
        out[column] = sumOfProducts(mode, in[0], 1, in[1] + column * rows, 1, rows);
}
void matrixTimesVector(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const uint32_t rows = op.resultType->cells;
    for (uint32_t row = 0; row < rows; ++row)
        out[row] = sumOfProducts(mode, in[0] + row, rows, in[1], 1, op.types[1]->cells);
}
void matrixTimesMatrix(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const uint32_t rows = rowsOf(*op.types[0]);
    const uint32_t inner = rowsOf(*op.types[1]);
    for (uint32_t cell = 0; cell < op.resultType->cells; ++cell)
        out[cell] = sumOfProducts(mode, in[0] + cell % rows, rows, in[1] + cell / rows * inner, 1, inner);
}
void outerProduct(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const uint32_t rows = op.types[0]->cells;
    for (uint32_t cell = 0; cell < op.resultType->cells; ++cell)
        out[cell] = sumOfProducts(mode, in[0] + cell % rows, 1, in[1] + cell / rows, 1, 1);
}
void transpose(const Operation& op, Operands in, Cell* out, MemoryPort& /*port*/) {
    const uint32_t rows = rowsOf(*op.resultType);
    const uint32_t columns = op.resultType->cells / rows;
    for (uint32_t cell = 0; cell < op.resultType->cells; ++cell)
        out[cell] = in[0][cell % rows * columns + cell / rows];
}

// ---- Shapes

bool isFloatVector(const Type& type) {
    return type.kind == Kind::Vector && type.scalar().kind == Kind::Float;
}
bool isFloatMatrix(const Type& type) {
    return type.kind == Kind::Matrix && isFloatVector(*type.element);
}
bool isMatrix(const Type& type, uint64_t rows, uint64_t columns) {
    return isFloatMatrix(type) && rowsOf(type) == rows && type.count == columns;
}

bool shapeError(Binding& binding) {
    return binding.invalid("has matrices or vectors whose sizes do not fit");
}
bool sameScalars(Binding& binding) {
    for (const Type* type : binding.operation.types)
        if (!sameScalar(type->scalar(), binding.resultType()->scalar()))
            return binding.invalid("mixes component types");
    return true;
}
bool checkScale(Binding& binding) {
    const Type& matrix = *binding.operation.types[0];
    const bool fits = isFloatMatrix(matrix) || (matrix.kind == Kind::CooperativeMatrix && lanesOf(matrix) != 0);
    return (fits && sameShape(matrix, *binding.resultType())) || shapeError(binding);
}
bool checkVectorTimesMatrix(Binding& binding) {
    const Type& vector = *binding.operation.types[0];
    const Type& result = *binding.resultType();
    return (isFloatVector(vector) && isFloatVector(result) &&
            isMatrix(*binding.operation.types[1], vector.cells, result.cells) && sameScalars(binding)) ||
           shapeError(binding);
}
bool checkMatrixTimesVector(Binding& binding) {
    const Type& vector = *binding.operation.types[1];
    const Type& result = *binding.resultType();
    return (isFloatVector(vector) && isFloatVector(result) &&
            isMatrix(*binding.operation.types[0], result.cells, vector.cells) && sameScalars(binding)) ||
           shapeError(binding);
}
bool checkMatrixTimesMatrix(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    const Type& b = *binding.operation.types[1];
    return (isFloatMatrix(a) && isFloatMatrix(b) && rowsOf(b) == a.count &&
            isMatrix(*binding.resultType(), rowsOf(a), b.count) && sameScalars(binding)) ||
           shapeError(binding);
}
bool checkOuterProduct(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    const Type& b = *binding.operation.types[1];
    return (isFloatVector(a) && isFloatVector(b) && isMatrix(*binding.resultType(), a.cells, b.cells) &&
            sameScalars(binding)) ||
           shapeError(binding);
}
bool checkTranspose(Binding& binding) {
    const Type& a = *binding.operation.types[0];
    return (isFloatMatrix(a) && isMatrix(*binding.resultType(), a.count, rowsOf(a)) && sameScalars(binding)) ||
           shapeError(binding);
}

constexpr Rule kRules[] = {
    {static_cast<uint32_t>(Op::OpDot), "W=WW", dot},
    {static_cast<uint32_t>(Op::OpMatrixTimesScalar), ".=vS", lanes<kScale>, checkScale},
    {static_cast<uint32_t>(Op::OpVectorTimesMatrix), ".=vv", vectorTimesMatrix, checkVectorTimesMatrix},
    {static_cast<uint32_t>(Op::OpMatrixTimesVector), ".=vv", matrixTimesVector, checkMatrixTimesVector},
    {static_cast<uint32_t>(Op::OpMatrixTimesMatrix), ".=vv", matrixTimesMatrix, checkMatrixTimesMatrix},
    {static_cast<uint32_t>(Op::OpOuterProduct), ".=vv", outerProduct, checkOuterProduct},
    {static_cast<uint32_t>(Op::OpTranspose), ".=v", transpose, checkTranspose},
};

} // namespace

std::span<const Rule> matrixRules() {
    return kRules;
}

} // namespace halyard::interp::ops
