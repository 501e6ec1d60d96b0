// Comparisons, tests of floating-point numbers, boolean logic, selection.
#include "matrix/families.h"

namespace halyard::spirvtest {

namespace {

struct IntCompare {
    Op op;
    bool isSigned;
    bool (*host)(int64_t, int64_t, uint64_t, uint64_t);
};
const IntCompare kIntCompares[] = {
    {Op::IEqual, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a == b; }},
    {Op::INotEqual, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a != b; }},
    {Op::UGreaterThan, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a > b; }},
    {Op::SGreaterThan, true, [](int64_t a, int64_t b, uint64_t, uint64_t) { return a > b; }},
    {Op::UGreaterThanEqual, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a >= b; }},
    {Op::SGreaterThanEqual, true, [](int64_t a, int64_t b, uint64_t, uint64_t) { return a >= b; }},
    {Op::ULessThan, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a < b; }},
    {Op::SLessThan, true, [](int64_t a, int64_t b, uint64_t, uint64_t) { return a < b; }},
    {Op::ULessThanEqual, false, [](int64_t, int64_t, uint64_t a, uint64_t b) { return a <= b; }},
    {Op::SLessThanEqual, true, [](int64_t a, int64_t b, uint64_t, uint64_t) { return a <= b; }},
};

struct FloatCompare {
    Op op;
    bool kernelOnly;
    bool (*host)(Quad, Quad);
};
bool unordered(Quad a, Quad b) {
    return a != a || b != b;
}
const FloatCompare kFloatCompares[] = {
    {Op::FOrdEqual, false, [](Quad a, Quad b) { return a == b; }},
    {Op::FUnordEqual, false, [](Quad a, Quad b) { return unordered(a, b) || a == b; }},
    {Op::FOrdNotEqual, false, [](Quad a, Quad b) { return !unordered(a, b) && a != b; }},
    {Op::FUnordNotEqual, false, [](Quad a, Quad b) { return a != b; }},
    {Op::FOrdLessThan, false, [](Quad a, Quad b) { return a < b; }},
    {Op::FUnordLessThan, false, [](Quad a, Quad b) { return unordered(a, b) || a < b; }},
    {Op::FOrdGreaterThan, false, [](Quad a, Quad b) { return a > b; }},
    {Op::FUnordGreaterThan, false, [](Quad a, Quad b) { return unordered(a, b) || a > b; }},
    {Op::FOrdLessThanEqual, false, [](Quad a, Quad b) { return a <= b; }},
    {Op::FUnordLessThanEqual, false, [](Quad a, Quad b) { return unordered(a, b) || a <= b; }},
    {Op::FOrdGreaterThanEqual, false, [](Quad a, Quad b) { return a >= b; }},
    {Op::FUnordGreaterThanEqual, false, [](Quad a, Quad b) { return unordered(a, b) || a >= b; }},
    {Op::LessOrGreater, true, [](Quad a, Quad b) { return a < b || a > b; }},
    {Op::Ordered, true, [](Quad a, Quad b) { return !unordered(a, b); }},
    {Op::Unordered, true, unordered},
};

struct FloatTest {
    Op op;
    bool kernelOnly;
    bool (*host)(Scalar, uint64_t);
};
const FloatTest kFloatTests[] = {
    {Op::IsNan, false, isNan},
    {Op::IsInf, false, isInf},
    {Op::IsFinite, true, [](Scalar s, uint64_t v) { return !isNan(s, v) && !isInf(s, v); }},
    {Op::IsNormal, true,
     [](Scalar s, uint64_t v) { return !isNan(s, v) && !isInf(s, v) && !isZero(s, v) && !isSubnormal(s, v); }},
    {Op::SignBitSet, true, signBit},
};

struct BoolOp {
    Op op;
    int operands;
    bool (*host)(bool, bool);
};
const BoolOp kBoolOps[] = {
    {Op::LogicalEqual, 2, [](bool a, bool b) { return a == b; }},
    {Op::LogicalNotEqual, 2, [](bool a, bool b) { return a != b; }},
    {Op::LogicalOr, 2, [](bool a, bool b) { return a || b; }},
    {Op::LogicalAnd, 2, [](bool a, bool b) { return a && b; }},
    {Op::LogicalNot, 1, [](bool a, bool) { return !a; }},
};

void addInts(Cases& cases, Flavour flavour, uint32_t width, const Type& truth) {
    for (Scalar scalar : kInts) {
        for (const IntCompare& each : kIntCompares) {
            const Type type{scalar, width, 0, each.isSigned && flavour == Flavour::GLCompute};
            const auto host = each.host;
            Case item = opCase(each.op, flavour, {type, type}, truth, [host, scalar](const uint64_t* v) {
                return uint64_t(host(signedOf(scalar, v[0]), signedOf(scalar, v[1]), v[0], v[1]));
            });
            item.adjust = [](Row& row) { // a quarter of the pairs are equal
                if (row[0][0] % 4 == 0) {
                    row[1] = row[0];
                }
            };
            cases.push_back(std::move(item));
        }
    }
}

void addFloats(Cases& cases, Flavour flavour, uint32_t width, const Type& truth) {
    for (Scalar scalar : kFloats) {
        const Type type{scalar, width};
        for (const FloatCompare& each : kFloatCompares) {
            if (each.kernelOnly && flavour != Flavour::Kernel) {
                continue;
            }
            const auto host = each.host;
            Case item = opCase(each.op, flavour, {type, type}, truth, [host, scalar](const uint64_t* v) {
                return uint64_t(host(toQuad(scalar, v[0]), toQuad(scalar, v[1])));
            });
            item.adjust = [](Row& row) {
                if (row[0][0] % 4 == 1) {
                    row[1] = row[0];
                }
            };
            cases.push_back(std::move(item));
        }
        for (const FloatTest& each : kFloatTests) {
            if (each.kernelOnly && flavour != Flavour::Kernel) {
                continue;
            }
            const auto host = each.host;
            cases.push_back(opCase(each.op, flavour, {type}, truth,
                                   [host, scalar](const uint64_t* v) { return uint64_t(host(scalar, v[0])); }));
        }
    }
}

void addBooleans(Cases& cases, Flavour flavour, uint32_t width, const Type& truth) {
    for (const BoolOp& each : kBoolOps) {
        const auto host = each.host;
        cases.push_back(opCase(each.op, flavour, std::vector<Type>(static_cast<size_t>(each.operands), truth), truth,
                               [host](const uint64_t* v) { return uint64_t(host(v[0] != 0, v[1] != 0)); }));
    }
    if (width > 1) {
        for (Op op : {Op::Any, Op::All}) {
            Case item = opCase(op, flavour, {truth}, {Scalar::Bool});
            const bool any = op == Op::Any;
            item.generators = {[any](Random& random, Scalar) { return uint64_t((random() % 8 == 0) == any); }};
            item.expected = perRow([any](const Row& row) {
                bool result = !any;
                for (uint64_t component : row[0]) {
                    result = any ? result || component != 0 : result && component != 0;
                }
                return Value{uint64_t(result)};
            });
            cases.push_back(std::move(item));
        }
    }
    for (Scalar scalar : kNumbers) {
        const Type type{scalar, width};
        const Host host = [](const uint64_t* v) { return v[0] != 0 ? v[1] : v[2]; };
        cases.push_back(opCase(Op::Select, flavour, {truth, type, type}, type, host));
        cases.back().comparison = exactly();
        if (width > 1) { // a scalar condition for a whole vector, since SPIR-V 1.4
            cases.push_back(opCase(Op::Select, flavour, {{Scalar::Bool}, type, type}, type, host));
        }
    }
    cases.push_back(opCase(Op::Select, flavour, {truth, truth, truth}, truth,
                           [](const uint64_t* v) { return v[0] != 0 ? v[1] : v[2]; }));
}

} // namespace

Cases logicCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            const Type truth{Scalar::Bool, width};
            addInts(cases, flavour, width, truth);
            addFloats(cases, flavour, width, truth);
            addBooleans(cases, flavour, width, truth);
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
