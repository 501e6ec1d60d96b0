// Integer and floating-point arithmetic, and instructions with carry.
#include "matrix/families.h"

#include <cmath>
#include <quadmath.h>

namespace halyard::spirvtest {

namespace {

struct IntOp {
    Op op;
    int operands;
    bool isSigned;
    uint64_t (*host)(Scalar, uint64_t, uint64_t);
};

uint64_t signedRemainder(Scalar s, uint64_t a, uint64_t b) {
    return static_cast<uint64_t>(signedOf(s, a) % signedOf(s, b));
}
uint64_t signedModulo(Scalar s, uint64_t a, uint64_t b) {
    const int64_t divisor = signedOf(s, b), remainder = signedOf(s, a) % divisor;
    return static_cast<uint64_t>(remainder != 0 && (remainder < 0) != (divisor < 0) ? remainder + divisor : remainder);
}

const IntOp kIntOps[] = {
    {Op::SNegate, 1, true, [](Scalar, uint64_t a, uint64_t) { return 0 - a; }},
    {Op::IAdd, 2, false, [](Scalar, uint64_t a, uint64_t b) { return a + b; }},
    {Op::ISub, 2, false, [](Scalar, uint64_t a, uint64_t b) { return a - b; }},
    {Op::IMul, 2, false, [](Scalar, uint64_t a, uint64_t b) { return a * b; }},
    {Op::UDiv, 2, false, [](Scalar, uint64_t a, uint64_t b) { return a / b; }},
    {Op::UMod, 2, false, [](Scalar, uint64_t a, uint64_t b) { return a % b; }},
    {Op::SDiv, 2, true,
     [](Scalar s, uint64_t a, uint64_t b) { return static_cast<uint64_t>(signedOf(s, a) / signedOf(s, b)); }},
    {Op::SRem, 2, true, signedRemainder},
    {Op::SMod, 2, true, signedModulo},
};

bool divides(Op op) {
    return op == Op::UDiv || op == Op::UMod || op == Op::SDiv || op == Op::SRem || op == Op::SMod;
}

// A divisor that is neither zero nor -1 under the least number.
std::function<void(Row&)> definedDivision(Scalar scalar) {
    return eachComponent([scalar](uint64_t* v) {
        const uint64_t least = uint64_t(1) << (bitsOf(scalar) - 1);
        if (v[1] == 0 || (v[0] == least && v[1] == maskOf(scalar))) {
            v[1] = 3;
        }
    });
}

struct FloatOp {
    Op op;
    int operands;
    Quad (*host)(Quad, Quad);
};
const FloatOp kFloatOps[] = {
    {Op::FNegate, 1, [](Quad a, Quad) { return -a; }},
    {Op::FAdd, 2, [](Quad a, Quad b) { return a + b; }},
    {Op::FSub, 2, [](Quad a, Quad b) { return a - b; }},
    {Op::FMul, 2, [](Quad a, Quad b) { return a * b; }},
    {Op::FDiv, 2, [](Quad a, Quad b) { return a / b; }},
    {Op::FRem, 2, [](Quad a, Quad b) { return fmodq(a, b); }},
    {Op::FMod, 2,
     [](Quad a, Quad b) {
         const Quad remainder = fmodq(a, b);
         return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
     }},
};

void addInts(Cases& cases, Flavour flavour, uint32_t width) {
    for (const IntOp& each : kIntOps) {
        for (Scalar scalar : kInts) {
            const Type type{scalar, width, 0, each.isSigned && flavour == Flavour::GLCompute};
            const auto host = each.host;
            Case item = opCase(each.op, flavour, std::vector<Type>(static_cast<size_t>(each.operands), type), type,
                               [host, scalar](const uint64_t* v) { return host(scalar, v[0], v[1]); });
            if (divides(each.op)) {
                item.adjust = definedDivision(scalar);
            }
            cases.push_back(std::move(item));
        }
    }
}

void addFloats(Cases& cases, Flavour flavour, uint32_t width) {
    for (const FloatOp& each : kFloatOps) {
        for (Scalar scalar : kFloats) {
            const Type type{scalar, width};
            const auto host = each.host;
            Case item = opCase(each.op, flavour, std::vector<Type>(static_cast<size_t>(each.operands), type), type,
                               [host, scalar](const uint64_t* v) {
                                   return fromQuad(scalar, host(toQuad(scalar, v[0]), toQuad(scalar, v[1])));
                               });
            if (each.op == Op::FRem || each.op == Op::FMod) {
                // The sign of a zero remainder, and infinite divisors of OpFMod, are not defined; and few exponents
                // apart are quick to compute on every device.
                item.generators = {moderateValue, moderateValue};
                item.adjust = eachComponent([scalar](uint64_t* v) {
                    if (fmodq(toQuad(scalar, v[0]), toQuad(scalar, v[1])) == 0 || isZero(scalar, v[1])) {
                        v[0] = fromQuad(scalar, 2.5);
                        v[1] = fromQuad(scalar, -1);
                    }
                });
                item.weight = 4 * width;
            }
            cases.push_back(std::move(item));
        }
    }
}

// OpIAddCarry and its like: the halves of the result as two cases.
struct PairOp {
    Op op;
    bool isSigned;
    void (*host)(Scalar, uint64_t, uint64_t, uint64_t*);
};
const PairOp kPairOps[] = {
    {Op::IAddCarry, false,
     [](Scalar s, uint64_t a, uint64_t b, uint64_t* r) {
         r[0] = (a + b) & maskOf(s);
         r[1] = r[0] < a;
     }},
    {Op::ISubBorrow, false,
     [](Scalar, uint64_t a, uint64_t b, uint64_t* r) {
         r[0] = a - b;
         r[1] = a < b;
     }},
    {Op::UMulExtended, false,
     [](Scalar s, uint64_t a, uint64_t b, uint64_t* r) {
         const auto product = static_cast<unsigned __int128>(a) * b;
         r[0] = static_cast<uint64_t>(product);
         r[1] = static_cast<uint64_t>(product >> bitsOf(s));
     }},
    {Op::SMulExtended, true,
     [](Scalar s, uint64_t a, uint64_t b, uint64_t* r) {
         const auto product = static_cast<__int128>(signedOf(s, a)) * signedOf(s, b);
         r[0] = static_cast<uint64_t>(product);
         r[1] = static_cast<uint64_t>(product >> bitsOf(s));
     }},
};

void addPairs(Cases& cases, Flavour flavour, uint32_t width) {
    for (const PairOp& each : kPairOps) {
        for (Scalar scalar : kInts) {
            for (uint32_t member : {0u, 1u}) {
                const Type type{scalar, width, 0, each.isSigned && flavour == Flavour::GLCompute};
                const auto host = each.host;
                Case item = opCase(each.op, flavour, {type, type}, type, [=](const uint64_t* v) {
                    uint64_t halves[2];
                    host(scalar, v[0], v[1], halves);
                    return halves[member];
                });
                item.name += member == 0 ? "/low" : "/high";
                item.emit = [op = each.op, type, member](Module& module, Kernel&, const Ids& ids) {
                    const Id element = type.id(module);
                    const Id pair = module.value(op, module.structType({element, element}), ids);
                    return module.value(Op::CompositeExtract, element, {pair, member});
                };
                cases.push_back(std::move(item));
            }
        }
    }
}

void addScaled(Cases& cases, Flavour flavour, uint32_t width) {
    for (Scalar scalar : kFloats) {
        const Type vector{scalar, width}, number{scalar};
        cases.push_back(opCase(Op::VectorTimesScalar, flavour, {vector, number}, vector, [scalar](const uint64_t* v) {
            return fromQuad(scalar, toQuad(scalar, v[0]) * toQuad(scalar, v[1]));
        }));
        // The order of the sum is the device's: small integers make every order exact.
        Case dot = opCase(Op::Dot, flavour, {vector, vector}, number);
        const Generator small = [](Random& random, Scalar s) {
            return fromQuad(s, static_cast<int>(random() % 17) - 8);
        };
        dot.generators = {small, small};
        dot.expected = perRow([scalar](const Row& row) {
            Quad sum = 0;
            for (size_t c = 0; c < row[0].size(); ++c) {
                sum += toQuad(scalar, row[0][c]) * toQuad(scalar, row[1][c]);
            }
            return Value{fromQuad(scalar, sum)};
        });
        dot.adjust = [scalar](Row& row) {
            row[0][0] = row[1][0] = fromQuad(scalar, 11); // no sum is zero, whose sign would depend on the order
            for (size_t c = 1; c < row[0].size(); ++c) {
                row[1][c] = row[0][c];
            }
        };
        dot.weight = width;
        cases.push_back(std::move(dot));
    }
}

} // namespace

Cases arithmeticCases() {
    Cases cases;
    for (Flavour flavour : kFlavours) {
        for (uint32_t width : widthsOf(flavour)) {
            addInts(cases, flavour, width);
            addFloats(cases, flavour, width);
            addPairs(cases, flavour, width);
            if (width > 1) {
                addScaled(cases, flavour, width);
            }
        }
    }
    return cases;
}

} // namespace halyard::spirvtest
