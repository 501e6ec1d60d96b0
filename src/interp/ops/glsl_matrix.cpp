// Determinant and inverse of 2 x 2 to 4 x 4 matrices, by cofactors in Quad.
#include "interp/ops/lane.h"

#include <array>

namespace halyard::interp::ops {
namespace {

constexpr uint32_t kMaxSize = 4;

// Column-major, as registers are.
struct Square {
    uint32_t size = 0;
    std::array<Quad, kMaxSize * kMaxSize> at{};

    Quad& operator()(uint32_t row, uint32_t column) { return at[column * size + row]; }
    Quad operator()(uint32_t row, uint32_t column) const { return at[column * size + row]; }
};

Square without(const Square& matrix, uint32_t row, uint32_t column) {
    Square minor{matrix.size - 1, {}};
    for (uint32_t c = 0; c < minor.size; ++c)
        for (uint32_t r = 0; r < minor.size; ++r)
            minor(r, c) = matrix(r + (r >= row ? 1 : 0), c + (c >= column ? 1 : 0));
    return minor;
}

Quad determinant(const Square& matrix) {
    if (matrix.size == 1)
        return matrix(0, 0);
    Quad sum = 0;
    for (uint32_t column = 0; column < matrix.size; ++column) {
        const Quad term = matrix(0, column) * determinant(without(matrix, 0, column));
        sum += column % 2 == 0 ? term : -term;
    }
    return sum;
}

Square read(const Operation& op, Operands in) {
    const FloatMode mode = modeOf(op, op.types[0]->scalar());
    Square matrix{static_cast<uint32_t>(op.types[0]->count), {}};
    for (uint32_t cell = 0; cell < op.types[0]->cells; ++cell)
        matrix.at[cell] = mode.value(in[0][cell].bits);
    return matrix;
}

void evaluateDeterminant(const Operation& op, Operands in, Cell* out) {
    out[0] = {modeOf(op, *op.resultType).result(determinant(read(op, in))), false};
}

void evaluateInverse(const Operation& op, Operands in, Cell* out) {
    const FloatMode mode = modeOf(op, op.resultType->scalar());
    const Square matrix = read(op, in);
    const Quad scale = determinant(matrix);
    for (uint32_t column = 0; column < matrix.size; ++column) {
        for (uint32_t row = 0; row < matrix.size; ++row) {
            const Quad cofactor = determinant(without(matrix, column, row));
            const Quad value = ((row + column) % 2 == 0 ? cofactor : -cofactor) / scale;
            out[column * matrix.size + row] = {mode.result(value), false};
        }
    }
}

bool isSquare(const Type& type) {
    return type.kind == Kind::Matrix && type.scalar().kind == Kind::Float && type.count >= 2 &&
           type.count <= kMaxSize && type.element->cells == type.count;
}
bool checkDeterminant(Binding& binding) {
    const Type& matrix = *binding.operation.types[0];
    return (isSquare(matrix) && binding.resultType()->isScalar() &&
            sameScalar(matrix.scalar(), *binding.resultType())) ||
           binding.invalid("must reduce a square matrix to a scalar");
}
bool checkInverse(Binding& binding) {
    return isSquare(*binding.resultType()) || binding.invalid("must invert a square matrix");
}

constexpr Rule kRules[] = {
    {33 /* Determinant */, ".=v", whole<evaluateDeterminant>, checkDeterminant},
    {34 /* MatrixInverse */, ".=T", whole<evaluateInverse>, checkInverse},
};

} // namespace

std::span<const Rule> glslMatrixRules() {
    return kRules;
}

} // namespace halyard::interp::ops
