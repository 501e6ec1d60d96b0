// Cooperative matrices. The operands of a workgroup lie one after the other in their buffer, and are a matrix there;
// each subgroup computes the same result, which goes through workgroup memory to the invocations.
#include "matrix/batch.h"
#include "matrix/families.h"

#include <cmath>
#include <cstdlib>

namespace halyard::spirvtest {

namespace {

constexpr uint32_t kGroup = 64; // invocations

enum class Use : uint32_t { A, B, Accumulator };

struct Shape {
    uint32_t rows, columns;
    uint32_t count() const { return rows * columns; }
    uint32_t held() const { return (count() + subgroupSize() - 1) / subgroupSize(); } // by an invocation
};

struct Matrix {
    Scalar scalar;
    Shape shape;
    Use use = Use::Accumulator;
    bool columnMajor = false; // in memory
    bool byVector = false;    // reached through a pointer to vectors
    // What an invocation brings of it.
    uint32_t width() const { return shape.count() <= kGroup ? 1 : shape.count() <= 2 * kGroup ? 2 : 4; }
    Type brought() const { return {scalar, width()}; }
    Id id(Module& m) const {
        return m.opaqueType(Op::TypeCooperativeMatrixKHR,
                            {Type{scalar}.id(m), m.scope(Scope::Subgroup), m.u32(shape.rows), m.u32(shape.columns),
                             m.u32(static_cast<uint32_t>(use))});
    }
    std::string name() const {
        return std::string(scalarName(scalar)) + "m" + std::to_string(shape.rows) + "x" +
               std::to_string(shape.columns) + (columnMajor ? "c" : "") + (byVector ? "v" : "");
    }
};

using Elements = std::vector<uint64_t>; // row after row
// The result, given the operands.
using Compute = std::function<Elements(const std::vector<Elements>&)>;
using Write = std::function<Id(Module&, const Ids& matrices)>;

Elements elementsOf(const std::vector<Row>& rows, size_t group, size_t operand, const Matrix& matrix) {
    Elements result(matrix.shape.count());
    for (uint32_t e = 0; e < matrix.shape.count(); ++e) {
        const uint32_t r = e / matrix.shape.columns, c = e % matrix.shape.columns;
        const uint32_t at = matrix.columnMajor ? c * matrix.shape.rows + r : e;
        result[e] = rows[group * kGroup + at / matrix.width()][operand][at % matrix.width()];
    }
    return result;
}

Id loadMatrix(Module& m, Id pointer, const Matrix& matrix) {
    const uint32_t line = matrix.columnMajor ? matrix.shape.rows : matrix.shape.columns;
    const uint32_t stride = matrix.byVector ? line / matrix.width() : line;
    return m.value(Op::CooperativeMatrixLoadKHR, matrix.id(m),
                   {pointer, m.u32(matrix.columnMajor ? 1 : 0), m.u32(stride)});
}

// Pointers to the workgroup's part of each operand. The case is alone in its module: batch.h places what it brings.
Ids pointersTo(Module& m, Kernel& k, const std::vector<Matrix>& matrices) {
    std::vector<Type> buffers;
    std::vector<uint32_t> used;
    Ids pointers;
    const Id first = m.value(Op::IMul, k.indexType(), {k.workgroupId(), k.indexConstant(kGroup)});
    for (const Matrix& matrix : matrices) {
        uint32_t buffer = 0;
        while (buffer < buffers.size() && !(buffers[buffer] == matrix.brought())) {
            ++buffer;
        }
        if (buffer == buffers.size()) {
            buffers.push_back(matrix.brought());
            used.push_back(0);
        }
        const Id slot = k.indexConstant(used[buffer]++ * invocationsOf(kGroup));
        Id pointer = k.pointer(buffer, m.value(Op::IAdd, k.indexType(), {first, slot}));
        if (matrix.width() > 1 && !matrix.byVector) {
            const Id scalar = m.pointerType(k.bufferStorage(), Type{matrix.scalar}.id(m));
            pointer = m.value(Op::InBoundsAccessChain, scalar, {pointer, m.u32(0)});
        }
        pointers.push_back(pointer);
    }
    return pointers;
}

void barrier(Module& m) {
    const Id scope = m.scope(Scope::Workgroup);
    m.op(Op::ControlBarrier, {scope, scope, m.u32(kAcquireRelease | kWorkgroupMemory)});
}

// What this invocation brings back of the matrix.
Id distributed(Module& m, Kernel& k, Id value, const Matrix& matrix) {
    const Id scalar = Type{matrix.scalar}.id(m);
    const Id element = m.pointerType(Storage::Workgroup, scalar);
    const Id all = m.arrayType(scalar, kGroup * matrix.width());
    const Id shared = m.globalVariable(m.pointerType(Storage::Workgroup, all));
    const Id own = m.value(Op::IMul, k.indexType(), {k.localId(), k.indexConstant(matrix.width())});
    Ids places;
    for (uint32_t i = 0; i < matrix.width(); ++i) {
        const Id index = m.value(Op::IAdd, k.indexType(), {own, k.indexConstant(i)});
        places.push_back(m.value(Op::InBoundsAccessChain, element, {shared, index}));
        m.op(Op::Store, {places.back(), m.null(scalar)});
    }
    barrier(m);
    const uint32_t line = matrix.columnMajor ? matrix.shape.rows : matrix.shape.columns;
    const Id begin = m.value(Op::InBoundsAccessChain, element, {shared, k.indexConstant(0)});
    m.op(Op::CooperativeMatrixStoreKHR, {begin, value, m.u32(matrix.columnMajor ? 1 : 0), m.u32(line)});
    barrier(m);
    Ids parts;
    for (const Id place : places) {
        parts.push_back(m.value(Op::Load, scalar, {place}));
    }
    return parts.size() == 1 ? parts[0] : m.value(Op::CompositeConstruct, matrix.brought().id(m), parts);
}

Case matrixCase(const char* instruction, const std::string& name, Flavour flavour, const std::vector<Matrix>& operands,
                const Matrix& result, Write write, Compute compute) {
    Case item;
    item.instruction = std::string("Op") + instruction;
    item.name = std::string(instruction) + "/cooperative/" + flavourName(flavour) + "/" + name;
    item.flavour = flavour;
    item.capabilities = {Capability::CooperativeMatrixKHR};
    item.extensions = {"SPV_KHR_cooperative_matrix"};
    item.workgroupSize = kGroup;
    item.alone = true;
    item.byPointer = true;
    for (const Matrix& matrix : operands) {
        item.operands.push_back(matrix.brought());
        item.generators.push_back(moderateValue);
    }
    item.result = result.brought();
    item.comparison = exactly();
    item.emit = [=](Module& m, Kernel& k, const Ids&) {
        const Ids pointers = pointersTo(m, k, operands);
        Ids matrices;
        for (size_t i = 0; i < operands.size(); ++i) {
            matrices.push_back(loadMatrix(m, pointers[i], operands[i]));
        }
        return distributed(m, k, write(m, matrices), result);
    };
    item.expected = [=](const std::vector<Row>& rows, size_t n) {
        std::vector<Elements> in;
        for (size_t i = 0; i < operands.size(); ++i) {
            in.push_back(elementsOf(rows, n / kGroup, i, operands[i]));
        }
        const Elements out = compute(in);
        Value value(result.width(), 0);
        for (uint32_t c = 0; c < result.width(); ++c) {
            const uint64_t at = n % kGroup * result.width() + c;
            if (at < out.size()) {
                const uint64_t e =
                    !result.columnMajor ? at : at % result.shape.rows * result.shape.columns + at / result.shape.rows;
                value[c] = out[e] & maskOf(result.scalar);
            }
        }
        return value;
    };
    return item;
}

// ---- Multiplication

float asFloat(Scalar scalar, uint64_t bits) {
    return static_cast<float>(toQuad(scalar, bits));
}

uint64_t wide(Scalar scalar, uint64_t bits, bool isSigned) {
    return isSigned ? static_cast<uint64_t>(signedOf(scalar, bits)) : bits;
}

constexpr uint32_t kSignedA = 1, kSignedB = 2, kSignedC = 4, kSignedResult = 8, kSaturating = 16;

uint64_t floatElement(const Matrix& a, const Matrix& b, const Matrix& c, const std::vector<Elements>& in, uint32_t row,
                      uint32_t column) {
    const uint64_t start = in[2][row * c.shape.columns + column];
    float sum = asFloat(c.scalar, start);
    auto wideSum = static_cast<double>(toQuad(c.scalar, start));
    for (uint32_t k = 0; k < a.shape.columns; ++k) {
        const uint64_t x = in[0][row * a.shape.columns + k], y = in[1][k * b.shape.columns + column];
        sum = std::fma(asFloat(a.scalar, x), asFloat(b.scalar, y), sum);
        wideSum = std::fma(static_cast<double>(toQuad(a.scalar, x)), static_cast<double>(toQuad(b.scalar, y)), wideSum);
    }
    const bool isWide = a.scalar == Scalar::F64 || b.scalar == Scalar::F64 || c.scalar == Scalar::F64;
    return fromQuad(c.scalar, isWide ? static_cast<Quad>(wideSum) : static_cast<Quad>(sum));
}

uint64_t intElement(const Matrix& a, const Matrix& b, const Matrix& c, const std::vector<Elements>& in, uint32_t row,
                    uint32_t column, uint32_t flags) {
    uint64_t products = 0;
    for (uint32_t k = 0; k < a.shape.columns; ++k) {
        products += wide(a.scalar, in[0][row * a.shape.columns + k], (flags & kSignedA) != 0) *
                    wide(b.scalar, in[1][k * b.shape.columns + column], (flags & kSignedB) != 0);
    }
    products &= maskOf(c.scalar);
    const uint64_t start = in[2][row * c.shape.columns + column];
    if ((flags & kSaturating) == 0) {
        return products + start;
    }
    const bool isSigned = (flags & kSignedResult) != 0;
    const auto value = [&](uint64_t bits) {
        return isSigned ? static_cast<__int128>(signedOf(c.scalar, bits)) : static_cast<__int128>(bits);
    };
    const __int128 high = isSigned ? maskOf(c.scalar) >> 1 : maskOf(c.scalar);
    const __int128 low = isSigned ? -high - 1 : 0;
    return static_cast<uint64_t>(std::clamp(value(products) + value(start), low, high));
}

Case product(Flavour flavour, Matrix a, Matrix b, Matrix c, uint32_t flags = 0) {
    a.use = Use::A;
    b.use = Use::B;
    const std::string name =
        a.name() + "," + b.name() + "," + c.name() + (flags != 0 ? "/" + std::to_string(flags) : "");
    const Write write = [=](Module& m, const Ids& matrices) {
        Words operands = matrices;
        if (flags != 0) {
            operands.push_back(flags);
        }
        return m.value(Op::CooperativeMatrixMulAddKHR, c.id(m), operands);
    };
    const Compute compute = [=](const std::vector<Elements>& in) {
        Elements result(c.shape.count());
        for (uint32_t e = 0; e < c.shape.count(); ++e) {
            const uint32_t row = e / c.shape.columns, column = e % c.shape.columns;
            result[e] = isFloat(c.scalar) ? floatElement(a, b, c, in, row, column)
                                          : intElement(a, b, c, in, row, column, flags);
        }
        return result;
    };
    Case item = matrixCase("CooperativeMatrixMulAddKHR", name, flavour, {a, b, c}, c, write, compute);
    if (isFloat(c.scalar)) {
        item.comparison = {Comparison::Kind::NanEquivalent, 0, nullptr, false};
    } else {
        item.generators.assign(3, anyValue);
    }
    return item;
}

void addProducts(Cases& cases, Flavour flavour) {
    struct Types {
        Scalar a, b, c;
    };
    constexpr Types types[] = {
        {Scalar::I8, Scalar::I8, Scalar::I32},   {Scalar::I8, Scalar::I8, Scalar::I8},
        {Scalar::I16, Scalar::I16, Scalar::I32}, {Scalar::I16, Scalar::I16, Scalar::I64},
        {Scalar::I32, Scalar::I32, Scalar::I32}, {Scalar::I64, Scalar::I64, Scalar::I64},
        {Scalar::F16, Scalar::F16, Scalar::F16}, {Scalar::F16, Scalar::F16, Scalar::F32},
        {Scalar::F32, Scalar::F32, Scalar::F32}, {Scalar::F64, Scalar::F64, Scalar::F64},
        {Scalar::F32, Scalar::F32, Scalar::F64}, {Scalar::I8, Scalar::I16, Scalar::I32},
    };
    struct Size {
        uint32_t m, n, k;
    };
    constexpr Size sizes[] = {{16, 16, 16}, {8, 16, 4}, {5, 7, 3}, {1, 1, 1}, {1, 24, 6}, {13, 4, 9}};
    for (const Types& t : types) {
        for (const Size& size : sizes) {
            const Matrix a{t.a, {size.m, size.k}}, b{t.b, {size.k, size.n}}, c{t.c, {size.m, size.n}};
            cases.push_back(
                product(flavour, a, b, c, isFloat(t.c) ? 0 : kSignedA | kSignedB | kSignedC | kSignedResult));
        }
        for (uint32_t layout = 1; layout < 8; ++layout) {
            Matrix a{t.a, {8, 16}}, b{t.b, {16, 8}}, c{t.c, {8, 8}};
            a.columnMajor = (layout & 1) != 0;
            b.columnMajor = (layout & 2) != 0;
            c.columnMajor = (layout & 4) != 0;
            cases.push_back(product(flavour, a, b, c));
        }
        if (isFloat(t.c)) {
            continue;
        }
        for (const uint32_t flags : {kSignedA, kSignedB, kSaturating, kSaturating | kSignedC | kSignedResult,
                                     kSaturating | kSignedA | kSignedB | kSignedC | kSignedResult}) {
            cases.push_back(product(flavour, {t.a, {8, 5}}, {t.b, {5, 8}}, {t.c, {8, 8}}, flags));
        }
    }
    Matrix a{Scalar::F16, {16, 16}}, b{Scalar::F16, {16, 16}}, c{Scalar::F32, {16, 16}};
    a.byVector = b.byVector = c.byVector = true;
    cases.push_back(product(flavour, a, b, c));
    b.columnMajor = true;
    cases.push_back(product(flavour, a, b, c));
}

// ---- What works on each element

Compute eachElement(std::function<uint64_t(const uint64_t*)> host) {
    return [host = std::move(host)](const std::vector<Elements>& in) {
        Elements result(in[0].size());
        for (size_t e = 0; e < result.size(); ++e) {
            uint64_t operands[4] = {};
            for (size_t i = 0; i < in.size(); ++i) {
                operands[i] = in[i][e];
            }
            result[e] = host(operands);
        }
        return result;
    };
}

// The uses take turns: they make no difference here.
void addUnary(Cases& cases, Op op, Flavour flavour, Scalar from, Scalar to, std::function<uint64_t(uint64_t)> host) {
    struct Form {
        Shape shape;
        Use use;
    };
    for (const Form& form : {Form{{16, 16}, Use::Accumulator}, Form{{6, 5}, cases.size() % 2 == 0 ? Use::A : Use::B}}) {
        const Matrix operand{from, form.shape, form.use}, result{to, form.shape, form.use};
        cases.push_back(matrixCase(
            opName(op), operand.name() + "-" + result.name(), flavour, {operand}, result,
            [=](Module& m, const Ids& in) { return m.value(op, result.id(m), {in[0]}); },
            eachElement([=](const uint64_t* v) { return host(v[0]); })));
        cases.back().comparison = {Comparison::Kind::NanEquivalent, 0, nullptr, false};
    }
}

void addBinary(Cases& cases, Op op, Flavour flavour, Scalar scalar, std::function<uint64_t(uint64_t, uint64_t)> host) {
    const Matrix matrix{scalar, cases.size() % 2 == 0 ? Shape{16, 16} : Shape{6, 5}};
    Case item = matrixCase(
        opName(op), matrix.name(), flavour, {matrix, matrix}, matrix,
        [=](Module& m, const Ids& in) { return m.value(op, matrix.id(m), in); },
        eachElement([=](const uint64_t* v) { return host(v[0], v[1]); }));
    item.comparison = {Comparison::Kind::NanEquivalent, 0, nullptr, false};
    if (op == Op::UDiv || op == Op::SDiv) {
        item.generators = {anyValue, [](Random& random, Scalar) { return uint64_t(random() % 100 + 1); }};
    }
    cases.push_back(std::move(item));
}

void addElementwise(Cases& cases, Flavour flavour) {
    for (const Scalar s : kInts) {
        addBinary(cases, Op::IAdd, flavour, s, [](uint64_t a, uint64_t b) { return a + b; });
        addBinary(cases, Op::ISub, flavour, s, [](uint64_t a, uint64_t b) { return a - b; });
        addBinary(cases, Op::IMul, flavour, s, [](uint64_t a, uint64_t b) { return a * b; });
        addBinary(cases, Op::UDiv, flavour, s, [](uint64_t a, uint64_t b) { return a / b; });
        addBinary(cases, Op::SDiv, flavour, s,
                  [s](uint64_t a, uint64_t b) { return static_cast<uint64_t>(signedOf(s, a) / signedOf(s, b)); });
        addUnary(cases, Op::SNegate, flavour, s, s, [](uint64_t a) { return 0 - a; });
        for (const Scalar to : kInts) {
            if (to != s) {
                addUnary(cases, Op::UConvert, flavour, s, to, [](uint64_t a) { return a; });
                addUnary(cases, Op::SConvert, flavour, s, to,
                         [s](uint64_t a) { return static_cast<uint64_t>(signedOf(s, a)); });
            }
        }
    }
    const auto rounded = [](Scalar s, auto operation) {
        return [=](uint64_t a, uint64_t b) { return fromQuad(s, operation(toQuad(s, a), toQuad(s, b))); };
    };
    for (const Scalar s : kFloats) {
        addBinary(cases, Op::FAdd, flavour, s, rounded(s, [](Quad a, Quad b) { return a + b; }));
        addBinary(cases, Op::FSub, flavour, s, rounded(s, [](Quad a, Quad b) { return a - b; }));
        addBinary(cases, Op::FMul, flavour, s, rounded(s, [](Quad a, Quad b) { return a * b; }));
        addBinary(cases, Op::FDiv, flavour, s, rounded(s, [](Quad a, Quad b) { return a / b; }));
        addUnary(cases, Op::FNegate, flavour, s, s, [s](uint64_t a) { return a ^ (uint64_t(1) << (bitsOf(s) - 1)); });
        for (const Scalar to : kFloats) {
            if (to != s) {
                addUnary(cases, Op::FConvert, flavour, s, to, [=](uint64_t a) { return fromQuad(to, toQuad(s, a)); });
            }
        }
        addUnary(cases, Op::ConvertSToF, flavour, Scalar::I16, s,
                 [s](uint64_t a) { return fromQuad(s, static_cast<Quad>(signedOf(Scalar::I16, a))); });
        addUnary(cases, Op::ConvertUToF, flavour, Scalar::I8, s,
                 [s](uint64_t a) { return fromQuad(s, static_cast<Quad>(a)); });
    }
    addUnary(cases, Op::Bitcast, flavour, Scalar::I32, Scalar::F32, [](uint64_t a) { return a; });
    addUnary(cases, Op::Bitcast, flavour, Scalar::F16, Scalar::I16, [](uint64_t a) { return a; });
    addUnary(cases, Op::CopyObject, flavour, Scalar::F32, Scalar::F32, [](uint64_t a) { return a; });
    for (const Op op : {Op::ConvertFToS, Op::ConvertFToU}) {
        addUnary(cases, op, flavour, Scalar::F32, Scalar::I32,
                 [](uint64_t a) { return static_cast<uint64_t>(static_cast<int64_t>(toQuad(Scalar::F32, a))); });
        for (size_t i = cases.size() - 2; i < cases.size(); ++i) {
            cases[i].generators = {
                [](Random& random, Scalar s) { return fromQuad(s, static_cast<Quad>(random() % 100000) / 16); }};
        }
    }
}

void addScaled(Cases& cases, Flavour flavour) {
    const auto add = [&](Scalar s, uint64_t factor, std::function<uint64_t(uint64_t)> host) {
        for (const Shape& shape : {Shape{16, 16}, Shape{6, 5}}) {
            const Matrix matrix{s, shape};
            cases.push_back(matrixCase(
                "MatrixTimesScalar", matrix.name(), flavour, {matrix}, matrix,
                [=](Module& m, const Ids& in) {
                    return m.value(Op::MatrixTimesScalar, matrix.id(m), {in[0], m.constant(Type{s}.id(m), factor)});
                },
                eachElement([=](const uint64_t* v) { return host(v[0]); })));
            cases.back().comparison = {Comparison::Kind::NanEquivalent, 0, nullptr, false};
        }
    };
    for (const Scalar s : kInts) {
        add(s, 7, [](uint64_t a) { return a * 7; });
    }
    for (const Scalar s : kFloats) {
        add(s, fromQuad(s, Quad(-2.75)), [s](uint64_t a) { return fromQuad(s, toQuad(s, a) * Quad(-2.75)); });
    }
}

// ---- Values, elements and control flow

// A matrix whose invocations hold `held` elements each: calls body with the number of each in turn.
void forEachHeld(Module& m, Id variable, const Matrix& matrix, const std::function<void(Id pointer, Id index)>& body) {
    const Id u32 = m.intType(32);
    const Id counter = m.localVariable(u32, m.u32(0));
    const Id length = m.value(Op::CooperativeMatrixLengthKHR, u32, {matrix.id(m)});
    const Id header = m.newId(), work = m.newId(), next = m.newId(), done = m.newId();
    m.op(Op::Branch, {header});
    m.label(header);
    const Id index = m.value(Op::Load, u32, {counter});
    const Id more = m.value(Op::ULessThan, m.boolType(), {index, length});
    m.op(Op::LoopMerge, {done, next, 0});
    m.op(Op::BranchConditional, {more, work, done});
    m.label(work);
    body(m.value(Op::AccessChain, m.pointerType(Storage::Function, Type{matrix.scalar}.id(m)), {variable, index}),
         index);
    m.op(Op::Branch, {next});
    m.label(next);
    m.op(Op::Store, {counter, m.value(Op::IAdd, u32, {index, m.u32(1)})});
    m.op(Op::Branch, {header});
    m.label(done);
}

void addElements(Cases& cases, Flavour flavour, const Matrix& matrix) {
    const Scalar s = matrix.scalar;
    const std::string name = matrix.name();
    const auto add = [&](const char* instruction, const std::string& what, const std::vector<Matrix>& operands,
                         Write write, Compute compute) {
        cases.push_back(matrixCase(instruction, name + what, flavour, operands, matrix, write, compute));
    };
    const auto same = eachElement([](const uint64_t* v) { return v[0]; });
    const uint64_t number = isFloat(s) ? fromQuad(s, Quad(2.5)) : 42;
    const auto number_id = [=](Module& m) { return m.constant(Type{s}.id(m), number); };
    const auto filled = [=](const std::vector<Elements>& in) { return Elements(in[0].size(), number); };

    add(
        "CooperativeMatrixLoadKHR", "", {matrix}, [](Module&, const Ids& in) { return in[0]; }, same);
    add(
        "CooperativeMatrixStoreKHR", "", {matrix}, [](Module&, const Ids& in) { return in[0]; }, same);
    add(
        "CompositeConstruct", "", {matrix},
        [=](Module& m, const Ids&) { return m.value(Op::CompositeConstruct, matrix.id(m), {number_id(m)}); }, filled);
    add(
        "ConstantComposite", "", {matrix},
        [=](Module& m, const Ids&) { return m.composite(matrix.id(m), {number_id(m)}); }, filled);
    add(
        "ConstantNull", "", {matrix}, [=](Module& m, const Ids&) { return m.null(matrix.id(m)); },
        [](const std::vector<Elements>& in) { return Elements(in[0].size(), 0); });
    add(
        "Undef", "", {matrix},
        [=](Module& m, const Ids& in) {
            const Id chosen = m.value(Op::Select, matrix.id(m), {m.boolean(true), in[0], m.undef(matrix.id(m))});
            return chosen;
        },
        same);
    add(
        "Select", "", {matrix, matrix},
        [=](Module& m, const Ids& in) {
            return m.value(Op::Select, matrix.id(m), {m.boolean(false), in[0], in[1]});
        },
        eachElement([](const uint64_t* v) { return v[1]; }));
    add(
        "CooperativeMatrixLengthKHR", "", {matrix},
        [=](Module& m, const Ids&) {
            const Id u32 = m.intType(32);
            const Id length = m.value(Op::CooperativeMatrixLengthKHR, u32, {matrix.id(m)});
            const Id type = Type{s}.id(m);
            Id value = length;
            if (isFloat(s)) {
                value = m.value(Op::ConvertUToF, type, {length});
            } else if (bitsOf(s) != 32) {
                value = m.value(Op::UConvert, type, {length});
            }
            return m.value(Op::CompositeConstruct, matrix.id(m), {value});
        },
        [=](const std::vector<Elements>& in) {
            const uint64_t length = matrix.shape.held();
            return Elements(in[0].size(), isFloat(s) ? fromQuad(s, static_cast<Quad>(length)) : length);
        });
    // Element 0 of each invocation into its last one. Whose they are is Halyard's choice: one run after the other.
    add(
        "CompositeExtract", "", {matrix},
        [=](Module& m, const Ids& in) {
            const Id first = m.value(Op::CompositeExtract, Type{s}.id(m), {in[0], 0});
            return m.value(Op::CompositeInsert, matrix.id(m), {first, in[0], matrix.shape.held() - 1});
        },
        [=](const std::vector<Elements>& in) {
            Elements result = in[0];
            const size_t held = matrix.shape.held();
            for (size_t e = held - 1; e < result.size(); e += held) {
                result[e] = in[0][e + 1 - held];
            }
            return result;
        });
    add(
        "CompositeInsert", "", {matrix},
        [=](Module& m, const Ids& in) {
            return m.value(Op::CompositeInsert, matrix.id(m), {number_id(m), in[0], 0});
        },
        [=](const std::vector<Elements>& in) {
            Elements result = in[0];
            for (size_t e = 0; e < result.size(); e += matrix.shape.held()) {
                result[e] = number;
            }
            return result;
        });
    add(
        "AccessChain", "", {matrix, matrix},
        [=](Module& m, const Ids& in) {
            const Id target = m.localVariable(matrix.id(m)), source = m.localVariable(matrix.id(m));
            m.op(Op::Store, {target, in[0]});
            m.op(Op::Store, {source, in[1]});
            const Id pointer = m.pointerType(Storage::Function, Type{s}.id(m));
            forEachHeld(m, target, matrix, [&](Id place, Id index) {
                const Id other = m.value(Op::AccessChain, pointer, {source, index});
                const Id a = m.value(Op::Load, Type{s}.id(m), {place}), b = m.value(Op::Load, Type{s}.id(m), {other});
                m.op(Op::Store, {place, m.value(isFloat(s) ? Op::FSub : Op::ISub, Type{s}.id(m), {a, b})});
            });
            return m.value(Op::Load, matrix.id(m), {target});
        },
        eachElement([s](const uint64_t* v) {
            return isFloat(s) ? fromQuad(s, toQuad(s, v[0]) - toQuad(s, v[1])) : v[0] - v[1];
        }));
    add(
        "Variable", "", {matrix, matrix},
        [=](Module& m, const Ids& in) {
            const Id first = m.localVariable(matrix.id(m), m.composite(matrix.id(m), {number_id(m)}));
            const Id second = m.localVariable(matrix.id(m));
            m.op(Op::Store, {second, in[1]});
            m.op(Op::CopyMemory, {first, second});
            return m.value(Op::Load, matrix.id(m), {first});
        },
        eachElement([](const uint64_t* v) { return v[1]; }));
}

// sum = C; five times: sum = A * B + sum, the matrix carried by a phi, or by a variable.
void addLoop(Cases& cases, Flavour flavour, bool byPhi) {
    constexpr uint32_t kTimes = 5;
    const Matrix a{Scalar::I8, {8, 16}, Use::A}, b{Scalar::I8, {16, 8}, Use::B}, c{Scalar::I32, {8, 8}};
    const Write write = [=](Module& m, const Ids& in) {
        const Id u32 = m.intType(32), type = c.id(m);
        const Id variable = byPhi ? 0 : m.localVariable(type);
        if (!byPhi) {
            m.op(Op::Store, {variable, in[2]});
        }
        const Id before = m.block();
        const Id header = m.newId(), work = m.newId(), next = m.newId(), done = m.newId();
        const Id following = m.newId(), product = m.newId();
        m.op(Op::Branch, {header});
        m.label(header);
        const Id index = m.value(Op::Phi, u32, {m.u32(0), before, following, next});
        const Id sum = byPhi ? m.value(Op::Phi, type, {in[2], before, product, next}) : 0;
        const Id more = m.value(Op::ULessThan, m.boolType(), {index, m.u32(kTimes)});
        m.op(Op::LoopMerge, {done, next, 0});
        m.op(Op::BranchConditional, {more, work, done});
        m.label(work);
        const Id now = byPhi ? sum : m.value(Op::Load, type, {variable});
        m.op(Op::CooperativeMatrixMulAddKHR, {type, product, in[0], in[1], now});
        if (!byPhi) {
            m.op(Op::Store, {variable, product});
        }
        m.op(Op::Branch, {next});
        m.label(next);
        m.op(Op::IAdd, {u32, following, index, m.u32(1)});
        m.op(Op::Branch, {header});
        m.label(done);
        return byPhi ? sum : m.value(Op::Load, type, {variable});
    };
    const Compute compute = [=](const std::vector<Elements>& in) {
        Elements sum = in[2];
        for (uint32_t e = 0; e < c.shape.count(); ++e) {
            for (uint32_t i = 0; i < kTimes; ++i) {
                const uint64_t product = intElement(a, b, c, in, e / 8, e % 8, 0) - in[2][e];
                sum[e] = (sum[e] + product) & maskOf(c.scalar);
            }
        }
        return sum;
    };
    cases.push_back(matrixCase(byPhi ? "Phi" : "CooperativeMatrixMulAddKHR", byPhi ? "loop" : "loop/variable", flavour,
                               {a, b, c}, c, write, compute));
}

// Through a function that takes and gives matrices.
void addCall(Cases& cases, Flavour flavour) {
    const Matrix a{Scalar::F16, {8, 8}, Use::A}, b{Scalar::F16, {8, 8}, Use::B}, c{Scalar::F32, {8, 8}};
    Case item = product(flavour, a, b, c);
    item.instruction = "OpFunctionCall";
    item.name = std::string("FunctionCall/cooperative/") + flavourName(flavour);
    item.functions = [=](Module& m) {
        const Id function = m.beginFunction(c.id(m), {a.id(m), b.id(m), c.id(m)});
        const Ids parameters = m.parameters();
        const Id result = m.value(Op::CooperativeMatrixMulAddKHR, c.id(m), parameters);
        m.op(Op::ReturnValue, {result});
        m.endFunction();
        return Ids{function};
    };
    item.emit = nullptr;
    item.emitWith = [=](Module& m, Kernel& k, const Ids&, const Ids& functions) {
        const std::vector<Matrix> matrices = {a, b, c};
        const Ids pointers = pointersTo(m, k, matrices);
        Words operands = {functions[0]};
        for (size_t i = 0; i < matrices.size(); ++i) {
            operands.push_back(loadMatrix(m, pointers[i], matrices[i]));
        }
        return distributed(m, k, m.value(Op::FunctionCall, c.id(m), operands), c);
    };
    cases.push_back(std::move(item));
}

// Rows and columns that come from specialisation constants.
void addSpecialised(Cases& cases, Flavour flavour) {
    const Matrix matrix{Scalar::F32, {8, 16}};
    Case item = matrixCase("TypeCooperativeMatrixKHR", "specialised", flavour, {matrix}, matrix, nullptr,
                           eachElement([](const uint64_t* v) { return v[0]; }));
    item.constants = {{0, 4, 8}, {1, 4, 16}};
    item.emit = [=](Module& m, Kernel& k, const Ids&) {
        const Id u32 = m.intType(32);
        const Id rows = m.specConstant(u32, 0, 2), columns = m.specConstant(u32, 1, 2);
        const Id type = m.opaqueType(Op::TypeCooperativeMatrixKHR,
                                     {m.floatType(32), m.scope(Scope::Subgroup), rows, columns, m.u32(2)});
        const Id loaded =
            m.value(Op::CooperativeMatrixLoadKHR, type, {pointersTo(m, k, {matrix})[0], m.u32(0), columns});
        return distributed(m, k, loaded, matrix);
    };
    cases.push_back(std::move(item));
}

} // namespace

Cases cooperativeCases() {
    Cases cases;
    for (const Flavour flavour : kFlavours) {
        addProducts(cases, flavour);
        addElementwise(cases, flavour);
        addScaled(cases, flavour);
        for (const Scalar scalar : {Scalar::I8, Scalar::I32, Scalar::F16, Scalar::F64}) {
            for (const Shape& shape : {Shape{16, 16}, Shape{5, 13}, Shape{2, 4}}) {
                addElements(cases, flavour, {scalar, shape});
            }
        }
        addLoop(cases, flavour, true);
        addLoop(cases, flavour, false);
        addCall(cases, flavour);
        addSpecialised(cases, flavour);
    }
    return cases;
}

} // namespace halyard::spirvtest
