// Matrices of every shape, in registers and in memory.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

uint64_t small(Random& random, Scalar scalar) {
    // One to nine: sums of products stay exact in a half, and none is zero.
    return fromQuad(scalar, static_cast<int>(random() % 9) + 1);
}

class Shape {
public:
    Shape(Type type, const Value& value) : type_(type), value_(value) {}
    Quad at(uint32_t column, uint32_t row) const { return toQuad(type_.scalar, value_[column * type_.width + row]); }

private:
    Type type_;
    const Value& value_;
};

Value rounded(const Type& type, const std::function<Quad(uint32_t column, uint32_t row)>& element) {
    Value value;
    for (uint32_t column = 0; column < (type.columns == 0 ? 1 : type.columns); ++column) {
        for (uint32_t row = 0; row < type.width; ++row) {
            value.push_back(fromQuad(type.scalar, element(column, row)));
        }
    }
    return value;
}

Case product(Op op, Type a, Type b, Type result, std::function<Value(const Row&)> host) {
    Case item = opCase(op, Flavour::GLCompute, {a, b}, result);
    item.generators = {small, small};
    item.expected = perRow(std::move(host));
    item.weight = 3 * result.components();
    return item;
}

void addShape(Cases& cases, Scalar scalar, uint32_t columns, uint32_t rows) {
    const Type matrix{scalar, rows, columns}, turned{scalar, columns, rows}, column{scalar, rows},
        line{scalar, columns};
    const Type number{scalar};

    Case copy = opCase(Op::CopyObject, Flavour::GLCompute, {matrix}, matrix);
    copy.expected = perRow([](const Row& row) { return row[0]; });
    copy.comparison = exactly();
    copy.name += "/matrix";
    cases.push_back(std::move(copy));

    Case transpose = opCase(Op::Transpose, Flavour::GLCompute, {matrix}, turned);
    transpose.expected = perRow([=](const Row& row) {
        const Shape m(matrix, row[0]);
        return rounded(turned, [&](uint32_t c, uint32_t r) { return m.at(r, c); });
    });
    cases.push_back(std::move(transpose));

    Case scaled = opCase(Op::MatrixTimesScalar, Flavour::GLCompute, {matrix, number}, matrix);
    scaled.expected = perRow([=](const Row& row) {
        const Shape m(matrix, row[0]);
        const Quad factor = toQuad(scalar, row[1][0]);
        return rounded(matrix, [&](uint32_t c, uint32_t r) { return m.at(c, r) * factor; });
    });
    cases.push_back(std::move(scaled));

    cases.push_back(product(Op::MatrixTimesVector, matrix, line, column, [=](const Row& row) {
        const Shape m(matrix, row[0]), v(line, row[1]);
        return rounded(column, [&](uint32_t, uint32_t r) {
            Quad sum = 0;
            for (uint32_t k = 0; k < columns; ++k) {
                sum += m.at(k, r) * v.at(0, k);
            }
            return sum;
        });
    }));
    cases.push_back(product(Op::VectorTimesMatrix, column, matrix, line, [=](const Row& row) {
        const Shape v(column, row[0]), m(matrix, row[1]);
        return rounded(line, [&](uint32_t, uint32_t c) {
            Quad sum = 0;
            for (uint32_t k = 0; k < rows; ++k) {
                sum += m.at(c, k) * v.at(0, k);
            }
            return sum;
        });
    }));
    cases.push_back(product(Op::OuterProduct, column, line, matrix, [=](const Row& row) {
        const Shape a(column, row[0]), b(line, row[1]);
        return rounded(matrix, [&](uint32_t c, uint32_t r) { return a.at(0, r) * b.at(0, c); });
    }));
    for (uint32_t inner = 2; inner <= 4; ++inner) {
        const Type a{scalar, rows, inner}, b{scalar, inner, columns};
        cases.push_back(product(Op::MatrixTimesMatrix, a, b, matrix, [=](const Row& row) {
            const Shape left(a, row[0]), right(b, row[1]);
            return rounded(matrix, [&](uint32_t c, uint32_t r) {
                Quad sum = 0;
                for (uint32_t k = 0; k < inner; ++k) {
                    sum += left.at(k, r) * right.at(c, k);
                }
                return sum;
            });
        }));
    }
    // An element by constant indices, and a column by a dynamic index through a variable.
    Case element = opCase(Op::CompositeExtract, Flavour::GLCompute, {matrix}, number);
    element.emit = [=](Module& m, Kernel&, const Ids& ids) {
        return m.value(Op::CompositeExtract, number.id(m), {ids[0], columns - 1, rows - 1});
    };
    element.expected = perRow([](const Row& row) { return Value{row[0].back()}; });
    cases.push_back(std::move(element));
    Case dynamic = opCase(Op::AccessChain, Flavour::GLCompute, {matrix, {Scalar::I32}}, column);
    dynamic.generators = {nullptr, below(columns)};
    dynamic.emit = [=](Module& m, Kernel&, const Ids& ids) {
        const Id variable = m.localVariable(matrix.id(m));
        m.op(Op::Store, {variable, ids[0]});
        const Id pointer = m.value(Op::AccessChain, m.pointerType(Storage::Function, column.id(m)), {variable, ids[1]});
        return m.value(Op::Load, column.id(m), {pointer});
    };
    dynamic.expected = perRow([=](const Row& row) {
        const auto first = row[0].begin() + static_cast<long>(row[1][0] * rows);
        return Value(first, first + rows);
    });
    cases.push_back(std::move(dynamic));
}

Quad determinant(const std::vector<std::vector<Quad>>& m) {
    if (m.size() == 1) {
        return m[0][0];
    }
    Quad sum = 0;
    for (size_t c = 0; c < m.size(); ++c) {
        std::vector<std::vector<Quad>> minor;
        for (size_t i = 0; i < m.size(); ++i) {
            if (i != c) {
                minor.emplace_back(m[i].begin() + 1, m[i].end());
            }
        }
        const Quad term = m[c][0] * determinant(minor);
        sum += c % 2 == 0 ? term : -term;
    }
    return sum;
}

std::vector<std::vector<Quad>> columnsOf(const Type& type, const Value& value) {
    const Shape shape(type, value);
    std::vector<std::vector<Quad>> all(type.columns, std::vector<Quad>(type.width));
    for (uint32_t c = 0; c < type.columns; ++c) {
        for (uint32_t r = 0; r < type.width; ++r) {
            all[c][r] = shape.at(c, r);
        }
    }
    return all;
}

void addSquare(Cases& cases, Scalar scalar, uint32_t size) {
    const Type matrix{scalar, size, size}, number{scalar};
    const Generator tiny = [](Random& random, Scalar s) { return fromQuad(s, static_cast<int>(random() % 5) + 1); };
    // The diagonal dominates, so that the inverse is near one; the products of such small integers are exact.
    const auto dominant = [scalar, size](Row& row) {
        for (uint32_t i = 0; i < size; ++i) {
            row[0][i * size + i] = fromQuad(scalar, 8);
        }
    };
    Case det = glslCase(Glsl::Determinant, "Determinant", {matrix}, number);
    det.generators = {tiny};
    det.adjust = dominant;
    det.expected =
        perRow([=](const Row& row) { return Value{fromQuad(scalar, determinant(columnsOf(matrix, row[0])))}; });
    det.comparison = within(scalar == Scalar::F16 ? 16 : 4);
    det.weight = 30;
    cases.push_back(std::move(det));

    Case inverse = glslCase(Glsl::MatrixInverse, "MatrixInverse", {matrix}, matrix);
    inverse.generators = {tiny};
    inverse.adjust = dominant;
    // An element that is nearly zero has no relative accuracy: the error is measured against the largest, which is near
    // 1/8.
    inverse.comparison.kind = Comparison::Kind::Accept;
    inverse.comparison.accept = [=](const Row& row, uint64_t got, size_t component) {
        const auto m = columnsOf(matrix, row[0]);
        const size_t column = component / size, line = component % size;
        std::vector<std::vector<Quad>> minor;
        for (size_t c = 0; c < size; ++c) {
            if (c != line) {
                std::vector<Quad> rest;
                for (size_t r = 0; r < size; ++r) {
                    if (r != column) {
                        rest.push_back(m[c][r]);
                    }
                }
                minor.push_back(rest);
            }
        }
        const Quad exact = determinant(minor) / determinant(m) * ((line + column) % 2 == 0 ? 1 : -1);
        const Quad unit = scalar == Scalar::F16 ? 0x1p-13 : scalar == Scalar::F32 ? 0x1p-26 : 0x1p-55;
        const Quad error = toQuad(scalar, got) - exact;
        return (error < 0 ? -error : error) <= 32 * unit;
    };
    inverse.weight = 96;
    cases.push_back(std::move(inverse));
}

} // namespace

Cases matrixCases() {
    Cases cases;
    for (Scalar scalar : kFloats) {
        for (uint32_t columns = 2; columns <= 4; ++columns) {
            for (uint32_t rows = 2; rows <= 4; ++rows) {
                addShape(cases, scalar, columns, rows);
            }
            addSquare(cases, scalar, columns);
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
